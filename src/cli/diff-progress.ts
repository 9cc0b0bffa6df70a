// One line on the error output that tells how far a long comparison is; only on a terminal, and gone in the end.
import { escapeMessage } from './escape.ts';
import type { Terminal } from './terminal.ts';

const FIRST_AFTER = 1000;
const EVERY = 200;

export class Progress {
  readonly #terminal: Terminal;
  #next = performance.now() + FIRST_AFTER;
  #isShown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(path: string, names: number): void {
    const { err } = this.#terminal;
    if (err.columns === undefined || performance.now() < this.#next) return;
    this.#next = performance.now() + EVERY;
    const line = `${names} names  ${escapeMessage(path)}`.slice(0, err.columns - 1);
    err.write(`\r\x1b[K${line}`);
    err.flush();
    this.#isShown = true;
  }

  /** Takes the line away before something else is printed. */
  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#terminal.err.write('\r\x1b[K');
    this.#terminal.err.flush();
  }

  end(): void {
    this.clear();
    this.#next = Number.POSITIVE_INFINITY;
  }
}
