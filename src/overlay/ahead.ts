// Guesses which directory a walker will list next, so that it can be loaded while the walker is busy with the last one.
// Only guesses: what it loads is what anybody's listing would have loaded.
import { S_IFDIR, S_IFMT } from '../sys/statx.ts';
import { NOT_LOADED, ROW, type Table } from './table.ts';

/** Directories that may be loaded ahead of those that were asked for, however well the guesses did so far. */
const MOST_CREDIT = 64;
/** What one listing that follows from another earns: a single `ls` must load nothing but itself. */
const EARNED = 4;
/** Listings whose subdirectories are remembered, innermost last. */
const DEEPEST = 64;

/** The part of a directory's entries that no guess was spent on yet. */
interface Rest {
  next: number;
  readonly end: number;
}

export class Ahead {
  readonly #table: Table;
  readonly #load: (directory: number) => void;
  readonly #rests: Rest[] = [];
  #credit = 0;
  /** What whoever comes needs first; 0 when it was loaded. */
  #root: number;
  #last = 0;
  #lastParent = 0;

  /** `load` loads a directory and throws nothing: errors are for whoever asks for it. `root` is 0 where it is not to be loaded. */
  constructor(table: Table, root: number, load: (directory: number) => void) {
    this.#table = table;
    this.#root = root;
    this.#load = load;
  }

  /** To be told of each listing that a client asks for. `first` and `count` are its entries. */
  listed(directory: number, first: number, count: number): void {
    if (directory === this.#last) return;
    const parent = this.#table.word(directory, ROW.parent);
    const follows = parent === this.#last || parent === this.#lastParent;
    this.#last = directory;
    this.#lastParent = parent;
    this.#credit = follows ? Math.min(this.#credit + EARNED, MOST_CREDIT) : 0;
    if (count > 0) this.#rests.push({ next: first, end: first + count });
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
      return true;
    }
    return false;
  }
}
