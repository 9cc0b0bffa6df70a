// One name of one real directory as `merge.ts` asks about it: what it is, and its marks, which are read when asked for.
import { E, Errno } from '../../sys/errors.ts';
import { STATX_SIZE } from '../../sys/statx.ts';
import type { Found } from '../merge.ts';
import type { Table } from '../table.ts';
import type { Directories } from './directories.ts';
import { isMetacopy, type MarkPrefix } from './marks.ts';

/** Statuses are cut from pieces of memory of this many: an allocation for each would cost more than the rest of an entry. */
const STATUSES = 64;
const STATUS_WORDS = STATX_SIZE / 4;
let statuses = new Uint32Array(0);
let statusesUsed = 0;

function keptStatus(status: Uint32Array): Uint32Array {
  if (statusesUsed === statuses.length) {
    statuses = new Uint32Array(STATUSES * STATUS_WORDS);
    statusesUsed = 0;
  }
  const kept = statuses.subarray(statusesUsed, statusesUsed + STATUS_WORDS);
  statusesUsed += STATUS_WORDS;
  kept.set(status);
  return kept;
}

/** What an entry asks of who reads its layer. */
interface Reader {
  readonly directories: Directories;
  /** The `struct statx` of the entry, when it is made. */
  readonly status: Uint32Array;
  xattrNames(directory: number, name: string): readonly string[];
  prefixOf(directory: number): MarkPrefix | undefined;
  mark(directory: number, name: string, mark: string): Buffer | undefined;
}

/** Its status is a copy. */
export class Entry implements Found<number> {
  readonly holder: number;
  readonly name: string;
  readonly kind: Found<number>['kind'];
  readonly status: Uint32Array;
  aufsOpaque = false;
  /** Taken for a file without `overlay.metacopy`, by a caller who finds out later. */
  takenForPlain = false;
  readonly #reader: Reader;
  readonly #table: Table;
  #directory = 0;
  #xattrNames: readonly string[] | undefined;

  constructor(reader: Reader, table: Table, holder: number, name: string, kind: Entry['kind']) {
    this.#reader = reader;
    this.#table = table;
    this.holder = holder;
    this.name = name;
    this.kind = kind;
    this.status = keptStatus(reader.status);
  }

  directory(): number {
    if (this.#directory === 0) {
      this.#directory = this.#reader.directories.child(
        this.holder,
        this.#table.addName(this.name),
        this.name.length,
      );
    }
    return this.#directory;
  }

  /** Names of its attributes as they are on disk, read once. */
  xattrNames(): readonly string[] {
    this.#xattrNames ??= this.#reader.xattrNames(this.holder, this.name);
    return this.#xattrNames;
  }

  #mark(mark: string): Buffer | undefined {
    // Most objects have no attribute at all: one call tells it for all marks.
    const prefix = this.#reader.prefixOf(this.holder);
    if (prefix === undefined || !this.#mayHave(prefix + mark)) return undefined;
    return this.#reader.mark(this.holder, this.name, mark);
  }

  /** A list can be too long for the kernel to give; each attribute on it can be asked for all the same. */
  #mayHave(attribute: string): boolean {
    try {
      return this.xattrNames().includes(attribute);
    } catch (error) {
      if (error instanceof Errno && error.errno === E.E2BIG) return true;
      throw error;
    }
  }

  opaque(): string {
    if (this.aufsOpaque) return 'y';
    return this.#mark('opaque')?.toString('latin1') ?? '';
  }

  redirect(): string | undefined {
    return this.#mark('redirect')?.toString('latin1');
  }

  metacopy(): boolean {
    return !this.takenForPlain && isMetacopy(this.#mark('metacopy'));
  }
}
