// One difference between two root filesystems as an object of JSON.
import type { Change, Subtree } from '../diff/change.ts';
import {
  exactSizeOf,
  gidOf,
  type Item,
  modeOf,
  mtimeOf,
  nlinkOf,
  rdevOf,
  type Setters,
  typeBits,
  uidOf,
} from '../diff/item.ts';
import { Errno, errnoName } from '../sys/errors.ts';
import { isDevice, typeOf } from '../sys/file-types.ts';
import { decodeDevice, S_IFLNK } from '../sys/statx.ts';
import { jsonName } from './escape.ts';
import { jsonTime, octalMode } from './fields.ts';

/** All that is told of a change; of `a` and `b` what `jsonItem` has. */
export function jsonChange(change: Change): object {
  const { op, what, flags, a, b, from, subtree, by, firstDifference, noise, raced } = change;
  const setBy = jsonSetters(change);
  return {
    ...jsonName('path', change.path),
    op,
    ...(what.length === 0 ? {} : { what }),
    ...(flags.length === 0 ? {} : { flags }),
    ...(from === undefined ? {} : jsonName('from', from)),
    ...(subtree === undefined ? {} : { subtree: jsonSubtree(subtree) }),
    ...(change.isCounted ? { inSubtree: true } : {}),
    ...(by === undefined ? {} : { by }),
    ...(setBy === undefined ? {} : { setBy }),
    ...(firstDifference === undefined ? {} : { firstDifference }),
    ...(noise === undefined ? {} : { noise }),
    ...(raced === undefined ? {} : { raced }),
    ...(a === undefined ? {} : { a: jsonItem(a) }),
    ...(b === undefined ? {} : { b: jsonItem(b) }),
  };
}

/** Its layers are named where there is more than the one that its directory has; where it came from, where they are others. */
function jsonSubtree({ entries, bytes, layers, origins }: Subtree): object {
  const shares = (of: Subtree['layers']) =>
    [...of].sort(([x], [y]) => x - y).map(([layer, share]) => ({ layer, ...share }));
  const [written, came] = [shares(layers), shares(origins)];
  return {
    entries,
    bytes,
    ...(layers.size < 2 ? {} : { layers: written }),
    ...(JSON.stringify(written) === JSON.stringify(came) ? {} : { origins: came }),
  };
}

/** Of each side, where not all is of the layer that the object itself is told with. */
function jsonSetters({ setBy, a, b }: Change): object | undefined {
  const isTold = (setters: Setters | undefined, item: Item | undefined) =>
    setters !== undefined && Object.values(setters).some((layer) => layer !== item?.layer);
  const told = {
    ...(isTold(setBy?.a, a) ? { a: setBy?.a } : {}),
    ...(isTold(setBy?.b, b) ? { b: setBy?.b } : {}),
  };
  return Object.keys(told).length === 0 ? undefined : told;
}

export function jsonItem(item: Item): object {
  return {
    type: typeOf(modeOf(item)).name,
    mode: octalMode(modeOf(item)),
    uid: uidOf(item),
    gid: gidOf(item),
    size: exactSizeOf(item),
    ...(isDevice(modeOf(item)) ? decodeDevice(rdevOf(item)) : {}),
    ...(typeBits(item) === S_IFLNK ? jsonTarget(item) : {}),
    mtime: jsonTime(mtimeOf(item)),
    nlink: nlinkOf(item),
    ...(item.layer === 0 ? {} : { layer: item.layer }),
  };
}

/** A container that runs may have lost its link meanwhile. */
function jsonTarget(item: Item): object {
  try {
    return jsonName('target', item.target());
  } catch (error) {
    if (error instanceof Errno) return { targetError: errnoName(error.errno) };
    throw error;
  }
}
