// A line on the error output that says how far something is: on a terminal alone, no wider than that, and gone in the end.
import type { Terminal } from '../terminal.ts';
import { displayWidth } from '../width.ts';

/** Milliseconds between two states of the line. */
const EVERY = 200;
const CLEAR_LINE = '\r\x1b[K';

export class PassingLine {
  readonly #terminal: Terminal;
  /** Asked once: each time is a system call, and changes come by the hundred thousand. */
  readonly #isOnTerminal: boolean;
  #next: number;
  #isShown = false;

  /** Nothing is due before `firstAfter` milliseconds from now. */
  constructor(terminal: Terminal, firstAfter: number) {
    this.#terminal = terminal;
    this.#isOnTerminal = terminal.passing.columns !== undefined;
    this.#next = terminal.now() + firstAfter;
  }

  /** Whether a new state is due; then the next one is so after a while. */
  isDue(): boolean {
    if (!this.#isOnTerminal) return false;
    const now = this.#terminal.now();
    if (now < this.#next) return false;
    this.#next = now + EVERY;
    return true;
  }

  /** The new state that is due, without control characters. */
  show(state: string): void {
    const { passing } = this.#terminal;
    const columns = passing.columns ?? 0;
    let line = state.slice(0, columns);
    while (displayWidth(line) >= columns && line !== '') line = line.slice(0, -1);
    passing.write(CLEAR_LINE + line);
    passing.flush();
    this.#isShown = true;
    this.#terminal.showing(this);
  }

  /** Takes the line away. */
  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#terminal.showing(undefined);
    this.#terminal.passing.write(CLEAR_LINE);
    this.#terminal.passing.flush();
  }

  /** Takes the line away for good. */
  end(): void {
    this.clear();
    this.#next = Number.POSITIVE_INFINITY;
  }
}
