// What is in the layers of a stack but not in its merged view: deleted trees, each told once, and older versions.
import type { Entry } from '../overlay/layer/entry.ts';
import type { ByteString } from '../sys/bytes.ts';
import { S_IFMT, S_IFREG } from '../sys/statx.ts';
import { findHidden } from './hidden.ts';
import { hiddenBelow, walkHidden } from './hidden-tree.ts';
import { type Layers, type ObjectAttributes, objectAttributes } from './layers.ts';
import type { Damage, Hidden, Removal } from './removal.ts';

export interface Deleted {
  /** Where it would be in the merged view, with a leading slash. */
  readonly path: ByteString;
  readonly state: Hidden['state'];
  /** Index of the layer that has it, 0 at the top. */
  readonly layer: number;
  readonly attributes: ObjectAttributes;
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
  /** Told of each directory that is searched, and of each hidden object. */
  readonly begun?: (path: ByteString) => void;
}

/** Tells `visit` by path, newest layer first. */
export function deleted(layers: Layers, options: DeletedOptions, visit: (deleted: Deleted) => void): void {
  const { within = [], damage = () => {}, begun = () => {} } = options;
  const wanted = options.shadowed ? 'shadowed' : 'deleted';
  for (const hidden of findHidden(layers, { within, damage, begun })) {
    if (hidden.state !== wanted) continue;
    const found = descend(layers, hidden, within);
    if (found === undefined) continue;
    if (!options.expand) visit(measured(layers, found, { damage, begun }));
    else {
      const each = (one: Hidden) => {
        begun(one.path);
        visit(describe(layers, one));
      };
      walkHidden(layers, found, each, damage);
    }
  }
}

/** Where the wanted path lies below a deleted directory, that is what is told. */
function descend(layers: Layers, hidden: Hidden, within: readonly ByteString[]): Hidden | undefined {
  let at: Hidden | undefined = hidden;
  for (const name of within.slice(hidden.path.split('/').length - 1)) {
    at = at && hiddenBelow(layers, at, name);
  }
  return at;
}

function describe(layers: Layers, { path, entry, state, removal }: Hidden): Deleted {
  const attributes = objectAttributes(entry.status);
  return { path, state, layer: layers.layerOf(entry.holder), attributes, removal, entry };
}

/** With what is below a directory in its layer. */
function measured(
  layers: Layers,
  hidden: Hidden,
  { damage, begun }: Required<Pick<DeletedOptions, 'damage' | 'begun'>>,
): Deleted {
  const own = describe(layers, hidden);
  if (hidden.entry.kind !== 'directory') return own;
  // The directory itself is not below it.
  let entries = -1;
  let bytes = 0;
  const count = ({ path, entry: { status } }: Hidden) => {
    begun(path);
    const { mode, size } = objectAttributes(status);
    entries += 1;
    if ((mode & S_IFMT) === S_IFREG) bytes += size;
  };
  walkHidden(layers, hidden, count, damage);
  return { ...own, contents: { entries, bytes } };
}
