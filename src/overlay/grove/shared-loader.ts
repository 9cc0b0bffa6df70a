// Loads directories for all trees of a grove: two that are made of the same real directories, in whichever trees, have one
// listing, and each is loaded by the loader of its topmost layer.
import { S_IFDIR, S_IFMT } from '../../sys/statx.ts';
import type { Directories } from '../layer/directories.ts';
import type { DirectoryLoader } from '../listings.ts';
import { ROW, type Table } from '../table.ts';

export class SharedLoader implements DirectoryLoader {
  readonly #table: Table;
  readonly #directories: Directories;
  readonly #loaderOf: (layer: number) => DirectoryLoader;
  /** Of directories made of one real directory, and of those made of several. */
  readonly #single = new Map<number, number>();
  readonly #merged = new Map<string, number>();

  constructor(table: Table, directories: Directories, loaderOf: (layer: number) => DirectoryLoader) {
    this.#table = table;
    this.#directories = directories;
    this.#loaderOf = loaderOf;
  }

  load(row: number): number {
    const at = this.#table.word(row, ROW.source);
    const count = this.#table.record(at, 0);
    if (count === 1) return this.#shared(this.#single, this.#table.record(at, 1), row);
    const stack = this.#table.records.subarray(at + 1, at + 1 + count);
    return this.#shared(this.#merged, stack.join(), row);
  }

  #shared<K>(listings: Map<K, number>, key: K, row: number): number {
    const known = listings.get(key);
    if (known !== undefined) return known;
    const record = this.#loader(row).load(row);
    this.#number(record);
    listings.set(key, record);
    return record;
  }

  loadName(directory: number, name: string): number {
    return this.#loader(directory).loadName(directory, name);
  }

  #loader(row: number): DirectoryLoader {
    const table = this.#table;
    return this.#loaderOf(this.#directories.layerOf(table.record(table.word(row, ROW.source), 1)));
  }

  /** Counts the directories of a listing, from 1 on, in their rows. */
  #number(record: number): void {
    const table = this.#table;
    const first = table.record(record, 0);
    const end = first + table.record(record, 1);
    let count = 0;
    for (let row = first; row < end; row++) {
      const isDirectory = (table.word(row, ROW.mode) & S_IFMT) === S_IFDIR;
      if (isDirectory && table.errnoOf(row) === 0) table.set(row, ROW.link, ++count);
    }
  }
}
