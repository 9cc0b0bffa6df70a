// What lower layers have in the place of an item: its older versions, by the real directories that the walk had in hand.
import { typeBits } from '../item.ts';
import { LayerItem } from '../layered.ts';

/**
 * Newest first, as far down as nothing ends it, and of the item's type. `known` is what the other side has there, of that type
 * too: where the real directories below the item are those it was found in, it is the next version and need not be looked
 * up. Throws Errno.
 */
export function* versionsBelow(item: LayerItem, known?: LayerItem): Generator<LayerItem> {
  const { side, parts, under, entry } = item;
  if (known !== undefined && isNextBelow(item, known)) {
    const next = new LayerItem(side, known.entry, known.parts, { under: known.under });
    yield next;
    yield* versionsBelow(next);
    return;
  }
  for (const record of parts.slice(1)) {
    const found = side.entryOf(record);
    if (found === undefined) return;
    yield new LayerItem(side, found, []);
  }
  if (parts.length > 0) return;
  for (let i = under.indexOf(entry.holder) + 1; i < under.length; i++) {
    const found = side.findIn(under[i] as number, entry.name);
    if (found === undefined) continue;
    const version = new LayerItem(side, found, []);
    if (found.kind === 'whiteout' || typeBits(version) !== typeBits(item)) return;
    yield version;
  }
}

/** Whether what lies below an item is, real directory for real directory, what another was found in, or is made of. */
function isNextBelow(item: LayerItem, other: LayerItem): boolean {
  if (item.parts.length > 0) return isTail(item.parts, 1, other.parts);
  return isTail(item.under, item.under.indexOf(item.entry.holder) + 1, other.under);
}

/** Whether `list` from `start` on is `tail`; not where that is empty. */
function isTail(list: readonly number[], start: number, tail: readonly number[]): boolean {
  if (tail.length === 0 || list.length - start !== tail.length) return false;
  return tail.every((record, index) => list[start + index] === record);
}
