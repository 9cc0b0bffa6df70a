// A new file that a person named, made whole or not at all; what goes wrong is told as trouble with that name.
import { lstatSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path/posix';
import { bytesOfText } from '../sys/bytes.ts';
import { E, errnoOf, errnoWords, Trouble } from '../sys/errors.ts';
import { WholeFile } from '../sys/whole-file.ts';

export class OutputFile {
  /** Open for writing. */
  readonly descriptor: number;
  readonly #path: string;
  readonly #file: WholeFile;

  /** Throws Trouble where there is something of this name, or no file can be made. */
  constructor(path: string) {
    this.#path = path;
    if (path.endsWith('/')) throw new Trouble('usage', `Cannot create "${path}": it is a directory's name`);
    if (this.#trying(() => lstatSync(path, { throwIfNoEntry: false })) !== undefined) throw this.#isThere();
    this.#file = this.#trying(() => new WholeFile(bytesOfText(dirname(path))));
    this.descriptor = this.#file.descriptor;
  }

  /** All of it at once, or more of it. Throws Trouble, such as where the disk is full. */
  write(contents: string): void {
    this.#trying(() => writeFileSync(this.descriptor, contents));
  }

  /** Gives it its name. Throws Trouble where there is something of that name by now. */
  keep(): void {
    this.#trying(() => this.#file.keep(bytesOfText(basename(this.#path))));
    this.#file.close();
  }

  /** Leaves nothing. */
  discard(): void {
    this.#file.close();
  }

  #isThere(): Trouble {
    return new Trouble('usage', `Cannot create "${this.#path}": it is there already`);
  }

  #trying<T>(attempt: () => T): T {
    try {
      return attempt();
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno === undefined) throw cause;
      if (errno === E.EEXIST) throw this.#isThere();
      throw new Trouble('usage', `Cannot create "${this.#path}": ${errnoWords(errno)}`, { cause });
    }
  }
}
