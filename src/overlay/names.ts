// The names of the real directories that one merged directory is made of, as bytes, in byte order. A string for each would
// cost as much as half the rest of loading it, and a large directory's would stay on the heap until the next collection.
import { eachNameBytes } from '../sys/beneath.ts';

/** Up to so many are sorted faster by hand. */
const FEW = 24;
/** Names, and bytes of names, for which there is room at first and for which it is kept. */
const ROOM = 4096;
const BYTES = 1 << 16;
/** An entry is one number: from the lowest bit on 12 bits of the name's length, 4 of its `d_type`, its place in `bytes`. */
const PLACE = 2 ** 16;
const LENGTH = 2 ** 12;

export class Names {
  /** Every name, NUL-terminated; good until the next `clear`. */
  bytes = Buffer.allocUnsafeSlow(BYTES);
  #used = 0;
  #entries = new Float64Array(ROOM);
  #count = 0;
  /** Where in `bytes` the names of each directory begin, in the order in which they were read. */
  #starts: number[] = [];

  get count(): number {
    return this.#count;
  }

  clear(): void {
    if (this.#entries.length > ROOM) this.#entries = new Float64Array(ROOM);
    if (this.bytes.length > BYTES) this.bytes = Buffer.allocUnsafeSlow(BYTES);
    this.#used = 0;
    this.#count = 0;
    this.#starts.length = 0;
  }

  /** Adds the names of an open directory, all but `.` and `..`; answers 0 or a negative errno. */
  read(directory: number): number {
    this.begin();
    return eachNameBytes(directory, this.#take);
  }

  /** Begins a directory whose names are told one by one. */
  begin(): void {
    this.#starts.push(this.#used);
  }

  /** Adds a name of the directory that was begun: the bytes `start` to `end` of `from`, and behind them a NUL. */
  add(from: Buffer, start: number, end: number, type: number): void {
    this.#take(from, start, end, type);
  }

  readonly #take = (from: Buffer, start: number, end: number, type: number): void => {
    const length = end - start;
    const place = this.#used;
    this.#used += length + 1;
    if (this.#used > this.bytes.length)
      this.bytes = grown(this.bytes, Buffer.allocUnsafeSlow(this.bytes.length * 2));
    if (this.#count === this.#entries.length)
      this.#entries = grown(this.#entries, new Float64Array(this.#count * 2));
    const { bytes } = this;
    for (let i = 0; i <= length; i++) bytes[place + i] = from[start + i] as number;
    this.#entries[this.#count++] = place * PLACE + (type & 0xf) * LENGTH + Math.min(length, LENGTH - 1);
  };

  /** Puts them in byte order; equal names stay in the order in which their directories were read. */
  sort(): void {
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
    return this.#compare(Math.floor(a / PLACE), Math.floor(b / PLACE)) || a - b;
  }

  #compare(left: number, right: number): number {
    const { bytes } = this;
    let i = 0;
    while (bytes[left + i] === bytes[right + i] && bytes[left + i] !== 0) i++;
    return (bytes[left + i] as number) - (bytes[right + i] as number);
  }

  /**
   * Past the last of those that have the same name as this one; they stand together, that of the first directory first. One
   * directory can have a name twice, where the disk is damaged.
   */
  endOfEqual(index: number): number {
    let end = index + 1;
    while (end < this.#count && this.#compare(this.place(index), this.place(end)) === 0) end++;
    return end;
  }

  countDifferent(): number {
    let count = 0;
    for (let i = 0; i < this.#count; i = this.endOfEqual(i)) count++;
    return count;
  }

  /** Whether a directory has a name (latin1). */
  has(level: number, name: string): boolean {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#text(middle) < name) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < this.#count && this.#text(i) === name; i++)
      if (this.level(i) === level) return true;
    return false;
  }

  #text(index: number): string {
    const place = this.place(index);
    return this.bytes.toString('latin1', place, place + this.length(index));
  }

  /** Where in `bytes` a name begins. */
  place(index: number): number {
    return Math.floor((this.#entries[index] as number) / PLACE);
  }

  /** Bytes. */
  length(index: number): number {
    return (this.#entries[index] as number) % LENGTH;
  }

  /** `d_type`. */
  type(index: number): number {
    return ((this.#entries[index] as number) % PLACE) >>> 12;
  }

  /** Which of the directories has it: 0 is the one that was read first. */
  level(index: number): number {
    const starts = this.#starts;
    const place = this.place(index);
    let level = starts.length - 1;
    while (level > 0 && (starts[level] as number) > place) level--;
    return level;
  }
}

function grown<T extends Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
