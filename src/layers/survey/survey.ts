// One walk over layers, each by itself as it lies on disk: what every object is, takes and says to the overlay, in one
// record that holds no path and opens nothing any more. What a stack makes of it is `survey-stack.ts`.

import type { Directories } from '../../overlay/layer/directories.ts';
import { DT_WHT } from '../../overlay/layer/listing.ts';
import type { OpenContents } from '../../overlay/layer/open-contents.ts';
import type { LayerReader } from '../../overlay/layer/reader.ts';
import { Names } from '../../overlay/names.ts';
import { type RecordedLayers, readableLayers } from '../../overlay/opened.ts';
import { OpenDirectories } from '../../overlay/opened-directories.ts';
import type { Table } from '../../overlay/table.ts';
import type { Layer, LayerStack } from '../../store/layer-stack.ts';
import { Errno } from '../../sys/errors.ts';
import { longAt, signedLongAt } from '../../sys/long.ts';
import { S_IFCHR, S_IFDIR, S_IFMT, S_IFREG, STATX } from '../../sys/statx.ts';
import { MARK, SurveyTable } from './survey-table.ts';

/** As many directories as are kept open. */
const OPEN_DIRECTORIES = 128;
/** Address space for names and places of directories; memory is taken only as far as it is used. */
const NAMES_BYTES = 2 ** 30;
/** An inode number with a high word from here on is no exact number any more. */
const EXACT_HIGH = 2 ** 21;

export class Survey {
  readonly table: SurveyTable;
  /** Those that were asked for, in that order. */
  readonly layers: readonly Layer[];
  /** Row of each layer's root, 0 for one that is missing; complete when `walk` has ended. */
  readonly roots: number[];
  /** Layers whose root could not be opened, with the reason. */
  readonly damage = new Map<number, Errno>();
  readonly #names = new Names();
  readonly #table: Table;
  readonly #opened: OpenDirectories;
  readonly #directories: Directories;
  readonly #reader: LayerReader;
  /** Rows of objects with several names, by device and inode number. */
  readonly #linked = new Map<string, Map<number | string, number>>();

  /** `recorded` is for each layer what is believed of its metadata instead of the disk. Opens nothing yet. */
  constructor(stack: LayerStack, recorded?: RecordedLayers) {
    const { layers } = stack;
    this.layers = layers;
    this.roots = layers.map(() => 0);
    const opened = new OpenDirectories(readableLayers(stack, recorded), {
      most: NAMES_BYTES,
      capacity: OPEN_DIRECTORIES,
    });
    this.#opened = opened;
    this.#table = opened.table;
    this.#directories = opened.directories;
    this.#reader = opened.reader;
    this.table = new SurveyTable(this.#table);
  }

  /** No name can be asked for after that. */
  close(): void {
    this.#opened.close();
  }

  /** The lowest layer first, so that what several share counts where it came from. A step for each directory. */
  *walk(): Generator<void> {
    for (let layer = this.layers.length - 1; layer >= 0; layer--) {
      if (this.layers[layer]?.missing !== undefined) continue;
      const root = this.#root(layer);
      if (root === 0) continue;
      const waiting = [root];
      for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
        this.#list(row, waiting);
        yield;
      }
    }
  }

  /** A regular file's contents, to be closed. Throws Errno. */
  openFile(row: number): OpenContents {
    const { table } = this;
    const holder = table.columns.record[table.columns.parent[row] as number] as number;
    return this.#reader.openContents(holder, table.nameOf(row));
  }

  #root(layer: number): number {
    const record = this.#directories.roots[layer] as number;
    try {
      this.#reader.examine(record, '.');
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.damage.set(layer, error);
      return 0;
    }
    const row = this.table.takeRows(1);
    this.#fill(row, 0, layer);
    this.table.columns.record[row] = record;
    this.roots[layer] = row;
    return row;
  }

  /** Rows for all that a directory holds; those of directories are added to `waiting`. */
  #list(row: number, waiting: number[]): void {
    const { table } = this;
    const record = table.columns.record[row] as number;
    try {
      const first = this.#reader.hasPlainNames(record)
        ? this.#listBytes(row, record)
        : this.#listNames(row, record);
      for (let child = table.end - 1; child >= first; child--) {
        if (table.isDirectory(child) && !table.has(child, MARK.fault)) waiting.push(child);
      }
    } catch (error) {
      this.#fault(row, error);
    }
  }

  #listBytes(row: number, record: number): number {
    const { table } = this;
    const names = this.#names;
    names.clear();
    this.#reader.listBytes(record, names);
    names.sort();
    const first = this.#takeChildren(row, names.countDifferent());
    let child = first;
    for (let i = 0; i < names.count; i = names.endOfEqual(i)) {
      const place = names.place(i);
      const length = names.length(i);
      table.columns.name[child] = this.#table.addNameFrom(names.bytes, place, place + length);
      table.columns.nameLength[child] = length;
      this.#examine(child++, row, record);
    }
    return first;
  }

  #listNames(row: number, record: number): number {
    const { table } = this;
    const { types, opaque } = this.#reader.list(record);
    if (opaque) table.mark(row, MARK.opaque);
    const names = [...types.keys()].sort();
    const first = this.#takeChildren(row, names.length);
    for (const [i, name] of names.entries()) {
      const child = first + i;
      table.columns.name[child] = this.#table.addName(name);
      table.columns.nameLength[child] = name.length;
      if (types.get(name) === DT_WHT) this.#hidden(child, row, record, name);
      else this.#examine(child, row, record);
    }
    return first;
  }

  #takeChildren(row: number, count: number): number {
    const first = this.table.takeRows(count);
    this.table.columns.children[row] = first;
    this.table.columns.count[row] = count;
    return first;
  }

  /** An AUFS mark: what lies on disk has another name than what it hides. */
  #hidden(row: number, parent: number, record: number, name: string): void {
    const { table } = this;
    table.columns.parent[row] = parent;
    table.columns.layer[row] = table.columns.layer[parent] as number;
    table.mark(row, MARK.whiteout);
    try {
      if (this.#reader.examine(record, `.wh.${name}`)) this.#fill(row, parent, table.columns.layer[parent]);
    } catch (error) {
      this.#fault(row, error);
    }
  }

  #examine(row: number, parent: number, record: number): void {
    const { table } = this;
    const { columns } = table;
    const at = columns.name[row] as number;
    const length = columns.nameLength[row] as number;
    const layer = columns.layer[parent] as number;
    columns.parent[row] = parent;
    columns.layer[row] = layer;
    try {
      // What vanished while it was listed, in the upper layer of a running container, takes nothing.
      if (!this.#reader.examineStored(record, at, length)) {
        table.mark(row, MARK.whiteout);
        return;
      }
      this.#fill(row, parent, layer);
      const { status } = this.#reader;
      const type = (status[STATX.mode] as number) & S_IFMT;
      if (type === S_IFDIR) columns.record[row] = this.#directories.child(record, at, length);
      const isDevice0 = status[STATX.rdevMajor] === 0 && status[STATX.rdevMinor] === 0;
      if (isDevice0 && type === S_IFCHR && this.#reader.hidesByDevice(record)) table.mark(row, MARK.whiteout);
      const mayBeMarked = type === S_IFDIR || type === S_IFREG;
      const isAsked = type === S_IFDIR && this.#reader.marksByNames(record);
      if (isAsked || (mayBeMarked && this.#reader.hasXattrsStored(record, at, length)))
        this.#readMarks(row, record);
    } catch (error) {
      this.#fault(row, error);
    }
  }

  #readMarks(row: number, record: number): void {
    const { table } = this;
    const entry = this.#reader.find(record, table.nameOf(row));
    if (entry === undefined) return;
    if (entry.kind === 'whiteout') table.mark(row, MARK.whiteout);
    if (entry.kind !== 'directory' && entry.kind !== 'regular') return;
    try {
      if (entry.kind === 'directory' && entry.opaque() === 'y') table.mark(row, MARK.opaque);
      const redirect = entry.redirect();
      if (redirect !== undefined) {
        table.mark(row, MARK.redirect);
        table.redirects.set(row, redirect);
      }
      if (entry.kind === 'regular' && entry.metacopy()) table.mark(row, MARK.metacopy);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      table.mark(row, MARK.unreadable);
      table.unreadable.set(row, error.errno);
    }
    if (table.has(row, MARK.redirect | MARK.metacopy | MARK.unreadable)) this.#markAbove(row);
  }

  #markAbove(row: number): void {
    const { table } = this;
    for (let at = table.columns.parent[row] as number; at !== 0 && !table.has(at, MARK.below); ) {
      table.mark(at, MARK.below);
      at = table.columns.parent[at] as number;
    }
  }

  #fault(row: number, error: unknown): void {
    if (!(error instanceof Errno)) throw error;
    this.table.mark(row, MARK.fault);
    this.table.faults.set(row, error.errno);
    this.#markAbove(row);
  }

  /** From the status that was read last. */
  #fill(row: number, parent: number, layer = 0): void {
    const { status } = this.#reader;
    const { columns } = this.table;
    const mode = (status[STATX.mode] as number) & 0xffff;
    columns.parent[row] = parent;
    columns.layer[row] = layer;
    columns.mode[row] = mode;
    columns.size[row] = longAt(status, STATX.size);
    columns.blocks[row] = longAt(status, STATX.blocks);
    columns.uid[row] = status[STATX.uid] as number;
    columns.gid[row] = status[STATX.gid] as number;
    columns.mtime[row] = signedLongAt(status, STATX.mtime);
    columns.mtimeNs[row] = status[STATX.mtime + 2] as number;
    if ((status[STATX.nlink] as number) > 1 && (mode & S_IFMT) !== S_IFDIR) this.#link(row);
  }

  /** Finds the first name of an object that has several. */
  #link(row: number): void {
    const { status } = this.#reader;
    const device = `${status[STATX.devMajor]}:${status[STATX.devMinor]}`;
    const high = status[STATX.ino + 1] as number;
    const low = status[STATX.ino] as number;
    const number = high < EXACT_HIGH ? high * 2 ** 32 + low : `${high}:${low}`;
    let rows = this.#linked.get(device);
    if (rows === undefined) {
      rows = new Map();
      this.#linked.set(device, rows);
    }
    const first = rows.get(number) ?? row;
    rows.set(number, first);
    this.table.columns.first[row] = first;
  }
}
