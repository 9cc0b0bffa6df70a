// What differs between two root filesystems, through the library: the comparison goes on as its changes are taken.

import { type Change, isEqual, type PathError } from '../diff/change.ts';
import { Comparison, type ComparisonOptions } from '../diff/comparison.ts';
import { Attribution } from '../diff/explain/attribution.ts';
import { noiseOf } from '../diff/explain/noise.ts';
import { originLayer, type SetterOptions } from '../diff/explain/setters.ts';
import { Filter } from '../diff/filter.ts';
import { type Aspect, USUAL_ASPECTS } from '../diff/item.ts';
import { LayeredSide } from '../diff/layered.ts';
import { Union } from '../diff/union.ts';
import { openSide, recordsOfSides } from '../open/sides.ts';
import type { TarReading } from '../open/tars.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import { shownBytes } from '../sys/bytes.ts';
import { Errno, Trouble } from '../sys/errors.ts';
import { jsonChange } from '../told/change.ts';
import { absolutePath } from '../told/fields.ts';
import { checkArgument, checkOptions, type OptionForms } from './arguments.ts';
import { guarded, guardedAsync, libraryError, StratafsError } from './errors.ts';
import { bytesOfPath } from './opened-tree.ts';
import {
  commandOptions,
  LOCATION_FORMS,
  type LocationOptions,
  rootOf,
  SHOWING_FORMS,
  type ShowingOptions,
} from './options.ts';
import { inTurns } from './turns.ts';
import type { ChangeInfo, DiffSummary, Path } from './types.ts';

export interface DifferencesOptions extends LocationOptions, ShowingOptions {
  /** The data root of B, where it is another. */
  readonly rootB?: string;
  /** Only these paths and what is below them. */
  readonly paths?: readonly Path[];
  /** Each name in a directory that only one side has by itself; else such a directory is one change, with what it holds counted. */
  readonly expand?: boolean;
  /** Modification times too. */
  readonly mtime?: boolean;
  /** `none`: sizes alone are compared. */
  readonly content?: 'read' | 'none';
  /** Told of what cannot be looked up, listed or read, after which the comparison goes on; else it is thrown. */
  readonly onError?: (error: StratafsError) => void;
}

const DIFFERENCES_FORMS: OptionForms<DifferencesOptions> = {
  ...{ ...LOCATION_FORMS, ...SHOWING_FORMS },
  ...{ rootB: 'string', paths: 'paths', expand: 'boolean', mtime: 'boolean' },
  ...{ content: ['read', 'none'], onError: 'function' },
};

/** Compares two references, or directories (`./DIR`); to be closed. Rejects with StratafsError. */
export function differencesOf(a: string, b: string, options: DifferencesOptions = {}): Promise<Differences> {
  return guardedAsync(async () => {
    for (const [name, side] of Object.entries({ a, b })) checkArgument('diff', name, side, 'string');
    checkOptions('diff', options, DIFFERENCES_FORMS);
    const { rootB, paths = [], onError: _, ...rest } = options;
    const { expand = false, mtime = false, content = 'read', ...location } = rest;
    // A root of its own leaves the other side to be looked for alone.
    const { rootB: foundB, ...given } = await commandOptions(
      location,
      'diff',
      rootB === undefined ? [a, b] : [a],
    );
    try {
      const labels = [
        await openSide(a, given),
        await openSide(b, {
          ...given,
          root: rootB === undefined ? (foundB ?? given.root) : rootOf(rootB, options),
        }),
      ] as const;
      const stacks = labels.flatMap(({ stack }) => stack ?? []);
      if (stacks.length < 2)
        throw new Trouble('usage', 'Cannot compare an mtree file here: "stratafs diff" does');
      const { records } = await recordsOfSides(labels, given);
      const wanted = new Set<Aspect>(USUAL_ASPECTS);
      if (content === 'none') wanted.delete('content');
      const setters: SetterOptions = { readsContents: content === 'read' };
      const settings: ComparisonOptions = {
        filter: new Filter({ paths: paths.map((path) => absolutePath(bytesOfPath(path))) }),
        wanted,
        mtime,
        subtrees: expand ? 'list' : 'fold',
        noise: noiseOf,
        origin: (item) => originLayer(item, setters),
      };
      return new Differences({ stacks, records, tars: given.tars }, { settings, setters }, options);
    } catch (error) {
      given.tars.close();
      throw error;
    }
  });
}

interface ComparedStacks {
  readonly stacks: readonly LayerStack[];
  readonly records: ConstructorParameters<typeof Union>[1];
  /** Has what layers are read from that are tars; it is closed with the comparison. */
  readonly tars: TarReading;
}

/** To be gone through once, in path order. */
export class Differences implements Disposable, Iterable<ChangeInfo>, AsyncIterable<ChangeInfo> {
  readonly #union: Union;
  readonly #tars: TarReading;
  readonly #comparison: Comparison;
  readonly #told: ChangeInfo[] = [];
  readonly #failures: StratafsError[] = [];
  readonly #options: Pick<DifferencesOptions, 'onError' | 'signal'>;
  #state: 'new' | 'going on' | 'done' | 'closed' = 'new';

  /** @internal */
  constructor(
    { stacks, records, tars }: ComparedStacks,
    { settings, setters }: { readonly settings: ComparisonOptions; readonly setters: SetterOptions },
    options: Pick<DifferencesOptions, 'onError' | 'signal'>,
  ) {
    this.#options = options;
    this.#tars = tars;
    this.#union = new Union(stacks, records);
    try {
      const [a, b] = this.#union.stacks.map((place) => new LayeredSide(this.#union, place));
      if (a === undefined || b === undefined) throw new RangeError('two sides were expected');
      const told = {
        change: (change: Change) => this.#told.push(jsonChange(change) as ChangeInfo),
        error: (error: PathError) => this.#failures.push(failureOf(error)),
      };
      const sink = new Attribution(told, setters);
      this.#comparison = new Comparison(this.#union, [a, b], sink, settings);
    } catch (error) {
      this.#union.close();
      throw error;
    }
  }

  [Symbol.iterator](): Generator<ChangeInfo, void> {
    return inTurns(this.#changes(), this.#options.signal);
  }

  /** Lets others have their turn meanwhile. */
  [Symbol.asyncIterator](): AsyncIterator<ChangeInfo, void> {
    return inTurns(this.#changes(), this.#options.signal)[Symbol.asyncIterator]();
  }

  /** `undefined` after each step, that nothing may have been found in. */
  *#changes(): Generator<ChangeInfo | undefined, void> {
    if (this.#state !== 'new')
      throw new StratafsError('usage', 'Cannot compare again: a comparison is gone through once');
    this.#state = 'going on';
    const steps = this.#comparison.steps();
    try {
      for (let isDone = false; !isDone; ) {
        isDone = guarded(() => steps.next().done === true, 'compare');
        for (const error of this.#failures.splice(0)) {
          if (this.#options.onError === undefined) throw error;
          this.#options.onError(error);
        }
        yield* this.#told.splice(0);
        yield undefined;
      }
      this.#state = 'done';
    } finally {
      steps.return();
    }
  }

  /** What it came to; throws before the last change was taken. */
  get summary(): DiffSummary {
    if (this.#state !== 'done')
      throw new StratafsError(
        'usage',
        'Cannot tell what a comparison came to: it was not gone through to its end',
      );
    const { add, remove, modify, meta, type, rename, errors } = this.#comparison.summary;
    const equal = isEqual(this.#comparison.summary) && errors === 0;
    return { equal, add, remove, modify, meta, type, rename, errors };
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#union.close();
    this.#tars.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function failureOf({ path, errno, doing, side }: PathError): StratafsError {
  const error = libraryError(
    new Errno(errno, doing),
    `${doing} "${shownBytes(path)}" in ${side.toUpperCase()}`,
  );
  if (error instanceof StratafsError) return error;
  throw error;
}
