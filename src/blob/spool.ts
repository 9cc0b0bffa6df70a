// What of one blob cannot be decompressed from its midst, kept decompressed in a file without a name.
import { closeSync, readSync, writeSync } from 'node:fs';
import { E, Errno, errnoOf, errnoWords, Trouble } from '../sys/errors.ts';
import { openNameless } from '../sys/nameless.ts';

/** Where spools may lie, for all blobs of a process. */
export interface SpoolRoom {
  readonly directory: string;
  /** Most bytes that all of them may take. */
  readonly limit: number;
  /** Bytes that they take. */
  used: number;
}

export class Spool {
  readonly #room: SpoolRoom;
  #descriptor = -1;
  #size = 0;

  /** Makes no file yet. */
  constructor(room: SpoolRoom) {
    this.#room = room;
  }

  /** Appends, and answers where the bytes begin. Throws Trouble where there is no room for them. */
  add(bytes: Uint8Array): number {
    const { directory, limit, used } = this.#room;
    if (used + bytes.length > limit) {
      const state = `it would take more than ${limit} bytes there, as it can be read only from its start to its end`;
      throw new Trouble('store', `Cannot decompress a layer to "${directory}": ${state}`);
    }
    const start = this.#size;
    try {
      if (this.#descriptor < 0) this.#descriptor = openNameless(directory);
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, start + done);
      }
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno === undefined) throw cause;
      const state = `${errnoWords(errno)}; set TMPDIR`;
      throw new Trouble('store', `Cannot decompress a layer to "${directory}": ${state}`, { cause });
    }
    this.#size += bytes.length;
    this.#room.used += bytes.length;
    return start;
  }

  /** Fills `room` from a place on; all of it was put there before. Throws Errno. */
  read(offset: number, room: Uint8Array): void {
    for (let done = 0; done < room.length; ) {
      const count = readSync(this.#descriptor, room, done, room.length - done, offset + done);
      if (count === 0) throw new Errno(E.EIO, 'read a temporary file that became shorter');
      done += count;
    }
  }

  close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
    this.#room.used -= this.#size;
    this.#size = 0;
  }
}
