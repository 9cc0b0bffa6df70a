// What Docker's store says of itself that can be checked: an image ID is the hash of a config, the config names layers, each
// layer's files in layerdb name it and its parent, the driver's files lead to the same layers, and names lead to images.
// `verify/` judges it.
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Claim, Claims, OwnLayer } from '../claims.ts';
import {
  type ChainId,
  type ContainerId,
  chainIds,
  type ImageId,
  labelWithoutImage,
  sha256,
  shortId,
} from '../digest.ts';
import { containerIds, readContainerConfig } from '../dockerd/containers.ts';
import { parseJson } from '../formats/json.ts';
import { diffIdsOf } from '../oci/oci.ts';
import { IMAGE } from '../oci/oci-shapes.ts';
import { otherDriver } from './beside.ts';
import { type DockerRoot, ownDirectory } from './driver.ts';
import { imageIds, imagePath, parentIds, readImageConfig } from './images.ts';
import {
  type CommonFacts,
  chainClaims,
  commonFacts,
  diffIdsFrom,
  directoriesFrom,
  layerClaims,
  stackClaims,
} from './layer-claims.ts';
import { layerIds, type MountRecord, readMountRecord } from './layerdb.ts';
import { type ImageNames, readImageNames, tagsByImage } from './repositories.ts';
import { unrecordedDirectories } from './unrecorded.ts';

/** What is the same for all layers is looked for once. */
export function claimsOfImage(
  root: DockerRoot,
  id: ImageId,
  label: string,
  facts: CommonFacts = commonFacts(root),
): Claims {
  return { label, kind: 'image', id, ...imageClaims(root, id, facts) };
}

/** The layers a container stands on, and its own. Throws Trouble where its config or its place in layerdb cannot be read. */
export function claimsOfContainer(
  root: DockerRoot,
  id: ContainerId,
  label: string,
  facts: CommonFacts = commonFacts(root),
): Claims {
  const { imageId, ambiguity } = readContainerConfig(root.files, id);
  const mount = readMountRecord(root, id);
  const claims: Claim[] = ambiguity === undefined ? [] : [{ about: 'ambiguous', unreadable: ambiguity }];
  const subject = { label, kind: 'container', id, own: ownLayers(root, mount, facts) } as const;
  if (imageId !== undefined) {
    const config = attempt(() => readImageConfig(root, imageId));
    if (!(config instanceof Trouble)) {
      const image = imageClaims(root, imageId, facts);
      const base: Claim = {
        about: 'chain',
        expected: chainIds(config.diffIds).at(-1) ?? 'none',
        found: mount.parent ?? 'none',
        message: 'the container does not stand on the image it names',
      };
      return { ...subject, claims: [...claims, base, ...image.claims], chains: image.chains };
    }
    claims.push({ about: 'config', unreadable: config.message });
  }
  const diffIds = mount.parent === undefined ? [] : diffIdsFrom(root, mount.parent);
  return { ...subject, claims, chains: [layerClaims(root, diffIds, facts).chain] };
}

/** The lowest first. */
function ownLayers(
  root: DockerRoot,
  { mountId, initId, parent }: MountRecord,
  facts: CommonFacts,
): OwnLayer[] {
  const { files, driver } = root;
  const below = parent === undefined ? [] : directoriesFrom(root, parent);
  const layer = (role: OwnLayer['role'], id: string, under: readonly string[]): OwnLayer => {
    const claims: Claim[] = [];
    const missing = attempt(() => files.requireDirectory(ownDirectory(driver, id)));
    if (missing instanceof Trouble) claims.push({ about: 'chain', unreadable: missing.message });
    // Where the layers below are not known, that is told of them.
    const isUpper = role === 'upper';
    const stacked = below === undefined ? [] : stackClaims(root, facts, id, [...under, ...below], isUpper);
    for (const claim of stacked) claims.push(claim);
    return { role, claims };
  };
  // What is copied is no layer of the container's stack.
  const stacked = initId === undefined || driver.copiesInit === true ? [] : [initId];
  return [...stacked.map((id) => layer('engine', id, [])), layer('upper', mountId, stacked)];
}

export function claimsOfLayer(root: DockerRoot, id: ChainId, label: string): Claims {
  return { label, kind: 'layers', ...chainClaims(root, id, commonFacts(root)) };
}

/**
 * All images, those with a name first, so that what is found in a layer is told under one; then the containers, the layers
 * that no image has, the names, and directories that nothing leads to.
 */
export function* claimsOfAll(root: DockerRoot): Generator<Claims> {
  const names = readImageNames(root);
  const present = imageIds(root);
  const facts = commonFacts(root);
  const seen = new Set<ChainId>();
  const note = (claims: Claims) => {
    for (const { chainId } of claims.chains.flat()) seen.add(chainId);
    return claims;
  };
  const tags = tagsByImage(names);
  for (const [id, label] of imageLabels(root, tags, present)) {
    const claims = note(claimsOfImage(root, id, label, facts));
    const several = tags.get(id) ?? [];
    yield several.length > 1 ? { ...claims, names: several } : claims;
  }
  for (const id of containerIds(root.files)) {
    const claims = claimsOfOneContainer(root, id, facts);
    if (claims !== undefined) yield note(claims);
  }
  const others = layerIds(root).filter((id) => !seen.has(id));
  yield* otherLayers(root, others, facts);
  const named = nameClaims(names, new Set(present));
  if (named.length > 0) yield { label: 'names', kind: 'store', claims: named, chains: [] };
  const unrecorded = attempt(() => unrecordedDirectories(root));
  const told = { label: 'directories without a record', kind: 'store', chains: [] } as const;
  if (unrecorded instanceof Trouble) {
    yield { ...told, claims: [{ about: 'chain', unreadable: unrecorded.message }] };
  } else if (unrecorded.length > 0) yield { ...told, claims: [], unrecorded };
}

/** Undefined for one whose layers are those of another driver. */
function claimsOfOneContainer(root: DockerRoot, id: ContainerId, facts: CommonFacts): Claims | undefined {
  const short = shortId(id);
  const config = attempt(() => readContainerConfig(root.files, id));
  if (!(config instanceof Trouble) && otherDriver(root, config) !== undefined) return undefined;
  const label = config instanceof Trouble ? short : (config.name ?? short);
  const claims = attempt(() => claimsOfContainer(root, id, label, facts));
  if (!(claims instanceof Trouble)) return claims;
  return {
    label,
    kind: 'container',
    id,
    claims: [{ about: 'config', unreadable: claims.message }],
    chains: [],
  };
}

/** Images in the order of their names; those that have none are named by what was made of them. */
function imageLabels(
  root: DockerRoot,
  tags: ReadonlyMap<ImageId, readonly string[]>,
  present: readonly ImageId[],
): Map<ImageId, string> {
  const labels = new Map<ImageId, string>();
  const isPresent = new Set(present);
  for (const [id, [name]] of tags) if (isPresent.has(id) && name !== undefined) labels.set(id, name);
  const uses = new Map<string, string>();
  for (const id of containerIds(root.files)) {
    const config = attempt(() => readContainerConfig(root.files, id));
    if (config instanceof Trouble || config.imageId === undefined || uses.has(config.imageId)) continue;
    uses.set(config.imageId, `image of ${config.name ?? shortId(id)}`);
  }
  for (const [child, parent] of parentIds(root, present)) {
    const label = labels.get(child);
    if (label !== undefined && !uses.has(parent)) uses.set(parent, `below ${label}`);
  }
  for (const id of present) {
    const use = uses.get(id);
    const short = shortId(id);
    if (!labels.has(id)) labels.set(id, use === undefined ? short : `${short} (${use})`);
  }
  return labels;
}

/** The config and the layers it names; no layers where it cannot be read. */
function imageClaims(root: DockerRoot, id: ImageId, facts: CommonFacts): Pick<Claims, 'claims' | 'chains'> {
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
    return { claims, chains: [layerClaims(root, diffIdsOf(config), facts).chain] };
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return { claims: [...claims, { about: 'config', unreadable: error.message }], chains: [] };
  }
}

/** Chains that no image has. A layer that is below an earlier one of them is verified as part of that one's chain. */
function* otherLayers(root: DockerRoot, others: readonly ChainId[], facts: CommonFacts): Generator<Claims> {
  const seen = new Set<ChainId>();
  for (const id of others) {
    if (seen.has(id)) continue;
    const found = chainClaims(root, id, facts);
    for (const { chainId } of found.chains.flat()) seen.add(chainId);
    yield { label: labelWithoutImage(id), kind: 'layers', ...found };
  }
}

/** Names that lead nowhere. That a name leads to another image than once cannot be told: nothing records it. */
function nameClaims(names: ImageNames, present: ReadonlySet<ImageId>): Claim[] {
  const odd: Claim[] =
    names.ambiguity === undefined ? [] : [{ about: 'ambiguous', unreadable: names.ambiguity }];
  const sentences = [
    ...(names.unreadable === undefined ? [] : [names.unreadable.message]),
    ...names.damage,
    ...[...names.images]
      .filter(([, id]) => !present.has(id))
      .map(([name, id]) => `the name "${name}" leads to ${id}, which is not there`),
  ];
  return [...odd, ...sentences.map((unreadable): Claim => ({ about: 'repository', unreadable }))];
}
