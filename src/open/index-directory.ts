// The directory that a person named for indexes, `--index-dir`: opened once and looked at where it is then, so that nothing that
// takes its name later is written to. A file of it is read if nobody but this user can have made it, and written whole or not at all.
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { bytesOfText } from '../sys/bytes.ts';
import { E, errnoOf, errnoWords, Trouble } from '../sys/errors.ts';
import { checkWritable, checkWritableInside, type Kept } from '../sys/kept.ts';
import { descriptorPath } from '../sys/mount/mounts.ts';
import { WholeFile } from '../sys/whole-file.ts';

/** Bytes; the index of a layer of a million names has 60 MB. */
const LARGEST = 2 ** 30;
const BY_OTHERS = 0o022;
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export class IndexDirectory {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #largest: number;

  /**
   * Makes it where there is none, but not those above it: a path that is mistyped makes nothing. `kept` is where nothing may be
   * written; no file of more than `largest` bytes is read or written. Throws Trouble.
   */
  constructor(path: string, kept: readonly Kept[], largest = LARGEST) {
    this.#path = path;
    this.#largest = largest;
    checkWritable(bytesOfText(`${path}/index`), kept);
    this.#descriptor = this.#trying('use', () => openOrMake(path, kept));
    this.check(kept);
  }

  /** Throws Trouble where the directory lies in one of these by now, whatever its name is. */
  check(kept: readonly Kept[]): void {
    this.#trying('use', () => checkWritableInside(this.#descriptor, this.#path, kept));
  }

  /** The bytes of the file of `key`, undefined where there is none. Throws Trouble where it cannot be read or believed. */
  read(key: string | Buffer, kind: string): Buffer | undefined {
    const file = this.#trying('read', () => openIfThere(`${this.#here}/${nameOf(key, kind)}`));
    if (file === undefined) return undefined;
    try {
      return this.#trying('read', () => this.#readOpen(file));
    } finally {
      closeSync(file);
    }
  }

  #readOpen(file: number): Buffer {
    const status = fstatSync(file);
    const isOwn = status.isFile() && status.uid === process.geteuid?.() && (status.mode & BY_OTHERS) === 0;
    if (!isOwn) throw this.#ignored('others than this user may have written it');
    if (status.size > this.#largest) throw this.#ignored(`it has more than ${this.#largest} bytes`);
    const bytes = Buffer.allocUnsafeSlow(status.size);
    let done = 0;
    for (let read = -1; read !== 0 && done < status.size; done += read)
      read = readSync(file, bytes, done, status.size - done, done);
    return bytes.subarray(0, done);
  }

  #ignored(state: string): Trouble {
    return new Trouble('usage', `Ignoring an index in "${this.#path}": ${state}`);
  }

  /** `kept` as for the constructor: the directory may have been moved since. Throws Trouble. */
  write(key: string | Buffer, kind: string, bytes: Buffer, kept: readonly Kept[]): void {
    if (bytes.length > this.#largest) {
      const state = `an index has ${bytes.length} bytes, and ${this.#largest} are the most that are read`;
      throw new Trouble('usage', `Cannot write the index directory "${this.#path}": ${state}`);
    }
    this.check(kept);
    this.#trying('write', () => {
      const file = new WholeFile(bytesOfText(this.#here), 0o600);
      try {
        writeFileSync(file.descriptor, bytes);
        file.keep(bytesOfText(nameOf(key, kind)), { replace: true });
      } finally {
        file.close();
      }
    });
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  get #here(): string {
    return descriptorPath(this.#descriptor);
  }

  /** What a failure of the system comes to. */
  #trying<T>(does: string, attempt: () => T): T {
    try {
      return attempt();
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno === undefined) throw cause;
      const state = errnoWords(errno);
      throw new Trouble('usage', `Cannot ${does} the index directory "${this.#path}": ${state}`, { cause });
    }
  }
}

function nameOf(key: string | Buffer, kind: string): string {
  return `${createHash('sha256').update(key).digest('hex')}.${kind}`;
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, FILE);
  } catch (cause) {
    if (errnoOf(cause) === E.ENOENT) return undefined;
    throw cause;
  }
}

function openOrMake(path: string, kept: readonly Kept[]): number {
  try {
    return openSync(path, DIRECTORY);
  } catch (cause) {
    if (errnoOf(cause) !== E.ENOENT) throw cause;
  }
  const above = openSync(dirname(path), DIRECTORY);
  try {
    checkWritableInside(above, path, kept);
    const made = `${descriptorPath(above)}/${basename(path)}`;
    makeDirectory(made);
    return openSync(made, DIRECTORY | constants.O_NOFOLLOW);
  } finally {
    closeSync(above);
  }
}

/** Another process may have made it at the same time. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    if (errnoOf(cause) !== E.EEXIST) throw cause;
  }
}
