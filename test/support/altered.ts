// Damage done to files, for tests that try everything: bytes changed, cut, doubled, and texts that mean something to someone.
// FUZZ says how many times the usual number of tries is made.
import fc from 'fast-check';

const FUZZ = Number(process.env.FUZZ ?? 1);

/** How often to try what a short test tries `count` times. */
export function tries(count: number): number {
  return count * FUZZ;
}

export const HOSTILE_TEXT = fc.constantFrom(
  '',
  '..',
  '../../../../etc/passwd',
  '/etc',
  '\0',
  'a\nb',
  '\u001b[2J',
  'sha256:',
  `sha256:${'0'.repeat(64)}`,
  `sha256:${'../'.repeat(21)}x`,
  'ab'.repeat(32),
  'x'.repeat(70_000),
  '\ud800',
  '__proto__',
  'constructor',
);

/** Bytes flipped, cut, doubled. */
export function alteredBytes(bytes: Buffer): fc.Arbitrary<Buffer> {
  const at = fc.nat({ max: Math.max(0, bytes.length - 1) });
  return fc.oneof(
    fc.record({ at, by: fc.nat({ max: 255 }) }).map(({ at, by }) => {
      const copy = Buffer.from(bytes);
      copy[at] = by;
      return copy;
    }),
    at.map((end) => bytes.subarray(0, end)),
    at.map((start) => Buffer.concat([bytes, bytes.subarray(start)])),
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    HOSTILE_TEXT.map((text) => Buffer.from(text)),
  );
}
