// The line that says how far an archive, or the tars of layers, are read.
import type { ReadingWatch, ReadingWitness } from '../../../open/tars.ts';
import { humanSize } from '../size.ts';
import type { Terminal } from '../terminal.ts';
import { PassingLine } from './passing-line.ts';

const FIRST_AFTER = 500;

/** Each line, and what goes wrong, on a terminal. */
export function readingWitness(terminal: Terminal): ReadingWitness {
  return {
    watch: (what) => new ReadingProgress(terminal, what),
    trouble: (trouble) => terminal.report(trouble),
  };
}

class ReadingProgress implements ReadingWatch {
  readonly #terminal: Terminal;
  readonly #line: PassingLine;
  readonly #what: string;
  readonly #start: number;

  /** `what` is read: `layers`. */
  constructor(terminal: Terminal, what: string) {
    this.#terminal = terminal;
    this.#line = new PassingLine(terminal, FIRST_AFTER);
    this.#what = what;
    this.#start = terminal.now();
  }

  /** So many bytes of so many are read. */
  show(done: number, all: number): void {
    if (!this.#line.isDue()) return;
    const rate = (done * 1000) / Math.max(1, this.#terminal.now() - this.#start);
    this.#line.show(`reading ${this.#what}: ${humanSize(done)} of ${humanSize(all)}, ${humanSize(rate)}/s`);
  }

  /** Takes the line away. */
  clear(): void {
    this.#line.clear();
  }
}
