// The contents of one file, open for reading wherever they lie: a file of a directory, or a part of a tar.
import { Errno } from '../../sys/errors.ts';
import { close, flistxattr, lseek, pread } from '../../sys/libc.ts';
import { SEEK } from '../../sys/seek.ts';
import type { RecordedContents } from '../recorded/recorded-contents.ts';

export interface OpenContents {
  size(): number;
  /** Fills as much of `room` as there is from `offset` on, and answers how much that was. Throws Errno. */
  read(offset: number, room: Uint8Array): number;
  /** `SEEK_DATA` or `SEEK_HOLE`: the offset, or a negative errno. */
  seek(offset: number, whence: number): number;
  close(): void;
}

/** Of an open file, which is closed with it. */
export class FileContents implements OpenContents {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  close(): void {
    close(this.#descriptor);
  }

  size(): number {
    return lseek(this.#descriptor, 0, SEEK.END);
  }

  read(offset: number, room: Uint8Array): number {
    for (let done = 0; ; ) {
      const part = done === 0 ? room : room.subarray(done);
      const count = pread(this.#descriptor, part, part.length, offset + done);
      if (count < 0) throw new Errno(-count, 'read a file');
      done += count;
      // A short read of a regular file is its end, but for file systems that say otherwise: asked once more.
      if (count === 0 || done === room.length) return done;
    }
  }

  seek(offset: number, whence: number): number {
    return lseek(this.#descriptor, offset, whence);
  }

  hasXattrs(): boolean {
    return flistxattr(this.#descriptor, null, 0) > 0;
  }
}

/** Of an object of a recorded layer, which keeps what they lie in open. */
export class TarFileContents implements OpenContents {
  readonly #contents: RecordedContents;
  readonly #object: number;
  readonly #size: number;

  constructor(contents: RecordedContents, object: number, size: number) {
    this.#contents = contents;
    this.#object = object;
    this.#size = size;
  }

  close(): void {}

  size(): number {
    return this.#size;
  }

  read(offset: number, room: Uint8Array): number {
    return this.#contents.read(this.#object, offset, room);
  }

  seek(offset: number, whence: number): number {
    return this.#contents.seek(this.#object, offset, whence);
  }
}
