// One line on the error output that tells how far a long comparison is; only on a terminal, and gone in the end.
import { asBytes } from '../../sys/bytes.ts';
import { escapeBytes } from '../print/escape.ts';
import type { Terminal } from '../print/terminal.ts';
import { displayWidth } from '../print/width.ts';

const FIRST_AFTER = 1000;
const EVERY = 200;

export class DiffProgress {
  readonly #terminal: Terminal;
  #next: number;
  #isShown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#next = terminal.now() + FIRST_AFTER;
  }

  show(path: string, names: number): void {
    const { err } = this.#terminal;
    if (err.columns === undefined || this.#terminal.now() < this.#next) return;
    this.#next = this.#terminal.now() + EVERY;
    // What was found so far stands above the line.
    this.clear();
    this.#terminal.out.flush();
    let line = `${names} names  ${escapeBytes(asBytes(path))}`.slice(0, err.columns);
    while (displayWidth(line) >= err.columns) line = line.slice(0, -1);
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
