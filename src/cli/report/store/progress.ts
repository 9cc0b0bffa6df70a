// The line that says which part of a report is made, and how far that is, on a terminal alone, and gone in the end.
import { escapeText } from '../../print/escape.ts';
import type { Terminal } from '../../print/terminal.ts';
import { displayWidth } from '../../print/width.ts';

const FIRST_AFTER = 1000;
/** Milliseconds between two states of the line. */
const EVERY = 200;
const CLEAR_LINE = '\r\x1b[K';

export class StageProgress {
  readonly #terminal: Terminal;
  #stage = '';
  #all = 0;
  #done = 0;
  #next: number;
  #isShown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#next = terminal.now() + FIRST_AFTER;
  }

  /** `all` is how many things the stage is about, 0 where that is not known. */
  begin(stage: string, all: number): void {
    this.#stage = stage;
    this.#all = all;
    this.#done = 0;
  }

  /** One more is begun; `label` is text. */
  step(label = ''): void {
    this.#done += 1;
    const { err } = this.#terminal;
    if (err.columns === undefined || this.#terminal.now() < this.#next) return;
    this.#next = this.#terminal.now() + EVERY;
    const count = this.#all === 0 ? String(this.#done) : `${this.#done} of ${this.#all}`;
    let line = `${this.#stage}: ${count}  ${escapeText(label)}`.slice(0, err.columns);
    while (displayWidth(line) >= err.columns) line = line.slice(0, -1);
    err.write(CLEAR_LINE + line);
    err.flush();
    this.#isShown = true;
  }

  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#terminal.err.write(CLEAR_LINE);
    this.#terminal.err.flush();
  }
}
