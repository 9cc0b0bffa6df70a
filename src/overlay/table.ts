// The merged tree's memory: packed rows, names and records in shared memory, filled once and never changed after.
// Knows where things lie, not what they mean on disk. Several threads may share one table.
import { bytesOf } from '../sys/bytes.ts';
import { type Address, addressOf } from '../sys/memory.ts';
import { TableFull, type TableMemory } from './table-memory.ts';

/** Words (32 bits) a row: `struct fuse_attr` in wire form (22 words), then what the tree needs to know of the entry. */
const ROW_WORDS = 28;

/** Word offsets in a row. 0 to 21 are `struct fuse_attr` (linux/fuse.h); 64-bit fields are low word first. */
export const ROW = {
  ino: 0,
  size: 2,
  blocks: 4,
  atime: 6,
  mtime: 8,
  ctime: 10,
  atimeNs: 12,
  mtimeNs: 13,
  ctimeNs: 14,
  mode: 15,
  nlink: 16,
  uid: 17,
  gid: 18,
  rdev: 19,
  blksize: 20,
  /** The directory row this entry is in; in the place of `flags`, of which there are none. */
  parent: 21,
  /** `FLAG.other`: the row that stands for the node. Else the next row of the same bucket of hard-linked nodes. */
  link: 22,
  /** Byte offset in `names`. */
  name: 23,
  /** Name length in the low 16 bits, `FLAG` bits above, from `ERRNO_SHIFT` on the errno (`errnoOf`). */
  nameLength: 24,
  /** Non-directory: record of the real directory that holds it. Directory: record of its stack. */
  source: 25,
  /** Directory: record of its listing, or one of the states below. Metacopy file: record of where its data lie, else 0. */
  listing: 26,
  /** Birth time and device folded to 32 bits: tells a replaced file from the one that was listed. */
  birth: 27,
} as const;

export const FLAG = {
  /** The object has no extended attribute at all. */
  noXattrs: 0x1_0000,
  /** The directory merges several real ones. */
  merged: 0x2_0000,
  /** One more name of a hard-linked file: another row stands for the node. */
  other: 0x4_0000,
} as const;

/** The kernel's error numbers have 12 bits. */
export const ERRNO_SHIFT = 20;

export const NOT_LOADED = 0;
export const LOADING = 1;
/** Of a directory that can never be listed: it has more names than there is room for, or may only be searched. */
export const TOO_LARGE = 2;
export const SEARCH_ONLY = 3;

/** Records start past the values that mean something else. */
const FIRST_RECORD = 16;

const COUNTER = { row: 0, name: 1, record: 2 } as const;

/** In the place of memory that another table may have by now: whoever looks at it fails at once. */
const GONE: unknown = undefined;

export class Table {
  /** Rows, indexed `at(row) + ROW.x`: `word(row, ROW.x)` outside the hot path. */
  readonly rows: Uint32Array;
  /** The same memory for `Atomics.wait`, which wants signed words. */
  readonly signedRows: Int32Array;
  names: Uint8Array;
  records: Uint32Array;
  readonly #namesAddress: Address;
  readonly #links: Uint32Array;
  #interned: Map<string, number> | undefined;
  readonly #counters: Uint32Array;

  constructor(memory: TableMemory<ArrayBufferLike>) {
    this.rows = new Uint32Array(memory.rows);
    this.signedRows = new Int32Array(memory.rows);
    this.names = new Uint8Array(memory.names);
    this.#namesAddress = addressOf(this.names);
    this.records = new Uint32Array(memory.records);
    this.#links = new Uint32Array(memory.links);
    this.#counters = new Uint32Array(memory.counters);
    Atomics.compareExchange(this.#counters, COUNTER.row, 0, 1);
    Atomics.compareExchange(this.#counters, COUNTER.record, 0, FIRST_RECORD);
  }

  word(row: number, field: number): number {
    return this.rows[row * ROW_WORDS + field] as number;
  }

  set(row: number, field: number, value: number): void {
    this.rows[row * ROW_WORDS + field] = value;
  }

  /** Where a row starts, in words. */
  at(row: number): number {
    return row * ROW_WORDS;
  }

  /** Whether a number can be a row at all. */
  has(row: number): boolean {
    return row > 0 && row < (this.#counters[COUNTER.row] as number);
  }

  /** Rows handed out so far, used or not. */
  get rowCount(): number {
    return (this.#counters[COUNTER.row] as number) - 1;
  }

  /**
   * From now on the table may not be used. Makes names, records and counters of its memory all zero where at most
   * `most` bytes of them were used, and answers whether that is so. Only for a table without rows that one thread uses.
   */
  end(most: number): boolean {
    const [row = 1, name = 0, record = 0] = this.#counters;
    const { names, records } = this;
    this.names = GONE as Uint8Array;
    this.records = GONE as Uint32Array;
    if (row > 1 || name + record * 4 > most) return false;
    names.fill(0, 0, name);
    records.fill(0, 0, record);
    this.#counters.fill(0);
    this.#interned?.clear();
    return true;
  }

  #take(counter: number, count: number, limit: number): number {
    const start = Atomics.add(this.#counters, counter, count);
    if (start + count > limit) {
      Atomics.sub(this.#counters, counter, count);
      throw new TableFull('Cannot load the directory: the tree has more names than the table can hold');
    }
    return start;
  }

  /** First of `count` consecutive new rows, all zero. */
  takeRows(count: number): number {
    return this.#take(COUNTER.row, count, this.rows.length / ROW_WORDS);
  }

  /** A new record of these words. */
  addRecord(words: readonly number[]): number {
    const at = this.#take(COUNTER.record, words.length, this.records.length);
    for (let i = 0; i < words.length; i++) this.records[at + i] = words[i] as number;
    return at;
  }

  record(at: number, index: number): number {
    return this.records[at + index] as number;
  }

  /** From now on a name is stored once, however often directories are loaded. */
  internNames(): void {
    this.#interned ??= new Map();
  }

  get internsNames(): boolean {
    return this.#interned !== undefined;
  }

  /** Stores a name (latin1, a byte a character) and a NUL, and answers its offset. */
  addName(name: string): number {
    const known = this.#interned?.get(name);
    if (known !== undefined) return known;
    const length = name.length;
    const at = this.#take(COUNTER.name, length + 1, this.names.length);
    for (let i = 0; i < length; i++) this.names[at + i] = name.charCodeAt(i);
    this.#interned?.set(name, at);
    return at;
  }

  /** The same for the bytes `start` to `end` of `from`. */
  addNameFrom(from: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const at = this.#take(COUNTER.name, length + 1, this.names.length);
    const { names } = this;
    for (let i = 0; i < length; i++) names[at + i] = from[start + i] as number;
    return at;
  }

  nameAt(at: number, length: number): string {
    return bytesOf(this.names, at, at + length);
  }

  /** Where the name at an offset lies in memory, NUL-terminated. */
  addressAt(at: number): Address {
    return this.#namesAddress + at;
  }

  /** Length of a row's name, bytes. */
  nameLength(row: number): number {
    return (this.rows[row * ROW_WORDS + ROW.nameLength] as number) & 0xffff;
  }

  rowName(row: number): string {
    return this.nameAt(this.word(row, ROW.name), this.nameLength(row));
  }

  /** Positive errno of an entry that is listed but cannot be looked up; 0 where all is well. */
  errnoOf(row: number): number {
    return (this.rows[row * ROW_WORDS + ROW.nameLength] as number) >>> ERRNO_SHIFT;
  }

  flags(row: number): number {
    return this.word(row, ROW.nameLength) & ~0xffff;
  }

  /** The row that stands for the node: itself, or the first row seen of a hard-linked file. */
  nodeOf(row: number): number {
    return (this.flags(row) & FLAG.other) === 0 ? row : this.word(row, ROW.link);
  }

  /** Only for rows that nobody was told of, in a table that one thread uses; as `giveBackRows`. */
  copyRow(from: number, to: number): void {
    this.rows.copyWithin(to * ROW_WORDS, from * ROW_WORDS, (from + 1) * ROW_WORDS);
  }

  /** All rows from this one on are free again. */
  giveBackRows(from: number): void {
    const end = this.#counters[COUNTER.row] as number;
    this.rows.fill(0, from * ROW_WORDS, end * ROW_WORDS);
    this.#counters[COUNTER.row] = from;
  }

  copyAttributes(row: number, out: Uint32Array, at: number): void {
    const rows = this.rows;
    const from = row * ROW_WORDS;
    for (let i = 0; i < ROW.parent; i++) out[at + i] = rows[from + i] as number;
    out[at + ROW.parent] = 0;
  }

  copyName(row: number, out: Uint8Array, at: number): void {
    const from = this.word(row, ROW.name);
    const length = this.nameLength(row);
    for (let i = 0; i < length; i++) out[at + i] = this.names[from + i] as number;
  }

  /** Negative, 0 or positive as a row's name sorts before, at or after the bytes `start` to `end` of `from`. */
  compareName(row: number, from: Uint8Array, start: number, end: number): number {
    const at = this.word(row, ROW.name);
    const length = this.nameLength(row);
    const wanted = end - start;
    const shared = Math.min(length, wanted);
    for (let i = 0; i < shared; i++) {
      const difference = (this.names[at + i] as number) - (from[start + i] as number);
      if (difference !== 0) return difference;
    }
    return length - wanted;
  }

  /**
   * Makes a row one more name of the hard-linked object it tells of, where there is a row of it already: one with the same
   * inode number and time of birth, which a number given to another object does not share (`Attributes` gives objects of
   * several file systems different numbers), and of which `isAlike` says that it is shown in the same way. Lock-free: rows are
   * only ever pushed on a bucket's head.
   */
  shareNode(row: number, isAlike: (other: number) => boolean): void {
    const at = row * ROW_WORDS;
    const low = this.rows[at + ROW.ino] as number;
    const high = this.rows[at + ROW.ino + 1] as number;
    const birth = this.rows[at + ROW.birth] as number;
    const bucket = (Math.imul(low ^ high, 0x9e3779b1) >>> 12) & (this.#links.length - 1);
    for (;;) {
      const head = Atomics.load(this.#links, bucket);
      for (let other = head; other !== 0; other = this.word(other, ROW.link)) {
        if (
          this.word(other, ROW.ino) === low &&
          this.word(other, ROW.ino + 1) === high &&
          this.word(other, ROW.birth) === birth &&
          isAlike(other)
        ) {
          this.set(row, ROW.link, other);
          this.set(row, ROW.nameLength, this.word(row, ROW.nameLength) | FLAG.other);
          return;
        }
      }
      this.set(row, ROW.link, head);
      if (Atomics.compareExchange(this.#links, bucket, head, row) === head) return;
    }
  }
}
