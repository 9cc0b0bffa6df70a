// Guesses which directory a walker will list next, so that it can be loaded while the walker is busy with the last one.
// Only guesses: what it loads is what anybody's listing would have loaded.
import { S_IFDIR, S_IFMT } from '../../sys/statx.ts';
import { NOT_LOADED, ROW, SEARCH_ONLY, type Table } from '../table.ts';

/** Directories that may be loaded ahead of those that were asked for, however well the guesses did so far. */
const MOST_CREDIT = 64;
/** What one listing that follows from another earns: a single `ls` must load nothing but itself. */
const EARNED = 4;
/** Listings whose subdirectories are remembered, innermost last. */
const DEEPEST = 64;
/** Entries beyond the next one that are looked through for directories to read from a disk. */
const FARTHEST = 96;

/** The part of a directory's entries that no guess was spent on yet. */
interface Rest {
  next: number;
  /** The first entry whose contents were not asked of the disk yet. */
  unasked: number;
  readonly end: number;
}

/** Reads directories from a disk before they are loaded. */
export interface Prefetching {
  /** Whether reading ahead is of use; asked after each load. */
  isWanted(): boolean;
  /** Asks for those among the rows from `first` to before `end`; answers the first one that there was no room for. */
  ask(first: number, end: number): number;
}

export class Ahead {
  readonly #table: Table;
  readonly #load: (directory: number) => void;
  readonly #prefetch: Prefetching | undefined;
  readonly #rests: Rest[] = [];
  #credit = 0;
  /** The directory that every client lists first, until it was loaded; then 0. */
  #root: number;
  #last = 0;
  #lastParent = 0;

  /**
   * `load` loads a directory and throws nothing: the client that asks for the directory is told the error. `root` is 0 where
   * the root is not to be loaded ahead.
   */
  constructor(table: Table, root: number, load: (directory: number) => void, prefetch?: Prefetching) {
    this.#table = table;
    this.#root = root;
    this.#load = load;
    this.#prefetch = prefetch;
  }

  /** To be told of each listing that a client asks for. `first` and `count` are its entries. */
  listed(directory: number, first: number, count: number): void {
    if (directory === this.#last) return;
    const parent = this.#table.word(directory, ROW.parent);
    const follows = parent === this.#last || parent === this.#lastParent;
    this.#last = directory;
    this.#lastParent = parent;
    this.#credit = follows ? Math.min(this.#credit + EARNED, MOST_CREDIT) : 0;
    if (count > 0) this.#rests.push({ next: first, unasked: first, end: first + count });
    if (this.#rests.length > DEEPEST) this.#rests.shift();
  }

  /** Loads one directory more, the one a walk in the order of the listings comes to first; false where there is none. */
  work(): boolean {
    const table = this.#table;
    if (this.#root !== 0) {
      this.#load(this.#root);
      this.#root = 0;
      return true;
    }
    while (this.#credit > 0) {
      const rest = this.#rests.at(-1);
      if (rest === undefined) return false;
      if (rest.next === rest.end) {
        this.#rests.pop();
        continue;
      }
      const row = rest.next++;
      const isDirectory = (table.word(row, ROW.mode) & S_IFMT) === S_IFDIR;
      if (!isDirectory || table.errnoOf(row) !== 0 || table.word(row, ROW.listing) !== NOT_LOADED) continue;
      this.#credit--;
      this.#load(row);
      if (this.#prefetch?.isWanted()) this.#ask(this.#prefetch, rest, row);
      return true;
    }
    return false;
  }

  /** Asks the disk for directories beyond those that may be loaded now, and for the first ones in `row`, which was just loaded. */
  #ask(prefetch: Prefetching, rest: Rest, row: number): void {
    const table = this.#table;
    const listing = table.word(row, ROW.listing);
    if (listing > SEARCH_ONLY) {
      const first = table.record(listing, 0);
      prefetch.ask(first, first + Math.min(table.record(listing, 1), FARTHEST));
    }
    const end = Math.min(rest.end, rest.next + FARTHEST);
    if (rest.unasked < end) rest.unasked = prefetch.ask(Math.max(rest.unasked, rest.next), end);
  }
}
