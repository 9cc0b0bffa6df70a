// Names that are looked up one by one: those of a directory that this process may search but not list, and those whose
// lookup failed when their directory was listed, which a disk that failed once may give after all.
import type { ByteString } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { ROW, type Table } from './table.ts';

/** Milliseconds for which a failure is believed. */
const PAUSE = 1000;

/** What looks one name up; a `Loader` is one. */
interface NameLoader {
  /** A row for a name, 0 where it is not there. Throws Errno. */
  loadName(directory: number, name: string): number;
}

export class Searched {
  readonly #table: Table;
  readonly #loader: NameLoader;
  /** Directory → name → row. */
  readonly #rows = new Map<number, Map<ByteString, number>>();
  /** Entry → when it failed last, in milliseconds since the start. */
  readonly #failed = new Map<number, number>();

  constructor(table: Table, loader: NameLoader) {
    this.#table = table;
    this.#loader = loader;
  }

  /** The entry of a name, 0 where there is none. Throws Errno. */
  find(directory: number, name: ByteString): number {
    const known = this.#rows.get(directory);
    const row = known?.get(name) ?? this.#loader.loadName(directory, name);
    if (row === 0) return 0;
    if (known === undefined) this.#rows.set(directory, new Map([[name, row]]));
    else known.set(name, row);
    return row;
  }

  /** For an entry that could not be looked up: the one it is now, itself where it still cannot be. */
  retry(entry: number): number {
    const now = performance.now();
    if (now - (this.#failed.get(entry) ?? Number.NEGATIVE_INFINITY) < PAUSE) return entry;
    const table = this.#table;
    const name = table.rowName(entry) as ByteString;
    try {
      const found = this.find(table.word(entry, ROW.parent), name);
      if (found !== 0) return found;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
    this.#failed.set(entry, now);
    return entry;
  }
}
