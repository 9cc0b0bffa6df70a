// What stands between a comparison and its printer: it shows every change to the gate, and tells trouble on the error output.
import { type Change, isEqual, type PathError, type Sink, type Summary } from '../../diff/change.ts';
import type { SideLabel } from '../../open/sides.ts';
import { errnoWords } from '../../sys/errors.ts';
import { EXIT } from '../exit.ts';
import { pathMessage } from '../failure.ts';
import { OutputClosed } from '../print/output.ts';
import type { Terminal } from '../print/terminal.ts';
import { isLeftOpen } from './fail-on.ts';
import type { Gate } from './gate.ts';
import type { DiffOptions } from './options.ts';
import type { DiffProgress } from './progress.ts';

export interface WatchContext {
  readonly gate: Gate;
  readonly terminal: Terminal;
  readonly labels: readonly [SideLabel, SideLabel];
  readonly progress: DiffProgress;
}

export class Watch implements Sink {
  readonly #sink: Sink;
  readonly #context: WatchContext;
  #isDifferent = false;

  constructor(sink: Sink, context: WatchContext) {
    this.#sink = sink;
    this.#context = context;
  }

  /** Of a comparison that the reader of a pager has seen enough of, the verdict stands that is certain by then. */
  async whileRead<T>({ failOn }: DiffOptions, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { gate, terminal } = this.#context;
      const isFound = failOn === undefined ? this.#isDifferent : gate.isClosed;
      if (error instanceof OutputClosed && isFound) terminal.exitWith(EXIT.found);
      throw error;
    }
  }

  change(change: Change): void {
    this.#isDifferent = true;
    this.#context.gate.change(change);
    this.#context.progress.clear();
    this.#sink.change(change);
  }

  inside(change: Change): void {
    this.#context.gate.inside(change);
  }

  error(error: PathError): void {
    const { progress, labels, terminal } = this.#context;
    progress.clear();
    this.#sink.error(error);
    const label = labels[error.side === 'a' ? 0 : 1].reference;
    terminal.note(pathMessage(error.doing, error.path, label, errnoWords(error.errno)));
  }
}

/** diff(1)'s: 0 the same, 1 different, 2 trouble: also where it is not known, because a manifest does not tell. */
export function exitCode(summary: Summary, gate: Gate, { failOn }: DiffOptions): number {
  if (summary.errors > 0) return EXIT.usage;
  if (failOn === undefined ? !isEqual(summary) : gate.isClosed) return EXIT.found;
  return isLeftOpen(summary.untold, failOn) ? EXIT.usage : EXIT.success;
}
