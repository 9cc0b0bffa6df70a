// Docker's layerdb: what it records of each layer (`layerdb/sha256/<chain ID>/{diff,parent,cache-id,size}`) and of each
// container's own layers (`layerdb/mounts/<container ID>/{mount-id,init-id,parent}`), checked before it is believed.
import { Trouble } from '../../sys/errors.ts';
import {
  type CacheId,
  type ChainId,
  type ContainerId,
  chainIdOf,
  chainIdOn,
  type DiffId,
  hexOf,
  isHexId,
  type MountId,
  parseCacheId,
  parseChainId,
  parseDiffId,
  parseMountId,
} from '../digest.ts';
import { trouble } from '../files.ts';
import type { Directories, Layer } from '../store.ts';
import type { DockerRoot } from './driver.ts';

/** A layer of an image, as layerdb has it. */
export interface LayerRecord {
  readonly chainId: ChainId;
  readonly diffId: DiffId;
  /** Absent for a base layer. */
  readonly parent?: ChainId;
  readonly cacheId: CacheId;
  /** Bytes; absent where the file is missing or holds no number, since nothing depends on it. */
  readonly size?: number;
}

/** A layer whose place in the chain and whose directory were checked. */
export type CheckedLayer = LayerRecord & LayerDirectory;

type LayerDirectory = Pick<Layer, 'directory' | 'missing'>;

/** A container's own layers. */
export interface MountRecord {
  readonly mountId: MountId;
  /** Absent where the container has no `-init` layer. */
  readonly initId?: MountId;
  /** The image's top layer; absent for an image without layers. */
  readonly parent?: ChainId;
}

/** Parts of messages that speak of a file with one id in it. */
const CONTENT = 'its content';

export function layerPath({ metadata }: DockerRoot, chainId: ChainId): string {
  return `${metadata}/layerdb/sha256/${hexOf(chainId)}`;
}

export function mountPath({ metadata }: DockerRoot, id: ContainerId): string {
  return `${metadata}/layerdb/mounts/${id}`;
}

/** All layers that layerdb has an entry for, damaged or not, sorted. Other names in there are left out. */
export function layerIds({ files, metadata }: DockerRoot): ChainId[] {
  return (files.namesIfPresent(`${metadata}/layerdb/sha256`) ?? []).filter(isHexId).map(chainIdOf);
}

/** What the files of one layer say: each has the right form, but whether they agree is not checked. */
export function readLayerRecord(root: DockerRoot, chainId: ChainId): LayerRecord {
  const { files } = root;
  const directory = layerPath(root, chainId);
  if (files.kindOf(directory) === undefined) {
    throw trouble('find layer', files.pathOf(directory), 'no such directory');
  }
  const source = (name: string) => ({ file: files.pathOf(`${directory}/${name}`), part: CONTENT });
  const parent = files.readTextIfPresent(`${directory}/parent`);
  const size = sizeOf(root, directory);
  return {
    chainId,
    diffId: parseDiffId(files.readText(`${directory}/diff`), source('diff')),
    ...(parent === undefined ? {} : { parent: parseChainId(parent, source('parent')) }),
    cacheId: parseCacheId(files.readText(`${directory}/cache-id`), source('cache-id')),
    ...(size === undefined ? {} : { size }),
  };
}

export function readMountRecord(root: DockerRoot, id: ContainerId): MountRecord {
  const { files } = root;
  const directory = mountPath(root, id);
  const source = (name: string) => ({ file: files.pathOf(`${directory}/${name}`), part: CONTENT });
  const initId = files.readTextIfPresent(`${directory}/init-id`);
  const parent = files.readTextIfPresent(`${directory}/parent`);
  return {
    mountId: parseMountId(files.readText(`${directory}/mount-id`), source('mount-id')),
    ...(initId === undefined ? {} : { initId: parseMountId(initId, source('init-id')) }),
    ...(parent === undefined ? {} : { parent: parseChainId(parent, source('parent')) }),
  };
}

/** Layers checked once and remembered with what was wrong with them: images share most of theirs. */
export class LayerChecks {
  readonly #root: DockerRoot;
  readonly #directories: Directories;
  readonly #seen = new Map<ChainId, CheckedLayer | Trouble>();

  constructor(root: DockerRoot, directories: Directories = 'checked') {
    this.#root = root;
    this.#directories = directories;
  }

  /** Where the files of a layer with this cache or mount ID lie. Throws Trouble. */
  directory(id: string): LayerDirectory {
    const { files, driver } = this.#root;
    const path = driver.layerDirectory(id);
    try {
      return { directory: files.requireDirectory(path) };
    } catch (error) {
      if (!(error instanceof Trouble) || this.#directories === 'checked') throw error;
      return { directory: files.pathOf(path), missing: error.message };
    }
  }

  /** The layers of an image, top first. `diffIds` base first, as in its config. */
  imageChain(diffIds: readonly DiffId[]): CheckedLayer[] {
    const layers: CheckedLayer[] = [];
    for (const diffId of diffIds) {
      const parent = layers.at(-1)?.chainId;
      layers.push(
        this.#layer(chainIdOn(parent, diffId), { diffId, ...(parent === undefined ? {} : { parent }) }),
      );
    }
    return layers.reverse();
  }

  /** A layer and all below it, top first, as the `parent` files tell. */
  chainFrom(top: ChainId): CheckedLayer[] {
    const layers: CheckedLayer[] = [];
    // A cycle would need a hash that contains itself; the set makes sure of the end without that argument.
    const passed = new Set<ChainId>();
    for (let next: ChainId | undefined = top; next !== undefined; next = layers.at(-1)?.parent) {
      if (passed.has(next)) {
        throw trouble(
          'use layer',
          this.#root.files.pathOf(layerPath(this.#root, next)),
          'its parents form a cycle',
        );
      }
      passed.add(next);
      layers.push(this.#layer(next));
    }
    return layers;
  }

  #layer(chainId: ChainId, said?: Pick<LayerRecord, 'diffId' | 'parent'>): CheckedLayer {
    const seen = this.#seen.get(chainId) ?? this.#check(chainId, said);
    this.#seen.set(chainId, seen);
    if (seen instanceof Trouble) throw seen;
    return seen;
  }

  #check(chainId: ChainId, said?: Pick<LayerRecord, 'diffId' | 'parent'>): CheckedLayer | Trouble {
    try {
      const record = readLayerRecord(this.#root, chainId);
      checkPlace(this.#root, record, said);
      return { ...record, ...this.directory(record.cacheId) };
    } catch (error) {
      if (error instanceof Trouble) return error;
      throw error;
    }
  }
}

/** `said` is what the layer must be where an image's config tells. */
function checkPlace(
  root: DockerRoot,
  record: LayerRecord,
  said?: Pick<LayerRecord, 'diffId' | 'parent'>,
): void {
  const directory = layerPath(root, record.chainId);
  const refuse = (name: string, state: string) =>
    trouble('use', root.files.pathOf(`${directory}/${name}`), state);
  if (said !== undefined && record.diffId !== said.diffId) {
    throw refuse('diff', `it says ${record.diffId}, the image's config ${said.diffId}`);
  }
  if (said !== undefined && record.parent !== said.parent) {
    if (record.parent === undefined) throw refuse('parent', 'no such file');
    throw refuse(
      'parent',
      `it says ${record.parent}, the image's config ${said.parent ?? 'that there is none'}`,
    );
  }
  if (chainIdOn(record.parent, record.diffId) !== record.chainId) {
    const state = 'the chain ID of its files "diff" and "parent" is not its name';
    throw trouble('use layer', root.files.pathOf(directory), state);
  }
}

function sizeOf({ files }: DockerRoot, directory: string): number | undefined {
  try {
    const text = files.readTextIfPresent(`${directory}/size`) ?? '';
    const size = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(size) ? size : undefined;
  } catch (error) {
    if (error instanceof Trouble) return undefined;
    throw error;
  }
}
