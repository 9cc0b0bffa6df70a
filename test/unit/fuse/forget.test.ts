// What the kernel is given and forgets, told to a file system that counts; and answers that have to be waited for.
import { describe, expect, it } from 'vitest';
import { NotYet } from '../../../src/fuse/filesystem.ts';
import { newFrame } from '../../../src/fuse/frame.ts';
import { LONGEST_NAME_NOTICE, putNameNotice } from '../../../src/fuse/notify/name.ts';
import { Session } from '../../../src/fuse/session.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { E, Errno } from '../../../src/sys/errors.ts';
import { bytes, exchange, initIn, readIn, request, show } from './messages.ts';
import { SmallTree } from './smallTree.ts';

/** Counts, and makes whoever looks a name up wait once. */
class CountingTree extends SmallTree {
  readonly told: string[] = [];
  /** The entry of which this is refused. */
  refused: { of: 'copyName' | 'inodeLow' | 'copyAttributes'; entry: number } | undefined;
  wait: Promise<void> | undefined;

  remember = (node: number): void => {
    this.told.push(`+${node}`);
  };

  forget = (node: number, count: number): void => {
    this.told.push(`-${node} ${count}`);
  };

  #mayRefuse(of: string, entry: number): void {
    if (this.refused?.of === of && this.refused.entry === entry) throw new Errno(E.ESTALE, 'look at it');
  }

  override copyName(entry: number, out: Uint8Array, at: number): void {
    this.#mayRefuse('copyName', entry);
    super.copyName(entry, out, at);
  }

  override inodeLow(entry: number): number {
    this.#mayRefuse('inodeLow', entry);
    return super.inodeLow(entry);
  }

  override copyAttributes(entry: number, out: Uint32Array, at: number): void {
    this.#mayRefuse('copyAttributes', entry);
    super.copyAttributes(entry, out, at);
  }

  override lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    const { wait } = this;
    this.wait = undefined;
    if (wait !== undefined) throw new NotYet(wait);
    return super.lookup(directory, from, start, end);
  }
}

function start(): { tree: CountingTree; session: Session; told: () => string[] } {
  const tree = new CountingTree();
  const session = new Session(tree, {
    data: 'cached',
    onBug: (error) => {
      throw error;
    },
  });
  exchange(session, request('FUSE_INIT', initIn()));
  return { tree, session, told: () => tree.told.splice(0) };
}

describe('a file system that counts', () => {
  it('is told of each node that a LOOKUP gives, and of none where there is no such name', () => {
    const { session, told } = start();
    exchange(session, request('FUSE_LOOKUP', Buffer.from('etc\0'), { node: 1 }));
    exchange(session, request('FUSE_LOOKUP', Buffer.from('nope\0'), { node: 1 }));
    exchange(session, request('FUSE_GETATTR', Buffer.alloc(16), { node: 2 }));
    expect(told()).toEqual(['+2']);
  });

  it('is told of each node that a READDIRPLUS gives, and of none that a READDIR lists', () => {
    const { session, told } = start();
    exchange(session, request('FUSE_READDIRPLUS', readIn(0, 4096), { node: 1 }));
    // Neither of `.` and `..`, nor of what cannot be looked up.
    expect(told()).toEqual(['+2', '+3', '+5']);
    exchange(session, request('FUSE_READDIR', readIn(0, 4096), { node: 1 }));
    expect(told()).toEqual([]);
  });

  it('is told of FORGET and BATCH_FORGET, and not of numbers that it never had', () => {
    const { session, told } = start();
    expect(
      exchange(session, request('FUSE_FORGET', bytes('03 00 00 00 00 00 00 00'), { node: 2 })).length,
    ).toBe(0);
    expect(told()).toEqual(['-2 3']);
    const batch = bytes(`
      03 00 00 00 00 00 00 00  count
      02 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
      09 09 09 09 00 00 00 00 01 00 00 00 00 00 00 00
      03 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00`);
    exchange(session, request('FUSE_BATCH_FORGET', batch));
    expect(told()).toEqual(['-2 1', `-3 ${2 ** 32}`]);
    // Cut off: two of three.
    exchange(session, request('FUSE_BATCH_FORGET', batch.subarray(0, 40)));
    expect(told()).toEqual(['-2 1']);
    exchange(session, request('FUSE_FORGET', Buffer.alloc(4), { node: 2 }));
    expect(told()).toEqual([]);
  });

  it.each([
    ['LOOKUP', request('FUSE_LOOKUP', Buffer.from('etc\0'), { node: 1 })],
    ['READDIRPLUS', request('FUSE_READDIRPLUS', readIn(0, 4096), { node: 1 })],
  ])('takes back what a %s gave that the kernel would not take', (_name, message) => {
    const { session, told } = start();
    exchange(session, message);
    const given = told();
    const frame = newFrame(message.length);
    message.copy(frame.bytes);
    session.unanswered(frame);
    expect(told()).toEqual(given.map((line) => `${line.replace('+', '-')} 1`));
  });
});

describe('a READDIRPLUS that fails on the way', () => {
  it.each([
    ['copyName', 3, ['+2', '+3', '-2 1', '-3 1']],
    ['copyAttributes', 3, ['+2', '-2 1']],
    ['inodeLow', 5, ['+2', '+3', '-2 1', '-3 1']],
  ] as const)('gave nothing where %s of entry %i is refused', (of, entry, expected) => {
    const { tree, session, told } = start();
    tree.refused = { of, entry };
    const reply = exchange(session, request('FUSE_READDIRPLUS', readIn(0, 4096), { node: 1 }));
    expect(reply.readInt32LE(4)).toBe(-E.ESTALE);
    expect(told()).toEqual(expected);
  });
});

describe('an answer that has to be waited for', () => {
  it('is given when it is ready, and others meanwhile', async () => {
    const { tree, session } = start();
    let ready = (): void => {};
    tree.wait = new Promise((resolve) => {
      ready = resolve;
    });
    const replies: number[] = [];
    session.onReady = (late, length) => replies.push(session.handle(late, length));
    expect(exchange(session, request('FUSE_LOOKUP', Buffer.from('etc\0'), { node: 1 })).length).toBe(0);
    expect(exchange(session, request('FUSE_LOOKUP', Buffer.from('nope\0'), { node: 1 })).length).toBe(144);
    await new Promise((resolve) => setImmediate(resolve));
    expect(replies).toEqual([]);
    ready();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(replies).toEqual([144]);
  });
});

describe('putNameNotice()', () => {
  it('is a message that answers nothing, with the directory and the name', () => {
    const frame = newFrame(LONGEST_NAME_NOTICE);
    const length = putNameNotice(frame, 0x0102_0304, asBytes('ab\xff'));
    expect(show(frame.bytes.subarray(0, length))).toBe(
      show(
        bytes(`
        24 00 00 00 03 00 00 00  len 36, FUSE_NOTIFY_INVAL_ENTRY
        00 00 00 00 00 00 00 00  unique
        04 03 02 01 00 00 00 00  parent
        03 00 00 00 00 00 00 00  namelen, flags
        61 62 ff 00`),
      ),
    );
    expect(putNameNotice(frame, 1, asBytes('x'.repeat(255)))).toBe(LONGEST_NAME_NOTICE);
  });
});
