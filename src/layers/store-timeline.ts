// The layers of many stacks, each walked once: what it has, and whether any of the stacks that it is in still shows that.
import type { Entry } from '../overlay/layer/entry.ts';
import { sourceName } from '../store/source.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { tellHidden } from './hidden.ts';
import { walkHidden } from './hidden-tree.ts';
import { below, type Layers } from './layers.ts';
import type { Damage, Hidden } from './removal.ts';
import { removedEntry, type TimelineEntry, type TimelineOptions, timelineEntry } from './timeline.ts';

/** In how many stacks an object is hidden, and in how many of these it is deleted. */
interface HiddenCount {
  stacks: number;
  deleted: number;
}

/** What of each layer the stacks hide, gathered stack by stack. Memory goes with what is hidden, not with what is there. */
export class SharedLayers {
  /** What a layer's source is called → labels of the stacks that have it. */
  readonly #users = new Map<ByteString, string[]>();
  /** The same → path in the layer → how often it is hidden. */
  readonly #hidden = new Map<ByteString, Map<ByteString, HiddenCount>>();
  /** What was told to have been removed, by layer and path. */
  readonly #removed = new Set<string>();

  /** Labels of the stacks that have a layer, in the order in which they were added. */
  usersOf(layers: Layers, index: number): readonly string[] {
    return this.#users.get(sourceName(layers.layer(index).source)) ?? [];
  }

  /** Adds a stack, and tells `visit` what its steps removed that no other stack's did. */
  add(layers: Layers, damage: (damage: Damage) => void, visit: (entry: TimelineEntry) => void): void {
    const { stack } = layers;
    for (const { source, missing } of stack.layers) {
      if (missing !== undefined) continue;
      const name = sourceName(source);
      this.#users.set(name, [...(this.#users.get(name) ?? []), stack.label]);
    }
    if (layers.roots.length === 0) return;
    tellHidden(layers, { damage }, (hidden) => {
      this.#tellRemoved(layers, hidden, visit);
      walkHidden(layers, hidden, (one) => this.#count(layers, one), damage);
    });
  }

  #count(layers: Layers, { entry, state }: Hidden): void {
    const name = sourceName(layers.layer(layers.layerOf(entry.holder)).source);
    let paths = this.#hidden.get(name);
    if (paths === undefined) {
      paths = new Map();
      this.#hidden.set(name, paths);
    }
    const path = placeOf(layers, entry);
    const count = paths.get(path) ?? { stacks: 0, deleted: 0 };
    count.stacks += 1;
    count.deleted += state === 'deleted' ? 1 : 0;
    paths.set(path, count);
  }

  #tellRemoved(layers: Layers, hidden: Hidden, visit: (entry: TimelineEntry) => void): void {
    const entry = removedEntry(layers, hidden);
    if (entry === undefined) return;
    const had = sourceName(layers.layer(layers.layerOf(hidden.entry.holder)).source);
    const key = `${sourceName(layers.layer(entry.layer).source)}\0${had}\0${entry.path}`;
    if (this.#removed.has(key)) return;
    this.#removed.add(key);
    visit(entry);
  }

  /**
   * Everything in one layer, whiteouts too. An object is deleted or shadowed where it is hidden in all stacks; deleted
   * where it is so in all of them.
   */
  walk(
    layers: Layers,
    index: number,
    { shadowed, damage }: TimelineOptions,
    visit: (entry: TimelineEntry) => void,
  ): void {
    const hidden = this.#hidden.get(sourceName(layers.layer(index).source));
    const users = this.usersOf(layers, index).length;
    const stateOf = (path: ByteString): TimelineEntry['state'] => {
      const { stacks, deleted } = hidden?.get(path) ?? { stacks: 0, deleted: 0 };
      return stacks < users ? 'visible' : deleted === stacks ? 'deleted' : 'shadowed';
    };
    guarded({ path: asBytes('/'), layer: index }, damage, () => {
      const attributes = layers.rootAttributes(index);
      visit({ path: asBytes('/'), attributes, layer: index, state: 'visible' });
    });
    eachEntry(layers, index, damage, (path, entry) => {
      const state = entry.kind === 'whiteout' ? 'whiteout' : stateOf(path);
      if (state === 'shadowed' && !shadowed) return;
      visit(timelineEntry(layers, { path, entry, state }, damage));
    });
  }
}

/** Where an object lies in its layer, with a leading slash. */
function placeOf(layers: Layers, { holder, name }: Entry): ByteString {
  const directory = layers.pathOf(holder);
  return below(asBytes(directory === '' ? '' : `/${directory}`), name);
}

/** Every name of one layer but the root, a directory before what it holds. */
function eachEntry(
  layers: Layers,
  index: number,
  damage: (damage: Damage) => void,
  visit: (path: ByteString, entry: Entry) => void,
): void {
  const waiting = [{ path: asBytes(''), record: layers.rootOf(index) }];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const { path, record } = at;
    guarded({ path, layer: index }, damage, () => {
      for (const name of layers.list(record).types.keys()) {
        const place = below(path, name);
        guarded({ path: place, layer: index }, damage, () => {
          const entry = layers.find(record, name);
          if (entry === undefined) return;
          visit(place, entry);
          if (entry.kind === 'directory') waiting.push({ path: place, record: entry.directory() });
        });
      }
    });
  }
}

function guarded(place: Omit<Damage, 'error'>, damage: (damage: Damage) => void, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    damage({ ...place, error });
  }
}
