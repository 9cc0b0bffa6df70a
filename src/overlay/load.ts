// Loads one merged directory into the table: lists its real directories, merges, and writes a row for every visible name.
// Names that mean the same in every stack (most of them) take a short way past the rules of `merge.ts`; the rest ask them.
import { E, Errno } from '../sys/errors.ts';
import { setLong } from '../sys/long.ts';
import { S_IFCHR, S_IFDIR, S_IFMT, S_IFREG, STATX } from '../sys/statx.ts';
import type { Attributes } from './attributes.ts';
import type { Entry } from './layer/entry.ts';
import { DT_WHT, type Listing } from './layer/listing.ts';
import type { LayerReader } from './layer/reader.ts';
import { type MergeOptions, type Resolution, resolve, type Source } from './merge.ts';
import { Names } from './names.ts';
import { rowSize } from './status.ts';
import { ERRNO_SHIFT, FLAG, ROW, type Table } from './table.ts';
import { TableFull } from './table-memory.ts';
import { unite } from './unite.ts';

/** Told of each listed name that cannot be looked up. */
export type FaultLog = (message: string) => void;

/** A listed name: its place in the table's memory, its length, its `d_type`. */
interface Listed {
  readonly at: number;
  readonly length: number;
  readonly type: number;
}

/** What directories are loaded by, and to where. */
export interface LoaderParts {
  readonly table: Table;
  readonly reader: LayerReader;
  readonly options: MergeOptions;
  readonly attributes: Attributes;
  readonly log: FaultLog;
  /** Whether the names of a hard-linked file lead to one node. */
  readonly sharesNodes: boolean;
}

export class Loader {
  readonly #table: Table;
  readonly #reader: LayerReader;
  readonly #options: MergeOptions;
  readonly #log: FaultLog;
  readonly #attributes: Attributes;
  readonly #lowest: number;
  readonly #names: Names;
  /** The rules' view of the layers as they lie on disk. */
  readonly #disk: Source<number, Entry>;
  readonly #sharesNodes: boolean;

  constructor({ table, reader, options, attributes, log, sharesNodes }: LoaderParts) {
    this.#table = table;
    this.#reader = reader;
    this.#options = options;
    this.#attributes = attributes;
    // With data-only layers below, the kernel reads the marks of the lowest layer's directories too.
    this.#lowest = options.dataOnlyLayers ? -1 : reader.directories.roots.length - 1;
    this.#log = log;
    this.#names = new Names();
    const { directories } = reader;
    this.#disk = {
      roots: directories.roots,
      layerOf: (directory) => directories.layerOf(directory),
      find: (directory, name) => reader.find(directory, name),
    };
    this.#sharesNodes = sharesNodes;
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
    names.clear();
    for (const directory of stack) this.#reader.listBytes(directory, names);
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
      const name = { at, length, type: names.type(i) };
      if (this.#add(next, row, name, stack, names.level(i), end > i + 1, source)) next++;
    }
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
      const stored = { at: table.addName(name), length: name.length, type };
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
      if (!this.#fill(row, name, stack, level, isRepeated, source)) return false;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      const holder = stack[level] as number;
      if (error.errno === E.ENOENT && this.#isGone(holder, name)) return false;
      this.#fillBroken(row, name.type, error, holder);
    }
    this.#finish(row, name, parent);
    return true;
  }

  /** A new row for one name, looked up by itself, without a listing; 0 where it is not there. Throws Errno. */
  loadName(directory: number, name: string): number {
    const resolution = resolve(this.#stackOf(directory), name, this.#disk, this.#options);
    if (resolution === undefined) return 0;
    try {
      const row = this.#table.takeRows(1);
      this.#fillByRules(row, resolution);
      this.#finish(row, { at: this.#table.addName(name), length: name.length }, directory);
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

  /** Writes the row of a name whose topmost occurrence is at `level`; false where it is not visible. */
  #fill(
    row: number,
    { at, length }: Listed,
    stack: readonly number[],
    level: number,
    isRepeated: boolean,
    source: Source<number, Entry>,
  ): boolean {
    const reader = this.#reader;
    const table = this.#table;
    const holder = stack[level] as number;
    if (!reader.examineStored(holder, at, length)) return false;
    const { status } = reader;
    const type = (status[STATX.mode] as number) & S_IFMT;
    if (type === S_IFDIR) {
      const mayBeMarked = isRepeated || reader.directories.layerOf(holder) !== this.#lowest;
      if (mayBeMarked && (isRepeated || reader.hasXattrsStored(holder, at, length))) {
        return this.#fillByRules(row, resolve(stack, table.nameAt(at, length), source, this.#options));
      }
      this.#attributes.fill(row, status, holder);
      table.set(row, ROW.source, table.addRecord([1, reader.directories.child(holder, at, length)]));
      return true;
    }
    if (type === S_IFREG) {
      if (reader.hasXattrsStored(holder, at, length)) {
        const below = stack.slice(level);
        return this.#fillByRules(row, resolve(below, table.nameAt(at, length), source, this.#options));
      }
      table.set(row, ROW.nameLength, FLAG.noXattrs);
    } else if (type === S_IFCHR && status[STATX.rdevMajor] === 0 && status[STATX.rdevMinor] === 0) {
      if (reader.hidesByDevice(holder)) return false;
    }
    this.#attributes.fill(row, status, holder);
    table.set(row, ROW.source, holder);
    return true;
  }

  #fillByRules(row: number, resolution: Resolution<number, Entry> | undefined): boolean {
    if (resolution === undefined) return false;
    const table = this.#table;
    const { top } = resolution;
    this.#attributes.fill(row, top.status, top.holder);
    if (resolution.kind === 'directory') {
      const { stack } = resolution;
      table.set(row, ROW.source, table.addRecord([stack.length, ...stack]));
      if (stack.length > 1) {
        // ovl_getattr(): a merged directory has one link.
        table.set(row, ROW.nlink, 1);
        table.set(row, ROW.nameLength, FLAG.merged);
      }
      return true;
    }
    table.set(row, ROW.source, resolution.holder);
    if (resolution.data !== undefined) this.#fillData(row, resolution.data);
    return true;
  }

  /** Remembers where a metacopy file's data lie: [directory, name, length], directory 0 for a path in the data-only layers. */
  #fillData(row: number, data: { readonly found: Entry } | { readonly path: string }): void {
    const table = this.#table;
    if ('path' in data) {
      table.set(row, ROW.listing, table.addRecord([0, table.addName(data.path), data.path.length]));
      this.#guessBlocks(row);
      return;
    }
    const { holder, name, status } = data.found;
    table.set(row, ROW.listing, table.addRecord([holder, table.addName(name), name.length]));
    // ovl_getattr(): blocks are those of the data.
    table.set(row, ROW.blocks, status[STATX.blocks] as number);
    table.set(row, ROW.blocks + 1, status[STATX.blocks + 1] as number);
  }

  /** ovl_getattr(): while the data were not looked for, their blocks are guessed from the size. */
  #guessBlocks(row: number): void {
    const table = this.#table;
    const size = rowSize(table, row);
    const blksize = table.word(row, ROW.blksize);
    const blocks = (Math.ceil(size / blksize) * blksize) / 512;
    setLong(table.rows, table.at(row) + ROW.blocks, blocks);
  }

  /** A name that is listed but cannot be looked up: its type for the listing, its errno for the lookup. */
  #fillBroken(row: number, type: number, error: Errno, holder: number): void {
    const table = this.#table;
    for (let field = 0; field < ROW.name; field++) table.set(row, field, 0);
    const errno = error.errno === E.ENOENT ? E.EIO : error.errno;
    table.set(row, ROW.nameLength, errno << ERRNO_SHIFT);
    // The C library leaves out a name whose inode number is 0; any other does, as nobody can ask for its status.
    table.set(row, ROW.ino, row);
    table.set(row, ROW.mode, type << 12);
    table.set(row, ROW.source, holder);
    this.#log(error.message);
  }

  /** What every row has: name and parent; and its node, where that is another row's. */
  #finish(row: number, name: { readonly at: number; readonly length: number }, parent: number): void {
    const table = this.#table;
    table.set(row, ROW.name, name.at);
    table.set(row, ROW.nameLength, name.length | table.flags(row));
    table.set(row, ROW.parent, parent);
    const isDirectory = (table.word(row, ROW.mode) & S_IFMT) === S_IFDIR;
    const isLinked =
      this.#sharesNodes && !isDirectory && table.errnoOf(row) === 0 && table.word(row, ROW.nlink) > 1;
    if (isLinked) table.shareNode(row);
  }

  /** Writes a row's attributes again, from a `struct statx` of the same object; those of a metacopy file stay. */
  refill(row: number, status: Uint32Array, holder: number): void {
    const table = this.#table;
    const isDirectory = (table.word(row, ROW.mode) & S_IFMT) === S_IFDIR;
    if (!isDirectory && table.word(row, ROW.listing) !== 0) return;
    this.#attributes.fill(row, status, holder);
    if ((table.flags(row) & FLAG.merged) !== 0) table.set(row, ROW.nlink, 1);
  }

  /** The root: the top layer's root in all attributes, merged from the first row on. */
  fillRoot(row: number, status: Uint32Array): void {
    const table = this.#table;
    const roots = this.#reader.rootStack(this.#reader.directories.roots);
    this.#attributes.fill(row, status, roots[0] as number);
    table.set(row, ROW.source, table.addRecord([roots.length, ...roots]));
    table.set(row, ROW.parent, row);
    if (roots.length > 1) {
      table.set(row, ROW.nlink, 1);
      table.set(row, ROW.nameLength, FLAG.merged);
    }
  }
}
