// What a store of containers-storage says of itself that can be checked: an image's ID and the names of its data are hashes of
// them, a manifest names its config, the config names layers, and the ID of each layer follows from what it is made of and from
// what is below it. `verify/` judges it.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Claim, Claims, LayerClaims } from '../claims.ts';
import { type ChainId, chainIdOn, type DiffId, imageIdOf, sha256, shortId } from '../digest.ts';
import { optionalObject, optionalString, parseJson } from '../formats/json.ts';
import { parseManifest } from '../oci/manifest.ts';
import { MANIFEST_OR_INDEX } from '../oci/oci-shapes.ts';
import type { UnpackRules } from '../record.ts';
import {
  configName,
  dataPath,
  type ImageRecord,
  MANIFEST,
  MANIFEST_DIGEST,
  readImageConfig,
  readImageData,
} from './images.ts';
import type { Inventory } from './inventory.ts';
import { imageLayerId, type LayerRecord } from './layers.ts';
import { rootfsOf } from './libpod.ts';
import { hasTarRecord, tarRecord, unpackRules } from './record.ts';
import { allRoots, layerPath } from './root.ts';
import { MANIFEST_SHAPE } from './shapes.ts';
import { dialectOf, layersOf, sourceIn } from './stack.ts';
import { stackingDifference } from './stacking.ts';
import { repoDigests } from './summaries.ts';
import { unrecordedDirectories } from './unrecorded.ts';

export function claimsOfImage(inventory: Inventory, id: string, label: string): Claims {
  const subject = { label, kind: 'image', id: imageIdOf(id) } as const;
  const image = attempt(() => inventory.imageLists().image(id));
  if (image instanceof Trouble) return { ...subject, claims: [unreadable('config', image)], chains: [] };
  return { ...subject, ...imageClaims(inventory, image) };
}

/** The layers that a container stands on. Throws Trouble where they cannot be told. */
export function claimsOfContainer(inventory: Inventory, id: string, label: string): Claims {
  const container = inventory.containers().get(id);
  const subject = { label, kind: 'container', id } as const;
  const rootfs = container?.podman && rootfsOf(container.podman);
  if (rootfs !== undefined) {
    const unreadable = `it has no layers: its tree is the directory "${rootfs}" of its machine (--rootfs)`;
    return { ...subject, claims: [{ about: 'chain', unreadable }], chains: [], own: [] };
  }
  const claims: Claim[] = [];
  if (container?.damage !== undefined) claims.push({ about: 'repository', unreadable: container.damage });
  const [own, ...below] = container?.layer === undefined ? [] : inventory.layers().chain(container.layer);
  for (const claim of own === undefined ? [] : stackClaims(inventory, own)) claims.push(claim);
  const imageId = container?.record?.image;
  const image = imageId === undefined ? undefined : attempt(() => inventory.imageLists().image(imageId));
  if (image instanceof Trouble) claims.push(unreadable('config', image));
  else if (image !== undefined) {
    const found = below.at(0)?.id ?? 'none';
    const isMapped = image.mappedLayers.includes(found);
    const message = 'the container does not stand on the image it names';
    claims.push({ about: 'chain', expected: isMapped ? found : (image.layer ?? 'none'), found, message });
    const { claims: own, chains } = imageClaims(inventory, image);
    return { ...subject, claims: [...claims, ...own], chains };
  }
  return { ...subject, claims, chains: [layerClaims(inventory, [...below].reverse(), [])] };
}

/** All images, then containers, layers that neither has, what is wrong with the lists, and directories that nothing leads to. */
export function* claimsOfAll(inventory: Inventory): Generator<Claims> {
  const seen = new Set<string>();
  const note = (chain: readonly LayerRecord[] | Trouble) => {
    for (const { id } of chain instanceof Trouble ? [] : chain) seen.add(id);
  };
  for (const [id, record] of inventory.images()) {
    const label = record instanceof Trouble ? shortId(id) : (record.names[0] ?? shortId(id));
    note(record instanceof Trouble ? record : attempt(() => layersOf(inventory, record)));
    yield claimsOfImage(inventory, id, label);
  }
  for (const [id, { name, layer }] of inventory.containers()) {
    note(layer === undefined ? [] : attempt(() => inventory.layers().chain(layer)));
    yield claimsOfOneContainer(inventory, id, name === '' ? shortId(id) : name);
  }
  const others = otherLayers(inventory, seen);
  if (others !== undefined) yield others;
  const lists = listClaims(inventory);
  if (lists.length > 0) yield { label: 'lists', kind: 'store', claims: lists, chains: [] };
  const unrecorded = attempt(() => unrecordedDirectories(inventory, seen));
  const told = { label: 'directories of no record', kind: 'store', chains: [] } as const;
  if (unrecorded instanceof Trouble) yield { ...told, claims: [unreadable('chain', unrecorded)] };
  else if (unrecorded.length > 0) yield { ...told, claims: [], unrecorded };
}

function claimsOfOneContainer(inventory: Inventory, id: string, label: string): Claims {
  const claims = attempt(() => claimsOfContainer(inventory, id, label));
  if (!(claims instanceof Trouble)) return claims;
  return { label, kind: 'container', id, claims: [unreadable('chain', claims)], chains: [] };
}

function listClaims(inventory: Inventory): Claim[] {
  const lists = [
    ...inventory.imageLists().lists.map(({ list }) => list),
    ...inventory.layers().lists.map(({ list }) => list),
    inventory.containerList(),
  ];
  const sentences = lists.flatMap(({ damage, unreadable: lost }) => [
    ...damage,
    ...(lost === undefined ? [] : [lost.message]),
  ]);
  return [...new Set(sentences)].map((sentence) => ({ about: 'repository', unreadable: sentence }));
}

/** Layers of no image and no container; one below another is verified as part of its chain. */
function otherLayers(inventory: Inventory, seen: Set<string>): Claims | undefined {
  const layers = inventory.layers();
  const claims: Claim[] = [];
  const chains: LayerClaims[][] = [];
  // The last that was made comes first, so that what is below it is not told twice.
  for (const id of layers.ids().reverse()) {
    if (seen.has(id)) continue;
    const chain = attempt(() => layers.chain(id));
    if (chain instanceof Trouble) {
      claims.push(unreadable('chain', chain));
      continue;
    }
    for (const layer of chain.filter((one) => one.diffId === undefined && !seen.has(one.id))) {
      const sentence = `no image or container has layer ${layer.id}, and no record says what should be in it`;
      claims.push({ about: 'chain', unreadable: sentence });
    }
    const unpacked = chain.filter((layer) => layer.diffId !== undefined);
    const isNew = unpacked.some((layer) => !seen.has(layer.id));
    for (const layer of chain) seen.add(layer.id);
    if (isNew) chains.push(layerClaims(inventory, unpacked.reverse(), []));
  }
  if (claims.length + chains.length === 0) return undefined;
  return { label: 'layers of no image', kind: 'layers', claims, chains };
}

function imageClaims(
  inventory: Inventory,
  image: ImageRecord,
): Pick<Claims, 'claims' | 'chains' | 'repoDigests'> {
  const claims: Claim[] = image.lost === undefined ? [] : [{ about: 'repository', unreadable: image.lost }];
  for (const claim of dataClaims(image)) claims.push(claim);
  const config = attempt(() => readImageConfig(image));
  if (config instanceof Trouble && !claims.some((claim) => claim.about === 'config'))
    claims.push(unreadable('config', config));
  const chain = attempt(() => layersOf(inventory, image));
  if (chain instanceof Trouble) return { claims: [...claims, unreadable('chain', chain)], chains: [] };
  const diffIds = config instanceof Trouble ? [] : config.diffIds;
  if (!(config instanceof Trouble) && diffIds.length !== chain.length) {
    const message = `from layer ${image.layer ?? 'none'} down there are not as many layers as the config names`;
    claims.push({ about: 'chain', expected: String(diffIds.length), found: String(chain.length), message });
  }
  const proven = repoDigests(image, leadingDigests(image));
  return {
    claims,
    chains: [layerClaims(inventory, [...chain].reverse(), diffIds)],
    ...(proven.length === 0 ? {} : { repoDigests: proven }),
  };
}

/** Of the manifests and indexes that are here under the names of their hashes, those that lead to the image's config. */
function leadingDigests(image: ImageRecord): string[] {
  const config = attempt(() => configName(image));
  const leading = new Set<string>(config instanceof Trouble ? [] : [config]);
  const named = new Map<string, readonly string[]>();
  for (const name of image.data) {
    const digest = MANIFEST_DIGEST.exec(name)?.[1];
    const next = digest === undefined ? [] : attempt(() => namedByManifest(image, name));
    if (digest !== undefined && !(next instanceof Trouble)) named.set(digest, next);
  }
  // An index leads to a manifest that leads to the config.
  for (const _ of [1, 2]) {
    for (const [digest, next] of named) if (next.some((one) => leading.has(one))) leading.add(digest);
  }
  return [...named.keys()].filter((digest) => leading.has(digest));
}

/** The digests of a manifest's config, or of an index's manifests. Throws Trouble. */
function namedByManifest(image: ImageRecord, name: string): string[] {
  const file = image.root.files.pathOf(dataPath(image, name));
  const found = parseManifest(parseJson(readImageData(image, name), file, MANIFEST_OR_INDEX));
  return found.kind === 'manifest' ? [found.config.digest] : found.manifests.map(({ digest }) => digest);
}

/** The config and all manifests against their names, and the manifest against the config that it names. */
function dataClaims(image: ImageRecord): Claim[] {
  const claims: Claim[] = [];
  const config = attempt(() => configName(image));
  if (config instanceof Trouble) return [unreadable('config', config)];
  for (const name of image.data) {
    const expected = name === config ? name : MANIFEST_DIGEST.exec(name)?.[1];
    if (expected === undefined) continue;
    const about = name === config ? 'config' : 'manifest';
    const bytes = attempt(() => readImageData(image, name));
    if (bytes instanceof Trouble) {
      claims.push(unreadable(about, bytes));
      continue;
    }
    const path = image.root.files.pathOf(dataPath(image, name));
    const message = `"${shownBytes(path)}" is not what its name is the hash of`;
    claims.push({ about, expected, found: `sha256:${sha256(bytes)}`, message });
  }
  return image.data.includes(MANIFEST) ? [...claims, ...manifestClaim(image, config)] : claims;
}

/** Nothing where the manifest is of a kind that names no config. */
function manifestClaim(image: ImageRecord, config: string): Claim[] {
  const digest = attempt(() => {
    const file = image.root.files.pathOf(dataPath(image, MANIFEST));
    const named = optionalObject(parseJson(readImageData(image, MANIFEST), file, MANIFEST_SHAPE), 'config');
    return named && optionalString(named, 'digest');
  });
  if (digest === undefined) return [];
  if (digest instanceof Trouble) return [unreadable('manifest', digest)];
  const message = 'the manifest names another config';
  return [{ about: 'manifest', expected: config, found: digest, message }];
}

function unreadable(about: Claim['about'], trouble: Trouble): Claim {
  return { about, unreadable: trouble.message };
}

/** Both base first; `diffIds` are those of the image's config, none where there is no image. */
function layerClaims(
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
    return { diffId, chainId, claims: [...claims, unreadable('chain', directory)] };
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
function stackClaims(inventory: Inventory, record: LayerRecord): Claim[] {
  const stacked = stackingDifference(inventory.root, record, inventory.layers());
  if (stacked?.kind !== 'other') return [];
  const { state, expected, found } = stacked;
  const message = `an engine would stack other layers than the record of ${shortId(record.id)} says: ${state}`;
  return [{ about: 'stack', expected, found, message }];
}
