// What lseek(2) goes by (linux/fs.h).

import { E } from './errors.ts';

export const SEEK = { END: 2, DATA: 3, HOLE: 4 } as const;

/**
 * What lseek(2) answers of a file of `size` bytes whose data lie in `runs`, in order; the rest is holes. `SEEK.DATA` or `SEEK.HOLE`:
 * the place, or a negative errno.
 */
export function seekInRuns(
  runs: readonly (readonly [offset: number, length: number])[],
  size: number,
  offset: number,
  whence: number,
): number {
  if (offset < 0 || offset >= size) return -E.ENXIO;
  let at = offset;
  for (const [start, length] of runs) {
    if (length === 0 || start + length <= at) continue;
    if (whence === SEEK.DATA) return Math.max(start, at);
    if (start > at) return at;
    // One run may begin where another ends.
    at = start + length;
  }
  return whence === SEEK.DATA ? -E.ENXIO : Math.min(at, size);
}
