// Puts equal metadata changes that one step made below one directory together, as `chmod -R` leaves them: one record with a
// count. A sink between a comparison and what tells its changes; every change is told once, alone or in a group.
import type { ByteString } from '../../sys/bytes.ts';
import { unlessErrno } from '../../sys/errors.ts';
import { CAPABILITY } from '../aspects.ts';
import { type Change, isMetadataOnly, type PathError, type Sink } from '../change.ts';
import { type Aspect, gidOf, type Item, modeOf, uidOf } from '../item.ts';
import { chmodWords } from './modes.ts';
import { makerOf } from './setters.ts';

/** Changes in one top directory that differ in the same, equally, and were made so by the same layers. */
export interface ChangeGroup {
  /** The nearest that all are in; one of them may be its own. `/` at the front. */
  readonly directory: ByteString;
  readonly count: number;
  /** The first in path order: what differs, and who set it, is told of it for all. */
  readonly first: Change;
  /** `a+w`, where modes differ; empty where they do not. */
  readonly modes: string;
}

export interface GroupSink extends Omit<Sink, 'error'> {
  error?: Sink['error'];
  group(group: ChangeGroup): void;
}

/** Fewer are told one by one. */
const LEAST = 4;
/** So many changes wait for others like them; past that the oldest is told as it is. */
const MOST_WAITING = 4096;

interface Gathering {
  readonly key: string;
  readonly first: Change;
  directory: string;
  count: number;
}

/** A change in its place; with what it is gathered in, where it may be told by that. */
interface Slot {
  readonly change: Change;
  readonly gathering?: Gathering;
}

export class Grouping implements Sink {
  readonly #sink: GroupSink;
  readonly #isShared: (layer: number) => boolean;
  readonly #gatherings = new Map<string, Gathering>();
  #slots: Slot[] = [];
  /** Slots before this one are told. */
  #next = 0;
  #top = '';

  /** `isShared` tells of numbers of B's layers whether they are A's as well. */
  constructor(sink: GroupSink, isShared: (layer: number) => boolean) {
    this.#sink = sink;
    this.#isShared = isShared;
  }

  change(change: Change): void {
    const top = change.path.split('/', 2)[1] ?? '';
    if (top !== this.#top) this.finish();
    this.#top = top;
    const key = isGroupable(change) ? equalityKey(change, this.#isShared) : undefined;
    if (key !== undefined) this.#gather(key, change);
    else if (this.#slots.length === 0) this.#sink.change(change);
    else this.#slots.push({ change });
    if (this.#slots.length - this.#next > MOST_WAITING) this.#tellNext();
  }

  error(error: PathError): void {
    this.#sink.error?.(error);
  }

  /** Tells all that waits. */
  finish(): void {
    while (this.#next < this.#slots.length) this.#tellNext();
    this.#slots = [];
    this.#next = 0;
    this.#gatherings.clear();
  }

  #gather(key: string, change: Change): void {
    const gathering = this.#gatherings.get(key);
    if (gathering === undefined) {
      const begun = { key, first: change, directory: change.path, count: 1 };
      this.#gatherings.set(key, begun);
      this.#slots.push({ change, gathering: begun });
      return;
    }
    gathering.count++;
    gathering.directory = commonDirectory(gathering.directory, change.path);
    if (gathering.count < LEAST) this.#slots.push({ change, gathering });
  }

  #tellNext(): void {
    const slot = this.#slots[this.#next] as Slot;
    this.#next++;
    if (this.#next === MOST_WAITING) {
      this.#slots.splice(0, this.#next);
      this.#next = 0;
    }
    const { change, gathering } = slot;
    if (gathering === undefined) {
      this.#sink.change(change);
      return;
    }
    const { first, directory, count, key } = gathering;
    if (count >= LEAST) {
      // What comes later under this key begins anew: this one is told.
      if (this.#gatherings.get(key) === gathering) this.#gatherings.delete(key);
      if (change !== first) return;
      this.#sink.group({ directory: directory as ByteString, count, first, modes: modesOf(first) });
      return;
    }
    this.#sink.change(change);
    if (this.#gatherings.get(key) === gathering) this.#gatherings.delete(key);
  }
}

/** What stands out is told by name. */
function isGroupable(change: Change): boolean {
  const { flags, noise, raced, isCounted, what } = change;
  if (!isMetadataOnly(change) || what.length === 0 || what.includes('links')) return false;
  return flags.length === 0 && noise === undefined && raced === undefined && isCounted === undefined;
}

function modesOf({ what, a, b }: Change): string {
  return what.includes('mode') && a !== undefined && b !== undefined ? chmodWords(modeOf(a), modeOf(b)) : '';
}

/** Equal for changes that one line can tell; undefined where an attribute cannot be read. */
function equalityKey(change: Change, isShared: (layer: number) => boolean): string | undefined {
  const { a, b, what } = change;
  if (a === undefined || b === undefined) return undefined;
  const words: string[] = [];
  for (const aspect of what) {
    const values = valuesOf(aspect, change, a, b);
    if (values === undefined) return undefined;
    const maker = aspect === 'links' ? undefined : makerOf(change, aspect, isShared);
    words.push(`${aspect} ${values} ${maker?.side}${maker?.layer}`);
  }
  return words.join('\n');
}

/** Of times, each its own: that they differ. */
function valuesOf(aspect: Aspect, change: Change, a: Item, b: Item): string | undefined {
  if (aspect === 'mode') return modesOf(change);
  if (aspect === 'uid') return `${uidOf(a)} ${uidOf(b)}`;
  if (aspect === 'gid') return `${gidOf(a)} ${gidOf(b)}`;
  if (aspect === 'mtime') return '';
  return unlessErrno(() => [a, b].map((item) => attributesText(aspect, item)).join(' '));
}

function attributesText(aspect: Aspect, item: Item): string {
  const told: string[] = [];
  for (const [name, value] of item.xattrs()) {
    if (aspect === 'caps' && name !== CAPABILITY) continue;
    told.push(`${name}=${value.toString('base64')}`);
  }
  return told.sort().join();
}

/** The nearest directory that both are in or are; `a` counts as a directory. */
function commonDirectory(a: string, b: string): string {
  const [left, right] = [a.split('/'), b.split('/')];
  let same = 0;
  while (same < Math.min(left.length, right.length) && left[same] === right[same]) same++;
  return left.slice(0, same).join('/') || '/';
}
