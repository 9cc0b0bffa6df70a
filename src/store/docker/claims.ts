// What Docker's store says of itself that can be checked: an image ID is the hash of a config, the config names layers, each
// layer's files in layerdb name it and its parent, and names lead to images. `verify/` judges it.
import { attempt, Trouble } from '../../sys/errors.ts';
import {
  type ChainId,
  type ContainerId,
  chainIdOn,
  chainIds,
  type DiffId,
  type ImageId,
  isBuiltInPlace,
  sha256,
} from '../digest.ts';
import { parseJson } from '../json.ts';
import { diffIdsOf } from '../oci.ts';
import { IMAGE } from '../oci-shapes.ts';
import type { Claim, Claims, LayerClaims, UnpackRules } from '../store.ts';
import { readContainerConfig } from './containers.ts';
import type { DockerRoot } from './driver.ts';
import { imageIds, imagePath, readImageConfig } from './images.ts';
import { layerIds, layerPath, readLayerRecord, readMountRecord } from './layerdb.ts';
import { tarRecord } from './record.ts';
import { type ImageNames, readImageNames } from './repositories.ts';
import { unpackRules } from './unpacking.ts';

type CommonRules = Omit<UnpackRules, 'inPlace'>;

/** What is the same for all layers is looked for once. */
export function claimsOfImage(
  root: DockerRoot,
  id: ImageId,
  label: string,
  rules: CommonRules = unpackRules(root),
): Claims {
  return { label, kind: 'image', id, ...imageClaims(root, id, rules) };
}

/** The layers a container stands on. Throws Trouble where its config or its place in layerdb cannot be read. */
export function claimsOfContainer(root: DockerRoot, id: ContainerId, label: string): Claims {
  const { imageId } = readContainerConfig(root, id);
  const { parent } = readMountRecord(root, id);
  const rules = unpackRules(root);
  const claims: Claim[] = [];
  const subject = { label, kind: 'container', id } as const;
  if (imageId !== undefined) {
    const config = attempt(() => readImageConfig(root, imageId));
    if (!(config instanceof Trouble)) {
      const image = imageClaims(root, imageId, rules);
      const base: Claim = {
        about: 'chain',
        expected: chainIds(config.diffIds).at(-1) ?? 'none',
        found: parent ?? 'none',
        message: 'the container does not stand on the image it names',
      };
      return { ...subject, claims: [base, ...image.claims], chains: image.chains };
    }
    claims.push({ about: 'config', unreadable: config.message });
  }
  const diffIds = parent === undefined ? [] : diffIdsFrom(root, parent);
  return { ...subject, claims, chains: [layerClaims(root, diffIds, rules)] };
}

export function claimsOfLayer(root: DockerRoot, id: ChainId, label: string): Claims {
  return { label, kind: 'layers', ...chainClaims(root, id, unpackRules(root)) };
}

/** All images, then the layers that none of them has, then the names. */
export function* claimsOfAll(root: DockerRoot): Generator<Claims> {
  const names = readImageNames(root);
  const present = imageIds(root);
  const rules = unpackRules(root);
  const seen = new Set<ChainId>();
  const note = (claims: Claims) => {
    for (const { chainId } of claims.chains.flat()) seen.add(chainId);
    return claims;
  };
  for (const id of present) {
    const known = [...names.images].find(([name, image]) => image === id && !name.includes('@'));
    yield note(claimsOfImage(root, id, known?.[0] ?? id.slice(0, 19), rules));
  }
  const others = layerIds(root).filter((id) => !seen.has(id));
  if (others.length > 0) yield otherLayers(root, others, rules);
  const named = nameClaims(names, new Set(present));
  if (named.length > 0) yield { label: 'names', kind: 'store', claims: named, chains: [] };
}

/** The config and the layers it names; no layers where it cannot be read. */
function imageClaims(root: DockerRoot, id: ImageId, rules: CommonRules): Pick<Claims, 'claims' | 'chains'> {
  const { files } = root;
  const path = imagePath(root, id);
  const claims: Claim[] = [];
  try {
    const bytes = files.read(path);
    claims.push({
      about: 'config',
      expected: id,
      found: `sha256:${sha256(bytes)}`,
      message: 'the config is not the one that the image ID was made from',
    });
    const config = parseJson(bytes, files.pathOf(path), IMAGE);
    const { ambiguity } = config;
    if (ambiguity !== undefined) claims.push({ about: 'ambiguous', unreadable: ambiguity });
    return { claims, chains: [layerClaims(root, diffIdsOf(config), rules)] };
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return { claims: [...claims, { about: 'config', unreadable: error.message }], chains: [] };
  }
}

/** Layers, base first. */
function layerClaims(root: DockerRoot, diffIds: readonly DiffId[], rules: CommonRules): LayerClaims[] {
  const layers: LayerClaims[] = [];
  let parent: ChainId | undefined;
  for (const diffId of diffIds) {
    const chainId = chainIdOn(parent, diffId);
    layers.push(layerClaim(root, { chainId, diffId, parent }, rules));
    parent = chainId;
  }
  return layers;
}

interface LayerPlace {
  readonly chainId: ChainId;
  readonly diffId: DiffId;
  readonly parent: ChainId | undefined;
}

/** The layer's directory, by its entry in layerdb. */
function layerClaim(
  root: DockerRoot,
  { chainId, diffId, parent }: LayerPlace,
  rules: CommonRules,
): LayerClaims {
  const { files, driver } = root;
  const claims: Claim[] = [];
  const fits = (name: string, expected: string | undefined, found: string | undefined) => {
    const message = `"${files.pathOf(`${layerPath(root, chainId)}/${name}`)}" does not fit the chain`;
    claims.push({ about: 'chain', expected: expected ?? 'none', found: found ?? 'none', message });
  };
  try {
    const entry = readLayerRecord(root, chainId);
    fits('diff', diffId, entry.diffId);
    fits('parent', parent, entry.parent);
    const path = files.requireDirectory(driver.layerDirectory(entry.cacheId));
    return {
      diffId,
      chainId,
      claims,
      layer: { source: { kind: 'directory', path }, role: 'image', diffId, chainId, dialect: root.dialect },
      record: tarRecord(root, chainId, { ...rules, inPlace: isBuiltInPlace(entry.cacheId) }),
    };
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return { diffId, chainId, claims: [...claims, { about: 'chain', unreadable: error.message }] };
  }
}

/** Diff IDs, base first, as layerdb tells. Throws Trouble. */
function diffIdsFrom(root: DockerRoot, top: ChainId): DiffId[] {
  const diffIds: DiffId[] = [];
  const passed = new Set<ChainId>();
  for (let next: ChainId | undefined = top; next !== undefined; ) {
    if (passed.has(next)) throw new Trouble('store', `Cannot use layer "${next}": its parents form a cycle`);
    passed.add(next);
    const entry = readLayerRecord(root, next);
    diffIds.push(entry.diffId);
    next = entry.parent;
  }
  return diffIds.reverse();
}

/** A layer that is below another one of them is verified as part of its chain. */
function otherLayers(root: DockerRoot, others: readonly ChainId[], rules: CommonRules): Claims {
  const seen = new Set<ChainId>();
  const claims: Claim[] = [];
  const chains: (readonly LayerClaims[])[] = [];
  for (const id of others) {
    if (seen.has(id)) continue;
    const found = chainClaims(root, id, rules);
    for (const claim of found.claims) claims.push(claim);
    for (const chain of found.chains) chains.push(chain);
    for (const { chainId } of found.chains.flat()) seen.add(chainId);
  }
  return { label: 'layers of no image', kind: 'layers', claims, chains };
}

/** A layer and all below it, as layerdb tells. */
function chainClaims(root: DockerRoot, top: ChainId, rules: CommonRules): Pick<Claims, 'claims' | 'chains'> {
  const diffIds = attempt(() => diffIdsFrom(root, top));
  if (diffIds instanceof Trouble) {
    return { claims: [{ about: 'chain', unreadable: diffIds.message }], chains: [] };
  }
  const found = chainIds(diffIds).at(-1) ?? 'none';
  if (found === top) return { claims: [], chains: [layerClaims(root, diffIds, rules)] };
  const message = 'the files of a layer in layerdb do not give its chain ID';
  return { claims: [{ about: 'chain', expected: top, found, message }], chains: [] };
}

/** Names that lead nowhere. That a name leads to another image than once cannot be told: nothing records it. */
function nameClaims(names: ImageNames, present: ReadonlySet<ImageId>): Claim[] {
  const sentences = [
    ...(names.unreadable === undefined ? [] : [names.unreadable.message]),
    ...names.damage,
    ...[...names.images]
      .filter(([, id]) => !present.has(id))
      .map(([name, id]) => `the name "${name}" leads to ${id}, which is not there`),
  ];
  return sentences.map((unreadable) => ({ about: 'repository', unreadable }));
}
