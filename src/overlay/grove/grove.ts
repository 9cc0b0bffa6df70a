// Many layer stacks as trees over one table: what two of them show alike is read once and kept once. A directory is each tree's
// own (a branch), because the kernel knows a directory by one place alone; all else is one node, whichever trees lead to it.
// Numbers below `BRANCHES` are rows, those from there on branches. For one thread, and for layers that do not change.
import type { LayerStack } from '../../store/layer-stack.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { E, Errno } from '../../sys/errors.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../../sys/statx.ts';
import { Ahead } from '../ahead/ahead.ts';
import { Prefetch } from '../ahead/prefetch.ts';
import { Attributes } from '../attributes.ts';
import { FileData } from '../data.ts';
import { InternedDirectories } from '../layer/interned.ts';
import type { LayerReader } from '../layer/reader.ts';
import { Listings } from '../listings.ts';
import { Loader } from '../load.ts';
import { Names } from '../names.ts';
import type { RecordedLayers } from '../opened.ts';
import { ITSELF, layerOf, Places } from '../place.ts';
import { RecordedReader } from '../recorded/recorded.ts';
import { type FaultLog, RowWriter } from '../row-writer.ts';
import type { Shown, Walker } from '../shown.ts';
import { rowSize } from '../status.ts';
import { ROW, Table } from '../table.ts';
import { newOwnMemory, TableFull } from '../table-memory.ts';
import { descriptorShare } from '../tree-parts.ts';
import { Xattrs } from '../xattrs.ts';
import { BranchChildren } from './branch-children.ts';
import { Branches } from './branches.ts';
import { type GroveFiles, groveFiles } from './grove-files.ts';
import { GroveLayers } from './grove-layers.ts';
import { SharedLoader } from './shared-loader.ts';

/** The first number of a branch; rows have those below. */
const BRANCHES = 2 ** 25;
/** All numbers of a grove are below this. */
export const GROVE_NUMBERS = 2 ** 26;

export interface GroveOptions {
  /** Told of damage that only costs one name. */
  readonly log: FaultLog;
  /** The file systems of other trees in the same view, `major:minor`; each is told from the others by its place among them. */
  readonly devices: string[];
  /** Has what others keep open given back, where this process has no descriptor left. */
  readonly onShortage?: () => void;
}

interface LayerParts {
  readonly rows: RowWriter;
  readonly loader: Loader;
}

export class Grove implements Shown {
  readonly live = undefined;
  readonly followsMetacopy = false;
  readonly #table = new Table(newOwnMemory({ part: 2 }));
  readonly #directories: InternedDirectories;
  readonly #reader: LayerReader;
  readonly #layers: GroveLayers;
  readonly #attributes: Attributes;
  readonly #parts = new Map<number, LayerParts>();
  readonly #names = new Names();
  readonly #log: FaultLog;
  readonly #listings: Listings;
  readonly #places: Places;
  readonly #data: FileData;
  readonly #xattrs: Xattrs;
  readonly #prefetch: Prefetch;
  readonly #branches = new Branches(GROVE_NUMBERS - BRANCHES);
  readonly #children: BranchChildren;
  /** Trees are counted; of each whether it was felled. */
  readonly #felled: boolean[] = [];

  constructor({ log, devices, onShortage }: GroveOptions) {
    const table = this.#table;
    const capacity = descriptorShare();
    const directories = new InternedDirectories(table, [], capacity);
    const reader = new RecordedReader({ table, directories, dialects: [], owners: [], records: [] });
    const layers = new GroveLayers(reader, devices);
    const attributes = new Attributes(table, directories, layers.fileSystems, true);
    this.#log = log;
    this.#directories = directories;
    this.#reader = reader;
    this.#layers = layers;
    this.#attributes = attributes;
    this.#listings = new Listings(
      table,
      new SharedLoader(table, directories, (layer) => this.#loader(layer)),
    );
    this.#children = new BranchChildren(table, this.#listings, this.#branches);
    this.#places = new Places(table, directories);
    this.#data = new FileData({ table, reader, attributes, places: this.#places, isLive: [], capacity });
    directories.alsoOnShortage(onShortage);
    this.#xattrs = new Xattrs(table, reader, this.#places);
    this.#prefetch = new Prefetch(table, directories);
  }

  /** One tree more; answers its root's number. The stack has no data-only layers and follows no metacopy. Throws Errno. */
  plant(stack: LayerStack, recorded?: RecordedLayers): number {
    const layer = this.#layers.add(stack, recorded);
    const root = this.#directories.roots[layer] as number;
    const branch = this.#children.take(1);
    this.#reader.examine(root, ITSELF);
    const row = this.#takeRow();
    this.#partsOf(layer).rows.fillRoot(row, this.#reader.status);
    this.#branches.set(branch, row, branch, this.#felled.push(false) - 1);
    return BRANCHES + branch;
  }

  /** Of a tree that is no longer shown: its directories are ESTALE from now on. */
  fell(root: number): void {
    this.#felled[this.#branches.treeOf(root - BRANCHES)] = true;
  }

  /** Objects known, and directories of trees: what memory is taken for. */
  get size(): number {
    return this.#table.rowCount + this.#branches.count;
  }

  /** Closes every descriptor. */
  close(): void {
    this.#prefetch.close();
    this.giveBack();
  }

  /** Closes what is open; what is asked for afterwards is opened again. */
  giveBack(): void {
    this.#data.close();
    this.#directories.close();
  }

  #loader(layer: number): Loader {
    return this.#partsOf(layer).loader;
  }

  /** What loads directories whose topmost layer is this one. */
  #partsOf(layer: number): LayerParts {
    const known = this.#parts.get(layer);
    if (known !== undefined) return known;
    const { roots, options } = this.#layers.of(layer);
    const common = { table: this.#table, reader: this.#reader, options, roots };
    const rows = new RowWriter({
      ...common,
      attributes: this.#attributes,
      log: this.#log,
      sharesNodes: true,
      isAlike: (row, other) => this.#isAlike(row, other),
    });
    const parts = { rows, loader: new Loader({ ...common, rows, names: this.#names }) };
    this.#parts.set(layer, parts);
    return parts;
  }

  #isAlike(row: number, other: number): boolean {
    const layer = layerOf(this.#table, row);
    const otherLayer = layerOf(this.#table, other);
    return layer === otherLayer || this.#layers.of(layer).reading === this.#layers.of(otherLayer).reading;
  }

  has(number: number): boolean {
    return number < BRANCHES ? this.#table.has(number) : this.#branches.has(number - BRANCHES);
  }

  /** The row of a node or entry. ESTALE for a directory of a tree that was felled. */
  #row(number: number): number {
    if (number < BRANCHES) return number;
    const branch = number - BRANCHES;
    if (this.#felled[this.#branches.treeOf(branch)])
      throw new Errno(E.ESTALE, 'use a directory that is no longer shown');
    return this.#branches.rowOf(branch);
  }

  lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    return this.#listings.lookup(this.#row(directory), from, start, end);
  }

  lookupAlone(directory: number, name: ByteString): number {
    return this.#listings.lookupAlone(this.#row(directory), name);
  }

  nodeOf(entry: number): number {
    return this.#table.nodeOf(entry);
  }

  nodeIn(entry: number, directory: number): number {
    const table = this.#table;
    const isDirectory = (table.word(entry, ROW.mode) & S_IFMT) === S_IFDIR;
    if (!isDirectory || table.errnoOf(entry) !== 0) return table.nodeOf(entry);
    return BRANCHES + this.#children.of(directory - BRANCHES, entry);
  }

  #takeRow(): number {
    try {
      return this.#table.takeRows(1);
    } catch (cause) {
      if (cause instanceof TableFull) throw new Errno(E.ENOMEM, cause.message, { cause });
      throw cause;
    }
  }

  /** Of a directory; a root's is itself. */
  parentOf(node: number): number {
    this.#row(node);
    return BRANCHES + this.#branches.parentOf(node - BRANCHES);
  }

  errnoOf(entry: number): number {
    return this.#table.errnoOf(entry);
  }

  typeOf(number: number): number {
    return this.#table.word(this.#row(number), ROW.mode) & S_IFMT;
  }

  copyAttributes(number: number, out: Uint32Array, at: number): void {
    this.#table.copyAttributes(this.#row(number), out, at);
  }

  firstEntry(directory: number): number {
    return this.#table.record(this.#listings.of(this.#row(directory)), 0);
  }

  entryCount(directory: number): number {
    return this.#table.record(this.#listings.of(this.#row(directory)), 1);
  }

  nameLength(entry: number): number {
    return this.#table.nameLength(entry);
  }

  copyName(entry: number, out: Uint8Array, at: number): void {
    this.#table.copyName(entry, out, at);
  }

  inodeLow(number: number): number {
    return this.#table.word(this.#row(number), ROW.ino);
  }

  inodeHigh(number: number): number {
    return this.#table.word(this.#row(number), ROW.ino + 1);
  }

  sizeOf(node: number): number {
    return rowSize(this.#table, this.#row(node));
  }

  readLink(node: number, out: Uint8Array, at: number, capacity: number): number {
    if (this.typeOf(node) !== S_IFLNK) throw new Errno(E.EINVAL, 'read a link');
    const [holder, name] = this.#places.of(node);
    const length = this.#reader.readLink(holder, name, out.subarray(at, at + capacity));
    if (length >= 0) return length;
    throw new Errno(length === -E.ENOENT ? E.EIO : -length, `read ${this.#places.describe(node)}`);
  }

  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    return this.#data.read(this.#row(node), offset, out, at, size);
  }

  readFar(node: number, offset: bigint, out: Uint8Array, at: number, size: number): number {
    return this.#data.readFar(this.#row(node), offset, out, at, size);
  }

  seekFar(node: number, offset: bigint, whence: number): bigint {
    return this.#data.seekFar(this.#row(node), offset, whence);
  }

  wholeDataDescriptor(node: number): number {
    return this.#data.wholeDescriptor(this.#row(node));
  }

  isDataAsLongAsSize(node: number): boolean {
    return this.#data.isAsLongAsSize(this.#row(node));
  }

  xattrNames(node: number): string[] {
    return this.#xattrs.names(this.#row(node));
  }

  xattrAnswer(node: number, shown: string): Buffer | number {
    return this.#xattrs.answer(this.#row(node), shown);
  }

  inodeFlags(node: number, command: number, out: Uint8Array): number {
    return this.#data.inodeFlags(this.#row(node), command, out);
  }

  /** Of the first layer that was planted. */
  statfs(out: Uint8Array): void {
    this.#reader.statfs(out);
  }

  birthTime(node: number): ReturnType<LayerReader['birthTime']> {
    return this.#reader.birthTime(...this.#places.of(this.#row(node)));
  }

  walkAhead(): Walker {
    const load = (row: number): void => {
      try {
        this.#listings.of(row);
      } catch (error) {
        // Whoever lists this directory will be told.
        if (!(error instanceof Errno)) throw error;
      }
    };
    const ahead = new Ahead(this.#table, 0, load, this.#prefetch);
    return {
      listed: (directory, first, count) => ahead.listed(this.#row(directory), first, count),
      work: () => ahead.work(),
    };
  }

  /** Files as whoever pushes them to the kernel sees them: `base` is added to the numbers that the kernel knows. */
  rowsFrom(base: number): GroveFiles {
    return groveFiles({ table: this.#table, listings: this.#listings, data: this.#data }, base);
  }
}
