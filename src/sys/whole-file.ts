// A file that is made whole or not at all: it has no name before it is complete, so that half of it never passes for it,
// whatever ends this process. Where the file system has no files without a name, it lies under a hidden one meanwhile.
import { closeSync, constants, linkSync, lstatSync, openSync, renameSync, unlinkSync } from 'node:fs';
import { asBytes, type ByteString, bufferOf, bytesOfText, cString } from './bytes.ts';
import { E, Errno, errnoOf } from './errors.ts';
import { AT_FDCWD, AT_SYMLINK_FOLLOW, linkat } from './libc.ts';

/** The kernel's flag, which Node does not name; `O_DIRECTORY` is part of the flag. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
/** What file systems answer that have no files without a name. */
const NO_TMPFILE: readonly unknown[] = [E.EOPNOTSUPP, E.EISDIR, E.ENOENT, E.EINVAL];
/** And those without hard links. */
const NO_LINK: readonly unknown[] = [E.EPERM, E.EOPNOTSUPP, E.ENOSYS, E.EINVAL];

let count = 0;

export interface KeepOptions {
  /** Whether something of the name gives way, if it is no directory. */
  readonly replace?: boolean;
}

/** Failures are Node's system errors, and Errno. */
export class WholeFile {
  /** Open for writing. */
  readonly descriptor: number;
  readonly #directory: ByteString;
  /** Where it lies meanwhile, if it has a name. */
  #hidden: ByteString | undefined;

  /** `directory` is a path, followed as any. `mode` is cut by the umask. */
  constructor(directory: ByteString, mode = 0o666) {
    this.#directory = directory;
    [this.descriptor, this.#hidden] = create(directory, mode);
  }

  /** Gives it its name. EEXIST where there is something of that name, which does not give way. Closes nothing. */
  keep(name: ByteString, { replace = false }: KeepOptions = {}): void {
    const path = asBytes(`${this.#directory}/${name}`);
    if (replace) this.#replace(path);
    else if (this.#hidden === undefined) this.#link(path);
    else {
      moveTo(this.#hidden, path);
      this.#hidden = undefined;
    }
  }

  #replace(path: ByteString): void {
    if (this.#hidden === undefined) {
      const hidden = hiddenName(this.#directory);
      this.#link(hidden);
      this.#hidden = hidden;
    }
    renameSync(bufferOf(this.#hidden), bufferOf(path));
    this.#hidden = undefined;
  }

  #link(path: ByteString): void {
    const own = cString(bytesOfText(`/proc/self/fd/${this.descriptor}`));
    const result = linkat(AT_FDCWD, own, AT_FDCWD, cString(path), AT_SYMLINK_FOLLOW);
    if (result < 0) throw new Errno(-result, 'name a file');
  }

  /** Closes it; what has not been kept is gone. */
  close(): void {
    closeSync(this.descriptor);
    if (this.#hidden !== undefined) unlinkSync(bufferOf(this.#hidden));
    this.#hidden = undefined;
  }
}

/** A path for what is not complete yet. */
export function hiddenName(directory: ByteString): ByteString {
  count += 1;
  return asBytes(`${directory}/.stratafs-${process.pid}-${count}.partial`);
}

/** Unlike a rename, it replaces nothing. */
function moveTo(from: ByteString, to: ByteString): void {
  try {
    linkSync(bufferOf(from), bufferOf(to));
  } catch (error) {
    if (!NO_LINK.includes(errnoOf(error))) throw error;
    if (lstatSync(bufferOf(to), { throwIfNoEntry: false }) !== undefined) {
      throw new Errno(E.EEXIST, 'name a file', { cause: error });
    }
    renameSync(bufferOf(from), bufferOf(to));
    return;
  }
  unlinkSync(bufferOf(from));
}

function create(directory: ByteString, mode: number): [descriptor: number, hidden: ByteString | undefined] {
  try {
    return [openSync(bufferOf(directory), constants.O_WRONLY | O_TMPFILE, mode), undefined];
  } catch (error) {
    if (!NO_TMPFILE.includes(errnoOf(error))) throw error;
    const hidden = hiddenName(directory);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    return [openSync(bufferOf(hidden), flags, mode), hidden];
  }
}
