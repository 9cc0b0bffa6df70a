// What every command is given: where results go, where messages go, and the exit code that its failures add up to.
import { Errno, Trouble } from '../../sys/errors.ts';
import { escapeMessage } from '../../told/escape.ts';
import { EXIT, exitCodeOf } from '../exit.ts';
import { type Output, OutputClosed } from './output.ts';

/** Which results a pager shows: those that are longer than the screen, or all. */
export type PagingRule = 'long' | 'always';

export interface TerminalOutputs {
  /** Results. */
  readonly out: Output;
  /** All else. */
  readonly err: Output;
  /** Lines that say how far something is, and go away. */
  readonly passing: Output;
  /** Waits until all that was written is read. */
  end(): void;
}

export interface TerminalMeans {
  /** Milliseconds since 1970, for "2 hours ago". */
  readonly now?: () => number;
  /** Answers the outputs of a terminal whose results a pager shows; undefined where there is none. */
  readonly page?: (rule: PagingRule) => Promise<TerminalOutputs | undefined>;
}

export class Terminal {
  readonly now: () => number;
  readonly #page: TerminalMeans['page'];
  #outputs: TerminalOutputs;
  #isPaged = false;
  #exitCode = 0;
  readonly #lastSteps: (() => void)[] = [];
  /** The line that is shown at the moment and goes away. */
  #shown: { clear(): void } | undefined;

  constructor(out: Output, err: Output, { now = Date.now, page }: TerminalMeans = {}) {
    this.#outputs = { out, err, passing: err, end() {} };
    this.now = now;
    this.#page = page;
  }

  get out(): Output {
    return this.#outputs.out;
  }

  get err(): Output {
    return this.#outputs.err;
  }

  get passing(): Output {
    return this.#outputs.passing;
  }

  /** Told of a line that goes away, as long as it stands there: what is said else comes in its place. */
  showing(line: { clear(): void } | undefined): void {
    this.#shown = line;
  }

  /** From now on a pager shows the results, where they are on a terminal. Nothing is written yet. */
  async page(rule: PagingRule): Promise<void> {
    if (this.out.columns === undefined || this.#isPaged) return;
    this.#isPaged = true;
    this.#outputs = (await this.#page?.(rule)) ?? this.#outputs;
  }

  /** Writes what was not yet, and waits until it is read. Throws nothing. */
  close(): void {
    for (const step of [() => this.out.flush(), () => this.err.flush(), () => this.#outputs.end()]) {
      try {
        step();
      } catch (error) {
        this.end(error);
      }
    }
  }

  /** The code of the first failure that was reported; 0 where there was none. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** Remembers an exit code, unless an earlier failure has set one. */
  exitWith(code: number): void {
    if (this.#exitCode === 0) this.#exitCode = code;
  }

  /** Has a step done when all results and failures are told; not where something ends the command before. */
  atEnd(step: () => void): void {
    this.#lastSteps.push(step);
  }

  /** The last steps of a command that came to its end. */
  complete(): void {
    for (const step of this.#lastSteps.splice(0)) step();
  }

  /** One line on the error output, after the results so far where both go to one terminal. */
  note(message: string): void {
    this.#shown?.clear();
    this.out.flush();
    this.#tell(`stratafs: ${escapeMessage(message)}\n`);
  }

  /** Tells of a failure that does not end the command, and remembers its exit code. A bug is thrown on. */
  report(error: unknown): void {
    if (!isExpected(error)) throw error;
    this.exitWith(exitCodeOf(error));
    this.note(error.message);
  }

  /** Tells of whatever ended the command. A verdict does not stand that was not printed whole. Throws nothing. */
  end(error: unknown): void {
    if (error instanceof OutputClosed && error.isWanted) return;
    if (this.#exitCode === EXIT.found) this.#exitCode = 0;
    if (error instanceof OutputClosed) {
      this.exitWith(EXIT.closed);
      return;
    }
    this.exitWith(exitCodeOf(error));
    try {
      this.#shown?.clear();
      this.out.flush();
    } catch {
      // The failure at hand is told; that its results could not be written either adds nothing.
    }
    if (isExpected(error)) {
      this.#tell(`stratafs: ${escapeMessage(error.message)}\n`);
      return;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const lines = ['stratafs: a fault of stratafs itself; please report what follows', ...text.split('\n')];
    for (const line of lines) this.#tell(`${escapeMessage(line)}\n`);
  }

  #tell(line: string): void {
    try {
      this.err.write(line);
      this.err.flush();
    } catch (error) {
      // Nobody reads the messages; the results and the exit code still count.
      if (!(error instanceof OutputClosed || error instanceof Trouble)) throw error;
    }
  }
}

function isExpected(error: unknown): error is Trouble | Errno {
  return error instanceof Trouble || error instanceof Errno;
}
