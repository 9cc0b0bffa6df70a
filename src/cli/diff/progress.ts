// One line on the error output that tells how far a long comparison is.
import { asBytes } from '../../sys/bytes.ts';
import { escapeBytes } from '../../told/escape.ts';
import { PassingLine } from '../print/progress/passing-line.ts';
import type { Terminal } from '../print/terminal.ts';

const FIRST_AFTER = 1000;

export class DiffProgress {
  readonly #terminal: Terminal;
  readonly #line: PassingLine;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#line = new PassingLine(terminal, FIRST_AFTER);
  }

  show(path: string, names: number): void {
    if (!this.#line.isDue()) return;
    // What was found so far stands above the line.
    this.#line.clear();
    this.#terminal.out.flush();
    this.#line.show(`${names} names  ${escapeBytes(asBytes(path))}`);
  }

  /** Takes the line away before something else is printed. */
  clear(): void {
    this.#line.clear();
  }

  end(): void {
    this.#line.end();
  }
}
