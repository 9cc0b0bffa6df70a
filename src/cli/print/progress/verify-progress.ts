// The line of `stratafs verify` that says how far it is, on a terminal alone.
import { humanSize } from '../size.ts';
import type { Terminal } from '../terminal.ts';

/** Milliseconds between two states of the line. */
const EVERY = 200;
const CLEAR_LINE = '\r\x1b[K';

export class VerifyProgress {
  readonly #terminal: Terminal;
  readonly #shows: boolean;
  readonly #start: number;
  #bytes = 0;
  #shown = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#shows = terminal.err.columns !== undefined;
    this.#start = terminal.now();
  }

  /** So many more were hashed, of `label`. */
  bytes(count: number, label: string): void {
    this.#bytes += count;
    if (!this.#shows) return;
    const now = this.#terminal.now();
    if (now - this.#shown < EVERY) return;
    this.#shown = now;
    this.#terminal.out.flush();
    const rate = this.#bytes / Math.max(1, now - this.#start);
    const text = `${humanSize(this.#bytes)} hashed, ${humanSize(rate * 1000)}/s  ${label}`;
    this.#terminal.err.write(CLEAR_LINE + text.slice(0, (this.#terminal.err.columns ?? 80) - 1));
    this.#terminal.err.flush();
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown === 0) return;
    this.#shown = 0;
    this.#terminal.err.write(CLEAR_LINE);
    this.#terminal.err.flush();
  }
}
