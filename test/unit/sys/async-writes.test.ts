// Writes by kernel threads: what arrives, buffers that come back, errors told. Needs io_uring, which some machines forbid.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { E } from '../../../src/sys/errors.ts';
import { AsyncWrites } from '../../../src/sys/uring/async-writes.ts';
import { IORING, URING_STRUCT } from '../../../src/sys/uring/uring-abi.ts';
import { factText, printFacts, structFacts } from '../../support/c-facts.ts';
import { describeSystem } from '../../support/system.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

const COUNT = 4;
const results: number[] = [];
const writes = AsyncWrites.open(COUNT, 100, (result) => results.push(result));

/** Takes a buffer, waiting for one to come back. */
async function take(from: AsyncWrites): Promise<number> {
  for (;;) {
    const buffer = from.take();
    if (buffer >= 0) return buffer;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Takes and gives back all buffers, so that nothing is under way any more. */
async function settle(all: AsyncWrites): Promise<void> {
  const taken: number[] = [];
  for (let i = 0; i < COUNT; i++) taken.push(await take(all));
  for (const buffer of taken) all.giveBack(buffer);
}

describeSystem('AsyncWrites', ['io_uring'], () => {
  const temporary = temporaryForSuite();
  const all = writes as AsyncWrites;
  afterAll(() => all.close());

  it('writes many more pieces than it has buffers, each whole', async () => {
    const path = temporary.path('out');
    const fd = openSync(path, 'a');
    const pieces = Array.from({ length: 500 }, (_, i) => `<${'x'.repeat(i % 90)}${i}>`);
    for (const piece of pieces) {
      const buffer = await take(all);
      (all.buffers[buffer] as Buffer).write(piece, 'latin1');
      all.queue(buffer, fd, piece.length);
      if (all.queued >= 2) all.submit();
    }
    all.submit();
    await settle(all);
    closeSync(fd);
    // Two kernel threads: the order is not ours to expect.
    const written = readFileSync(path, 'latin1').match(/<[^>]*>/g) ?? [];
    expect([...written].sort()).toEqual([...pieces].sort());
    expect(results.splice(0).reduce((sum, length) => sum + length)).toBe(pieces.join('').length);
  });

  it('writes nothing before it is told to', async () => {
    const path = temporary.path('later');
    const fd = openSync(path, 'w');
    const buffer = await take(all);
    all.queue(buffer, fd, 3);
    expect([all.queued, readFileSync(path).length]).toEqual([1, 0]);
    all.submit();
    await settle(all);
    closeSync(fd);
    expect([all.queued, readFileSync(path).length]).toEqual([0, 3]);
    expect(results.splice(0)).toEqual([3]);
  });

  it('tells of an error, and goes on', async () => {
    const buffer = await take(all);
    all.queue(buffer, 99_999, 3);
    all.submit();
    await settle(all);
    expect(results.splice(0)).toEqual([-E.EBADF]);
  });

  it('hands out each buffer once', async () => {
    await settle(all);
    const taken = Array.from({ length: COUNT + 1 }, () => all.take());
    expect(taken.slice(0, COUNT).sort()).toEqual([0, 1, 2, 3]);
    expect(taken[COUNT]).toBe(-1);
    for (const buffer of taken.slice(0, COUNT)) all.giveBack(buffer);
  });
});

describeSystem('uring-abi', ['compiler'], () => {
  const temporary = temporaryForSuite();

  it('says what linux/io_uring.h says', () => {
    const constants = Object.entries(IORING).map(([name, value]) => ({ name, value, c: name }));
    const facts = [...constants, ...structFacts(URING_STRUCT)];
    expect(printFacts(temporary, ['linux/io_uring.h'], facts)).toBe(factText(facts));
  });
});
