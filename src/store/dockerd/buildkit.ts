// What BuildKit notes of the entries of its cache (`metadata_v2.db`, BuildKit cache/metadata/metadata.go), wherever their files are.
import type { ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { StoreFiles } from '../files.ts';
import { type Bucket, readBolt } from '../formats/bolt.ts';
import { parseJson } from '../formats/json.ts';
import { CACHE_VALUE } from './shapes.ts';

export interface CacheDescription {
  /** The step that made it, in BuildKit's words. */
  readonly description?: string;
  /** `regular`, `source.local` (a build context), `exec.cachemount` and others. */
  readonly type?: string;
  /** RFC 3339. */
  readonly createdAt?: string;
  readonly lastUsedAt?: string;
  readonly uses?: number;
}

/** An entry as it is noted where its files are containerd's snapshots. */
export interface CacheRecord extends CacheDescription {
  /** The key of its snapshot: its own ID, or a chain ID. */
  readonly snapshot?: string;
  /** Another entry, that it is on top of. */
  readonly parent?: string;
  /** Digest of its compressed form. */
  readonly blob?: string;
}

/** By entry; what is odd or damaged in one is left out. Undefined where there is no such file. Throws Trouble. */
export function readCacheDescriptions(
  files: StoreFiles,
  path: string,
): ReadonlyMap<ByteString, CacheDescription> | undefined {
  return readAll(files, path, describe);
}

/** Of all entries whose files are containerd's snapshots, by entry; empty where there are none. Throws Trouble. */
export function readSnapshotCache(dataRoot: StoreFiles): ReadonlyMap<ByteString, CacheRecord> {
  const names = (dataRoot.namesIfPresent('buildkit') ?? []).filter((name) => name.startsWith('containerd-'));
  return new Map(
    names.flatMap((name) => [...(readCacheRecords(dataRoot, `buildkit/${name}/metadata_v2.db`) ?? [])]),
  );
}

function readCacheRecords(files: StoreFiles, path: string): ReadonlyMap<ByteString, CacheRecord> | undefined {
  return readAll(files, path, (entry, file) => {
    const [snapshot, parent, blob] = ['snapshot', 'parent', 'blob'].map((key) =>
      textValue(entry.get(`cache.${key}`), file),
    );
    return {
      ...describe(entry, file),
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(parent === undefined ? {} : { parent }),
      ...(blob === undefined ? {} : { blob }),
    };
  });
}

function readAll<T>(
  files: StoreFiles,
  path: string,
  read: (entry: Bucket, file: string) => T,
): ReadonlyMap<ByteString, T> | undefined {
  return files.withPartsIfPresent(path, (file) =>
    readBolt(file, (root) => {
      const all = new Map<ByteString, T>();
      for (const { key, bucket } of root.bucket('_main')?.entries() ?? []) {
        if (bucket !== undefined) all.set(key, read(bucket, file.path));
      }
      return all;
    }),
  );
}

function describe(entry: Bucket, file: string): CacheDescription {
  const time = (key: string) => {
    // Nanoseconds, of which JSON keeps all but the last few hundred.
    const nanoseconds = metadataValue(entry.get(key), file);
    const date = new Date(typeof nanoseconds === 'number' ? nanoseconds / 1e6 : Number.NaN);
    return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
  };
  const uses = metadataValue(entry.get('cache.usageCount'), file);
  const description = textValue(entry.get('cache.description'), file);
  const type = textValue(entry.get('cache.recordType'), file);
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

function textValue(bytes: Buffer | undefined, file: string): string | undefined {
  const found = metadataValue(bytes, file);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** Of `{"value": …}`; undefined where it is something else. */
function metadataValue(bytes: Buffer | undefined, file: string): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  const object = attempt(() => parseJson(bytes, file, CACHE_VALUE));
  return object instanceof Trouble ? undefined : object.fields.value;
}
