// A file that is to be made whole or not at all: it has no name before it is complete, so that half of it never passes
// for it, whatever ends this process.
import { closeSync, constants, linkSync, lstatSync, openSync, renameSync, unlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path/posix';
import { bytesOfText, cString } from '../sys/bytes.ts';
import { errnoWords, Trouble } from '../sys/errors.ts';
import { AT_FDCWD, AT_SYMLINK_FOLLOW, linkat } from '../sys/libc.ts';

/** Node does not name it; `O_DIRECTORY` is part of it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
/** What file systems answer that have no files without a name; ENOTSUP is Node's word for EOPNOTSUPP. */
const NO_TMPFILE: readonly unknown[] = ['ENOTSUP', 'EISDIR', 'ENOENT', 'EINVAL'];
/** And those without hard links. */
const NO_LINK: readonly unknown[] = ['EPERM', 'ENOTSUP', 'ENOSYS', 'EINVAL'];

export class NewFile {
  /** Open for writing. */
  readonly descriptor: number;
  readonly #path: string;
  /** Where it lies under another name meanwhile: beside its own. */
  readonly #partial: string | undefined;

  /** Throws Trouble where there is something of this name, or no file can be made. */
  constructor(path: string) {
    this.#path = path;
    if (path.endsWith('/')) throw new Trouble('usage', `Cannot create "${path}": it is a directory's name`);
    if (this.#trying(() => lstatSync(path, { throwIfNoEntry: false })) !== undefined) throw this.#isThere();
    const [descriptor, partial] = this.#trying(() => create(path));
    this.descriptor = descriptor;
    this.#partial = partial;
  }

  /** Gives it its name. Throws Trouble where there is something of that name by now. */
  keep(): void {
    const partial = this.#partial;
    if (partial !== undefined) this.#trying(() => this.#rename(partial));
    else {
      const own = cString(bytesOfText(`/proc/self/fd/${this.descriptor}`));
      const name = cString(bytesOfText(this.#path));
      const result = linkat(AT_FDCWD, own, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
      if (result < 0) throw new Trouble('usage', `Cannot create "${this.#path}": ${errnoWords(-result)}`);
    }
    closeSync(this.descriptor);
  }

  /** Leaves nothing. */
  discard(): void {
    if (this.#partial !== undefined) unlinkSync(this.#partial);
    closeSync(this.descriptor);
  }

  #rename(partial: string): void {
    try {
      // Unlike a rename, it replaces nothing.
      linkSync(partial, this.#path);
    } catch (error) {
      if (!NO_LINK.includes((error as NodeJS.ErrnoException).code)) throw error;
      if (lstatSync(this.#path, { throwIfNoEntry: false }) !== undefined) throw this.#isThere();
      renameSync(partial, this.#path);
      return;
    }
    unlinkSync(partial);
  }

  #isThere(): Trouble {
    return new Trouble('usage', `Cannot create "${this.#path}": it is there already`);
  }

  #trying<T>(attempt: () => T): T {
    try {
      return attempt();
    } catch (cause) {
      const { code, errno } = cause as NodeJS.ErrnoException;
      if (code === undefined) throw cause;
      if (code === 'EEXIST') throw this.#isThere();
      throw new Trouble('usage', `Cannot create "${this.#path}": ${errnoWords(-(errno ?? 0))}`, { cause });
    }
  }
}

function create(path: string): [descriptor: number, partial: string | undefined] {
  try {
    return [openSync(dirname(path), constants.O_WRONLY | O_TMPFILE, 0o666), undefined];
  } catch (error) {
    if (!NO_TMPFILE.includes((error as NodeJS.ErrnoException).code)) throw error;
    const partial = `${dirname(path)}/.${basename(path)}.partial-${process.pid}`;
    return [openSync(partial, 'wx'), partial];
  }
}
