// How many descriptors this process may have open.
import { prlimit } from './libc.ts';

const RLIMIT_NOFILE = 7;
/** Where there is no limit, or one past 32 bits. */
const PLENTY = 2 ** 20;

/** The soft limit. */
export function descriptorLimit(): number {
  const limits = new Uint32Array(4);
  prlimit(RLIMIT_NOFILE, null, limits);
  return limits[1] === 0 ? (limits[0] as number) : PLENTY;
}

/** Raises the soft limit to the hard one; where that is refused it stays as it was. */
export function raiseDescriptorLimit(): void {
  const limits = new Uint32Array(4);
  if (prlimit(RLIMIT_NOFILE, null, limits) < 0) return;
  limits.copyWithin(0, 2, 4);
  prlimit(RLIMIT_NOFILE, limits, null);
}
