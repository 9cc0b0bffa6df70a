// Docker's imagedb: image configs, whose name is the hash of their bytes, and the layer stacks they stand for.

import { asBytes, shownBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { addTo } from '../../sys/groups.ts';
import { type ChainId, type DiffId, hexOf, type ImageId, imageIdOf, isHexId, sha256 } from '../digest.ts';
import { trouble } from '../file-state.ts';
import { type JsonDocument, parseJson, requiredObject, requiredString, timeOf } from '../formats/json.ts';
import type { Layer, LayerStack, Missing } from '../layer-stack.ts';
import { diffIdsOf, type HistoryStep, stepsOfConfig } from '../oci/oci.ts';
import { IMAGE } from '../oci/oci-shapes.ts';
import type { ImageSummary } from '../summary.ts';
import type { DockerRoot } from './driver.ts';
import { type CheckedLayer, LayerChecks } from './layerdb.ts';
import type { ImageNames } from './repositories.ts';

export interface ImageConfig {
  readonly id: ImageId;
  /** Base first. */
  readonly diffIds: readonly DiffId[];
  /** Oldest first, the steps that made no layer included. Empty where the config's is not usable. */
  readonly history: readonly HistoryStep[];
  readonly created?: string;
  /** Why others than an engine may understand the config differently; undefined where they cannot. */
  readonly ambiguity: string | undefined;
}

export function imagePath({ metadata }: DockerRoot, id: ImageId): string {
  return `${metadata}/imagedb/content/sha256/${hexOf(id)}`;
}

/** All images that have a config, damaged or not, sorted. Other names in there are left out. */
export function imageIds({ files, metadata }: DockerRoot): ImageId[] {
  return (files.namesIfPresent(`${metadata}/imagedb/content/sha256`) ?? []).filter(isHexId).map(imageIdOf);
}

/** The whole config, checked against its name. */
export function readImageJson(root: DockerRoot, id: ImageId): JsonDocument {
  const path = imagePath(root, id);
  const file = root.files.pathOf(path);
  const bytes = root.files.read(path);
  const found = sha256(bytes);
  if (found !== hexOf(id)) throw trouble('use', file, `its sha256 is ${found}, not its name`);
  return parseJson(bytes, file, IMAGE);
}

export function readImageConfig(root: DockerRoot, id: ImageId): ImageConfig {
  const config = readImageJson(root, id);
  const { file } = config;
  const rootfs = requiredObject(config, 'rootfs');
  if (requiredString(rootfs, 'type') !== 'layers') {
    throw new Trouble('store', `Cannot use "${shownBytes(asBytes(file))}": rootfs.type is not "layers"`);
  }
  const created = timeOf(config, 'created');
  return {
    id,
    diffIds: diffIdsOf(config),
    history: stepsOfConfig(config),
    ambiguity: config.ambiguity,
    ...(created === undefined ? {} : { created }),
  };
}

/** Checks all that the image is made of. `label` is how a person would name it. */
export function imageStack(root: DockerRoot, id: ImageId, label: string, missing: Missing): LayerStack {
  const config = readImageConfig(root, id);
  const chain = new LayerChecks(root, missing).imageChain(config.diffIds);
  if (chain.length === 0) {
    throw new Trouble('store', `Cannot use image "${label}": it has no layers, so there is nothing to show`);
  }
  const { driver, dialect } = root;
  const layers = imageLayers(chain, config);
  const stack = { store: driver.name, label, kind: 'image', id: hexOf(id), layers } as const;
  return { ...stack, dataLayers: [], dialect, ...warningsOf(config.ambiguity) };
}

/** What is told of ambiguities where the files are used all the same. */
export function warningsOf(...ambiguities: readonly (string | undefined)[]): Pick<LayerStack, 'warnings'> {
  const told = ambiguities.filter((ambiguity) => ambiguity !== undefined);
  if (told.length === 0) return {};
  return { warnings: told.map((ambiguity) => `${ambiguity}; it is read as an engine reads it`) };
}

/** A layer with all below it: what was mounted with its directory at the top. */
export function layerStack(root: DockerRoot, id: ChainId, label: string, missing: Missing): LayerStack {
  const layers = imageLayers(new LayerChecks(root, missing).chainFrom(id));
  const { driver, dialect } = root;
  return { store: driver.name, label, kind: 'layer', layers, dataLayers: [], dialect };
}

/** `chain` top first; with the history of `config` where that is known and counts as many layers. */
export function imageLayers(chain: readonly CheckedLayer[], config?: ImageConfig): Layer[] {
  const steps = (config?.history ?? []).filter((step) => !step.emptyLayer).reverse();
  return chain.map(({ source, holds, missing, doubt, diffId, chainId, cacheId, size }, index) => {
    // A wrong history line is worse than none.
    const history = steps.length === chain.length ? steps[index] : undefined;
    return {
      source,
      role: 'image',
      chainId,
      ...(diffId === undefined ? {} : { diffId }),
      ...(cacheId === undefined ? {} : { ids: { 'cache ID': cacheId } }),
      ...(holds === undefined ? {} : { holds }),
      ...(missing === undefined ? {} : { missing }),
      ...(doubt === undefined ? {} : { doubt }),
      ...(size === undefined ? {} : { size }),
      ...(history === undefined ? {} : { history }),
    };
  });
}

/** Newest first; images that only a name knows of are there too, as damaged. */
export function listImages(root: DockerRoot, names: ImageNames): ImageSummary[] {
  const namesOf = new Map<ImageId, string[]>();
  for (const [name, id] of names.images) addTo(namesOf, id, name);
  const present = imageIds(root);
  // Where names are not known, no image is known to have none.
  const areNamesKnown = names.unreadable === undefined && names.damage.length === 0;
  const parents = new Set(areNamesKnown ? parentIds(root, present).values() : []);
  const ids = new Set([...present, ...names.images.values()]);
  const checks = new LayerChecks(root, 'mark');
  const images = [...ids].map((id): ImageSummary => {
    const known = namesOf.get(id) ?? [];
    return {
      id,
      tags: known.filter((name) => !name.includes('@')),
      digests: known.filter((name) => name.includes('@')),
      ...(known.length === 0 && parents.has(id) ? { intermediate: true } : {}),
      ...describe(root, id, checks),
    };
  });
  return images.sort((a, b) => timeValue(b.created) - timeValue(a.created) || (a.id < b.id ? -1 : 1));
}

function describe(
  root: DockerRoot,
  id: ImageId,
  checks: LayerChecks,
): Pick<ImageSummary, 'created' | 'size' | 'damage'> {
  let created: { created?: string } = {};
  try {
    const config = readImageConfig(root, id);
    if (config.created !== undefined) created = { created: config.created };
    const layers = checks.imageChain(config.diffIds);
    // What is damaged of a record that is not needed, the image is shown without.
    const lost = layers.findLast(({ missing }) => missing !== undefined)?.missing;
    if (lost !== undefined) return { ...created, damage: lost };
    const sizes = layers.map((layer) => layer.size);
    const size = sizes.reduce(
      (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
      0,
    );
    return { ...created, ...(size === undefined ? {} : { size }) };
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return { ...created, damage: error.message };
  }
}

/** An image → the one that the classic builder made it from (`imagedb/metadata/sha256/<id>/parent`). */
export function parentIds({ files, metadata }: DockerRoot, ids: readonly ImageId[]): Map<ImageId, string> {
  const parents = new Map<ImageId, string>();
  for (const id of ids) {
    try {
      const parent = files.readTextIfPresent(`${metadata}/imagedb/metadata/sha256/${hexOf(id)}/parent`);
      if (parent !== undefined) parents.set(id, parent);
    } catch (error) {
      // Only a hint for a list; what is wrong with it is not worth losing the list.
      if (!(error instanceof Trouble)) throw error;
    }
  }
  return parents;
}

/** Milliseconds since 1970; of an unknown time, before all others. */
export function timeValue(text: string | undefined): number {
  const milliseconds = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(milliseconds) ? Number.MIN_SAFE_INTEGER : milliseconds;
}
