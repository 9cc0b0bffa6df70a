// Lookups by kernel threads: they end, leave nothing open, and never leave the directory. Needs io_uring, which some machines
// forbid.
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { ByteString } from '../../../src/sys/bytes.ts';
import { cString } from '../../../src/sys/bytes.ts';
import { close, O, open } from '../../../src/sys/libc.ts';
import { AsyncLookups } from '../../../src/sys/uring/async-lookups.ts';
import { blocksRead, RUSAGE } from '../../../src/sys/usage.ts';
import { factText, printFacts, structFacts } from '../../support/c-facts.ts';
import { describeSystem } from '../../support/system.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

const COUNT = 4;
const lookups = AsyncLookups.open(COUNT);

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describeSystem('AsyncLookups', ['io_uring'], () => {
  const temporary = temporaryForSuite();
  const all = lookups as AsyncLookups;
  afterAll(() => all.close());

  async function look(...paths: string[]): Promise<void> {
    const directory = open(cString(temporary.path('in') as ByteString), O.RDONLY | O.DIRECTORY);
    for (const path of paths) {
      const buffer = all.take();
      expect(buffer).toBeGreaterThanOrEqual(0);
      (all.buffers[buffer] as Buffer).write(`${path}\0`, 'latin1');
      all.queue(buffer, directory);
    }
    expect(all.queued).toBe(paths.length);
    all.submit();
    while (!all.isIdle) await new Promise((resolve) => setTimeout(resolve, 1));
    close(directory);
  }

  it('ends all of them, and closes what they found', async () => {
    mkdirSync(temporary.path('in/sub'), { recursive: true });
    writeFileSync(temporary.path('in/sub/file'), '');
    symlinkSync('/etc', temporary.path('in/link'));
    const before = descriptors();
    for (let i = 0; i < 50; i++) await look('sub/file', 'sub/none', 'link/passwd', '../in/sub/file');
    expect(descriptors()).toBe(before);
  });

  it('has no more room than it was given until some are done', async () => {
    const taken = Array.from({ length: COUNT }, () => all.take());
    expect([taken.every((buffer) => buffer >= 0), all.take()]).toEqual([true, -1]);
    for (const buffer of taken) all.giveBack(buffer);
    await look('sub', 'none');
  });
});

describe('blocksRead()', () => {
  it('does not count what is cached', () => {
    readdirSync('/proc/self');
    const before = blocksRead();
    for (let i = 0; i < 100; i++) readdirSync('/proc/self');
    expect(blocksRead()).toBe(before);
  });
});

describeSystem('struct rusage', ['compiler'], () => {
  const temporary = temporaryForSuite();

  it('is as sys/resource.h has it', () => {
    const facts = structFacts({ rusage: RUSAGE });
    expect(printFacts(temporary, ['sys/resource.h'], facts)).toBe(factText(facts));
  });
});
