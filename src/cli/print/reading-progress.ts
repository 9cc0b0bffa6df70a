// The line that says how far an archive, or the tars of layers, are read, on a terminal alone, and gone in the end.
import { humanSize } from './size.ts';
import type { Terminal } from './terminal.ts';

const FIRST_AFTER = 500;
/** Milliseconds between two states of the line. */
const EVERY = 200;
const CLEAR_LINE = '\r\x1b[K';

export class ReadingProgress {
  readonly #terminal: Terminal;
  readonly #what: string;
  readonly #start: number;
  #next: number;
  #isShown = false;

  /** `what` is read: `layers`. */
  constructor(terminal: Terminal, what: string) {
    this.#terminal = terminal;
    this.#what = what;
    this.#start = terminal.now();
    this.#next = this.#start + FIRST_AFTER;
  }

  /** So many bytes of so many are read. */
  show(done: number, all: number): void {
    const { err } = this.#terminal;
    const now = this.#terminal.now();
    if (err.columns === undefined || now < this.#next) return;
    this.#next = now + EVERY;
    const rate = (done * 1000) / Math.max(1, now - this.#start);
    const line = `reading ${this.#what}: ${humanSize(done)} of ${humanSize(all)}, ${humanSize(rate)}/s`;
    err.write(CLEAR_LINE + line.slice(0, err.columns - 1));
    err.flush();
    this.#isShown = true;
  }

  /** Takes the line away. */
  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#terminal.err.write(CLEAR_LINE);
    this.#terminal.err.flush();
  }
}
