// Lookups that may wait for a disk, done by kernel threads. Nobody is told what they find: what is wanted is that the kernel
// has it in its cache when it is asked for.
import { openHow } from '../beneath.ts';
import { close, O } from '../libc.ts';
import type { Address } from '../memory.ts';
import { openRing, Ring } from './ring.ts';
import { IORING } from './uring-abi.ts';

/** Bytes of the longest path, and its NUL. */
const LONGEST = 512;

/**
 * A lookup is an open, which alone can be kept from following links and leaving the file system. A directory's number may
 * have been given to another one by then: what is found is closed again, unread.
 */
const HOW = openHow(O.PATH | O.NOFOLLOW);

export class AsyncLookups extends Ring {
  /** At most `count` at once, a power of two. Answers undefined where there is no io_uring. */
  static open(count: number): AsyncLookups | undefined {
    const memory = openRing(count);
    return memory && new AsyncLookups(memory, LONGEST, (fd) => void (fd >= 0 && close(fd)));
  }

  /** Queues the lookup of the path that a buffer holds, NUL-terminated, below an open directory. */
  queue(buffer: number, directory: number): void {
    this.enqueue(buffer, {
      opcode: IORING.IORING_OP_OPENAT2,
      fd: directory,
      address: this.addresses[buffer] as Address,
      length: HOW.bytes.length,
      offset: HOW.address,
    });
  }
}
