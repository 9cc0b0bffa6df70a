// Sorts more lines than memory holds: runs of a bounded size, each sorted, in one temporary file without a name, merged on
// the way out. Nothing is left behind, however the process ends.
import { closeSync, readSync, writeSync } from 'node:fs';
import { openNameless } from '../sys/nameless.ts';

export interface SortOptions {
  /** Where the temporary file goes, if one is needed. */
  readonly directory: string;
  /** Characters held in memory, about; two bytes each at most. */
  readonly most?: number;
}

const MOST = 4 << 20;
const READ_AHEAD = 64 << 10;
/** Stands between key and line in a run; neither of the two holds this byte, or a newline. */
const SEPARATOR = '\0';

/** A stretch of the file. */
interface Run {
  readonly start: number;
  readonly end: number;
}

export class LineSorter {
  readonly #options: SortOptions;
  readonly #most: number;
  readonly #runs: Run[] = [];
  #lines: string[] = [];
  #held = 0;
  #descriptor = -1;
  #size = 0;

  constructor(options: SortOptions) {
    this.#options = options;
    this.#most = options.most ?? MOST;
  }

  /** Neither may hold a newline or NUL. Lines of one key are sorted by themselves. */
  add(key: string, line: string): void {
    this.#lines.push(key + SEPARATOR + line);
    this.#held += key.length + line.length + 1;
    if (this.#held >= this.#most) this.#spill();
  }

  /** By key, in the order of code units. To be called once, after all was added. */
  *sorted(): Generator<string> {
    this.#lines.sort();
    if (this.#runs.length === 0) {
      for (const each of this.#lines) yield lineOf(each);
      return;
    }
    this.#spill();
    yield* merge(this.#runs.map((run) => new RunReader(this.#descriptor, run)));
  }

  close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  #spill(): void {
    if (this.#lines.length === 0) return;
    if (this.#descriptor < 0) this.#descriptor = openNameless(this.#options.directory);
    this.#lines.sort();
    const start = this.#size;
    for (let i = 0; i < this.#lines.length; i += 1000) {
      const bytes = Buffer.from(`${this.#lines.slice(i, i + 1000).join('\n')}\n`, 'utf8');
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#size + done);
      }
      this.#size += bytes.length;
    }
    this.#runs.push({ start, end: this.#size });
    this.#lines = [];
    this.#held = 0;
  }
}

function lineOf(each: string): string {
  return each.slice(each.indexOf(SEPARATOR) + 1);
}

/** The lines of one run, in order. */
class RunReader {
  readonly #descriptor: number;
  readonly #buffer = Buffer.allocUnsafe(READ_AHEAD);
  readonly #end: number;
  #offset: number;
  /** Bytes read and not yet given out. */
  #rest = Buffer.alloc(0);

  constructor(descriptor: number, { start, end }: Run) {
    this.#descriptor = descriptor;
    this.#offset = start;
    this.#end = end;
  }

  next(): string | undefined {
    for (;;) {
      const newline = this.#rest.indexOf(10);
      if (newline >= 0) {
        const line = this.#rest.toString('utf8', 0, newline);
        this.#rest = this.#rest.subarray(newline + 1);
        return line;
      }
      const wanted = Math.min(READ_AHEAD, this.#end - this.#offset);
      if (wanted === 0) return undefined;
      const count = readSync(this.#descriptor, this.#buffer, 0, wanted, this.#offset);
      if (count === 0) throw new Error('the temporary file is shorter than it was written');
      this.#offset += count;
      this.#rest = Buffer.concat([this.#rest, this.#buffer.subarray(0, count)]);
    }
  }
}

/** A heap of the runs, the one with the smallest line first. */
function* merge(readers: readonly RunReader[]): Generator<string> {
  const heap: { line: string; readonly reader: RunReader }[] = [];
  for (const reader of readers) {
    const line = reader.next();
    if (line !== undefined) heap.push({ line, reader });
  }
  heap.sort((a, b) => (a.line < b.line ? -1 : 1));
  for (let first = heap[0]; first !== undefined; first = heap[0]) {
    yield lineOf(first.line);
    const line = first.reader.next();
    if (line === undefined) {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) continue;
      heap[0] = last;
    } else first.line = line;
    sink(heap);
  }
}

function sink(heap: { line: string }[]): void {
  for (let at = 0; ; ) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && lineAt(heap, child) < lineAt(heap, least)) least = child;
    }
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least] as { line: string }, heap[at] as { line: string }];
    at = least;
  }
}

function lineAt(heap: readonly { line: string }[], index: number): string {
  return heap[index]?.line ?? '';
}
