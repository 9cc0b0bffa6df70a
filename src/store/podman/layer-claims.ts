// What a store of containers-storage says of its layers that can be checked: the ID of each follows from what it is made of and
// from what is below it, and its record says what an engine would stack.
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Claim, LayerClaims } from '../claims.ts';
import { type ChainId, chainIdOn, type DiffId, shortId } from '../digest.ts';
import type { UnpackRules } from '../record.ts';
import type { Inventory } from './inventory.ts';
import { imageLayerId, type LayerRecord } from './layers.ts';
import { hasTarRecord, tarRecord, unpackRules } from './record.ts';
import { allRoots, layerPath } from './root.ts';
import { dialectOf, sourceIn } from './stack.ts';
import { stackingDifference } from './stacking.ts';

/** Both base first; `diffIds` are those of the image's config, none where there is no image. */
export function layerClaims(
  inventory: Inventory,
  chain: readonly LayerRecord[],
  diffIds: readonly DiffId[],
): LayerClaims[] {
  const rules = unpackRules(inventory.root);
  const layers: LayerClaims[] = [];
  let chainId: ChainId | undefined;
  let expectedId: string | undefined;
  for (const [index, record] of chain.entries()) {
    const named = diffIds[index] ?? record.diffId;
    // What only its table of contents tells has no tar that could be proved.
    if (named === undefined) continue;
    expectedId = imageLayerId(expectedId, named);
    // A layer that is in the place of another is held against its own tar.
    const isInPlace = record.id === expectedId || record.tocDigest !== undefined;
    const diffId = isInPlace ? named : (record.diffId ?? named);
    chainId = chainIdOn(chainId, diffId);
    const place = { diffId, named, chainId, parent: chain[index - 1]?.id };
    layers.push(layerClaim(inventory, record, place, rules));
  }
  return layers;
}

interface LayerPlace {
  readonly diffId: DiffId;
  /** What the image's config has in this place. */
  readonly named: DiffId;
  readonly chainId: ChainId;
  readonly parent: string | undefined;
}

function layerClaim(
  inventory: Inventory,
  record: LayerRecord,
  { diffId, named, chainId, parent }: LayerPlace,
  rules: UnpackRules,
): LayerClaims {
  const { id, root } = record;
  const { root: store } = inventory;
  const claims: Claim[] = [];
  const fits = (expected: string, found: string, message: string) =>
    claims.push({ about: 'chain', expected, found, message });
  if (record.lost === undefined)
    fits(named, record.diffId ?? 'none', `layer ${id} has another diff ID than the image's config says`);
  for (const claim of stackClaims(inventory, record)) claims.push(claim);
  if (record.lost !== undefined) claims.push({ about: 'chain', unreadable: record.lost });
  else fits(parent ?? 'none', record.parent ?? 'none', `layer ${id} has another parent than the chain`);
  // One that is known by its table of contents has an ID made of that.
  if (record.tocDigest === undefined)
    fits(
      imageLayerId(parent, named),
      id,
      'the ID of the layer does not follow from its contents and its parent',
    );
  const path = `${layerPath(root, id)}${root.driver === 'vfs' ? '' : '/diff'}`;
  const directory = attempt(() => root.files.requireDirectory(path));
  if (directory instanceof Trouble)
    return { diffId, chainId, claims: [...claims, { about: 'chain', unreadable: directory.message }] };
  const isOwn = root === store || allRoots(store).includes(root);
  const layer = {
    source: sourceIn(root, id, directory),
    role: 'image',
    diffId,
    chainId,
    ids: { layer: id },
    ...(root.driver === 'vfs' ? { holds: 'tree' as const } : {}),
    dialect: dialectOf(isOwn ? { ...store, ...root } : store),
  } as const;
  if (hasTarRecord(root, id)) return { diffId, chainId, claims, layer, record: tarRecord(root, id, rules) };
  const missing = `layer ${id} has no record (tar-split) that its contents could be held against`;
  return { diffId, chainId, claims: [...claims, { about: 'chain', unreadable: missing }], layer };
}

/** That an engine would stack other layers than the record says; nothing where it would fail to, which `doctor` tells. */
export function stackClaims(inventory: Inventory, record: LayerRecord): Claim[] {
  const stacked = stackingDifference(inventory.root, record, inventory.layers());
  if (stacked?.kind !== 'other') return [];
  const { state, expected, found } = stacked;
  const message = `an engine would stack other layers than the record of ${shortId(record.id)} says: ${state}`;
  return [{ about: 'stack', expected, found, message }];
}
