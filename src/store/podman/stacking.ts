// What Podman stacks, which it does not ask `layers.json` for: a layer's file `lower` lists those below it by their short links, top
// first, and a layer that is made on top takes its short link from the file `link` (storage drivers/overlay/overlay.go: getLower,
// get). Links of an additional store lie in that store.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { quoted } from '../formats/json.ts';
import type { LayerRecord } from './layers.ts';
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

/** The layers that `lower` lists, one after the other, against the parents. `record` is that of an image or a container. */
export function stackingDifference(root: PodmanRoot, record: LayerRecord): StackingDifference | undefined {
  if (root.driver !== 'overlay') return undefined;
  const own = shortLinkDifference(record.root, record.id);
  if (own?.kind === 'other') return own;
  const path = `${layerPath(record.root, record.id)}/lower`;
  const lower = attempt(() => record.root.files.readIfPresent(path)?.toString('latin1'));
  if (lower instanceof Trouble) return { kind: 'broken', state: lower.message };
  const [entry] = (lower ?? '').split(':').filter((one) => one !== '');
  if (entry === undefined) {
    if (record.parent === undefined) return undefined;
    return { kind: 'broken', state: 'no file "lower", or nothing in it' };
  }
  const found = layerOf(root, entry);
  const expected = record.parent ?? 'none';
  if (found === expected) return undefined;
  const state = `its file "lower" begins with ${quoted(entry)}`;
  if (found === undefined) return { kind: 'broken', state: `${state}, which leads to no layer` };
  return { kind: 'other', state: `${state}, which leads to ${found}`, expected, found };
}

/** Which layer an entry of a file `lower` leads to: the first root that has the link decides. */
function layerOf(root: PodmanRoot, entry: string): string | undefined {
  if (!SHORT_LINK.test(entry)) return undefined;
  for (const { files } of allRoots(root)) {
    const target = attempt(() => files.linkIfPresent(`overlay/${entry}`));
    if (target === undefined || target instanceof Trouble) continue;
    return /^\.\.\/([0-9a-f]{64})\/diff$/.exec(target)?.[1];
  }
  return undefined;
}
