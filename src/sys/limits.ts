// How many descriptors this process may have open, and how much address space.
import { readFileSync } from 'node:fs';
import { prlimit } from './libc.ts';

const RLIMIT_NOFILE = 7;
const RLIMIT_AS = 9;
const WORD = 2 ** 32;
/** Past all that a process can have: there is no limit. */
const UNLIMITED = 2 ** 63;
/** What a process has taken, in kB. */
const VM_SIZE = /^VmSize:\s*(\d+) kB$/m;
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

/** Bytes that this process may still reserve by its limit of address space; infinite where it has none. */
export function addressSpaceLeft(): number {
  const limits = new Uint32Array(4);
  if (prlimit(RLIMIT_AS, null, limits) < 0) return Number.POSITIVE_INFINITY;
  const limit = (limits[1] as number) * WORD + (limits[0] as number);
  return limit >= UNLIMITED ? Number.POSITIVE_INFINITY : Math.max(limit - addressSpaceTaken(), 0);
}

function addressSpaceTaken(): number {
  try {
    return Number(VM_SIZE.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
