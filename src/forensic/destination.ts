// The directory that `extract` writes to. Every name is made new, in a directory that is held open, and no link is ever
// followed: nothing that a layer holds, and nothing that lies there already, leads a write elsewhere.
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import type { Time } from '../overlay/status.ts';
import { type ByteString, bufferOf } from '../sys/bytes.ts';
import type { NodeAttributes } from './nodes.ts';

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** A directory of the destination, open. Failures are Node's system errors. */
export class Destination {
  readonly #descriptor: number;
  readonly #preserve: boolean;

  private constructor(descriptor: number, preserve: boolean) {
    this.#descriptor = descriptor;
    this.#preserve = preserve;
  }

  /** `preserve`: owners and modes too. The directory may be a link: it was named by a person. */
  static open(path: string, options: { readonly preserve: boolean }): Destination {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    return new Destination(descriptor, options.preserve);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Goes through the descriptor, so that only `name` itself is looked up. */
  #at(name: ByteString): Buffer {
    return Buffer.concat([Buffer.from(`/proc/self/fd/${this.#descriptor}/`), bufferOf(name)]);
  }

  /** A directory of it, and whether it was made now. One that is there already is used, if it is none but a directory. */
  directory(name: ByteString): { readonly directory: Destination; readonly isNew: boolean } {
    let isNew = true;
    try {
      mkdirSync(this.#at(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      isNew = false;
    }
    return { directory: new Destination(openSync(this.#at(name), DIRECTORY), this.#preserve), isNew };
  }

  /** `write` is given a function that takes the contents in order; runs of zeros become holes. */
  file(name: ByteString, attributes: NodeAttributes, write: (take: (piece: Buffer) => void) => void): void {
    const descriptor = openSync(this.#at(name), NEW_FILE, 0o666);
    try {
      let offset = 0;
      write((piece) => {
        if (!isZero(piece)) writeAll(descriptor, piece, offset);
        offset += piece.length;
      });
      ftruncateSync(descriptor, offset);
      this.#finish(descriptor, attributes);
    } catch (error) {
      // Half a file would pass for the evidence.
      unlinkSync(this.#at(name));
      throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  link(name: ByteString, target: ByteString, { uid, gid, mtime }: NodeAttributes): void {
    symlinkSync(bufferOf(target), this.#at(name));
    if (this.#preserve) lchownSync(this.#at(name), uid, gid);
    lutimesSync(this.#at(name), inSeconds(mtime), inSeconds(mtime));
  }

  /** After all that is in it was written, which changes the time. */
  finish(attributes: NodeAttributes): void {
    this.#finish(this.#descriptor, attributes);
  }

  #finish(descriptor: number, { mode, uid, gid, mtime }: NodeAttributes): void {
    if (this.#preserve) {
      fchownSync(descriptor, uid, gid);
      fchmodSync(descriptor, mode & 0o7777);
    }
    futimesSync(descriptor, inSeconds(mtime), inSeconds(mtime));
  }
}

function inSeconds({ seconds, nanoseconds }: Time): number {
  return seconds + nanoseconds / 1e9;
}

function writeAll(descriptor: number, piece: Buffer, offset: number): void {
  for (let done = 0; done < piece.length; ) {
    done += writeSync(descriptor, piece, done, piece.length - done, offset + done);
  }
}

const zeros = Buffer.alloc(1 << 18);

function isZero(piece: Buffer): boolean {
  return piece.length <= zeros.length && piece[0] === 0 && piece.equals(zeros.subarray(0, piece.length));
}
