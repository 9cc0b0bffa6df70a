// When what comes out of compressed bytes is taken for a bomb.
import { BlobDamage } from './blob.ts';

/** The most bytes in all, and how many times the bytes that were taken, past the first. */
export interface BombLimits {
  readonly bytes: number;
  readonly times: number;
  readonly first: number;
}

const LIMITS: BombLimits = { bytes: 2 ** 40, times: 2000, first: 2 ** 32 };

/** Throws BlobDamage. Deflate itself reaches 1032 times, zstd any number: a file of zeros is no bomb yet. */
export function mustBeNoBomb(size: number, taken: number, limits: BombLimits = LIMITS): void {
  const { bytes, times, first } = limits;
  if (size > bytes) throw new BlobDamage(`it becomes more than ${bytes} bytes`);
  if (size > first && size > times * taken) {
    throw new BlobDamage(`it becomes more than ${times} times as large as it is`);
  }
}
