// BuildKit's cache in a data root: which directories of the graph driver, and which layers of layerdb, belong to it.
// `buildkit/snapshots.db` says where a cache entry's files are (moby builder-next/adapters/snapshot/snapshot.go: a bucket
// a snapshot with `parent`, `committed`, `chainid`), `metadata_v2.db` what it is (BuildKit cache/metadata/metadata.go).
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type ChainId, isChainId } from '../digest.ts';
import { type CacheDescription, readCacheDescriptions } from '../dockerd/buildkit.ts';
import { type Bucket, readBolt } from '../formats/bolt.ts';
import type { DockerRoot } from './driver.ts';

const SNAPSHOTS = 'buildkit/snapshots.db';
/** The present name, and that before Docker 20.10. */
const METADATA = ['buildkit/metadata_v2.db', 'buildkit/metadata.db'];

/** An entry of the cache. */
export interface CacheEntry extends CacheDescription {
  /** As `docker system df -v` lists it. Of bytes, since nothing says that it is text. */
  readonly id: ByteString;
  /** Name in the driver's directory; absent where its files are those of a layer that was pulled or loaded. */
  readonly directory?: ByteString;
  /** The layer in layerdb that it was made from, or that was made of it. */
  readonly chainId?: ChainId;
  /** What it is on top of: another entry, or a chain ID. */
  readonly parent?: ByteString;
}

/**
 * Without the snapshots that only stand for a layer of layerdb. Undefined where BuildKit has left no record here. Throws
 * Trouble.
 */
export function readBuildCache(root: DockerRoot): CacheEntry[] | undefined {
  const { files } = root;
  const snapshots = files.withPartsIfPresent(SNAPSHOTS, (file) => readBolt(file, readSnapshots));
  if (snapshots === undefined) return undefined;
  const metadata = readMetadata(root);
  const parents = new Map(snapshots.map(({ key, parent }) => [key, parent]));
  const committed = new Set(snapshots.flatMap((snapshot) => snapshot.committed ?? []));
  return snapshots
    .filter(({ key }) => !committed.has(key) && !isChainId(key))
    .map(({ key, chainId, committed: directory = key, parent }) => {
      const isLayer = isChainId(directory);
      const below = parent ?? parents.get(directory);
      const chain = chainId ?? (isLayer ? (directory as string as ChainId) : undefined);
      return {
        id: key,
        ...(isLayer || (chain !== undefined && directory === key) ? {} : { directory }),
        ...(chain === undefined ? {} : { chainId: chain }),
        ...(below === undefined ? {} : { parent: below }),
        ...(metadata.get(key) ?? metadata.get(directory)),
      };
    });
}

interface Snapshot {
  readonly key: ByteString;
  readonly committed?: ByteString;
  readonly chainId?: ChainId;
  readonly parent?: ByteString;
}

function readSnapshots(root: Bucket): Snapshot[] {
  const snapshots: Snapshot[] = [];
  for (const { key, bucket } of root.entries()) {
    if (bucket === undefined) continue;
    const text = (name: string) => {
      const value = bucket.get(name)?.toString('latin1') ?? '';
      return value === '' ? undefined : asBytes(value);
    };
    const [committed, chainId, parent] = [text('committed'), text('chainid'), text('parent')];
    snapshots.push({
      key,
      ...(committed === undefined ? {} : { committed }),
      ...(chainId === undefined || !isChainId(chainId) ? {} : { chainId }),
      ...(parent === undefined ? {} : { parent }),
    });
  }
  return snapshots;
}

/** By entry. It is there to describe, so it is left out where it is damaged or not there. */
function readMetadata({ files }: DockerRoot): ReadonlyMap<ByteString, CacheDescription> {
  for (const path of METADATA) {
    const found = attempt(() => readCacheDescriptions(files, path));
    if (found !== undefined && !(found instanceof Trouble)) return found;
  }
  return new Map();
}
