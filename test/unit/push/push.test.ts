// Which files are pushed, and as what message, with a file in the place of /dev/fuse.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { expect, it } from 'vitest';
import { NOTIFY } from '../../../src/fuse/abi.ts';
import { CONTENTS } from '../../../src/fuse/notify/store.ts';
import { type Files, Push } from '../../../src/push/push.ts';
import { E, Errno } from '../../../src/sys/errors.ts';
import { describeSystem } from '../../support/system.ts';
import { temporaryForSuite, until } from '../../support/temporary.ts';

/** One directory, 1, of entries 10 to 29; a file's contents are its number. 14 is no file, 15 is large, 16 cannot be read. */
const files: Files = {
  parentOf: () => 1,
  firstEntry: () => 10,
  entryCount: () => 20,
  nodeOf: (entry) => entry,
  fileSize: (entry) => (entry === 14 ? 0 : entry === 15 ? 1 << 20 : 2),
  read(node, offset, out, at, size) {
    if (node === 16) throw new Errno(E.EIO, 'read');
    expect([offset, size]).toEqual([0, 2]);
    Buffer.from(out.buffer, out.byteOffset).write(String(node), at);
    return 2;
  },
};

describeSystem('Push', ['io_uring'], () => {
  const temporary = temporaryForSuite();
  const busy: boolean[] = [];

  /** What is written after these reads, waiting for `count` messages: `node contents` of each. */
  async function pushed(count: number, ...reads: number[]): Promise<string[]> {
    const path = temporary.path(`device-${reads.join('-')}`);
    const push = new Push(files, openSync(path, 'a'), (isBusy) => busy.push(isBusy));
    for (const node of reads) push.read(node, 2);
    while (push.work()) {}
    await until('the messages', () => messagesIn(path).length >= count);
    push.end();
    return messagesIn(path).sort();
  }

  /** `node contents` of each message. */
  function messagesIn(path: string): string[] {
    const messages: string[] = [];
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at)) {
      expect(bytes.readUInt32LE(at + 4)).toBe(NOTIFY.FUSE_NOTIFY_STORE);
      const node = bytes.readBigUInt64LE(at + 16);
      messages.push(`${node} ${bytes.toString('latin1', at + CONTENTS, at + bytes.readUInt32LE(at))}`);
    }
    return messages;
  }

  it('pushes what follows two reads in order: small files that can be read', async () => {
    expect(await pushed(5, 11, 12)).toEqual(['13 13', '17 17', '18 18', '19 19', '20 20']);
  });

  it('gives a file at its first open, and pushes none that was given', async () => {
    const path = temporary.path('opened');
    const push = new Push(files, openSync(path, 'a'), (isBusy) => busy.push(isBusy));
    for (const node of [11, 12]) push.open(node, 2);
    expect(messagesIn(path)).toEqual(['11 11', '12 12']);
    while (push.work()) {}
    await until('the messages', () => messagesIn(path).length >= 7);
    expect(messagesIn(path).slice(2).sort()).toEqual(['13 13', '17 17', '18 18', '19 19', '20 20']);
    for (const node of [11, 13, 18]) push.open(node, 2);
    push.open(14, 0);
    push.open(15, 1 << 20);
    push.open(16, 2);
    expect(messagesIn(path).length).toBe(7);
    push.end();
  });

  it('gives a file anew when the kernel had to ask for one that it had been given', () => {
    const path = temporary.path('anew');
    const push = new Push(files, openSync(path, 'a'), (isBusy) => busy.push(isBusy));
    push.open(11, 2);
    push.read(11, 2);
    push.open(11, 2);
    expect(messagesIn(path)).toEqual(['11 11', '11 11']);
    push.end();
  });

  it('is busy from before the first message until a while after the last', async () => {
    const path = temporary.path('device');
    const push = new Push(files, openSync(path, 'a'), (isBusy) => busy.push(isBusy));
    push.read(11, 2);
    push.read(12, 2);
    busy.length = 0;
    while (push.work()) {}
    await until('the end of it', () => busy.length === 2);
    expect(busy).toEqual([true, false]);
    push.end();
  });

  it('is busy after its end until the last message is written, and no longer', async () => {
    const path = temporary.path('fifo');
    execFileSync('mkfifo', [path]);
    const fifo = openSync(path, 'r+');
    const filling = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    expect(() => {
      for (;;) writeSync(filling, Buffer.alloc(4096));
    }).toThrow('EAGAIN');
    const push = new Push(files, fifo, (isBusy) => busy.push(isBusy));
    push.read(11, 2);
    push.read(12, 2);
    busy.length = 0;
    while (push.work()) {}
    push.end();
    push.end();
    expect(busy).toEqual([true]);
    await until('the end of it', () => {
      readSync(fifo, Buffer.alloc(4096));
      writeSync(fifo, Buffer.alloc(1));
      return busy.length === 2;
    });
    expect(busy).toEqual([true, false]);
    closeSync(filling);
    closeSync(fifo);
  });

  it('pushes nothing after one read, or reads of large files', () => {
    const push = new Push(files, -1, () => {});
    push.read(10, 2);
    push.read(11, 1 << 20);
    push.read(12, 1 << 20);
    expect(push.work()).toBe(false);
  });

  it('gives up where the device is gone', async () => {
    const push = new Push(files, 99_999, () => {});
    push.read(10, 2);
    push.read(11, 2);
    while (push.work()) {}
    let turn = 0;
    await until('it to give up', () => {
      turn = 1 - turn;
      push.read(11 + turn, 2);
      push.read(12 - turn, 2);
      const isAtWork = push.work();
      while (push.work()) {}
      return !isAtWork;
    });
    push.read(20, 2);
    push.read(21, 2);
    expect(push.work()).toBe(false);
  });
});
