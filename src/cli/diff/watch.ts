// What stands between a comparison and its printer: it remembers what decides the exit code, and tells trouble on the error
// output.
import type { Change, PathError, Sink, Summary } from '../../diff/change.ts';
import { isEqual } from '../../diff/change.ts';
import { errnoWords } from '../../sys/errors.ts';
import { EXIT } from '../exit.ts';
import { pathMessage } from '../failure.ts';
import type { Terminal } from '../print/terminal.ts';
import { type DiffOptions, isFailure, isLeftOpen } from './options.ts';
import type { Printer, SideLabel } from './printer.ts';
import type { DiffProgress } from './progress.ts';

/** What a comparison is told to, and about. */
export interface WatchParts {
  readonly printer: Printer;
  readonly options: DiffOptions;
  readonly terminal: Terminal;
  readonly labels: readonly [SideLabel, SideLabel];
  readonly progress: DiffProgress;
}

export class Watch implements Sink {
  fails = false;
  readonly #parts: WatchParts;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  change(change: Change): void {
    const { printer, options, progress } = this.#parts;
    if (options.failOn === undefined || isFailure(change, options.failOn)) this.fails = true;
    progress.clear();
    printer.change(change);
  }

  error(error: PathError): void {
    const { printer, terminal, labels, progress } = this.#parts;
    progress.clear();
    printer.error?.(error);
    const label = labels[error.side === 'a' ? 0 : 1].reference;
    terminal.note(pathMessage(error.doing, error.path, label, errnoWords(error.errno)));
  }
}

/** diff(1)'s: 0 the same, 1 different, 2 trouble: also where it is not known, because a manifest does not tell. */
export function exitCode(summary: Summary, watch: Watch, options: DiffOptions): number {
  if (summary.errors > 0) return EXIT.usage;
  const { failOn } = options;
  const fails = watch.fails || (failOn?.includes('config') === true && (summary.config ?? 0) > 0);
  const isDifferent = failOn === undefined ? !isEqual(summary) : fails;
  if (isDifferent) return EXIT.found;
  return isLeftOpen(summary.untold, options) ? EXIT.usage : EXIT.success;
}
