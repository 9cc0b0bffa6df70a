// The line of `stratafs verify` that says how far it is.
import { humanSize } from '../size.ts';
import type { Terminal } from '../terminal.ts';
import { PassingLine } from './passing-line.ts';

const FIRST_AFTER = 200;

export class VerifyProgress {
  readonly #terminal: Terminal;
  readonly #line: PassingLine;
  readonly #start: number;
  #bytes = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#line = new PassingLine(terminal, FIRST_AFTER);
    this.#start = terminal.now();
  }

  /** So many more were hashed, of `label`. */
  bytes(count: number, label: string): void {
    this.#bytes += count;
    if (!this.#line.isDue()) return;
    this.#terminal.out.flush();
    const rate = (this.#bytes * 1000) / Math.max(1, this.#terminal.now() - this.#start);
    this.#line.show(`${humanSize(this.#bytes)} hashed, ${humanSize(rate)}/s  ${label}`);
  }

  /** Takes the line away. */
  clear(): void {
    this.#line.clear();
  }
}
