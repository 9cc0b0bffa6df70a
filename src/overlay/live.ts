// The part of a tree that a running container writes to: its directories are looked at again whenever they are asked for,
// and read again where they changed. What is still the same object keeps its number, so that open files go on.
// For a tree that one thread uses; a tree that cannot change has none of this.

import { E, Errno } from '../sys/errors.ts';
import { S_IFDIR, S_IFMT, S_IFREG, STATX } from '../sys/statx.ts';
import { numbersAbove } from './ascending.ts';
import type { Attributes } from './attributes.ts';
import type { Directories } from './layer/directories.ts';
import type { LayerReader } from './layer/reader.ts';
import type { Loader } from './load.ts';
import { layerOf } from './place.ts';
import type { RowWriter } from './row-writer.ts';
import { FLAG, ROW, type Table } from './table.ts';
import { TableFull } from './table-memory.ts';

/** What is known of a directory that was listed. */
interface Known {
  /** Identity and times of its real directories that may change, as they were before it was listed. */
  readonly stamp: string;
  /** Milliseconds since 1970. */
  readonly listed: number;
  /** Whether it had changed so shortly before that a later change may have left the same times. */
  readonly unsettled: boolean;
  readonly names: ReadonlyMap<string, number>;
  /** Ascending, which is the order in which they were first seen: what stays keeps its place. */
  readonly nodes: readonly number[];
}

/** Clocks of file systems tick this slowly at worst, in milliseconds; and how often an unsettled directory is listed. */
const TICK = 2000;
const PAUSE = 100;
/** How often a name that is replaced again and again is looked up at once. */
const MOST_TRIES = 10;
const MOST_REMEMBERED = 1000;
const NOTHING: Known = { stamp: '', listed: 0, unsettled: true, names: new Map(), nodes: [] };

/** What a changing tree is read by. */
export interface LiveParts {
  readonly table: Table;
  readonly reader: LayerReader;
  readonly loader: Loader;
  readonly rows: RowWriter;
  readonly attributes: Attributes;
  readonly root: number;
  /** Of each layer, top first, whether it may change. */
  readonly isLive: readonly boolean[];
  /** Opens a file and keeps it open for a while, so that it can be read though it is removed. Throws Errno. */
  readonly hold: (node: number) => void;
}

export class Live {
  readonly #table: Table;
  readonly #reader: LayerReader;
  readonly #directories: Directories;
  readonly #loader: Loader;
  readonly #rows: RowWriter;
  readonly #attributes: Attributes;
  readonly #root: number;
  readonly #isLive: readonly boolean[];
  readonly #hold: (node: number) => void;
  readonly #known = new Map<number, Known>();
  /** Of files that were refused with ESTALE, until they were opened: directory and name, which the kernel looks up again. */
  readonly #refused = new Set<string>();
  /** Files that are kept open for the one open that follows. */
  readonly #held = new Set<number>();

  constructor({ table, reader, loader, rows, attributes, root, isLive, hold }: LiveParts) {
    this.#hold = hold;
    this.#table = table;
    this.#reader = reader;
    this.#directories = reader.directories;
    this.#loader = loader;
    this.#rows = rows;
    this.#attributes = attributes;
    this.#root = root;
    this.#isLive = isLive;
    table.internNames();
    reader.directories.rememberChildren();
  }

  /** The node of a name, 0 where there is none. Throws Errno, ESTALE where the directory is there no more. */
  lookup(directory: number, name: string): number {
    let node = this.#find(directory, name);
    if (!this.#refused.has(`${directory}/${name}`)) return node;
    // The kernel walks a path again only once, with two lookups where the first finds another node: what it finds it must
    // be able to open.
    for (let tries = 1; node !== 0 && !this.#isHeld(node) && tries < MOST_TRIES; tries++) {
      this.#doubt(directory);
      node = this.#find(directory, name);
    }
    return node;
  }

  /** Holds a regular file for the open that follows; false where it was replaced meanwhile. */
  #isHeld(node: number): boolean {
    if ((this.#table.word(node, ROW.mode) & S_IFMT) !== S_IFREG) return true;
    try {
      this.#hold(node);
    } catch (error) {
      if (error instanceof Errno) return this.#probe(node) !== 'other';
      throw error;
    }
    if (this.#held.size >= MOST_REMEMBERED) this.#held.clear();
    this.#held.add(node);
    return true;
  }

  #find(directory: number, name: string): number {
    const node = this.#current(directory).names.get(name) ?? 0;
    if (node === 0 || this.#probe(node) !== 'other') return node;
    // Replaced in the moment since.
    this.#doubt(directory);
    return this.#current(directory).names.get(name) ?? 0;
  }

  /** The nodes of a directory, those after `node` in the order in which they were first seen. Throws Errno. */
  nodesAfter(directory: number, node: number): Iterable<number> {
    return numbersAbove(this.#current(directory).nodes, node);
  }

  /** Brings a node's attributes up to date. Of one that was removed they stay as they were. */
  update(node: number): void {
    try {
      if (node !== this.#root && this.#isDirectory(node)) this.#current(this.#table.word(node, ROW.parent));
      if (this.#probe(node) === 'same') this.#rows.refill(node, this.#reader.status, this.#holder(node));
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  }

  /** Throws ESTALE, at which the kernel looks the path up again, where a node's name leads to another object now. */
  mustBeSame(node: number): void {
    const parent = this.#table.word(node, ROW.parent);
    if (this.#held.delete(node)) {
      this.#refused.delete(`${parent}/${this.#table.rowName(node)}`);
      return;
    }
    if (this.#probe(node) !== 'other') return;
    this.#doubt(parent);
    if (this.#refused.size >= MOST_REMEMBERED) this.#refused.clear();
    this.#refused.add(`${parent}/${this.#table.rowName(node)}`);
    throw new Errno(E.ESTALE, 'use a file that was replaced');
  }

  /** The directory is read again when it is asked for next. */
  #doubt(directory: number): void {
    const known = this.#known.get(directory);
    if (known !== undefined) this.#known.set(directory, { ...known, stamp: '' });
  }

  /** A directory as it is now. All above it are looked at first: it may itself be another one by now. */
  #current(directory: number): Known {
    const chain = [directory];
    for (let at = directory; at !== this.#root; chain.push(at)) at = this.#table.word(at, ROW.parent);
    let known = NOTHING;
    for (let i = chain.length - 1; i >= 0; i--) {
      known = this.#look(chain[i] as number);
      const next = chain[i - 1];
      if (next !== undefined && known.names.get(this.#table.rowName(next)) !== next) {
        throw new Errno(E.ESTALE, 'use a directory that was replaced');
      }
    }
    return known;
  }

  #look(directory: number): Known {
    if (!this.#isDirectory(directory)) throw new Errno(E.ENOTDIR, 'list a file');
    const before = this.#known.get(directory);
    const { stamp, changed } = this.#stamp(directory);
    const now = Date.now();
    if (before?.stamp === stamp && !(before.unsettled && now - before.listed > PAUSE)) return before;
    // Descriptors of what was below it may be of directories that lie elsewhere now.
    if (before !== undefined) this.#directories.close();
    const known = {
      stamp,
      listed: now,
      unsettled: now - changed < TICK,
      ...this.#list(directory, before?.names ?? NOTHING.names),
    };
    this.#known.set(directory, known);
    return known;
  }

  /** What must be as it was for a directory to be as it was; and when it last changed, in milliseconds since 1970. */
  #stamp(directory: number): { stamp: string; changed: number } {
    let stamp = '';
    let changed = 0;
    const stack = this.#stack(directory);
    stack.forEach((record, level) => {
      if (!this.#isLive[this.#directories.layerOf(record)]) return;
      this.#reader.examine(record, '.');
      const { status } = this.#reader;
      const isTop = level === 0 && directory !== this.#root;
      if (isTop && !this.#attributes.isSame(directory, status)) {
        throw new Errno(E.ESTALE, 'use a directory that was replaced');
      }
      stamp += `${record}:${status.subarray(STATX.ino, STATX.ino + 2).join()},${status.subarray(STATX.btime, STATX.rdevMajor).join()};`;
      const seconds = status[STATX.ctime] as number;
      changed = Math.max(changed, seconds * 1000 + (status[STATX.ctime + 2] as number) / 1e6);
    });
    return { stamp: `${stack.join()} ${stamp}`, changed };
  }

  #list(directory: number, before: ReadonlyMap<string, number>): Pick<Known, 'names' | 'nodes'> {
    const table = this.#table;
    const firstNew = table.rowCount + 1;
    let record: number;
    try {
      record = this.#loader.load(directory);
    } catch (cause) {
      table.giveBackRows(firstNew);
      if (cause instanceof TableFull) throw new Errno(E.ENOMEM, cause.message, { cause });
      throw cause;
    }
    const first = table.record(record, 0);
    const end = first + table.record(record, 1);
    const names = new Map<string, number>();
    let free = first;
    for (let row = first; row < end; row++) {
      const name = table.rowName(row);
      const old = before.get(name) ?? 0;
      if (old !== 0 && this.#isContinued(old, row)) {
        table.copyRow(row, old);
        names.set(name, old);
        continue;
      }
      if (free !== row) table.copyRow(row, free);
      names.set(name, free++);
    }
    table.giveBackRows(free);
    const nodes = [...names.values()].sort((a, b) => a - b);
    // What has no attribute now may get one.
    for (const node of nodes) {
      if (this.#isOfLive(node)) {
        table.set(node, ROW.nameLength, table.word(node, ROW.nameLength) & ~FLAG.noXattrs);
      }
    }
    return { names, nodes };
  }

  /** Whether two rows of one name tell of one object, earlier and later. */
  #isContinued(old: number, row: number): boolean {
    const table = this.#table;
    const equal = (field: number) => table.word(old, field) === table.word(row, field);
    if (
      table.errnoOf(old) !== table.errnoOf(row) ||
      (table.word(old, ROW.mode) & S_IFMT) !== (table.word(row, ROW.mode) & S_IFMT)
    ) {
      return false;
    }
    if (table.errnoOf(old) !== 0) return true;
    if (
      layerOf(table, old) === layerOf(table, row) &&
      equal(ROW.ino) &&
      equal(ROW.ino + 1) &&
      equal(ROW.birth)
    )
      return true;
    if (!this.#isDirectory(row)) return false;
    // A directory of the image goes on where the container puts its own on top of it.
    const stack = this.#stack(row);
    return this.#stack(old).some(
      (record) => !this.#isLive[this.#directories.layerOf(record)] && stack.includes(record),
    );
  }

  #isDirectory(node: number): boolean {
    return (this.#table.word(node, ROW.mode) & S_IFMT) === S_IFDIR;
  }

  #isOfLive(node: number): boolean {
    return this.#isLive[layerOf(this.#table, node)] === true;
  }

  /** Whether what a node's name leads to is the object it was; where it may change and is the same, the reader has its status. */
  #probe(node: number): 'fixed' | 'same' | 'other' {
    const table = this.#table;
    if (!this.#isOfLive(node) || table.errnoOf(node) !== 0) return 'fixed';
    const isDirectory = this.#isDirectory(node);
    try {
      const name = isDirectory ? '.' : table.rowName(node);
      if (!this.#reader.examine(this.#holder(node), name)) return 'other';
    } catch (error) {
      if (error instanceof Errno) return 'other';
      throw error;
    }
    return this.#attributes.isSame(node, this.#reader.status) ? 'same' : 'other';
  }

  /** The real directory that holds a node, or for a directory the topmost one that it is. */
  #holder(node: number): number {
    const source = this.#table.word(node, ROW.source);
    return this.#isDirectory(node) ? this.#table.record(source, 1) : source;
  }

  #stack(directory: number): number[] {
    const at = this.#table.word(directory, ROW.source);
    return Array.from({ length: this.#table.record(at, 0) }, (_, i) => this.#table.record(at, i + 1));
  }
}
