// Everything a Docker data root records, read once and damage kept beside it: layers, images, containers, and the names
// that lead to them. What `whose` and `doctor` ask.

import type { Examined } from '../../layers/survey/measure.ts';
import {
  type ChainId,
  type ContainerId,
  chainIds,
  type ImageId,
  isChainId,
  shortId,
} from '../../store/digest.ts';
import { type CacheEntry, readBuildCache } from '../../store/docker/build-cache.ts';
import type { DockerRoot } from '../../store/docker/driver.ts';
import { type ImageConfig, imageIds, readImageConfig } from '../../store/docker/images.ts';
import {
  type LayerRecord,
  layerIds,
  type MountRecord,
  mountIds,
  readLayerRecord,
  readMountRecord,
} from '../../store/docker/layerdb.ts';
import { type ImageNames, readImageNames, tagsByImage } from '../../store/docker/repositories.ts';
import { followParents } from '../../store/parents.ts';
import { asBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { addTo } from '../../sys/groups.ts';
import { type DataRoot, type Read, readDataRoot } from '../dockerd/data-root.ts';
import { labelOfNames } from '../part.ts';

/** Layers of a chain that are looked at: moby's layer store makes 125 at most (`maxLayerDepth`). */
export const DEEPEST = 500;

/** A use of a layer. */
export interface LayerUse {
  /** From the lowest, 1. */
  readonly layer: number;
  readonly of: ImageId | ContainerId;
}

export interface StoreIndex extends DataRoot {
  readonly root: DockerRoot;
  readonly names: ImageNames;
  /** Of each image that has any. */
  readonly tags: ReadonlyMap<ImageId, readonly string[]>;
  readonly images: ReadonlyMap<ImageId, Read<ImageConfig>>;
  readonly layers: ReadonlyMap<ChainId, Read<LayerRecord>>;
  /** By the names in `layerdb/mounts`. */
  readonly mounts: ReadonlyMap<ContainerId, Read<MountRecord>>;
  /** BuildKit's cache; undefined where it was never used. */
  readonly cache: Read<readonly CacheEntry[] | undefined>;
  /** What could not even be listed. */
  readonly damage: readonly Trouble[];
  /** Told of what takes long. */
  readonly examined: Examined;
}

export function readStoreIndex(root: DockerRoot, examined: Examined = () => {}): StoreIndex {
  const damage: Trouble[] = [];
  const names = readImageNames(root);
  const all = <K extends string, T>(list: () => readonly K[], read: (id: K) => T): Map<K, Read<T>> => {
    const ids = attempt(list);
    if (ids instanceof Trouble) {
      damage.push(ids);
      return new Map();
    }
    return new Map(
      ids.map((id) => {
        examined(asBytes(id), 1);
        return [id, attempt(() => read(id))];
      }),
    );
  };
  return {
    root,
    ...readDataRoot(root.files, damage),
    cache: attempt(() => readBuildCache(root)),
    names,
    tags: tagsByImage(names),
    images: all(
      () => imageIds(root),
      (id) => readImageConfig(root, id),
    ),
    layers: all(
      () => layerIds(root),
      (id) => readLayerRecord(root, id),
    ),
    mounts: all(
      () => mountIds(root),
      (id) => readMountRecord(root, id),
    ),
    damage,
    examined,
  };
}

/** The entries of the build cache, none where they cannot be read. */
export function cacheEntries({ cache }: StoreIndex): readonly CacheEntry[] {
  return cache instanceof Trouble ? [] : (cache ?? []);
}

/** Which images and containers each layer is part of, by their configs and `parent` files. */
export function layerUses(index: StoreIndex): Map<ChainId, LayerUse[]> {
  const uses = new Map<ChainId, LayerUse[]>();
  const add = (chain: readonly ChainId[], of: LayerUse['of']) => {
    for (const [i, chainId] of chain.entries()) {
      addTo(uses, chainId, { layer: i + 1, of });
    }
  };
  for (const [id, config] of index.images) {
    if (!(config instanceof Trouble)) add(chainIds(config.diffIds), id);
  }
  for (const [id, mount] of index.mounts) {
    if (!(mount instanceof Trouble) && mount.parent !== undefined) add(chainTo(index, mount.parent), id);
  }
  return uses;
}

/** Undefined where a layer is not recorded, or its record is damaged. */
export function soundRecord({ layers }: StoreIndex, chainId: ChainId): LayerRecord | undefined {
  const record = layers.get(chainId);
  return record instanceof Trouble ? undefined : record;
}

/** The chain that ends at a layer, lowest first, as far as it is recorded and no deeper than Docker makes one. */
export function chainTo(index: StoreIndex, top: ChainId): ChainId[] {
  return followParents(top, (chainId) => soundRecord(index, chainId), DEEPEST).ids.toReversed();
}

/** The layers of layerdb that the build cache holds, with all below them. */
export function layersOfCache(index: StoreIndex): Set<ChainId> {
  const held = cacheEntries(index).flatMap(({ chainId, parent }) => [
    ...(chainId === undefined ? [] : [chainId]),
    ...(parent !== undefined && isChainId(parent) ? [parent] : []),
  ]);
  return new Set(
    held.flatMap((chainId) => chainTo(index, chainId)).filter((chainId) => index.layers.has(chainId)),
  );
}

/** As a person would name it: its first tag, or the short ID. */
export function imageLabel({ tags }: StoreIndex, id: ImageId): ReturnType<typeof labelOfNames> {
  return labelOfNames(tags.get(id) ?? [], shortId(id));
}

export function isImageUse(id: LayerUse['of']): id is ImageId {
  return id.startsWith('sha256:');
}
