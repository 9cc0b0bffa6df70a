// The memory of a survey: every object of the surveyed layers as a row of columns, names in one arena. Knows where things
// lie, not what they mean to an overlay.
import type { Table } from '../../overlay/table.ts';
import { type ByteString, bytesOf } from '../../sys/bytes.ts';
import { S_IFDIR, S_IFMT } from '../../sys/statx.ts';

/** What an object carries for the overlay's rules, bits of the column `flags`. */
export const MARK = {
  whiteout: 1,
  opaque: 2,
  /** Its value is in `redirects`. */
  redirect: 4,
  metacopy: 8,
  /** It cannot be examined or listed: why is in `faults`. */
  fault: 16,
  /** A directory that has a redirect, a metacopy file or a fault somewhere below it. */
  below: 32,
  /** Its marks cannot be read: why is in `unreadable`. Whether that matters depends on what lies above and below. */
  unreadable: 64,
} as const;

/** Bytes a row: 66. Sizes past 2^32 are rare but real, so they are doubles. */
const COLUMNS = {
  /** Row of the directory it is in; 0 for a layer's root. */
  parent: Uint32Array,
  /** Offset in the names. */
  name: Uint32Array,
  nameLength: Uint8Array,
  /** Index of the layer in the survey. */
  layer: Uint16Array,
  /** With type bits. */
  mode: Uint16Array,
  flags: Uint8Array,
  /** As `lstat` tells. */
  size: Float64Array,
  /** Of 512 bytes. */
  blocks: Float64Array,
  /** Of an object with several names: the row of the first that was met. */
  first: Uint32Array,
  uid: Uint32Array,
  gid: Uint32Array,
  /** Seconds and nanoseconds of the last change. */
  mtime: Float64Array,
  mtimeNs: Uint32Array,
  /** Of a directory: its rows are consecutive, in byte order of their names. */
  children: Uint32Array,
  count: Uint32Array,
  /** Of a directory: its record among the open ones. */
  record: Uint32Array,
} as const;

type Columns = { -readonly [K in keyof typeof COLUMNS]: InstanceType<(typeof COLUMNS)[K]> };

const FIRST_CAPACITY = 1 << 12;

export class SurveyTable {
  /** Replaced as the table grows: to be asked for anew after every `takeRows`. */
  columns: Columns = newColumns(FIRST_CAPACITY);
  /** Values of `redirect`, by row. */
  readonly redirects = new Map<number, string>();
  /** Positive errno by row. */
  readonly faults = new Map<number, number>();
  readonly unreadable = new Map<number, number>();
  /** Where the names are. */
  readonly names: Table;
  /** Row 0 is none. */
  #end = 1;
  #capacity = FIRST_CAPACITY;

  constructor(names: Table) {
    this.names = names;
  }

  /** One past the last row; the first is 1. */
  get end(): number {
    return this.#end;
  }

  /** The first of `count` consecutive new rows, all zero. */
  takeRows(count: number): number {
    const first = this.#end;
    this.#end += count;
    if (this.#end > this.#capacity) this.#grow();
    return first;
  }

  /** Half as much again, as a copy is held beside the old rows for a moment. */
  #grow(): void {
    while (this.#capacity < this.#end) this.#capacity = Math.ceil(this.#capacity * 1.5);
    const grown = newColumns(this.#capacity);
    for (const key of Object.keys(COLUMNS) as (keyof Columns)[]) grown[key].set(this.columns[key]);
    this.columns = grown;
  }

  has(row: number, flag: number): boolean {
    return ((this.columns.flags[row] as number) & flag) !== 0;
  }

  mark(row: number, flag: number): void {
    this.columns.flags[row] = (this.columns.flags[row] as number) | flag;
  }

  isDirectory(row: number): boolean {
    return ((this.columns.mode[row] as number) & S_IFMT) === S_IFDIR;
  }

  /** Whether it is a regular file whose data lie elsewhere. */
  isMetacopy(row: number): boolean {
    return this.has(row, MARK.metacopy);
  }

  nameOf(row: number): ByteString {
    const at = this.columns.name[row] as number;
    return bytesOf(this.names.names, at, at + (this.columns.nameLength[row] as number));
  }

  /** Where it lies in its layer, with a leading slash; empty for the root. */
  pathOf(row: number): ByteString {
    const names: string[] = [];
    for (let at = row; this.columns.parent[at] !== 0; at = this.columns.parent[at] as number)
      names.push(`/${this.nameOf(at)}`);
    return names.reverse().join('') as ByteString;
  }

  /** The row of a name in a directory, 0 where there is none. */
  child(directory: number, name: string): number {
    const { children, count, name: offsets, nameLength } = this.columns;
    const { names } = this.names;
    let low = children[directory] as number;
    let high = low + (count[directory] as number);
    const end = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (order(names, offsets[middle] as number, nameLength[middle] as number, name) < 0) low = middle + 1;
      else high = middle;
    }
    const isIt = low < end && order(names, offsets[low] as number, nameLength[low] as number, name) === 0;
    return isIt ? low : 0;
  }
}

function newColumns(capacity: number): Columns {
  const made = Object.entries(COLUMNS).map(([key, Column]) => [key, new Column(capacity)]);
  return Object.fromEntries(made) as Columns;
}

/** Negative, 0 or positive as bytes sort before, at or after a name. */
function order(names: Uint8Array, at: number, length: number, name: string): number {
  const shared = Math.min(length, name.length);
  for (let i = 0; i < shared; i++) {
    const difference = (names[at + i] as number) - name.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  return length - name.length;
}
