// BuildKit's cache in a data root: which directories of the graph driver, and which layers of layerdb, belong to it.
// `buildkit/snapshots.db` says where a cache entry's files are (moby builder-next/adapters/snapshot/snapshot.go: a bucket
// a snapshot with `parent`, `committed`, `chainid`), `metadata_v2.db` what it is (BuildKit cache/metadata/metadata.go).
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type ChainId, isChainId } from '../digest.ts';
import { type Bucket, readBolt } from '../formats/bolt.ts';
import { parseJson } from '../formats/json.ts';
import type { DockerRoot } from './driver.ts';
import { CACHE_VALUE } from './shapes.ts';

const SNAPSHOTS = 'buildkit/snapshots.db';
/** The present name, and that before Docker 20.10. */
const METADATA = ['buildkit/metadata_v2.db', 'buildkit/metadata.db'];

/** An entry of the cache. */
export interface CacheEntry {
  /** As `docker system df -v` lists it. Of bytes, since nothing says that it is text. */
  readonly id: ByteString;
  /** Name in the driver's directory; absent where its files are those of a layer that was pulled or loaded. */
  readonly directory?: ByteString;
  /** The layer in layerdb that it was made from, or that was made of it. */
  readonly chainId?: ChainId;
  /** What it is on top of: another entry, or a chain ID. */
  readonly parent?: ByteString;
  /** The step that made it, in BuildKit's words. */
  readonly description?: string;
  /** `regular`, `source.local` (a build context), `exec.cachemount` and others. */
  readonly type?: string;
  /** RFC 3339. */
  readonly createdAt?: string;
  readonly lastUsedAt?: string;
  readonly uses?: number;
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

type Description = Pick<CacheEntry, 'description' | 'type' | 'createdAt' | 'lastUsedAt' | 'uses'>;

/** By entry. It is there to describe, so what is odd or damaged in it is left out, and so is it where it is not there. */
function readMetadata({ files }: DockerRoot): ReadonlyMap<ByteString, Description> {
  for (const path of METADATA) {
    const found = attempt(() =>
      files.withPartsIfPresent(path, (file) => readBolt(file, (root) => describeAll(root, file.path))),
    );
    if (found !== undefined && !(found instanceof Trouble)) return found;
  }
  return new Map();
}

function describeAll(root: Bucket, file: string): ReadonlyMap<ByteString, Description> {
  const all = new Map<ByteString, Description>();
  for (const { key, bucket } of root.bucket('_main')?.entries() ?? []) {
    if (bucket !== undefined) all.set(key, describe(bucket, file));
  }
  return all;
}

function describe(entry: Bucket, file: string): Description {
  const value = (key: string) => metadataValue(entry.get(key), file);
  const text = (key: string) => {
    const found = value(key);
    return typeof found === 'string' && found !== '' ? found : undefined;
  };
  const time = (key: string) => {
    // Nanoseconds, of which JSON keeps all but the last few hundred.
    const nanoseconds = value(key);
    const date = new Date(typeof nanoseconds === 'number' ? nanoseconds / 1e6 : Number.NaN);
    return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
  };
  const uses = value('cache.usageCount');
  const description = text('cache.description');
  const type = text('cache.recordType');
  const createdAt = time('cache.createdAt');
  const lastUsedAt = time('cache.lastUsedAt');
  return {
    ...(description === undefined ? {} : { description }),
    ...(type === undefined ? {} : { type }),
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    ...(typeof uses === 'number' ? { uses } : {}),
  };
}

/** Of `{"value": …}`; undefined where it is something else. */
function metadataValue(bytes: Buffer | undefined, file: string): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  const object = attempt(() => parseJson(bytes, file, CACHE_VALUE));
  return object instanceof Trouble ? undefined : object.fields.value;
}
