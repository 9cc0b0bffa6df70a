// The listings of a tree's directories: each is loaded by the first who asks, in whichever thread, and published at once.
import { type ByteString, bytesOf } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { S_IFDIR, S_IFMT } from '../sys/statx.ts';
import { Searched } from './searched.ts';
import { LOADING, NOT_LOADED, ROW, SEARCH_ONLY, type Table, TOO_LARGE } from './table.ts';
import { TableFull } from './table-memory.ts';

/** What loads directories; a `Loader` is one. */
export interface DirectoryLoader {
  /** Loads the directory of a row; answers the record [first row, count]. Throws Errno. */
  load(row: number): number;
  /** A row for one name, looked up by itself; 0 where it is not there. Throws Errno. */
  loadName(directory: number, name: string): number;
}

export class Listings {
  readonly #table: Table;
  readonly #loader: DirectoryLoader;
  readonly #searched: Searched;

  constructor(table: Table, loader: DirectoryLoader) {
    this.#table = table;
    this.#loader = loader;
    this.#searched = new Searched(table, loader);
  }

  /** The record [first row, count] of a directory. Waits where another thread is loading it. Throws Errno. */
  of(directory: number): number {
    const table = this.#table;
    const word = table.at(directory) + ROW.listing;
    for (;;) {
      const record = Atomics.load(table.rows, word);
      if (record > SEARCH_ONLY) return record;
      if (record === LOADING) {
        Atomics.wait(table.signedRows, word, LOADING);
        continue;
      }
      if (record === TOO_LARGE) throw new Errno(E.ENOMEM, 'list a directory for which there is no room');
      if (record === SEARCH_ONLY) throw new Errno(E.EACCES, 'list a directory');
      if ((table.word(directory, ROW.mode) & S_IFMT) !== S_IFDIR) throw new Errno(E.ENOTDIR, 'list a file');
      if (table.errnoOf(directory) !== 0) throw new Errno(table.errnoOf(directory), 'list');
      if (Atomics.compareExchange(table.rows, word, NOT_LOADED, LOADING) !== NOT_LOADED) continue;
      let loaded = NOT_LOADED;
      try {
        loaded = this.#loader.load(directory);
        return loaded;
      } catch (cause) {
        if (cause instanceof TableFull) {
          // The rows that were filled already are lost: once, not at every listing.
          loaded = TOO_LARGE;
          throw new Errno(E.ENOMEM, cause.message, { cause });
        }
        if (cause instanceof Errno && cause.errno === E.EACCES) loaded = SEARCH_ONLY;
        // The directory is known to be there: that it is gone now is damage, not absence.
        const lost = cause instanceof Errno && [E.ENOENT, E.ENOTDIR, E.ELOOP, E.EXDEV].includes(cause.errno);
        throw lost ? new Errno(E.EIO, 'load a directory', { cause }) : cause;
      } finally {
        Atomics.store(table.rows, word, loaded);
        Atomics.notify(table.signedRows, word);
      }
    }
  }

  /** The entry whose name is the bytes `start` to `end` of `from`, 0 where there is none. Throws Errno. */
  lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    const table = this.#table;
    const listing = this.#listingToSearch(directory);
    if (listing === SEARCH_ONLY) return this.#searched.find(directory, bytesOf(from, start, end));
    let low = table.record(listing, 0);
    let high = low + table.record(listing, 1) - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = table.compareName(middle, from, start, end);
      if (order === 0) return table.errnoOf(middle) === 0 ? middle : this.#searched.retry(middle);
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return 0;
  }

  /** The same for a name that is looked up by itself: the directory need not be listed. Throws Errno. */
  lookupAlone(directory: number, name: ByteString): number {
    return this.#searched.find(directory, name);
  }

  /** As `of`, or SEARCH_ONLY. */
  #listingToSearch(directory: number): number {
    const { rows } = this.#table;
    const word = this.#table.at(directory) + ROW.listing;
    const record = Atomics.load(rows, word);
    if (record >= SEARCH_ONLY) return record;
    try {
      return this.of(directory);
    } catch (error) {
      if (Atomics.load(rows, word) === SEARCH_ONLY) return SEARCH_ONLY;
      throw error;
    }
  }
}
