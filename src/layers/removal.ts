// How objects of lower layers come to be hidden: what is known of one that is, and which newer layer took it away.
import type { Entry } from '../overlay/layer/entry.ts';
import type { ByteString } from '../sys/bytes.ts';
import type { Errno } from '../sys/errors.ts';
import type { LayeredNames, PlacedEntry } from './layered-names.ts';

/**
 * How a newer layer takes an object away. whiteout: of the name or of a directory above it; opaque: a directory above is
 * opaque; replaced: by something else of this name, or a directory above by a non-directory; redirect: a directory above
 * is shown from another place.
 */
export interface Removal<E extends PlacedEntry = Entry> {
  /** Index of the layer, 0 at the top: the lowest above the object that takes it away. */
  readonly layer: number;
  readonly how: 'whiteout' | 'opaque' | 'replaced' | 'redirect';
  /** Where the mark stands, in the merged view. */
  readonly path: ByteString;
  /** The mark, or what stands in the object's place. */
  readonly entry: E;
}

export interface Hidden<E extends PlacedEntry = Entry> {
  /** Where it would be in the merged view, with a leading slash. */
  readonly path: ByteString;
  readonly entry: E;
  /** deleted: nothing of its kind is there any more; shadowed: a newer version is. */
  readonly state: 'deleted' | 'shadowed';
  readonly removal: Removal<E>;
  /** Of a directory: those of newer layers that it was merged with before it was taken away, the nearest first. */
  readonly newer: readonly number[];
  /** Directories that the merged view shows somewhere: with redirects, that may be under another name. */
  readonly shown: ReadonlySet<number>;
}

export interface Damage {
  readonly path: ByteString;
  /** Index of the layer. */
  readonly layer: number;
  readonly error: Errno;
}

/**
 * What took an object of an older layer away: the nearest of `newer`, entries by its name in newer layers, that hides the
 * object; `inherited`, what took the directory above away, where none does. `merged` are the directories in layers nearer than
 * that one, with which the object, itself a directory, was merged.
 */
export function removalOf<E extends PlacedEntry>(
  layers: LayeredNames<E>,
  path: ByteString,
  entry: E,
  newer: readonly (E | undefined)[],
  inherited?: Removal<E>,
): { readonly removal: Removal<E> | undefined; readonly merged: readonly number[] } {
  const merged: number[] = [];
  for (const other of newer) {
    if (other === undefined) continue;
    const how = howItHides(other, entry);
    const layer = layers.layerOf(other.holder);
    if (how !== undefined) return { removal: { layer, how, path, entry: other }, merged };
    merged.push(other.directory());
  }
  return { removal: inherited, merged };
}

/** Undefined where both are directories that merge. */
function howItHides(newer: PlacedEntry, older: PlacedEntry): Removal['how'] | undefined {
  if (newer.kind === 'whiteout') return 'whiteout';
  if (newer.kind !== 'directory' || older.kind !== 'directory') return 'replaced';
  if (newer.opaque() === 'y') return 'opaque';
  return newer.redirect() === undefined ? undefined : 'redirect';
}
