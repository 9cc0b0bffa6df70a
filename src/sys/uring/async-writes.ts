// Writes that another may hold up, done by kernel threads.
import type { Address } from '../memory.ts';
import { type OnDone, openRing, Ring } from './ring.ts';
import { IORING } from './uring-abi.ts';

export class AsyncWrites extends Ring {
  /**
   * `count` buffers (a power of two) of `size` bytes each; `onWritten` is told of each write's bytes or negative errno.
   * Answers undefined where there is no io_uring.
   */
  static open(count: number, size: number, onWritten: OnDone): AsyncWrites | undefined {
    const memory = openRing(count);
    return memory && new AsyncWrites(memory, size, onWritten);
  }

  /** Queues the first `length` bytes of a buffer as one write to `fd`. */
  queue(buffer: number, fd: number, length: number): void {
    const address = this.addresses[buffer] as Address;
    this.enqueue(buffer, { opcode: IORING.IORING_OP_WRITE, fd, address, length, offset: 0 });
  }
}
