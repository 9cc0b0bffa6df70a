import { describe, expect, it } from 'vitest';
import { Settling } from '../../../src/fuse/opens/settling.ts';

const MIB = 1 << 20;

/** How many opens of files that were opened before it takes, after some of others; undefined where 100,000 do not do it. */
function opensUntilSettled(settling: Settling): number | undefined {
  for (let count = 1; count <= 100_000; count++) if (settling.again()) return count;
  return undefined;
}

describe('Settling', () => {
  it('takes few opens of the same small files where no large one was shown', () => {
    expect(opensUntilSettled(new Settling())).toBe(32);
  });

  it('takes as many as cost what the large files would, each counted once', () => {
    const settling = new Settling();
    settling.large(7, 512 * MIB);
    settling.large(7, 512 * MIB);
    expect(opensUntilSettled(settling)).toBe(13_654);
    const larger = new Settling();
    larger.large(7, 512 * MIB);
    larger.large(8, 512 * MIB);
    expect(opensUntilSettled(larger)).toBe(27_307);
  });

  it('never comes to it while as many files are opened for the first time as again', () => {
    const settling = new Settling();
    let isSettled = false;
    for (let i = 0; i < 10_000; i++) {
      isSettled ||= settling.again();
      settling.first();
    }
    expect(isSettled).toBe(false);
  });

  it('does not make those wait who read again what a scan has read', () => {
    const settling = new Settling();
    for (let i = 0; i < 10_000; i++) settling.first();
    expect(opensUntilSettled(settling)).toBe(32);
  });
});
