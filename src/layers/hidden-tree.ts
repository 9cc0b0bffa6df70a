// Walks trees that only their own layer still has.
import type { ByteString } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import type { LayeredNames, PlacedEntry } from './layered-names.ts';
import { below } from './layers.ts';
import { type Damage, type Hidden, removalOf } from './removal.ts';

/** What a deleted directory has by a name, and what took that away; undefined where it has nothing. Throws Errno. */
export function hiddenBelow<E extends PlacedEntry>(
  layers: LayeredNames<E>,
  directory: Hidden<E>,
  name: string,
): Hidden<E> | undefined {
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
export function walkHidden<E extends PlacedEntry>(
  layers: LayeredNames<E>,
  start: Hidden<E>,
  visit: (hidden: Hidden<E>) => void,
  damage: (damage: Damage) => void,
): void {
  visit(start);
  const open = [namesBelow(layers, start, damage)];
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    const name = at.names.pop();
    if (name === undefined) {
      open.pop();
      continue;
    }
    try {
      const child = hiddenBelow(layers, at.hidden, name);
      if (child === undefined) continue;
      visit(child);
      if (child.entry.kind === 'directory') open.push(namesBelow(layers, child, damage));
    } catch (error) {
      tell(layers, at.hidden, below(at.hidden.path, name), error, damage);
    }
  }
}

/** What is still to be visited in a deleted directory, the next one last. */
interface NamesBelow<E extends PlacedEntry> {
  readonly hidden: Hidden<E>;
  readonly names: string[];
}

function namesBelow<E extends PlacedEntry>(
  layers: LayeredNames<E>,
  hidden: Hidden<E>,
  damage: (damage: Damage) => void,
): NamesBelow<E> {
  if (hidden.entry.kind !== 'directory') return { hidden, names: [] };
  try {
    return { hidden, names: [...layers.list(hidden.entry.directory()).types.keys()].sort().reverse() };
  } catch (error) {
    tell(layers, hidden, hidden.path, error, damage);
    return { hidden, names: [] };
  }
}

function tell<E extends PlacedEntry>(
  layers: LayeredNames<E>,
  { entry }: Hidden<E>,
  path: ByteString,
  error: unknown,
  damage: (damage: Damage) => void,
): void {
  if (!(error instanceof Errno)) throw error;
  damage({ path, layer: layers.layerOf(entry.holder), error });
}
