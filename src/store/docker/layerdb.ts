// Docker's layerdb: what it records of each layer (`layerdb/sha256/<chain ID>/{diff,parent,cache-id,size}`) and of each
// container's own layers (`layerdb/mounts/<container ID>/{mount-id,init-id,parent}`), checked before it is believed.

import { attempt, Trouble } from '../../sys/errors.ts';
import {
  type CacheId,
  type ChainId,
  type ContainerId,
  chainIdOf,
  chainIdOn,
  containerIdOf,
  type DiffId,
  hexOf,
  isHexId,
  type MountId,
  parseCacheId,
  parseChainId,
  parseDiffId,
  parseMountId,
} from '../digest.ts';
import { trouble } from '../file-state.ts';
import type { Layer, Missing } from '../layer-stack.ts';
import { followParents } from '../parents.ts';
import { type DockerRoot, layerDirectory, ownDirectory } from './driver.ts';

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

/**
 * A layer whose place in the chain and whose directory were checked. Where damage was to be marked: what its record left
 * out is absent, `missing` says why it cannot be shown, `doubt` what of its record is damaged though it can.
 */
export interface CheckedLayer extends Partial<LayerRecord>, LayerDirectory {
  readonly chainId: ChainId;
  readonly doubt?: string;
}

/** What an image's config says of a layer. */
type LayerPlace = Pick<LayerRecord, 'diffId' | 'parent'>;

type LayerDirectory = Pick<Layer, 'source' | 'holds' | 'missing'>;

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

/** All containers that layerdb has own layers for, damaged or not, sorted. Other names in there are left out. */
export function mountIds({ files, metadata }: DockerRoot): ContainerId[] {
  return (files.namesIfPresent(`${metadata}/layerdb/mounts`) ?? []).filter(isHexId).map(containerIdOf);
}

/** The name of the directory with the layer's files. Throws Trouble. */
export function readCacheId(root: DockerRoot, chainId: ChainId): CacheId {
  const path = `${layerPath(root, chainId)}/cache-id`;
  return parseCacheId(root.files.readText(path), { file: root.files.pathOf(path), part: CONTENT });
}

/** What the files of one layer say: each has the right form, but whether they agree is not checked. */
export function readLayerRecord(root: DockerRoot, chainId: ChainId): LayerRecord {
  const { files } = root;
  const directory = layerPath(root, chainId);
  if (files.kindOf(directory) === undefined) {
    throw trouble('find layer', files.pathOf(directory), 'no such directory');
  }
  const source = (name: string) => ({ file: files.pathOf(`${directory}/${name}`), part: CONTENT });
  const parent = readParent(root, chainId);
  const size = sizeOf(root, directory);
  return {
    chainId,
    diffId: parseDiffId(files.readText(`${directory}/diff`), source('diff')),
    ...(parent === undefined ? {} : { parent }),
    cacheId: readCacheId(root, chainId),
    ...(size === undefined ? {} : { size }),
  };
}

/** Undefined for a base layer. Throws Trouble. */
function readParent(root: DockerRoot, chainId: ChainId): ChainId | undefined {
  const path = `${layerPath(root, chainId)}/parent`;
  const parent = root.files.readTextIfPresent(path);
  if (parent === undefined) return undefined;
  return parseChainId(parent, { file: root.files.pathOf(path), part: CONTENT });
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
  readonly #missing: Missing;
  readonly #seen = new Map<ChainId, CheckedLayer | Trouble>();

  constructor(root: DockerRoot, missing: Missing = 'refuse') {
    this.#root = root;
    this.#missing = missing;
  }

  /** Where the files of a container's own layer, or of its `-init` layer, lie. Throws Trouble. */
  own(id: MountId): LayerDirectory {
    const { driver } = this.#root;
    const { ownHolds: holds } = driver;
    return { ...this.#directory(ownDirectory(driver, id)), ...(holds === undefined ? {} : { holds }) };
  }

  #image(id: CacheId): LayerDirectory {
    const { driver } = this.#root;
    const { holds } = driver;
    return { ...this.#directory(layerDirectory(driver, id)), ...(holds === undefined ? {} : { holds }) };
  }

  #directory(path: string): LayerDirectory {
    const { files } = this.#root;
    try {
      return { source: { kind: 'directory', path: files.requireDirectory(path) } };
    } catch (error) {
      if (!(error instanceof Trouble) || this.#missing === 'refuse') throw error;
      return { source: { kind: 'directory', path: files.pathOf(path) }, missing: error.message };
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

  /** A layer and all below it, top first, as the `parent` files tell: as far as they do where damage is marked. */
  chainFrom(top: ChainId): CheckedLayer[] {
    const { records, cycleAt } = followParents<ChainId, CheckedLayer>(top, (chainId) => this.#layer(chainId));
    if (cycleAt === undefined) return [...records];
    const path = this.#root.files.pathOf(layerPath(this.#root, cycleAt));
    throw trouble('use layer', path, 'its parents form a cycle');
  }

  #layer(chainId: ChainId, said?: LayerPlace): CheckedLayer {
    const seen = this.#seen.get(chainId) ?? this.#check(chainId, said);
    this.#seen.set(chainId, seen);
    if (seen instanceof Trouble) throw seen;
    return seen;
  }

  #check(chainId: ChainId, said?: LayerPlace): CheckedLayer | Trouble {
    const found = attempt(() => {
      const record = readLayerRecord(this.#root, chainId);
      checkPlace(this.#root, record, said);
      return { ...record, ...this.#image(record.cacheId) };
    });
    return found instanceof Trouble && this.#missing === 'mark' ? this.#damaged(chainId, found, said) : found;
  }

  /**
   * A layer whose record is damaged. Its chain ID, which is the name of its directory, proves what an image's config says
   * of it, so the record has to give no more than the place of its files; a record that says something else is not used.
   */
  #damaged(chainId: ChainId, damage: Trouble, said?: LayerPlace): CheckedLayer {
    const { files } = this.#root;
    const path = layerPath(this.#root, chainId);
    const cacheId = attempt(() => readCacheId(this.#root, chainId));
    const parent = attempt(() => readParent(this.#root, chainId));
    const place = said ?? (parent instanceof Trouble || parent === undefined ? {} : { parent });
    if (cacheId instanceof Trouble) {
      const source = { kind: 'directory', path: files.pathOf(path) } as const;
      return { chainId, ...place, source, missing: damage.message };
    }
    const diffId = attempt(() => parseDiffId(files.readText(`${path}/diff`), { file: '', part: CONTENT }));
    const isUnsaid = (read: string | Trouble | undefined, expected: string | undefined) =>
      read instanceof Trouble || read === undefined || read === expected;
    const isProven = said !== undefined && isUnsaid(diffId, said.diffId) && isUnsaid(parent, said.parent);
    const size = isProven ? sizeOf(this.#root, path) : undefined;
    const mark = isProven ? { doubt: damage.message } : { missing: damage.message };
    const known = size === undefined ? {} : { size };
    return { chainId, ...place, cacheId, ...known, ...this.#image(cacheId), ...mark };
  }
}

/** `said` is what the layer must be where an image's config tells. */
function checkPlace(root: DockerRoot, record: LayerRecord, said?: LayerPlace): void {
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
