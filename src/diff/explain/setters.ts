// Which layer set what of an object: its contents where these bytes first came, all else where it was last changed. A layer
// that wrote the object again as it was set nothing of it, so that after `chmod -R` the contents are still those of the COPY.
import { Errno } from '../../sys/errors.ts';
import { S_IFBLK, S_IFCHR, S_IFLNK, S_IFREG } from '../../sys/statx.ts';
import { compareMetadata, type XattrFilter } from '../aspects.ts';
import type { Change } from '../change.ts';
import type { Checksum } from '../contents/pairs.ts';
import {
  type Aspect,
  type Item,
  isSameSize,
  type Settable,
  type Setters,
  type SideName,
  typeBits,
} from '../item.ts';
import { LayerItem } from '../layered.ts';
import { versionsBelow } from './versions.ts';

export interface SetterOptions {
  readonly isXattrCompared?: XattrFilter;
  /** Where checksums are believed instead of reading. */
  readonly checksum?: Checksum;
  /** Whether contents may be read; where not, what only they can tell is not told. */
  readonly readsContents?: boolean;
}

/** What an item differs from, of its type. */
export interface Counterpart {
  readonly item: Item | undefined;
  readonly hasOtherContents: boolean;
}

/** Empty for what no layer has. What is known of the counterpart is not read again. */
export function settersOf(
  item: Item,
  asked: readonly Settable[],
  options: SetterOptions = {},
  counterpart?: Counterpart,
): Setters {
  if (!(item instanceof LayerItem)) return {};
  const setters: Partial<Record<Settable, number>> = {};
  if (item.isLowest) {
    for (const aspect of asked) setters[aspect] = item.layer;
    return setters;
  }
  const other = counterpart?.item instanceof LayerItem ? counterpart.item : undefined;
  const open = new Set<Settable>(asked);
  let newer = item;
  try {
    for (const older of versionsBelow(item, other)) {
      if (newer === item && counterpart?.hasOtherContents && older.entry === other?.entry) {
        setters.content = newer.layer;
        open.delete('content');
      }
      settle(newer, older, open, setters, options);
      if (open.size === 0) return setters;
      newer = older;
    }
  } catch (error) {
    if (error instanceof Errno) return setters;
    throw error;
  }
  for (const aspect of open) setters[aspect] = newer.layer;
  return setters;
}

/** What makes an object of its type what it is: the bytes of a file, the target of a link; of others that they are there. */
export function substanceOf(item: Item): Settable {
  const type = typeBits(item);
  if (type === S_IFREG) return 'content';
  if (type === S_IFLNK) return 'target';
  return type === S_IFCHR || type === S_IFBLK ? 'rdev' : 'type';
}

/** The layer that an object came with; the one that wrote it last where that cannot be told. */
export function originLayer(item: Item, options: SetterOptions = {}): number {
  if (!(item instanceof LayerItem) || item.isLowest) return item.layer;
  const substance = substanceOf(item);
  return settersOf(item, [substance], options)[substance] ?? item.layer;
}

const EVERY = () => true;

/** Settles the open aspects in which two versions differ: the newer set them. */
function settle(
  newer: LayerItem,
  older: LayerItem,
  open: Set<Settable>,
  setters: Partial<Record<Settable, number>>,
  options: SetterOptions,
): void {
  const different: Aspect[] = [];
  // Of what is no aspect of metadata it knows nothing.
  compareMetadata(newer, older, open as ReadonlySet<Aspect>, options.isXattrCompared ?? EVERY, different);
  for (const aspect of different as Settable[]) {
    setters[aspect] = newer.layer;
    open.delete(aspect);
  }
  if (!open.has('content')) return;
  const isSame = hasSameBytes(newer, older, options);
  if (isSame === true) return;
  open.delete('content');
  if (isSame === false) setters.content = newer.layer;
}

/** Undefined where it cannot be told. */
function hasSameBytes(newer: LayerItem, older: LayerItem, options: SetterOptions): boolean | undefined {
  try {
    // A metacopy file shows the contents of the one below it.
    if (newer.entry.metacopy()) return true;
    if (!isSameSize(newer, older) || older.entry.metacopy()) return false;
    if (options.readsContents === false) return undefined;
    const sum = options.checksum?.(newer, '');
    const other = sum === undefined ? undefined : options.checksum?.(older, '');
    if (sum !== undefined && other !== undefined) return sum === other;
    return newer.side.firstDifference(newer, older) === undefined;
  } catch (error) {
    if (error instanceof Errno) return undefined;
    throw error;
  }
}

const OF_ONE_SIDE: readonly Settable[] = ['type', 'mode', 'uid', 'gid'];

/** What of a change is worth asking who set it: that which differs; of what only one side has, the whole object. */
export function settableOf({ op, what, flags }: Change, item: Item): readonly Settable[] {
  if (op === 'modify' || op === 'rename') {
    const differing = what.filter((aspect) => aspect !== 'links');
    return differing.length === 0 ? ['type'] : differing;
  }
  const caps: readonly Settable[] = flags.includes('caps-added') ? ['caps'] : [];
  return [...new Set([...OF_ONE_SIDE, substanceOf(item), ...caps])];
}

/** A layer of one side. */
export interface SideLayer {
  readonly side: SideName;
  readonly layer: number;
}

/**
 * The layer that made a difference: B's, or A's where the one of B lies below both. Undefined where that cannot be told.
 * `isShared` is asked for numbers of B's layers.
 */
export function makerOf(
  { setBy }: Change,
  aspect: Settable,
  isShared: (layer: number) => boolean,
): SideLayer | undefined {
  const [a, b] = [setBy?.a?.[aspect], setBy?.b?.[aspect]];
  if (b !== undefined && !(isShared(b) && a !== undefined)) return { side: 'b', layer: b };
  return a === undefined ? undefined : { side: 'a', layer: a };
}
