// The parts of a report in a directory that a person named: each is hashed as it is written, all of them lie in a hidden
// directory there until the last is complete, and SHA256SUMS comes after all others, so that what was cut off never passes for
// the whole.
import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path/posix';
import { bytesOfText } from '../../../sys/bytes.ts';
import { E, errnoOf, errnoWords, Trouble } from '../../../sys/errors.ts';
import { hiddenName } from '../../../sys/whole-file.ts';
import { GatheredOutput, type Output } from '../../print/output.ts';

export const SUMS = 'SHA256SUMS';

export interface WrittenPart {
  /** Below the directory. */
  readonly name: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Where parts go: a directory, or nowhere. */
export interface Parts {
  /** Ends the part that was open before. */
  open(name: string): Output;
  readonly isKept: boolean;
}

/** For the reports on several stores: new, or there and empty. Throws Trouble. */
export function makeEmptyDirectory(path: string): void {
  const refuse = (state: string) => new Trouble('usage', `Cannot write to "${path}": ${state}`);
  try {
    mkdirSync(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno !== E.EEXIST || !statSync(path).isDirectory()) throw refuse(errnoWords(errno));
    const [name] = readdirSync(path);
    if (name !== undefined) throw refuse(`it is not empty: it has "${name}"`);
  }
}

export class PartsDirectory implements Parts {
  readonly isKept = true;
  readonly #path: string;
  readonly #hidden: string;
  readonly #isOwn: boolean;
  readonly #written: WrittenPart[] = [];
  /** What has its own name already. */
  readonly #kept: string[] = [];
  #last: PartFile | undefined;
  #isWhole = false;

  /** `path` must not be there, or be an empty directory. Throws Trouble. */
  constructor(path: string) {
    this.#path = path.replace(/(?<=[^/])\/+$/, '');
    this.#isOwn = this.#trying('', () => statSync(this.#path, { throwIfNoEntry: false })) === undefined;
    if (this.#isOwn) this.#trying('', () => mkdirSync(this.#path));
    else this.#mustBeEmpty([]);
    this.#hidden = join(this.#path, basename(hiddenName(bytesOfText(this.#path))));
    this.#trying('', () => mkdirSync(this.#hidden));
  }

  #mustBeEmpty(own: readonly string[]): void {
    const names = this.#trying('', () => readdirSync(this.#path)).filter((name) => !own.includes(name));
    const [first] = names;
    if (first === undefined) return;
    const unfinished = names.find((name) => /^\.stratafs-.*\.partial$/.test(name));
    const state =
      unfinished === undefined
        ? `it is not empty: it has "${first}"`
        : `it has what an interrupted report left: "${unfinished}"`;
    throw new Trouble('usage', `Cannot write to "${this.#path}": ${state}`);
  }

  open(name: string): Output {
    this.#end();
    const path = join(this.#hidden, name);
    this.#last = this.#trying(name, () => {
      mkdirSync(dirname(path), { recursive: true });
      return new PartFile(name, openSync(path, 'wx'), (cause) => this.#trouble(name, cause));
    });
    return this.#last;
  }

  #end(): void {
    const part = this.#last;
    this.#last = undefined;
    if (part !== undefined) this.#written.push(part.end());
  }

  /** Those that are complete, by name. */
  written(): readonly WrittenPart[] {
    this.#end();
    return this.#written.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Gives all of them their names. Answers the sha256 of the list of sums. Throws Trouble. */
  keep(): string {
    const lines = this.written().map(({ name, sha256 }) => `${sha256}  ${name}\n`);
    this.open(SUMS).write(lines.join(''));
    const sums = this.written().find(({ name }) => name === SUMS);
    this.#mustBeEmpty([basename(this.#hidden)]);
    const names = this.#trying('', () => readdirSync(this.#hidden)).filter((name) => name !== SUMS);
    for (const name of [...names, SUMS]) {
      this.#trying(name, () => renameSync(join(this.#hidden, name), join(this.#path, name)));
      this.#kept.push(name);
    }
    this.#isWhole = true;
    this.#trying('', () => rmdirSync(this.#hidden));
    this.#trying('', () => syncDirectory(this.#path));
    return sums?.sha256 ?? '';
  }

  /** Leaves nothing of what was not kept. */
  close(): void {
    if (this.#isWhole) return;
    this.#last?.close();
    this.#last = undefined;
    for (const name of this.#kept.reverse()) rmSync(join(this.#path, name), { recursive: true, force: true });
    rmSync(this.#hidden, { recursive: true, force: true });
    if (this.#isOwn && lstatSync(this.#path, { throwIfNoEntry: false }) !== undefined) {
      if (readdirSync(this.#path).length === 0) rmdirSync(this.#path);
    }
  }

  #trouble(name: string, cause: unknown): unknown {
    const errno = errnoOf(cause);
    if (errno === undefined) return cause;
    const place = name === '' ? this.#path : join(this.#path, name);
    return new Trouble('usage', `Cannot write "${place}": ${errnoWords(errno)}`, { cause });
  }

  #trying<T>(name: string, attempt: () => T): T {
    try {
      return attempt();
    } catch (cause) {
      throw this.#trouble(name, cause);
    }
  }
}

/** Where nothing but the page is wanted. */
export class NoParts implements Parts {
  readonly isKept = false;

  open(): Output {
    return { write() {}, writeBytes() {}, flush() {}, columns: undefined };
  }
}

class PartFile extends GatheredOutput {
  readonly columns = undefined;
  readonly #name: string;
  readonly #descriptor: number;
  readonly #trouble: (cause: unknown) => unknown;
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #isEnded = false;

  constructor(name: string, descriptor: number, trouble: (cause: unknown) => unknown) {
    super();
    this.#name = name;
    this.#descriptor = descriptor;
    this.#trouble = trouble;
  }

  override write(text: string): void {
    if (this.#isEnded) throw new RangeError(`"${this.#name}" is complete already`);
    super.write(text);
  }

  protected override writeAll(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
    } catch (cause) {
      throw this.#trouble(cause);
    }
  }

  /** Closes it, whatever happens. */
  end(): WrittenPart {
    this.#isEnded = true;
    try {
      this.flush();
      this.#sync();
    } finally {
      this.close();
    }
    return { name: this.#name, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  #sync(): void {
    try {
      fsyncSync(this.#descriptor);
    } catch (cause) {
      throw this.#trouble(cause);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Letters, digits and `._-`, of some length, and no hidden name: what any file system takes, and no shell means anything by. */
export function safeName(text: string, most = 80): string {
  const safe = text.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^[._-]+/, '');
  return safe.slice(0, most) || 'unnamed';
}
