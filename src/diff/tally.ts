// The last step of a comparison: decides what is told and what only counted, and counts.

import { Errno } from '../sys/errors.ts';
import { STATX } from '../sys/statx.ts';
import { gainedPrivileges } from './aspects.ts';
import {
  type Change,
  changedBytes,
  isMetadataOnly,
  type PathError,
  type Sink,
  type Summary,
} from './change.ts';
import { type Item, isDirectoryItem } from './item.ts';
import { LayerItem } from './layered.ts';

export interface TallyOptions {
  /** Tell differences in times; unless told, they are counted only. */
  readonly mtime?: boolean;
  readonly showInit?: boolean;
  /** Names the noise rule a difference falls under. */
  readonly noise?: (change: Change) => string | undefined;
  /** Which of these rules' differences are counted only. */
  readonly hidesNoise?: (rule: string) => boolean;
  /** Which differences count at all. */
  readonly counts?: (change: Change) => boolean;
}

export class Tally {
  readonly #summary: Summary;
  readonly #sink: Sink;
  readonly #options: TallyOptions;

  constructor(summary: Summary, sink: Sink, options: TallyOptions) {
    this.#summary = summary;
    this.#sink = sink;
    this.#options = options;
  }

  error(error: PathError): void {
    this.#summary.errors++;
    this.#sink.error(error);
  }

  /** Whether something only one side has is told: what the engine itself put into a container is neither the image's nor the container's. */
  isTold(item: Item): boolean {
    const isTold = this.#options.showInit === true || item.role !== 'engine';
    if (!isTold) this.#summary.hidden.init++;
    return isTold;
  }

  isToldPair(a: Item, b: Item): boolean {
    if (this.#options.showInit === true) return true;
    const isEngine = a.role === 'engine' || b.role === 'engine';
    const isTold = !isEngine || a.role === 'upper' || b.role === 'upper';
    if (!isTold) this.#summary.hidden.init++;
    return isTold;
  }

  change(told: Change): void {
    const visible = this.#visible(told);
    if (visible === undefined || this.#options.counts?.(visible) === false) return;
    const noise = this.#options.noise?.(visible);
    if (noise !== undefined && this.#options.hidesNoise?.(noise)) {
      this.#summary.hidden.noise++;
      return;
    }
    if (noise !== undefined) this.#summary.noise++;
    const change = noise === undefined ? visible : { ...visible, noise };
    this.#count(change);
    this.#sink.change(change);
  }

  /** The change as it is to be told; undefined where it only counts. */
  #visible(change: Change): Change | undefined {
    const { a, b } = change;
    if (a === undefined || b === undefined || change.op !== 'modify') return change;
    if (!this.isToldPair(a, b)) return undefined;
    if (this.#options.mtime === true) return this.#examine(change, a, b);
    const what = change.what.filter((aspect) => aspect !== 'mtime');
    if (what.length > 0) return this.#examine({ ...change, what }, a, b);
    this.#summary.hidden.mtime++;
    return undefined;
  }

  #examine(change: Change, a: Item, b: Item): Change {
    try {
      const flags = gainedPrivileges(a, b);
      const raced = [a, b].some((item) => item.live && hasChanged(item));
      return { ...change, flags, ...(raced ? { raced: true as const } : {}) };
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.error({ path: change.path, side: 'b', errno: error.errno, doing: 'read' });
      return change;
    }
  }

  #count(change: Change): void {
    if (change.isCounted) return;
    const summary = this.#summary;
    const names = change.subtree?.entries ?? 1;
    if (change.op === 'add') {
      summary.add += names;
      summary.bytes.added += changedBytes(change, change.b);
    } else if (change.op === 'remove') {
      summary.remove += names;
      summary.bytes.removed += changedBytes(change, change.a);
    } else if (change.op === 'modify') {
      if (isMetadataOnly(change)) summary.meta++;
      else summary.modify++;
    } else if (change.op === 'type') {
      summary.type++;
      const [left, right] = [changedBytes(change, change.a), changedBytes(change, change.b)];
      summary.bytes.removed += left;
      summary.bytes.added += right;
      if (change.a !== undefined && isDirectoryItem(change.a)) summary.remove += names - 1;
      else summary.add += names - 1;
    } else summary.rename++;
  }
}

/** Whether a file of a running container is not any more what was compared. */
function hasChanged(item: Item): boolean {
  if (!(item instanceof LayerItem)) return false;
  const { entry, side } = item;
  if (!side.reader.examine(entry.holder, entry.name)) return true;
  const now = side.reader.status;
  return [STATX.ctime, STATX.ctime + 1, STATX.ctime + 2, STATX.size, STATX.ino].some(
    (word) => now[word] !== item.status[word],
  );
}
