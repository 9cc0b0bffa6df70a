// What this thread has used of the machine so far.
import { getrusage } from './libc.ts';
import { pinned } from './memory.ts';

/** `struct rusage` (sys/resource.h), in bytes. */
export const RUSAGE = { sizeof: 144, ru_inblock: 88 } as const;

const RUSAGE_THREAD = 1;
const { buffer: usage, address } = pinned(RUSAGE.sizeof);

/** Blocks of 512 bytes that this thread had to read from a disk, modulo 2^32; what was in a cache is not counted. */
export function blocksRead(): number {
  getrusage(RUSAGE_THREAD, address);
  return usage.readUInt32LE(RUSAGE.ru_inblock);
}
