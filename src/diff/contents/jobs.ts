// Content comparisons handed to other threads: a ring of jobs in shared memory, taken in order by whoever is free, the
// walking thread among them. Names lie in the union's table, so a job is a few numbers.

import type { Directories } from '../../overlay/layer/directories.ts';
import { nameArgument } from '../../overlay/layer/name-argument.ts';
import { FileContents } from '../../overlay/layer/open-contents.ts';
import type { Table } from '../../overlay/table.ts';
import { E, Errno } from '../../sys/errors.ts';
import { firstDifference } from './contents.ts';

export const SLOTS = 256;

/** How a pair is to be compared. */
export const PAIR = {
  /** Both files have holes. */
  sparse: 1,
  /** Only where neither has extended attributes. */
  mustBePlain: 2,
} as const;

/** Words of a job. */
const JOB = {
  state: 0,
  recordA: 1,
  nameA: 2,
  lengthA: 3,
  recordB: 4,
  nameB: 5,
  lengthB: 6,
  sizeLow: 7,
  sizeHigh: 8,
  /** PAIR bits. */
  options: 9,
  /** Of the result: 64-bit offset, or an errno and whose it is. */
  low: 10,
  high: 11,
} as const;
const JOB_WORDS = 12;

/** `free` must be 0. */
const STATE = { free: 0, waiting: 1, equal: 2, different: 3, failedA: 4, failedB: 5, attributed: 6 } as const;

/** Words before the jobs. */
const HEAD = { submitted: 0, taken: 1, closed: 2, bell: 3, idle: 4 } as const;
const HEAD_WORDS = 8;

/** One file of a job. */
export interface JobFile {
  readonly record: number;
  readonly name: string;
}

export type JobResult =
  | { readonly kind: 'equal' }
  /** One of the files has extended attributes; nothing was read. */
  | { readonly kind: 'attributed' }
  | { readonly kind: 'different'; readonly at: number }
  | { readonly kind: 'failed'; readonly side: 'a' | 'b'; readonly errno: number };

export function newJobMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((HEAD_WORDS + SLOTS * JOB_WORDS) * 4);
}

export class Jobs {
  readonly #words: Int32Array;
  readonly #table: Table;
  readonly #directories: Directories;
  readonly #tick: (() => void) | undefined;

  /** `tick` is called now and then while this thread reads. */
  constructor(memory: SharedArrayBuffer, table: Table, directories: Directories, tick?: () => void) {
    this.#tick = tick;
    this.#words = new Int32Array(memory);
    this.#table = table;
    this.#directories = directories;
  }

  get #submitted(): number {
    return Atomics.load(this.#words, HEAD.submitted);
  }

  /** Puts a job into the ring, whose oldest must be freed by then; answers its number. One thread only. */
  submit(a: JobFile, b: JobFile, size: number, options: number): number {
    const words = this.#words;
    const number = this.#submitted;
    const at = position(number);
    words[at + JOB.recordA] = a.record;
    words[at + JOB.nameA] = this.#table.addName(a.name);
    words[at + JOB.lengthA] = a.name.length;
    words[at + JOB.recordB] = b.record;
    words[at + JOB.nameB] = this.#table.addName(b.name);
    words[at + JOB.lengthB] = b.name.length;
    words[at + JOB.sizeLow] = size | 0;
    words[at + JOB.sizeHigh] = Math.floor(size / 2 ** 32);
    words[at + JOB.options] = options;
    Atomics.store(words, at + JOB.state, STATE.waiting);
    Atomics.store(words, HEAD.submitted, number + 1);
    this.#ring();
    return number;
  }

  /** Result of a job if it is done, and then its place is free. */
  result(number: number): JobResult | undefined {
    const words = this.#words;
    const at = position(number);
    const state = Atomics.load(words, at + JOB.state);
    if (state === STATE.waiting) return undefined;
    Atomics.store(words, at + JOB.state, STATE.free);
    const low = words[at + JOB.low] as number;
    if (state === STATE.equal) return { kind: 'equal' };
    if (state === STATE.attributed) return { kind: 'attributed' };
    if (state === STATE.different) {
      return { kind: 'different', at: (words[at + JOB.high] as number) * 2 ** 32 + (low >>> 0) };
    }
    return { kind: 'failed', side: state === STATE.failedA ? 'a' : 'b', errno: low };
  }

  /** Blocks until another thread has done a job, or the time is over. */
  waitFor(number: number, milliseconds: number): void {
    Atomics.wait(this.#words, position(number) + JOB.state, STATE.waiting, milliseconds);
  }

  /** Does the oldest job nobody has taken; false where there is none. */
  workOnce(): boolean {
    const words = this.#words;
    for (;;) {
      const number = Atomics.load(words, HEAD.taken);
      if (number >= this.#submitted) return false;
      if (Atomics.compareExchange(words, HEAD.taken, number, number + 1) !== number) continue;
      this.#work(position(number));
      return true;
    }
  }

  /** Works until the ring is closed. */
  workAll(): void {
    const words = this.#words;
    for (;;) {
      const bell = Atomics.load(words, HEAD.bell);
      if (this.workOnce()) continue;
      if (Atomics.load(words, HEAD.closed) === 1) return;
      Atomics.add(words, HEAD.idle, 1);
      Atomics.wait(words, HEAD.bell, bell);
      Atomics.sub(words, HEAD.idle, 1);
    }
  }

  /** Ends the other threads. */
  close(): void {
    Atomics.store(this.#words, HEAD.closed, 1);
    this.#ring();
  }

  /** Wakes those who found nothing to do. */
  #ring(): void {
    Atomics.add(this.#words, HEAD.bell, 1);
    if (Atomics.load(this.#words, HEAD.idle) > 0) Atomics.notify(this.#words, HEAD.bell);
  }

  #work(at: number): void {
    const words = this.#words;
    const word = (field: number) => words[at + field] as number;
    const size = word(JOB.sizeHigh) * 2 ** 32 + (word(JOB.sizeLow) >>> 0);
    const file = (record: number, name: number, length: number): JobFile => ({
      record: word(record),
      name: this.#table.nameAt(word(name), word(length)),
    });
    // Should the comparison itself be at fault, the thread that waits for it must not wait for ever.
    let state: number = STATE.failedA;
    words[at + JOB.low] = E.EIO;
    try {
      const pair = {
        a: file(JOB.recordA, JOB.nameA, JOB.lengthA),
        b: file(JOB.recordB, JOB.nameB, JOB.lengthB),
        size,
        options: word(JOB.options),
      };
      const result = compareFiles(this.#directories, pair, this.#tick);
      if (result.kind === 'equal') state = STATE.equal;
      else if (result.kind === 'attributed') state = STATE.attributed;
      else if (result.kind === 'different') {
        state = STATE.different;
        words[at + JOB.low] = result.at | 0;
        words[at + JOB.high] = Math.floor(result.at / 2 ** 32);
      } else {
        state = result.side === 'a' ? STATE.failedA : STATE.failedB;
        words[at + JOB.low] = result.errno;
      }
    } finally {
      Atomics.store(words, at + JOB.state, state);
      Atomics.notify(words, at + JOB.state);
    }
  }
}

function position(number: number): number {
  return HEAD_WORDS + (number % SLOTS) * JOB_WORDS;
}

/** Two files of one size. */
interface JobPair {
  readonly a: JobFile;
  readonly b: JobFile;
  /** Bytes. */
  readonly size: number;
  /** PAIR bits. */
  readonly options: number;
}

/** Compares two files, which `directories` open. */
export function compareFiles(
  directories: Directories,
  { a, b, size, options }: JobPair,
  tick?: () => void,
): JobResult {
  let side: 'a' | 'b' = 'a';
  const files: FileContents[] = [];
  try {
    for (const file of [a, b]) {
      if (file === b) side = 'b';
      const fd = directories.openFile(file.record, nameArgument(file.name));
      if (fd < 0) return { kind: 'failed', side, errno: -fd };
      const contents = new FileContents(fd);
      files.push(contents);
      if ((options & PAIR.mustBePlain) !== 0 && contents.hasXattrs()) return { kind: 'attributed' };
    }
    const at = firstDifference(files[0] as FileContents, files[1] as FileContents, size, {
      sparse: (options & PAIR.sparse) !== 0,
      tick,
    });
    return at < 0 ? { kind: 'equal' } : { kind: 'different', at };
  } catch (error) {
    if (error instanceof Errno) return { kind: 'failed', side, errno: error.errno };
    throw error;
  } finally {
    for (const file of files) file.close();
  }
}
