// The line that says which part of a report is made, and how far that is.
import { escapeText } from '../../../told/escape.ts';
import { PassingLine } from '../../print/progress/passing-line.ts';
import type { Terminal } from '../../print/terminal.ts';

const FIRST_AFTER = 1000;

export class StageProgress {
  readonly #line: PassingLine;
  #stage = '';
  #all = 0;
  #done = 0;

  constructor(terminal: Terminal) {
    this.#line = new PassingLine(terminal, FIRST_AFTER);
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
    if (!this.#line.isDue()) return;
    const count = this.#all === 0 ? String(this.#done) : `${this.#done} of ${this.#all}`;
    this.#line.show(`${this.#stage}: ${count}  ${escapeText(label)}`);
  }

  clear(): void {
    this.#line.clear();
  }
}
