// Output that is kept: what was written can be read from any place, from memory or from a file that has no name.
import { mkdirSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KeptOutput } from '../../../src/cli/print/kept-output.ts';
import { temporaryForTest } from '../../support/temporary.ts';

const LINE = 'a line, and ä\n';

/** Lines are written as text, and those of `bytes` as bytes that are used again. */
function kept(lines: number, directory: string): { readonly out: KeptOutput; readonly all: Buffer } {
  const out = new KeptOutput(directory);
  const bytes = Buffer.from('bytes\n');
  for (let i = 0; i < lines; i++) {
    out.write(`${i} ${LINE}`);
    if (i % 1000 === 0) out.writeBytes(bytes);
  }
  bytes.fill(0);
  out.flush();
  const all = Array.from({ length: lines }, (_, i) => `${i} ${LINE}${i % 1000 === 0 ? 'bytes\n' : ''}`);
  return { out, all: Buffer.from(all.join('')) };
}

describe('KeptOutput', () => {
  it.each([
    ['nothing', 0],
    ['little', 3000],
    ['much', 30_000],
  ])('has of %s each byte in its place, and no file of a name', (_, lines) => {
    const directory = temporaryForTest().path('spool');
    mkdirSync(directory);
    const { out, all } = kept(lines, directory);
    expect(out.length).toBe(all.length);
    const whole = Buffer.alloc(all.length + 10);
    expect(out.read(0, whole)).toBe(all.length);
    expect(whole.subarray(0, all.length).equals(all)).toBe(true);
    const middle = Math.floor(all.length / 2);
    const part = Buffer.alloc(Math.min(100, all.length - middle));
    expect(out.read(middle, part)).toBe(part.length);
    expect(part.equals(all.subarray(middle, middle + part.length))).toBe(true);
    expect(out.read(all.length, part)).toBe(0);
    expect(out.read(all.length + 5, part)).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
    out.close();
  });

  it('needs no place for little, and tells where much has none', () => {
    const directory = temporaryForTest().path('none');
    expect(kept(3000, directory).out.length).toBeGreaterThan(0);
    expect(() => kept(30_000, directory)).toThrow(
      `Cannot keep what is told in "${directory}": no such file or directory; set TMPDIR`,
    );
  });
});
