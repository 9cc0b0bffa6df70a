// Every object of a stack with its times: what the merged view shows, what it hides, and the layer each is in.
import type { Entry } from '../overlay/layer/entry.ts';
import { isSameTime } from '../overlay/status.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { S_IFLNK, S_IFMT } from '../sys/statx.ts';
import { tellHidden } from './hidden.ts';
import { walkHidden } from './hidden-tree.ts';
import { type Layers, type ObjectAttributes, objectAttributes } from './layers.ts';
import type { Damage, Hidden } from './removal.ts';
import { createdTime, timeOfText } from './removal-time.ts';

export interface TimelineEntry {
  readonly path: ByteString;
  readonly attributes: ObjectAttributes;
  readonly target?: ByteString;
  /** Index of the layer, 0 at the top. */
  readonly layer: number;
  /**
   * whiteout: the mark that hides what lower layers have by this name, with its own attributes. removed: the attributes are
   * those of what is gone, the one time is when the step of the layer ended that took it away.
   */
  readonly state: 'visible' | Hidden['state'] | 'whiteout' | 'removed';
}

export interface TimelineOptions {
  /** Older versions of what is still there, too. */
  readonly shadowed: boolean;
  readonly damage: (damage: Damage) => void;
}

/** Unsorted; the root first. Throws Errno where the top layer cannot be opened. */
export function timeline(
  layers: Layers,
  { shadowed, damage }: TimelineOptions,
  visit: (entry: TimelineEntry) => void,
): void {
  const tell = (state: TimelineEntry['state']) => (path: ByteString, entry: Entry) =>
    visit(timelineEntry(layers, { path, entry, state }, damage));
  const [root] = layers.roots;
  if (root === undefined) return;
  const top = layers.layerOf(root);
  visit({ path: asBytes('/'), attributes: layers.rootAttributes(top), layer: top, state: 'visible' });
  const removals = new Removals(layers, visit);
  tellHidden(layers, { visible: tell('visible'), damage }, (hidden) => {
    removals.tell(hidden);
    if (hidden.state === 'shadowed' && !shadowed) return;
    const visitHidden = (one: Hidden) => {
      removals.tellWhiteout(one);
      tell(one.state)(one.path, one.entry);
    };
    walkHidden(layers, hidden, visitHidden, damage);
  });
}

export function timelineEntry(
  layers: Layers,
  { path, entry, state }: Pick<TimelineEntry, 'path' | 'state'> & { readonly entry: Entry },
  damage: (damage: Damage) => void,
): TimelineEntry {
  const attributes = objectAttributes(entry.status);
  const layer = layers.layerOf(entry.holder);
  const isLink = (attributes.mode & S_IFMT) === S_IFLNK;
  return { path, attributes, layer, state, ...(isLink ? targetOf(layers, path, entry, damage) : {}) };
}

/** That a deleted object was removed, where it is known when the step of that layer ended. */
export function removedEntry(
  layers: Layers,
  { path, entry, state, removal }: Hidden,
): TimelineEntry | undefined {
  const created = createdTime(layers.layer(removal.layer));
  if (state !== 'deleted' || created === undefined) return undefined;
  const { atime: _, ctime: __, btime: ___, ...attributes } = objectAttributes(entry.status);
  const mtime = timeOfText(created);
  return { path, attributes: { ...attributes, mtime }, layer: removal.layer, state: 'removed' };
}

/** What took hidden things away, as events of their own. */
class Removals {
  readonly #layers: Layers;
  readonly #visit: (entry: TimelineEntry) => void;
  /** The whiteout that was told last: what it hides of several layers comes one after the other. */
  #last = '';

  constructor(layers: Layers, visit: (entry: TimelineEntry) => void) {
    this.#layers = layers;
    this.#visit = visit;
  }

  tell(hidden: Hidden): void {
    this.tellWhiteout(hidden);
    const removed = removedEntry(this.#layers, hidden);
    if (removed !== undefined) this.#visit(removed);
  }

  /** Of one that is in the thing's own place. */
  tellWhiteout({ path, removal }: Hidden): void {
    const key = `${removal.layer} ${path}`;
    if (removal.how !== 'whiteout' || removal.path !== path || key === this.#last) return;
    this.#last = key;
    const attributes = objectAttributes(removal.entry.status);
    this.#visit({ path, attributes, layer: removal.layer, state: 'whiteout' });
  }
}

function targetOf(
  layers: Layers,
  path: ByteString,
  entry: Entry,
  damage: (damage: Damage) => void,
): { readonly target?: ByteString } {
  try {
    return { target: layers.linkTarget(entry) };
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    damage({ path, layer: layers.layerOf(entry.holder), error });
    return {};
  }
}

/** The times of one object that are the same: `m` modified, `a` accessed, `c` changed, `b` born. */
export interface TimelineEvent {
  readonly time: ObjectAttributes['mtime'];
  /** Four letters, a dot for each that this is not. */
  readonly macb: string;
}

export function eventsOf({ mtime, atime, ctime, btime }: ObjectAttributes): TimelineEvent[] {
  const events: { time: ObjectAttributes['mtime']; letters: string[] }[] = [];
  for (const [i, time] of [mtime, atime, ctime, btime].entries()) {
    if (time === undefined) continue;
    let event = events.find((one) => isSameTime(one.time, time));
    if (event === undefined) {
      event = { time, letters: ['.', '.', '.', '.'] };
      events.push(event);
    }
    event.letters[i] = 'macb'[i] as string;
  }
  return events.map(({ time, letters }) => ({ time, macb: letters.join('') }));
}
