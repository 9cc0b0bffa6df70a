// Loads one merged directory into the table: lists its real directories, merges, and has a row written for every visible name.
import { E, Errno } from '../sys/errors.ts';
import type { Indexed } from './indexed/indexed.ts';
import type { Entry } from './layer/entry.ts';
import { DT_WHT, type Listing } from './layer/listing.ts';
import type { LayerReader } from './layer/reader.ts';
import { type MergeOptions, resolve, type Source } from './merge.ts';
import { Names } from './names.ts';
import type { Listed, RowWriter } from './row-writer.ts';
import { ROW, type Table } from './table.ts';
import { TableFull } from './table-memory.ts';
import { unite } from './unite.ts';

/** What directories are loaded by, and to where. */
export interface LoaderParts {
  readonly table: Table;
  readonly reader: LayerReader;
  readonly options: MergeOptions;
  readonly rows: RowWriter;
  /** The layers' roots, top first, where the directories have those of other stacks as well. */
  readonly roots?: readonly number[];
  /** Where names are gathered; of several loaders only one loads at a time. */
  readonly names?: Names;
  /** What was remembered of the layers, where something may be. */
  readonly indexed?: Indexed | undefined;
}

export class Loader {
  readonly #table: Table;
  readonly #reader: LayerReader;
  readonly #options: MergeOptions;
  readonly #rows: RowWriter;
  readonly #names: Names;
  readonly #indexed: Indexed | undefined;
  /** The rules' view of the layers as they lie on disk. */
  readonly #disk: Source<number, Entry>;

  constructor({ table, reader, options, rows, roots, names = new Names(), indexed }: LoaderParts) {
    this.#table = table;
    this.#reader = reader;
    this.#options = options;
    this.#rows = rows;
    this.#names = names;
    this.#indexed = indexed;
    const { directories } = reader;
    const levels = new Map(roots?.map((root, level) => [directories.layerOf(root), level]));
    const level = (layer: number) => levels.get(layer) as number;
    this.#disk = {
      roots: roots ?? directories.roots,
      layerOf:
        roots === undefined
          ? (directory) => directories.layerOf(directory)
          : (directory) => level(directories.layerOf(directory)),
      find: (directory, name) => reader.find(directory, name),
    };
  }

  /** Loads the directory of a row; answers the record [first row, count]. Throws Errno where it cannot be listed. */
  load(row: number): number {
    const stack = this.#stackOf(row);
    return stack.every((directory) => this.#reader.hasPlainNames(directory))
      ? this.#loadBytes(row, stack)
      : this.#loadStrings(row, stack);
  }

  /** Names as bytes, for most directories. */
  #loadBytes(row: number, stack: readonly number[]): number {
    const table = this.#table;
    const names = this.#names;
    const indexed = this.#indexed;
    names.clear();
    indexed?.begin();
    for (const directory of stack)
      if (indexed?.list(directory, names) !== true) this.#reader.listBytes(directory, names);
    names.sort();
    const isAlone = stack.length === 1;
    const source = isAlone ? this.#disk : this.#source(stack, (level, name) => names.has(level, name));
    const first = table.takeRows(names.countDifferent());
    let next = first;
    for (let i = 0, end = 0; i < names.count; i = end) {
      end = names.endOfEqual(i);
      const place = names.place(i);
      const length = names.length(i);
      const at = table.addNameFrom(names.bytes, place, place + length);
      const number = indexed === undefined ? -1 : indexed.next(names, i, end);
      const name = { at, length, type: names.type(i), indexed: number };
      const isVisible = this.#add(next, row, name, stack, names.level(i), end > i + 1, source);
      indexed?.learn(names, i, end, at, isVisible ? next : 0);
      if (isVisible) next++;
    }
    indexed?.end();
    return table.addRecord([first, next - first]);
  }

  /** Names as strings, where some are marks, come from a record, or are to be stored once only. */
  #loadStrings(row: number, stack: readonly number[]): number {
    const table = this.#table;
    const listings = stack.map((directory) => this.#reader.list(directory));
    const { names, levels, repeated } = unite(listings);
    const source = this.#source(stack, (level, name) => (listings[level] as Listing).types.has(name));
    const first = table.takeRows(names.length);
    let next = first;
    for (const name of names) {
      const level = levels === undefined ? 0 : (levels.get(name) as number);
      const type = (listings[level] as Listing).types.get(name) as number;
      if (type === DT_WHT) continue;
      const stored = { at: table.addName(name), length: name.length, type, indexed: -1 };
      if (this.#add(next, row, stored, stack, level, repeated.has(name), source)) next++;
    }
    return table.addRecord([first, next - first]);
  }

  /** Writes the row of a listed name, whole or broken; false where it is not visible. */
  #add(
    row: number,
    parent: number,
    name: Listed,
    stack: readonly number[],
    level: number,
    isRepeated: boolean,
    source: Source<number, Entry>,
  ): boolean {
    try {
      if (!this.#rows.fill(row, name, stack, level, isRepeated, source)) return false;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      const holder = stack[level] as number;
      if (error.errno === E.ENOENT && this.#isGone(holder, name)) return false;
      this.#rows.fillBroken(row, name.type, error, holder);
    }
    this.#rows.finish(row, name, parent);
    return true;
  }

  /** A new row for one name, looked up by itself, without a listing; 0 where it is not there. Throws Errno. */
  loadName(directory: number, name: string): number {
    const resolution = resolve(this.#stackOf(directory), name, this.#disk, this.#options);
    if (resolution === undefined) return 0;
    try {
      const row = this.#table.takeRows(1);
      this.#rows.fillByRules(row, resolution);
      this.#rows.finish(row, { at: this.#table.addName(name), length: name.length }, directory);
      return row;
    } catch (cause) {
      if (cause instanceof TableFull) throw new Errno(E.ENOMEM, cause.message, { cause });
      throw cause;
    }
  }

  /** The real directories that a merged one is made of, top first. */
  #stackOf(directory: number): number[] {
    const table = this.#table;
    const at = table.word(directory, ROW.source);
    if (table.record(at, 0) === 1) return [table.record(at, 1)];
    return Array.from({ length: table.record(at, 0) }, (_, i) => table.record(at, i + 1));
  }

  /** Whether a listed name was removed while it was being examined, as in the upper layer of a running container. */
  #isGone(holder: number, name: Listed): boolean {
    try {
      return !this.#reader.examineStored(holder, name.at, name.length);
    } catch (error) {
      if (error instanceof Errno) return false;
      throw error;
    }
  }

  /** The rules' view of the layers: what the listings already tell is not asked of the disk. */
  #source(
    stack: readonly number[],
    isListed: (level: number, name: string) => boolean,
  ): Source<number, Entry> {
    return {
      ...this.#disk,
      find: (directory, name) => {
        const level = stack.indexOf(directory);
        if (level >= 0 && !isListed(level, name)) return undefined;
        return this.#reader.find(directory, name);
      },
    };
  }
}
