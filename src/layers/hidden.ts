// What the merged view of a stack hides: for every object of a lower layer that it does not show, which newer layer took
// it away and how. Walks only where several layers meet; what one layer alone supplies hides nothing.
import type { Entry } from '../overlay/layer/entry.ts';
import { DT_WHT } from '../overlay/layer/listing.ts';
import type { Resolution } from '../overlay/merge.ts';
import type { ByteString } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import type { LayeredNames, NameTypes, PlacedEntry } from './layered-names.ts';
import { below } from './layers.ts';
import { type Damage, type Hidden, type Removal, removalOf } from './removal.ts';

/** dirent.h: types the file system did not tell, and directories. */
const DT_UNKNOWN = 0;
const DT_DIR = 4;

export interface HiddenOptions<E extends PlacedEntry = Entry> {
  /** Components of the path to stay at or below. */
  readonly within?: readonly ByteString[];
  /**
   * Told of every visible name but the root, directories before what they hold; `parts` are the real directories of the one
   * it is in. With this everything is walked.
   */
  readonly visible?: (
    path: ByteString,
    entry: E,
    found: Resolution<number, E>,
    parts: readonly number[],
  ) => void;
  /** Whether a directory that is not merged, and what it leads to, need not be walked for `visible`. */
  readonly isKnown?: (record: number) => boolean;
  /** Told of each directory that is no longer merged, though another is shown by its name. */
  readonly cut?: (record: number, removal: Removal<E>) => void;
  readonly damage?: (damage: Damage) => void;
  /** Told of each directory before it is listed. */
  readonly begun?: (path: ByteString) => void;
}

/** A directory that is no longer merged, though the merged view has one by its name. */
interface Cut<E extends PlacedEntry> {
  readonly path: ByteString;
  readonly record: number;
  /** Real directories of the merged one. */
  readonly merged: readonly number[];
  /** Directories of newer layers that it was merged with before it was cut, the nearest first. */
  readonly newer: readonly number[];
  readonly removal: Removal<E>;
}

/** Deleted directories are told once, for all that is below (`walkHidden` goes there). Sorted by path, then newest first. */
export function findHidden<E extends PlacedEntry>(
  layers: LayeredNames<E>,
  options: HiddenOptions<E> = {},
): Hidden<E>[] {
  const found: Hidden<E>[] = [];
  tellHidden(layers, options, (hidden) => found.push(hidden));
  const layerOf = ({ entry }: Hidden<E>) => layers.layerOf(entry.holder);
  return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : layerOf(a) - layerOf(b)));
}

/** The same as it is found, in no order, so that only directories are held in memory. */
export function tellHidden<E extends PlacedEntry>(
  layers: LayeredNames<E>,
  options: HiddenOptions<E>,
  tell: (hidden: Hidden<E>) => void,
): void {
  new Search(layers, options, tell).run();
}

class Search<E extends PlacedEntry> {
  readonly #layers: LayeredNames<E>;
  readonly #options: HiddenOptions<E>;
  readonly #tell: (hidden: Hidden<E>) => void;
  /** Whether they are deleted is known when all was seen that is shown. */
  readonly #directories: Hidden<E>[] = [];
  readonly #cuts: Cut<E>[] = [];
  /** Directories that the merged view shows somewhere: with redirects, that may be under another name. */
  readonly #shown = new Set<number>();

  constructor(layers: LayeredNames<E>, options: HiddenOptions<E>, tell: (hidden: Hidden<E>) => void) {
    this.#layers = layers;
    this.#options = options;
    this.#tell = tell;
  }

  run(): void {
    const lowest = this.#layers.layerOf(this.#layers.roots.at(-1) ?? 0);
    const waiting = [{ path: '' as ByteString, parts: this.#layers.roots, depth: 0 }];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const { path, parts, depth } = at;
      for (const part of parts) this.#shown.add(part);
      const [only = 0] = parts.length === 1 ? parts : [];
      const isPure = only !== 0 && this.#layers.layerOf(only) === lowest;
      if (isPure && this.#options.visible === undefined) continue;
      if (only !== 0 && this.#options.isKnown?.(only)) continue;
      for (const child of this.#directory(path, parts, depth)) {
        waiting.push({ path: child.path, parts: child.parts, depth: depth + 1 });
      }
    }
    for (let cut = this.#cuts.pop(); cut !== undefined; cut = this.#cuts.pop()) this.#dead(cut);
    for (const hidden of this.#directories) {
      if (!this.#shown.has(hidden.entry.directory())) this.#tell(hidden);
    }
  }

  /** Answers the merged directories in it. */
  #directory(path: ByteString, parts: readonly number[], depth: number) {
    this.#options.begun?.(path);
    const listings = this.#list(path, parts);
    const children: { path: ByteString; parts: readonly number[] }[] = [];
    for (const name of this.#names(listings, depth)) {
      const levels = parts.flatMap((_, i) => ((listings[i] as NameTypes).types.has(name) ? [i] : []));
      const [first = 0] = levels;
      const type = (listings[first] as NameTypes).types.get(name);
      const isPlain = levels.length === 1 && type !== DT_DIR && type !== DT_UNKNOWN;
      if (isPlain && (this.#options.visible === undefined || type === DT_WHT)) continue;
      const place = below(path, name);
      try {
        const found = this.#layers.resolve(parts, name);
        if (found !== undefined) this.#options.visible?.(place, found.top, found, parts);
        if (found?.kind === 'directory') children.push({ path: place, parts: found.stack });
        if (levels.length > 1) {
          const real = levels.map((i) => parts[i] as number);
          this.#name(place, name, real, found);
        }
      } catch (error) {
        this.#damage(place, parts[first] as number, error);
      }
    }
    return children.reverse();
  }

  #list(path: ByteString, parts: readonly number[]): NameTypes[] {
    try {
      return this.#layers.keep(parts);
    } catch {
      // One of them cannot be listed: which one is told, and the others are listed.
      return parts.map((part) => {
        try {
          return this.#layers.list(part);
        } catch (error) {
          this.#damage(path, part, error);
          return { types: new Map() };
        }
      });
    }
  }

  #names(listings: readonly NameTypes[], depth: number): Iterable<string> {
    const wanted = this.#options.within?.[depth];
    if (wanted !== undefined) return listings.some(({ types }) => types.has(wanted)) ? [wanted] : [];
    const [only] = listings;
    if (listings.length === 1 && only !== undefined) return [...only.types.keys()].sort();
    return [...new Set(listings.flatMap(({ types }) => [...types.keys()]))].sort();
  }

  #damage(path: ByteString, record: number, error: unknown): void {
    if (!(error instanceof Errno)) throw error;
    this.#options.damage?.({ path, layer: this.#layers.layerOf(record), error });
  }

  /** `real` are the directories, top first, that have something by the name; `found` is what is shown. */
  #name(
    path: ByteString,
    name: string,
    real: readonly number[],
    found: Resolution<number, E> | undefined,
  ): void {
    const entries = real.map((record) => this.#layers.find(record, name));
    for (const [i, entry] of entries.entries()) {
      if (entry === undefined || entry.kind === 'whiteout' || isShown(entry, found)) continue;
      const newer = entries.slice(0, i).reverse();
      const { removal, merged } = removalOf(this.#layers, path, entry, newer);
      if (removal !== undefined) this.#hide(path, entry, removal, found, merged);
    }
  }

  #hide(
    path: ByteString,
    entry: E,
    removal: Removal<E>,
    found: Resolution<number, E> | undefined,
    newer: readonly number[],
  ): void {
    const shown = this.#shown;
    if (entry.kind !== 'directory') {
      const state = found?.kind === 'object' ? 'shadowed' : 'deleted';
      this.#tell({ path, entry, state, removal, newer, shown });
    } else if (found?.kind === 'directory') {
      this.#cuts.push({ path, record: entry.directory(), merged: found.stack, newer, removal });
    } else {
      this.#directories.push({ path, entry, state: 'deleted', removal, newer, shown });
    }
  }

  /** All that a cut directory holds is hidden, but other things may be shown by the same names. */
  #dead({ path, record, merged, newer, removal }: Cut<E>): void {
    if (this.#shown.has(record)) return;
    this.#options.cut?.(record, removal);
    this.#options.begun?.(path);
    const [own] = this.#list(path, [record]);
    const depth = path.split('/').length - 1;
    for (const name of this.#names(own === undefined ? [] : [own], depth)) {
      const place = below(path, name);
      try {
        const entry = this.#layers.find(record, name);
        if (entry === undefined || entry.kind === 'whiteout') continue;
        const says = newer.map((directory) => this.#layers.find(directory, name));
        const why = removalOf(this.#layers, place, entry, says, removal);
        const found = this.#layers.resolve(merged, name);
        this.#hide(place, entry, why.removal ?? removal, found, why.merged);
      } catch (error) {
        this.#damage(place, record, error);
      }
    }
  }
}

function isShown<E extends PlacedEntry>(entry: E, found: Resolution<number, E> | undefined): boolean {
  if (found === undefined) return false;
  if (found.kind === 'object') return found.holder === entry.holder;
  return entry.kind === 'directory' && found.stack.includes(entry.directory());
}
