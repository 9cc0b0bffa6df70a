// What Podman stacks, which it does not ask `layers.json` for: a layer's file `lower` lists those below it by their short links, top
// first, and a layer that is made on top takes its short link from the file `link` (storage drivers/overlay/overlay.go: getLower,
// get). Links of an additional store lie in that store.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { quoted } from '../formats/json.ts';
import type { LayerRecord, PodmanLayers } from './layers.ts';
import { allRoots, layerPath, type PodmanRoot, type StorageRoot } from './root.ts';

/** How the driver's files differ from the record: they stack another layer, or lead nowhere. */
export type StackingDifference = {
  /** As the end of a sentence. */
  readonly state: string;
} & (
  | { readonly kind: 'other'; readonly expected: string; readonly found: string }
  | { readonly kind: 'broken' }
);

const SHORT_LINK = /^l\/([A-Z0-9]{26})$/;

/** Where the short link of a layer leads, against the layer itself. Undefined where it is right, or the driver has none. */
export function shortLinkDifference(root: StorageRoot, id: string): StackingDifference | undefined {
  if (root.driver !== 'overlay') return undefined;
  const broken = (state: string): StackingDifference => ({ kind: 'broken', state });
  const link = attempt(() => root.files.readTextIfPresent(`${layerPath(root, id)}/link`));
  if (link instanceof Trouble) return broken(link.message);
  if (link === undefined || !SHORT_LINK.test(`l/${link}`)) return broken('no file "link", or no name in it');
  const found = attempt(() => root.files.linkIfPresent(`overlay/l/${link}`));
  if (found instanceof Trouble) return broken(found.message);
  if (found === undefined) return broken(`its short link "overlay/l/${link}" is not there`);
  const target = /^\.\.\/([0-9a-f]{64})\/diff$/.exec(found)?.[1];
  if (target === id) return undefined;
  const state = `its short link "overlay/l/${link}" leads to "${shownBytes(found)}"`;
  return { kind: 'other', state, expected: id, found: target ?? shownBytes(found) };
}

/**
 * The layers that `lower` lists against the parents. `record` is that of an image or a container. The list is the parent's short
 * link and then the parent's own list (getLower), so that it must be the whole chain; what it lacks or has more at its end is not
 * stacked, or stacked. Entries without a letter are passed over, as the driver does.
 */
export function stackingDifference(
  root: PodmanRoot,
  record: LayerRecord,
  layers: PodmanLayers,
): StackingDifference | undefined {
  if (root.driver !== 'overlay') return undefined;
  const own = shortLinkDifference(record.root, record.id);
  if (own?.kind === 'other') return own;
  const path = `${layerPath(record.root, record.id)}/lower`;
  const lower = attempt(() => record.root.files.readIfPresent(path)?.toString('latin1'));
  if (lower instanceof Trouble) return { kind: 'broken', state: lower.message };
  const entries = (lower ?? '').split(':').filter((one) => one !== '');
  if (entries.length === 0) {
    if (record.parent === undefined) return undefined;
    return { kind: 'broken', state: 'no file "lower", or nothing in it' };
  }
  const below = attempt(() => layers.chain(record.id).slice(1));
  // What is wrong with the chain is told of the layer that breaks it; the layer right below is known all the same.
  const expectedIds = below instanceof Trouble ? [record.parent ?? 'none'] : below.map(({ id }) => id);
  const compared = below instanceof Trouble ? 1 : Math.max(entries.length, expectedIds.length);
  for (let i = 0; i < compared; i++) {
    const expected = expectedIds[i] ?? 'none';
    const entry = entries[i];
    const found = entry === undefined ? 'none' : layerOf(root, entry);
    if (found === expected) continue;
    const where = `layer ${i + 1} below it in its file "lower"`;
    if (found === undefined)
      return { kind: 'broken', state: `${where} is ${quoted(entry ?? '')}, which is not there` };
    return {
      kind: 'other',
      state: `${where} is ${quoted(found)}, by its record ${expected}`,
      expected,
      found,
    };
  }
  return undefined;
}

/**
 * What an engine stacks for an entry of a file `lower`: the layer that it leads to, or, where that is none, the words that say what
 * it is, since any link there is followed; undefined where nothing is. The first root in which the link leads to something decides.
 */
function layerOf(root: PodmanRoot, entry: string): string | undefined {
  if (!SHORT_LINK.test(entry)) return entry;
  for (const { files } of allRoots(root)) {
    const target = attempt(() => files.linkIfPresent(`overlay/${entry}`));
    if (target === undefined || target instanceof Trouble) continue;
    const id = /^\.\.\/([0-9a-f]{64})\/diff$/.exec(target)?.[1];
    if (id === undefined) return shownBytes(target);
    if (attempt(() => files.kindOf(`overlay/${id}/diff`)) !== undefined) return id;
  }
  return undefined;
}
