// Writes the row of one name of a merged directory, from what its layers have by it: whole, or broken where it cannot be
// looked up. Names that mean the same in every stack (most of them) take a short way past the rules of `merge.ts`; the rest
// ask them.
import { E, type Errno } from '../sys/errors.ts';
import { setLong } from '../sys/long.ts';
import { S_IFCHR, S_IFDIR, S_IFMT, S_IFREG, STATX } from '../sys/statx.ts';
import type { Attributes } from './attributes.ts';
import type { Indexed } from './indexed/indexed.ts';
import type { Entry } from './layer/entry.ts';
import type { LayerReader } from './layer/reader.ts';
import { type MergeOptions, type Resolution, resolve, type Source } from './merge.ts';
import { rowSize } from './status.ts';
import { ERRNO_SHIFT, FLAG, ROW, type Table } from './table.ts';

/** Told of each listed name that cannot be looked up. */
export type FaultLog = (message: string) => void;

/** A listed name: its place in the table's memory, its length, its `d_type`. */
export interface Listed {
  readonly at: number;
  readonly length: number;
  readonly type: number;
  /** Its number in the index of its layer; -1 where no index has it. */
  readonly indexed: number;
}

/** What rows are written from, and to where. */
export interface RowWriterParts {
  readonly table: Table;
  readonly reader: LayerReader;
  readonly options: MergeOptions;
  readonly attributes: Attributes;
  readonly log: FaultLog;
  /** Whether the names of a hard-linked file lead to one node. */
  readonly sharesNodes: boolean;
  /** The layers' roots, top first, where the directories have those of other stacks as well. */
  readonly roots?: readonly number[];
  /** What was remembered of the layers, where something may be. */
  readonly indexed?: Indexed | undefined;
  /**
   * Where other stacks are loaded into the same table: whether their row of an object would tell the same of it; all but
   * directories then lead to one node.
   */
  readonly isAlike?: (row: number, other: number) => boolean;
}

export class RowWriter {
  readonly #table: Table;
  readonly #reader: LayerReader;
  readonly #options: MergeOptions;
  readonly #attributes: Attributes;
  readonly #log: FaultLog;
  /** The layer in whose directories no marks are looked for. */
  readonly #lowest: number;
  readonly #sharesNodes: boolean;
  readonly #roots: readonly number[];
  readonly #indexed: Indexed | undefined;
  readonly #isAlike: RowWriterParts['isAlike'];

  constructor(parts: RowWriterParts) {
    const { table, reader, options, attributes, log, sharesNodes, isAlike } = parts;
    const { directories } = reader;
    this.#table = table;
    this.#reader = reader;
    this.#options = options;
    this.#attributes = attributes;
    this.#log = log;
    // With data-only layers below, the kernel reads the marks of the lowest layer's directories too.
    this.#roots = parts.roots ?? directories.roots;
    this.#lowest = options.dataOnlyLayers ? -1 : directories.layerOf(this.#roots.at(-1) as number);
    this.#sharesNodes = sharesNodes;
    this.#indexed = parts.indexed;
    this.#isAlike = isAlike;
  }

  /** Writes the row of a name whose topmost occurrence is at `level`; false where it is not visible. */
  fill(
    row: number,
    name: Listed,
    stack: readonly number[],
    level: number,
    isRepeated: boolean,
    source: Source<number, Entry>,
  ): boolean {
    const reader = this.#reader;
    const table = this.#table;
    const holder = stack[level] as number;
    const { at, length } = name;
    if (!this.#examine(holder, name)) return false;
    const { status } = reader;
    const type = (status[STATX.mode] as number) & S_IFMT;
    if (type === S_IFDIR) {
      const mayBeMarked = isRepeated || reader.directories.layerOf(holder) !== this.#lowest;
      if (mayBeMarked && (isRepeated || reader.hasXattrsStored(holder, at, length))) {
        return this.fillByRules(row, resolve(stack, table.nameAt(at, length), source, this.#options));
      }
      this.#attributes.fill(row, status, holder);
      table.set(row, ROW.source, table.addRecord([1, reader.directories.child(holder, at, length)]));
      return true;
    }
    if (type === S_IFREG) {
      if (this.#mayHaveXattrs(holder, name)) {
        const below = stack.slice(level);
        return this.fillByRules(row, resolve(below, table.nameAt(at, length), source, this.#options));
      }
      table.set(row, ROW.nameLength, FLAG.noXattrs);
    } else if (type === S_IFCHR && status[STATX.rdevMajor] === 0 && status[STATX.rdevMinor] === 0) {
      if (reader.hidesByDevice(holder)) return false;
    }
    this.#attributes.fill(row, status, holder);
    table.set(row, ROW.source, holder);
    return true;
  }

  /** As the reader's `examineStored`. */
  #examine(holder: number, { at, length, indexed }: Listed): boolean {
    return (
      (indexed >= 0 && this.#indexed?.examine(holder, indexed) === true) ||
      this.#reader.examineStored(holder, at, length)
    );
  }

  /** Of the object that was examined last, a regular file. */
  #mayHaveXattrs(holder: number, { at, length, indexed }: Listed): boolean {
    if (indexed >= 0 && this.#indexed?.hasNoXattrs(holder, indexed) === true) return false;
    return this.#reader.hasXattrsStored(holder, at, length);
  }

  /** As `fill`, for a name that the rules were asked for; false where they hide it. */
  fillByRules(row: number, resolution: Resolution<number, Entry> | undefined): boolean {
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
  fillBroken(row: number, type: number, error: Errno, holder: number): void {
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
  finish(row: number, name: { readonly at: number; readonly length: number }, parent: number): void {
    const table = this.#table;
    table.set(row, ROW.name, name.at);
    table.set(row, ROW.nameLength, name.length | table.flags(row));
    table.set(row, ROW.parent, parent);
    const isDirectory = (table.word(row, ROW.mode) & S_IFMT) === S_IFDIR;
    if (isDirectory || table.errnoOf(row) !== 0 || !this.#sharesNodes) return;
    const isAlike = this.#isAlike;
    if (isAlike === undefined) {
      if (table.word(row, ROW.nlink) > 1) table.shareNode(row, always);
      // What a metacopy file holds depends on the stack.
    } else if (table.word(row, ROW.listing) === 0) table.shareNode(row, (other) => isAlike(row, other));
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
    const roots = this.#reader.rootStack(this.#roots);
    this.#attributes.fill(row, status, roots[0] as number);
    table.set(row, ROW.source, table.addRecord([roots.length, ...roots]));
    table.set(row, ROW.parent, row);
    if (roots.length > 1) {
      table.set(row, ROW.nlink, 1);
      table.set(row, ROW.nameLength, FLAG.merged);
    }
  }
}

function always(): boolean {
  return true;
}
