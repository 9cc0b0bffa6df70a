// The line of a command whose work has no known end: how much of it is done, and where it is.
import type { ByteString } from '../../../sys/bytes.ts';
import { escapeBytes } from '../../../told/escape.ts';
import { counted } from '../count.ts';
import { humanSize } from '../size.ts';
import type { Terminal } from '../terminal.ts';
import { PassingLine } from './passing-line.ts';

const FIRST_AFTER = 1000;

export class WorkProgress {
  readonly #terminal: Terminal;
  readonly #line: PassingLine;
  readonly #doing: string;
  readonly #start: number;
  #names = 0;
  #bytes = 0;

  /** `doing` is what the line begins with: `exporting`. */
  constructor(terminal: Terminal, doing: string) {
    this.#terminal = terminal;
    this.#line = new PassingLine(terminal, FIRST_AFTER);
    this.#doing = doing;
    this.#start = terminal.now();
  }

  /** So many more names are done, or begun; `path` is the last of them. */
  name(path: ByteString, count = 1): void {
    this.#names += count;
    this.#show(path);
  }

  /** So many more bytes are read, or written. */
  bytes(count: number, path?: ByteString): void {
    this.#bytes += count;
    this.#show(path);
  }

  /** Takes the line away before something else is printed. */
  clear(): void {
    this.#line.clear();
  }

  /** Takes the line away for good. */
  end(): void {
    this.#line.end();
  }

  #show(path?: ByteString): void {
    if (!this.#line.isDue()) return;
    // What was found so far stands above the line.
    this.#line.clear();
    this.#terminal.out.flush();
    const rate = (this.#bytes * 1000) / Math.max(1, this.#terminal.now() - this.#start);
    const done = [
      ...(this.#names === 0 ? [] : [counted(this.#names, 'name')]),
      ...(this.#bytes === 0 ? [] : [humanSize(this.#bytes), `${humanSize(rate)}/s`]),
    ];
    const place = path === undefined ? '' : `  ${escapeBytes(path)}`;
    this.#line.show(`${this.#doing}: ${done.join(', ')}${place}`);
  }
}

/** Gives the line to `use`, and takes it away whatever comes of that. */
export async function withProgress<T>(
  terminal: Terminal,
  doing: string,
  use: (progress: WorkProgress) => T | Promise<T>,
): Promise<T> {
  const progress = new WorkProgress(terminal, doing);
  try {
    return await use(progress);
  } finally {
    progress.end();
  }
}
