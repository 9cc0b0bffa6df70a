// The names of one real directory as bytes in the table's memory, in byte order: what a directory that one layer alone has is
// listed with, which most have. A string for each name would cost as much as half the rest of loading it.
import { eachNameBytes } from '../sys/beneath.ts';
import type { Table } from './table.ts';

/** Up to so many are sorted faster by hand. */
const FEW = 24;
/** Names for which there is room at first, and for which it is kept. */
const ROOM = 4096;
/** An entry is one number: from the lowest bit on 12 bits of the name's length, 4 of its `d_type`, its offset in the table. */
const OFFSET = 2 ** 16;
const LENGTH = 2 ** 12;

export class Names {
  readonly #table: Table;
  #entries = new Float64Array(ROOM);
  #count = 0;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Reads all but `.` and `..` from an open directory; answers how many, or a negative errno. Throws TableFull. */
  read(directory: number): number {
    if (this.#entries.length > ROOM) this.#entries = new Float64Array(ROOM);
    this.#count = 0;
    const error = eachNameBytes(directory, this.#take);
    if (error < 0) return error;
    this.#sort();
    return this.#count;
  }

  readonly #take = (from: Uint8Array, start: number, end: number, type: number): void => {
    if (this.#count === this.#entries.length) {
      const more = new Float64Array(this.#count * 2);
      more.set(this.#entries);
      this.#entries = more;
    }
    const nameAt = this.#table.addNameFrom(from, start, end);
    const length = Math.min(end - start, LENGTH - 1);
    this.#entries[this.#count++] = nameAt * OFFSET + (type & 0xf) * LENGTH + length;
  };

  #sort(): void {
    const entries = this.#entries;
    const count = this.#count;
    if (count > FEW) {
      entries.subarray(0, count).sort((a, b) => this.#order(a, b));
      return;
    }
    for (let i = 1; i < count; i++) {
      const entry = entries[i] as number;
      let to = i;
      for (; to > 0 && this.#order(entries[to - 1] as number, entry) > 0; to--)
        entries[to] = entries[to - 1] as number;
      entries[to] = entry;
    }
  }

  #order(a: number, b: number): number {
    const { names } = this.#table;
    let left = Math.floor(a / OFFSET);
    let right = Math.floor(b / OFFSET);
    while (names[left] === names[right] && names[left] !== 0) {
      left++;
      right++;
    }
    return (names[left] as number) - (names[right] as number);
  }

  nameAt(index: number): number {
    return Math.floor((this.#entries[index] as number) / OFFSET);
  }

  /** `d_type`. */
  type(index: number): number {
    return ((this.#entries[index] as number) % OFFSET) >>> 12;
  }

  length(index: number): number {
    return (this.#entries[index] as number) % LENGTH;
  }
}
