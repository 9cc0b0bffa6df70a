// Keeps what is told in path order while contents are compared by other threads: what comes after a file that is still
// being read waits behind it. At most as many files wait as the ring of jobs holds.
import type { ByteString } from '../sys/bytes.ts';
import type { Change, PathError } from './change.ts';
import type { JobResult } from './contents/jobs.ts';
import { type PairOptions, Pairs } from './contents/pairs.ts';
import type { Aspect, Item } from './item.ts';
import type { Tally } from './tally.ts';
import type { Union } from './union.ts';

/** Two regular files of one size. */
export interface FilePair {
  readonly path: string;
  readonly a: Item;
  readonly b: Item;
  /** Of their attributes, what differs. */
  readonly what: readonly Aspect[];
  /** Present where both are taken for files without extended attributes: what to do when one has some. */
  readonly ifAttributed?: () => Change | PathError | undefined;
}

type Waiting =
  | { readonly kind: 'pair'; readonly pair: FilePair; readonly job: number }
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'error'; readonly error: PathError };

/** Told ones are dropped from the front of the queue in pieces of so many. */
const PIECE = 256;

export class InOrder {
  readonly #pairs: Pairs;
  readonly #tally: Tally;
  readonly #waiting: Waiting[] = [];
  #oldest = 0;

  constructor(union: Union, tally: Tally, options: PairOptions) {
    this.#pairs = new Pairs(union, options);
    this.#tally = tally;
  }

  get filesRead(): number {
    return this.#pairs.filesRead;
  }

  get #isIdle(): boolean {
    return this.#oldest >= this.#waiting.length;
  }

  change(change: Change): void {
    if (this.#isIdle) this.#tally.change(change);
    else this.#waiting.push({ kind: 'change', change });
  }

  error(error: PathError): void {
    if (this.#isIdle) this.#tally.error(error);
    else this.#waiting.push({ kind: 'error', error });
  }

  /** Whether the pair will be opened, and `ifAttributed` may be left to that. */
  opens(a: Item, b: Item): boolean {
    return this.#pairs.opens(a, b);
  }

  contents(pair: FilePair): void {
    while (this.#pairs.isFull) this.#deliverOldest({ wait: true });
    const outcome = this.#pairs.compare(pair.a, pair.b, pair.path, {
      mustBePlain: pair.ifAttributed !== undefined,
    });
    if (typeof outcome === 'number') {
      this.#waiting.push({ kind: 'pair', pair, job: outcome });
      while (this.#deliverOldest({ wait: false }));
      return;
    }
    const told = resultOf(pair, outcome);
    if (told === undefined) return;
    if ('errno' in told) this.error(told);
    else this.change(told);
  }

  /** The same at once and for the caller, who tells it. */
  contentsNow({ path, a, b, what }: FilePair): Change | PathError | undefined {
    const outcome = this.#pairs.compareNow(a, b, path);
    return resultOf({ path, a, b, what }, outcome);
  }

  /** Waits for all that is still read. */
  finish(): void {
    while (this.#deliverOldest({ wait: true }));
  }

  close(): void {
    this.#pairs.close();
  }

  /** Tells the oldest of what waits; false where nothing does, or it must wait on. */
  #deliverOldest(options: { wait: boolean }): boolean {
    const waiting = this.#waiting[this.#oldest];
    if (waiting === undefined) return false;
    let told: Change | PathError | undefined;
    if (waiting.kind === 'pair') {
      const result = this.#pairs.result(waiting.job, options);
      if (result === undefined) return false;
      told = resultOf(waiting.pair, result);
    } else told = waiting.kind === 'change' ? waiting.change : waiting.error;
    this.#advance();
    if (told !== undefined && 'errno' in told) this.#tally.error(told);
    else if (told !== undefined) this.#tally.change(told);
    return true;
  }

  #advance(): void {
    this.#oldest++;
    if (this.#oldest < PIECE && !this.#isIdle) return;
    this.#waiting.splice(0, this.#oldest);
    this.#oldest = 0;
  }
}

/** What is to be told of a pair; nothing where it is equal. */
function resultOf(
  { path, a, b, what, ifAttributed }: FilePair,
  result: JobResult,
): Change | PathError | undefined {
  const at = path as ByteString;
  if (result.kind === 'attributed') return ifAttributed?.();
  if (result.kind === 'failed') return { path: at, side: result.side, errno: result.errno, doing: 'read' };
  if (result.kind === 'equal') {
    return what.length === 0 ? undefined : { path: at, op: 'modify', what, flags: [], a, b };
  }
  // A negative offset is an unknown one.
  const firstDifference = result.at < 0 ? {} : { firstDifference: result.at };
  return { path: at, op: 'modify', what: ['content', ...what], flags: [], a, b, ...firstDifference };
}
