// How many lines of a terminal a text takes, as it comes piece by piece.
import { displayWidth } from '../width.ts';

const COLOR = /\x1b\[[\d;]*m/g;
const TAB = 8;

export class ScreenLines {
  readonly #columns: number;
  #whole = 0;
  #last = '';

  constructor(columns: number) {
    this.#columns = columns;
  }

  add(text: string): void {
    const lines = (this.#last + text).split('\n');
    this.#last = lines.pop() ?? '';
    for (const line of lines) this.#whole += this.#rows(line);
  }

  get count(): number {
    return this.#whole + (this.#last === '' ? 0 : this.#rows(this.#last));
  }

  #rows(line: string): number {
    const text = line.replace(COLOR, '').replaceAll('\t', ' '.repeat(TAB));
    return Math.max(1, Math.ceil(displayWidth(text) / this.#columns));
  }
}
