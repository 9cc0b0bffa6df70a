// The bytes of a blob as a part of an open file: a file of a store, or an entry of an archive.
import { Errno } from '../sys/errors.ts';
import { pread } from '../sys/libc.ts';
import type { BlobBytes, BlobReader } from './blob.ts';

export interface FilePart {
  /** The caller's; it must stay open. */
  readonly descriptor: number;
  readonly offset: number;
  readonly size: number;
}

/** `BlobBytes` of what is compressed; of what is not, the reader itself. */
export class FileBytes implements BlobBytes, BlobReader {
  readonly size: number;
  readonly #descriptor: number;
  readonly #offset: number;

  constructor({ descriptor, offset, size }: FilePart) {
    this.#descriptor = descriptor;
    this.#offset = offset;
    this.size = size;
  }

  read(offset: number, room: Uint8Array): number {
    const wanted = Math.max(0, Math.min(room.length, this.size - offset));
    for (let done = 0; done < wanted; ) {
      const rest = room.subarray(done, wanted);
      const count = pread(this.#descriptor, rest, rest.length, this.#offset + offset + done);
      if (count < 0) throw new Errno(-count, 'read a blob');
      // The file became shorter.
      if (count === 0) return done;
      done += count;
    }
    return wanted;
  }

  close(): void {}
}
