// What is in the layers of a stack but not in its merged view: deleted trees, each told once, and older versions.
import type { Entry } from '../overlay/layer.ts';
import type { ByteString } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { S_IFDIR, S_IFMT, S_IFREG } from '../sys/statx.ts';
import { type Damage, findHidden, type Hidden, type Removal, walkTree } from './hidden.ts';
import { type Attributes, attributesOf, below, type Layers } from './layers.ts';

export interface Deleted {
  /** Where it would be in the merged view, with a leading slash. */
  readonly path: ByteString;
  readonly state: Hidden['state'];
  /** Index of the layer that has it, 0 at the top. */
  readonly layer: number;
  readonly attributes: Attributes;
  readonly removal: Removal;
  /** Of a directory: what is below it in its layer. */
  readonly contents?: { readonly entries: number; readonly bytes: number };
  readonly entry: Entry;
}

export interface DeletedOptions {
  /** Components of the path to stay at or below. */
  readonly within?: readonly ByteString[];
  /** Older versions of what is still there, instead of what is gone. */
  readonly shadowed?: boolean;
  /** Everything below a deleted directory too, each on its own. */
  readonly expand?: boolean;
  readonly damage?: (damage: Damage) => void;
}

/** Tells `visit` by path, newest layer first. */
export function deleted(layers: Layers, options: DeletedOptions, visit: (deleted: Deleted) => void): void {
  const { within = [], damage = () => {} } = options;
  const wanted = options.shadowed ? 'shadowed' : 'deleted';
  for (const hidden of findHidden(layers, { within, damage })) {
    if (hidden.state !== wanted) continue;
    for (const found of descend(layers, hidden, within)) {
      if (!options.expand) visit(describe(layers, found, damage));
      else for (const each of expanded(layers, found, damage)) visit(each);
    }
  }
}

/** Where the wanted path lies below a deleted directory, that is what is told. */
function descend(layers: Layers, hidden: Hidden, within: readonly ByteString[]): Hidden[] {
  let entry: Entry | undefined = hidden.entry;
  let { path } = hidden;
  for (const name of within.slice(path.split('/').length - 1)) {
    try {
      entry = entry.kind === 'directory' ? layers.find(entry.directory(), name) : undefined;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return [];
    }
    if (entry === undefined || entry.kind === 'whiteout') return [];
    path = below(path, name);
  }
  return [{ ...hidden, path, entry }];
}

function describe(layers: Layers, hidden: Hidden, damage: (damage: Damage) => void): Deleted {
  const { path, entry, state, removal } = hidden;
  const attributes = attributesOf(entry.status);
  const base = { path, state, layer: layers.layerOf(entry.holder), attributes, removal, entry };
  if ((attributes.mode & S_IFMT) !== S_IFDIR) return base;
  let entries = 0;
  let bytes = 0;
  const count = (_: ByteString, { status }: Entry) => {
    const { mode, size } = attributesOf(status);
    entries += 1;
    if ((mode & S_IFMT) === S_IFREG) bytes += size;
  };
  walkTree(layers, { path, record: entry.directory() }, count, damage);
  return { ...base, contents: { entries, bytes } };
}

/** The same and all below it, one by one. */
function expanded(layers: Layers, hidden: Hidden, damage: (damage: Damage) => void): Deleted[] {
  const { path, entry, state, removal } = hidden;
  const layer = layers.layerOf(entry.holder);
  const one = (place: ByteString, each: Entry): Deleted => ({
    path: place,
    state,
    layer,
    attributes: attributesOf(each.status),
    removal,
    entry: each,
  });
  const all = [one(path, entry)];
  if (entry.kind === 'directory') {
    const add = (place: ByteString, each: Entry) => all.push(one(place, each));
    walkTree(layers, { path, record: entry.directory() }, add, damage);
  }
  return all;
}
