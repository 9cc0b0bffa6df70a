// Loads one merged directory into the table: lists its real directories, merges, and writes a row for every visible name.
// Names that mean the same in every stack (most of them) take a short way past the rules of `merge.ts`; the rest ask them.
import { E, Errno } from '../sys/errors.ts';
import { S_IFCHR, S_IFDIR, S_IFMT, S_IFREG, STATX } from '../sys/statx.ts';
import type { Attributes } from './attributes.ts';
import { DT_WHT, type Entry, type LayerReader, type Listing } from './layer.ts';
import { type MergeOptions, type Resolution, resolve, type Source } from './merge.ts';
import { ERRNO_SHIFT, FLAG, ROW, type Table, TableFull } from './table.ts';

/** Told of each listed name that cannot be looked up. */
export type FaultLog = (message: string) => void;

export class Loader {
  readonly #table: Table;
  readonly #reader: LayerReader;
  readonly #options: MergeOptions;
  readonly #log: FaultLog;
  readonly #attributes: Attributes;
  readonly #lowest: number;
  /** Whether the names of a hard-linked file lead to one node. */
  readonly #sharesNodes: boolean;

  constructor(
    table: Table,
    reader: LayerReader,
    options: MergeOptions,
    attributes: Attributes,
    log: FaultLog,
    sharesNodes: boolean,
  ) {
    this.#table = table;
    this.#reader = reader;
    this.#options = options;
    this.#attributes = attributes;
    // With data-only layers below, the kernel reads the marks of the lowest layer's directories too.
    this.#lowest = options.dataOnlyLayers ? -1 : reader.directories.roots.length - 1;
    this.#log = log;
    this.#sharesNodes = sharesNodes;
  }

  /** Loads the directory of a row; answers the record [first row, count]. Throws Errno where it cannot be listed. */
  load(row: number): number {
    const table = this.#table;
    const stack = this.#stackOf(row);
    const listings = stack.map((directory) => this.#reader.list(directory));
    const { names, levels, repeated } = unite(listings);
    const source = this.#source(stack, listings);
    const first = table.takeRows(names.length);
    let next = first;
    for (const name of names) {
      const level = levels === undefined ? 0 : (levels.get(name) as number);
      const type = (listings[level] as Listing).types.get(name) as number;
      if (type === DT_WHT) continue;
      const isRepeated = repeated.has(name);
      try {
        if (this.#fill(next, name, stack, level, isRepeated, source)) this.#finish(next++, name, row);
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        if (error.errno === E.ENOENT && this.#isGone(stack[level] as number, name)) continue;
        this.#fillBroken(next, type, error, stack[level] as number);
        this.#finish(next++, name, row);
      }
    }
    return table.addRecord(first, next - first);
  }

  /** A new row for one name, looked up by itself, without a listing; 0 where it is not there. Throws Errno. */
  loadName(directory: number, name: string): number {
    const { directories } = this.#reader;
    const source: Source<number, Entry> = {
      roots: directories.roots,
      layerOf: (holder) => directories.layerOf(holder),
      find: (holder, wanted) => this.#reader.find(holder, wanted),
    };
    const resolution = resolve(this.#stackOf(directory), name, source, this.#options);
    if (resolution === undefined) return 0;
    try {
      const row = this.#table.takeRows(1);
      this.#fillByRules(row, resolution);
      this.#finish(row, name, directory);
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
    return Array.from({ length: table.record(at, 0) }, (_, i) => table.record(at, i + 1));
  }

  /** Whether a listed name was removed while it was being examined, as in the upper layer of a running container. */
  #isGone(holder: number, name: string): boolean {
    try {
      return !this.#reader.examine(holder, name);
    } catch (error) {
      if (error instanceof Errno) return false;
      throw error;
    }
  }

  /** The rules' view of the layers: what the listings already tell is not asked of the disk. */
  #source(stack: readonly number[], listings: readonly Listing[]): Source<number, Entry> {
    const { directories } = this.#reader;
    return {
      roots: directories.roots,
      layerOf: (directory) => directories.layerOf(directory),
      find: (directory, name) => {
        const level = stack.indexOf(directory);
        if (level >= 0 && !(listings[level] as Listing).types.has(name)) return undefined;
        return this.#reader.find(directory, name);
      },
    };
  }

  /** Writes the row of a name whose topmost occurrence is at `level`; false where it is not visible. */
  #fill(
    row: number,
    name: string,
    stack: readonly number[],
    level: number,
    isRepeated: boolean,
    source: Source<number, Entry>,
  ): boolean {
    const reader = this.#reader;
    const table = this.#table;
    const holder = stack[level] as number;
    if (!reader.examine(holder, name)) return false;
    const { status } = reader;
    const type = (status[STATX.mode] as number) & S_IFMT;
    if (type === S_IFDIR) {
      const isLowest = reader.directories.layerOf(holder) === this.#lowest;
      if (!isLowest || isRepeated) {
        if (isRepeated || reader.hasXattrs(holder, name)) {
          return this.#fillByRules(row, resolve(stack, name, source, this.#options));
        }
      }
      this.#attributes.fill(row, status, holder);
      const nameAt = table.addName(name);
      table.set(row, ROW.name, nameAt);
      const directory = reader.directories.child(holder, nameAt, name.length);
      table.set(row, ROW.source, table.addRecord(1, directory));
      return true;
    }
    if (type === S_IFREG) {
      if (reader.hasXattrs(holder, name)) {
        return this.#fillByRules(row, resolve(stack.slice(level), name, source, this.#options));
      }
      table.set(row, ROW.nameLength, FLAG.noXattrs);
    } else if (type === S_IFCHR && status[STATX.rdevMajor] === 0 && status[STATX.rdevMinor] === 0) {
      return false;
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
      table.set(row, ROW.source, table.addRecord(stack.length, ...stack));
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
      table.set(row, ROW.listing, table.addRecord(0, table.addName(data.path), data.path.length));
      this.#guessBlocks(row);
      return;
    }
    const { holder, name, status } = data.found;
    table.set(row, ROW.listing, table.addRecord(holder, table.addName(name), name.length));
    // ovl_getattr(): blocks are those of the data.
    table.set(row, ROW.blocks, status[STATX.blocks] as number);
    table.set(row, ROW.blocks + 1, status[STATX.blocks + 1] as number);
  }

  /** ovl_getattr(): while the data were not looked for, their blocks are guessed from the size. */
  #guessBlocks(row: number): void {
    const table = this.#table;
    const size = table.word(row, ROW.size + 1) * 2 ** 32 + table.word(row, ROW.size);
    const blksize = table.word(row, ROW.blksize);
    const blocks = (Math.ceil(size / blksize) * blksize) / 512;
    table.set(row, ROW.blocks, blocks % 2 ** 32);
    table.set(row, ROW.blocks + 1, Math.floor(blocks / 2 ** 32));
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
    table.set(row, ROW.layer, this.#reader.directories.layerOf(holder) << 16);
    this.#log(error.message);
  }

  /** What every row has: name, parent, node. */
  #finish(row: number, name: string, parent: number): void {
    const table = this.#table;
    if (table.word(row, ROW.name) === 0) table.set(row, ROW.name, table.addName(name));
    table.set(row, ROW.nameLength, name.length | table.flags(row));
    table.set(row, ROW.parent, parent);
    const isDirectory = (table.word(row, ROW.mode) & S_IFMT) === S_IFDIR;
    const isLinked =
      this.#sharesNodes && !isDirectory && table.errnoOf(row) === 0 && table.word(row, ROW.nlink) > 1;
    table.set(row, ROW.node, isLinked ? table.shareNode(row) : row);
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
    table.set(row, ROW.source, table.addRecord(roots.length, ...roots));
    table.set(row, ROW.node, row);
    table.set(row, ROW.parent, row);
    if (roots.length > 1) {
      table.set(row, ROW.nlink, 1);
      table.set(row, ROW.nameLength, FLAG.merged);
    }
  }
}

/** All names in byte order; for each the topmost listing that has it (undefined: one listing), and whether others do too. */
function unite(listings: readonly Listing[]): {
  names: string[];
  levels: Map<string, number> | undefined;
  repeated: ReadonlySet<string>;
} {
  const repeated = new Set<string>();
  const [only] = listings;
  if (listings.length === 1 && only !== undefined) {
    return { names: [...only.types.keys()].sort(), levels: undefined, repeated };
  }
  const levels = new Map<string, number>();
  for (const [level, listing] of listings.entries()) {
    for (const name of listing.types.keys()) {
      if (levels.has(name)) repeated.add(name);
      else levels.set(name, level);
    }
  }
  return { names: [...levels.keys()].sort(), levels, repeated };
}
