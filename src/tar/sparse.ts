// Sparse files in a tar, as GNU tar writes them into PAX headers: where of the whole file the stored bytes belong
// (GNU tar's manual, "Storing Sparse Files"; Go's archive/tar reads the same three forms).
import type { DataRuns } from './data-runs.ts';
import { TarDamage } from './entry.ts';
import { type Field, headerNumber } from './fields.ts';

/** A tar's unit; the map is filled up to it. */
const BLOCK = 512;
/** As many runs as a map may have, so that one is held in bounded memory. */
const MOST_RUNS = 1_000_000;
/** Digits of a number that is exact. */
const MOST_DIGITS = 15;

/** Runs in order, within a file of `size` bytes. Throws TarDamage. */
export function checkedRuns(numbers: readonly number[], size: number): DataRuns {
  if (numbers.length % 2 !== 0) throw new TarDamage('a map of a sparse file has an odd number of places');
  const runs: [number, number][] = [];
  let end = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const [offset, length] = [numbers[i] as number, numbers[i + 1] as number];
    if (offset < end || offset + length > size) {
      throw new TarDamage('a map of a sparse file has places out of order or past its end');
    }
    end = offset + length;
    runs.push([offset, length]);
  }
  return runs;
}

/** Format 0.1: numbers with commas between. Format 0.0 is brought to this form by who reads the headers. */
export function parseSparseList(text: string): number[] {
  if (text.length > 2 * MOST_RUNS * MOST_DIGITS) throw new TarDamage('a map of a sparse file is too long');
  return text.split(',').map(sparseNumber);
}

/** GNU tar's older form: a header of type `S` has room for four runs, and says whether a block with more of them follows. */
const OLD = { runs: [386, 4], more: 482, realSize: [483, 12] } as const;
const OLD_MORE = { runs: [0, 21], more: 504 } as const;
const OLD_NUMBER = 12;
const WHAT = 'map of a sparse file';

/** Reads the map of GNU tar's older form from the header and from the blocks behind it. */
export class OldSparseMap {
  readonly numbers: number[] = [];
  /** Of the whole file, bytes. */
  readonly size: number;
  /** Whether another block of the map follows. */
  isOpen: boolean;

  /** Throws TarDamage. */
  constructor(header: Buffer) {
    this.size = oldNumber(header, OLD.realSize);
    this.#add(header, OLD.runs);
    this.isOpen = header[OLD.more] !== 0;
  }

  /** Throws TarDamage. */
  addBlock(block: Buffer): void {
    this.#add(block, OLD_MORE.runs);
    this.isOpen = block[OLD_MORE.more] !== 0;
    if (this.numbers.length > 2 * MOST_RUNS) throw new TarDamage('a map of a sparse file is too long');
  }

  #add(block: Buffer, [start, count]: readonly [number, number]): void {
    for (let i = 0; i < count; i++) {
      const at = start + i * 2 * OLD_NUMBER;
      if (block[at] === 0) return;
      for (const field of [at, at + OLD_NUMBER]) this.numbers.push(oldNumber(block, [field, OLD_NUMBER]));
    }
  }
}

/** A header's numbers may be below 0, those of a map never (Go's validateSparseEntries). */
function oldNumber(block: Buffer, field: Field): number {
  const number = headerNumber(block, field, WHAT);
  if (number < 0) throw new TarDamage(`a ${WHAT} has a number below 0`);
  return number;
}

/** Format 1.0: the map stands before the data, a number a line, filled up to a whole block. Is given the contents as they come. */
export class SparseMapReader {
  readonly #numbers: number[] = [];
  #count = -1;
  #line = '';
  #taken = 0;

  /** Once it is complete: offsets and lengths, one after the other. */
  get numbers(): readonly number[] | undefined {
    return this.#count >= 0 && this.#numbers.length === 2 * this.#count ? this.#numbers : undefined;
  }

  /** Bytes of the contents that are the map's, its padding among them. */
  get size(): number {
    return Math.ceil(this.#taken / BLOCK) * BLOCK;
  }

  /** Takes what it needs. Throws TarDamage. */
  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.numbers !== undefined) return;
      this.#taken += 1;
      if (byte !== 0x0a) {
        if (this.#line.length >= MOST_DIGITS) throw notNumber();
        this.#line += String.fromCharCode(byte);
        continue;
      }
      const number = sparseNumber(this.#line);
      this.#line = '';
      if (this.#count >= 0) this.#numbers.push(number);
      else {
        if (number > MOST_RUNS) throw new TarDamage('a map of a sparse file is too long');
        this.#count = number;
      }
    }
  }
}

export function sparseNumber(text: string): number {
  if (text.length > MOST_DIGITS || !/^[0-9]+$/.test(text)) throw notNumber();
  return Number(text);
}

function notNumber(): TarDamage {
  return new TarDamage('a map of a sparse file has a number that is none');
}
