// Walks trees that only their own layer still has.
import type { Entry } from '../overlay/layer.ts';
import type { ByteString } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { below, type Layers } from './layers.ts';
import { type Damage, type Hidden, removalOf } from './removal.ts';

/** Everything below a directory of one layer, whiteouts left out, a directory before what it holds. */
export function walkTree(
  layers: Layers,
  start: { readonly path: ByteString; readonly record: number },
  visit: (path: ByteString, entry: Entry) => void,
  damage: (damage: Damage) => void = () => {},
): void {
  const waiting = [start];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const { path, record } = at;
    const told = (place: ByteString, error: unknown) => {
      if (!(error instanceof Errno)) throw error;
      damage({ path: place, layer: layers.layerOf(record), error });
    };
    let names: string[] = [];
    try {
      names = [...layers.list(record).types.keys()].sort();
    } catch (error) {
      told(path, error);
    }
    const directories: (typeof start)[] = [];
    for (const name of names) {
      const place = below(path, name);
      try {
        const entry = layers.find(record, name);
        if (entry === undefined || entry.kind === 'whiteout') continue;
        visit(place, entry);
        if (entry.kind === 'directory') directories.push({ path: place, record: entry.directory() });
      } catch (error) {
        told(place, error);
      }
    }
    waiting.push(...directories.reverse());
  }
}

/** What a deleted directory has by a name, and what took that away; undefined where it has nothing. Throws Errno. */
export function hiddenBelow(layers: Layers, directory: Hidden, name: string): Hidden | undefined {
  if (directory.entry.kind !== 'directory') return undefined;
  const entry = layers.find(directory.entry.directory(), name);
  if (entry === undefined || entry.kind === 'whiteout') return undefined;
  if (entry.kind === 'directory' && directory.shown.has(entry.directory())) return undefined;
  const path = below(directory.path, name);
  const says = directory.newer.map((record) => layers.find(record, name));
  const { removal = directory.removal, merged } = removalOf(layers, path, entry, says, directory.removal);
  return { ...directory, path, entry, removal, newer: merged };
}

/** A deleted object and all below it, each with what took it away first. */
export function walkHidden(
  layers: Layers,
  start: Hidden,
  visit: (hidden: Hidden) => void,
  damage: (damage: Damage) => void,
): void {
  const waiting = [start];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    visit(at);
    const { path, entry } = at;
    if (entry.kind !== 'directory') continue;
    const record = entry.directory();
    const told = (place: ByteString, error: unknown) => {
      if (!(error instanceof Errno)) throw error;
      damage({ path: place, layer: layers.layerOf(record), error });
    };
    let names: string[] = [];
    try {
      names = [...layers.list(record).types.keys()].sort().reverse();
    } catch (error) {
      told(path, error);
    }
    for (const name of names) {
      try {
        const child = hiddenBelow(layers, at, name);
        if (child !== undefined) waiting.push(child);
      } catch (error) {
        told(below(path, name), error);
      }
    }
  }
}
