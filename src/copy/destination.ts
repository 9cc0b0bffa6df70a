// The directory that `extract` writes to. Every name is made new, in a directory that is held open, and no link is ever
// followed: nothing that a layer holds, and nothing that lies there already, leads a write elsewhere. No file has its name
// before it is complete.
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { openBeneath } from '../sys/beneath.ts';
import { asBytes, type ByteString, bufferOf, bytesOfText, cString } from '../sys/bytes.ts';
import { E, Errno, errnoOf } from '../sys/errors.ts';
import { AT_FDCWD, AT_SYMLINK_FOLLOW, linkat, mknod, O } from '../sys/libc.ts';
import { S_IFMT } from '../sys/statx.ts';
import { hiddenName, WholeFile } from '../sys/whole-file.ts';
import {
  keepOnDescriptor,
  keepOnPath,
  keepRights,
  keepTimes,
  type NotKept,
  type Original,
} from './kept-metadata.ts';

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export interface DestinationOptions {
  /** Owners, modes and extended attributes too. */
  readonly preserve: boolean;
  /** Whether what lies there already gives way, where it is no directory. */
  readonly replace: boolean;
}

/** A failed system call on the destination, told apart from one on the layers. */
export class DestinationError extends Error {
  override readonly name = 'DestinationError';
  readonly errno: number;

  constructor(errno: number, cause: unknown) {
    super('the destination', { cause });
    this.errno = errno;
  }
}

/** What was made: its path below the destination, by which other names are linked to it. */
export interface Made {
  readonly path: ByteString;
  /** Device and inode number. */
  readonly identity: string;
}

/** A directory of the destination, open. Failures are `DestinationError`, but for those of the nodes that are asked. */
export class Destination {
  readonly #descriptor: number;
  /** Of the directory that was named. */
  readonly #root: number;
  readonly #path: string;
  readonly #options: DestinationOptions;

  private constructor(descriptor: number, root: number, path: string, options: DestinationOptions) {
    this.#descriptor = descriptor;
    this.#root = root;
    this.#path = path;
    this.#options = options;
  }

  /** The directory may be a link: it was named by a person. */
  static open(path: ByteString, options: DestinationOptions): Destination {
    const descriptor = trying(() => openSync(bufferOf(path), constants.O_RDONLY | constants.O_DIRECTORY));
    return new Destination(descriptor, descriptor, '', options);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Goes through the descriptor, so that only `name` itself is looked up. */
  #at(name: ByteString): ByteString {
    return asBytes(`${this.#here}/${name}`);
  }

  get #here(): ByteString {
    return bytesOfText(`/proc/self/fd/${this.#descriptor}`);
  }

  #below(name: ByteString): string {
    return this.#path === '' ? name : `${this.#path}/${name}`;
  }

  /** A directory of it, and whether it was made now. One that is there already is used, if it is none but a directory. */
  directory(name: ByteString, mode = 0o777): { readonly directory: Destination; readonly isNew: boolean } {
    return trying(() => {
      const isNew = this.#makeDirectory(name, this.#options.preserve ? 0o700 : (mode & 0o777) | 0o700);
      const descriptor = openSync(bufferOf(this.#at(name)), DIRECTORY);
      const directory = new Destination(descriptor, this.#root, this.#below(name), this.#options);
      return { directory, isNew };
    });
  }

  #makeDirectory(name: ByteString, mode: number): boolean {
    try {
      mkdirSync(bufferOf(this.#at(name)), mode);
      return true;
    } catch (error) {
      if (errnoOf(error) !== E.EEXIST) throw error;
      return false;
    }
  }

  /** Of a directory that was made, after all that is in it was written, which changes the time. */
  finish(original: Original, notKept: NotKept): void {
    const { attributes } = original;
    trying(() => {
      if (this.#options.preserve) keepOnDescriptor(this.#descriptor, original, notKept);
      else keepRights(this.#descriptor, attributes, fstatSync(this.#descriptor).mode);
      keepTimes(this.#descriptor, attributes, notKept);
    });
  }

  /** A file that has no name before it is kept. EEXIST where something has it that does not give way. */
  file(name: ByteString, original: Original): NewFile {
    const mode = this.#options.preserve ? 0o600 : original.attributes.mode & 0o777;
    const file = trying(() => {
      // Told before all is written, not after.
      const isTaken =
        !this.#options.replace && lstatSync(bufferOf(this.#at(name)), { throwIfNoEntry: false });
      if (isTaken) throw new Errno(E.EEXIST, 'make a file');
      return new WholeFile(this.#here, mode);
    });
    return new NewFile({ file, name, path: asBytes(this.#below(name)), original, options: this.#options });
  }

  symlink(name: ByteString, target: ByteString, original: Original, notKept: NotKept): Made {
    return this.#make(name, original, notKept, (path) => symlinkSync(bufferOf(target), bufferOf(path)));
  }

  /** A device, fifo or socket. */
  special(name: ByteString, original: Original, notKept: NotKept): Made {
    const { mode, rdev } = original.attributes;
    const make = (path: ByteString) => {
      const result = mknod(cString(path), (mode & S_IFMT) | (mode & 0o777), rdev);
      if (result < 0) throw new Errno(-result, 'make a special file');
    };
    return this.#make(name, original, notKept, make);
  }

  #make(name: ByteString, original: Original, notKept: NotKept, make: (path: ByteString) => void): Made {
    return trying(() =>
      this.#placed(name, make, (path) => {
        if (this.#options.preserve) keepOnPath(path, original, notKept);
        keepTimes(path, original.attributes, notKept);
        const identity = identityOf(lstatSync(bufferOf(path), { bigint: true }));
        return { path: asBytes(this.#below(name)), identity };
      }),
    );
  }

  /** Another name for something that was made before. False where that is not there any more, or cannot have one. */
  link(name: ByteString, { path, identity }: Made): boolean {
    const descriptor = openBeneath(this.#root, path, O.PATH | constants.O_NOFOLLOW);
    if (descriptor < 0) return false;
    const from = cString(bytesOfText(`/proc/self/fd/${descriptor}`));
    try {
      if (identityOf(fstatSync(descriptor, { bigint: true })) !== identity) return false;
      this.#placed(
        name,
        (at) => {
          const result = linkat(AT_FDCWD, from, AT_FDCWD, cString(at), AT_SYMLINK_FOLLOW);
          if (result < 0) throw new Errno(-result, 'link a file');
        },
        () => {},
      );
      return true;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (errno === E.EEXIST || errno === E.EISDIR) throw new DestinationError(errno, error);
      return false;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Makes an object and finishes it, under its own name or, where that may be taken, under another first. */
  #placed<T>(name: ByteString, make: (path: ByteString) => void, finish: (path: ByteString) => T): T {
    const last = this.#at(name);
    const path = this.#options.replace ? hiddenName(this.#here) : last;
    make(path);
    try {
      const done = finish(path);
      if (path !== last) renameSync(bufferOf(path), bufferOf(last));
      return done;
    } finally {
      // Two names of one file are not renamed into one another, so the first may still be there.
      if (path !== last) removeIfThere(path);
    }
  }
}

interface NewFileParts {
  readonly file: WholeFile;
  /** In its directory. */
  readonly name: ByteString;
  /** Below the destination. */
  readonly path: ByteString;
  readonly original: Original;
  readonly options: DestinationOptions;
}

/** A regular file of the destination while it is written. */
export class NewFile {
  readonly #file: WholeFile;
  readonly #name: ByteString;
  readonly #path: ByteString;
  readonly #original: Original;
  readonly #options: DestinationOptions;

  constructor({ file, name, path, original, options }: NewFileParts) {
    this.#file = file;
    this.#name = name;
    this.#path = path;
    this.#original = original;
    this.#options = options;
  }

  /** What is not written stays a hole. */
  write(piece: Uint8Array, offset: number): void {
    trying(() => {
      for (let done = 0; done < piece.length; ) {
        done += writeSync(this.#file.descriptor, piece, done, piece.length - done, offset + done);
      }
    });
  }

  /** Makes it as long as it should be and gives it its name. */
  keep(notKept: NotKept): Made {
    return trying(() => {
      const { descriptor } = this.#file;
      const { attributes } = this.#original;
      ftruncateSync(descriptor, attributes.size);
      if (this.#options.preserve) keepOnDescriptor(descriptor, this.#original, notKept);
      keepTimes(descriptor, attributes, notKept);
      this.#file.keep(this.#name, { replace: this.#options.replace });
      return { path: this.#path, identity: identityOf(fstatSync(descriptor, { bigint: true })) };
    });
  }

  /** Must come last; what was not kept is gone. */
  close(): void {
    trying(() => this.#file.close());
  }
}

function trying<T>(attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    const errno = errnoOf(error);
    throw errno === undefined ? error : new DestinationError(errno, error);
  }
}

function removeIfThere(path: ByteString): void {
  try {
    unlinkSync(bufferOf(path));
  } catch (error) {
    if (errnoOf(error) !== E.ENOENT) throw error;
  }
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}
