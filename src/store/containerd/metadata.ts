// containerd's own database, `meta.db` (core/metadata/buckets.go): namespaces, and in each its images, containers,
// snapshots, blobs and leases. The keys in it are not trusted; where one becomes a path, that place checks it.
import { asBytes, type ByteString, bufferOf, bytesOf } from '../../sys/bytes.ts';
import { trouble } from '../file-state.ts';
import type { FileParts, StoreFiles } from '../files.ts';
import { type Bucket, checkBucket, readBolt } from '../formats/bolt.ts';
import { readGoTime, readVarint } from './values.ts';

/** Below containerd's root. A store that was never unpacked into has this and no database of a snapshotter. */
export const METADATA = 'io.containerd.metadata.v1.bolt/meta.db';
/** The only layout of its buckets that there was since 1.0; `v1/version` counts changes within it. */
const LAYOUT = 'v1';

export type Labels = ReadonlyMap<string, string>;

interface Dated {
  /** RFC 3339. */
  readonly created?: string;
}

export interface ImageRecord extends Dated {
  /** As it was written, UTF-8: `docker.io/library/nginx:1.25`, `moby-dangling@sha256:…`, `sha256:…`. */
  readonly name: string;
  /** As it was written; not checked yet. */
  readonly digest: string;
  readonly mediaType: string;
  readonly labels: Labels;
}

export interface ContainerRecord extends Dated {
  readonly id: string;
  readonly image: string;
  /** Empty in Docker's. */
  readonly snapshotter: string;
  readonly snapshotKey: ByteString;
  readonly labels: Labels;
  /** Name → protobuf `Any`. */
  readonly extensions: ReadonlyMap<string, Buffer>;
  /** A protobuf `Any` of an OCI runtime spec. */
  readonly spec?: Buffer;
}

/** What the metadata has of a snapshot; its parent and its place are the snapshotter's to say. */
export interface SnapshotRecord extends Dated {
  readonly snapshotter: string;
  readonly key: ByteString;
  /** Its key in the snapshotter's own database: `<namespace>/<sequence>/<key>`. */
  readonly name: ByteString;
  /** The key of the one below, empty for none; what counts is what the snapshotter has. */
  readonly parent: ByteString;
  readonly labels: Labels;
}

/** What keeps content and snapshots from the garbage collector (core/metadata/leases.go). */
export interface LeaseRecord extends Dated {
  readonly id: string;
  /** When it ends, as it was written; absent for one that does not. */
  readonly expires?: string;
  readonly labels: Labels;
  /** Digests. */
  readonly content: readonly string[];
  readonly snapshots: readonly { readonly snapshotter: string; readonly key: ByteString }[];
}

/** Content that is being fetched. */
export interface IngestRecord {
  readonly key: ByteString;
  /** What the content store knows it by: `<namespace>/<sequence>/<key>`. */
  readonly ref: ByteString;
}

export interface BlobRecord extends Dated {
  readonly digest: string;
  /** Bytes. */
  readonly size?: number;
  readonly labels: Labels;
}

export function hasMetadata(files: StoreFiles): boolean {
  return files.kindOf(METADATA) !== undefined;
}

/** Sorted. Throws Trouble, here and below, where the database is missing or damaged. */
export function readNamespaces(files: StoreFiles): ByteString[] {
  return reading(files, (layout) =>
    [...layout.entries()].flatMap(({ key, bucket }) => (bucket ? [key] : [])),
  );
}

/** Sorted by name. None where there is no such namespace, here and below. */
export function readImages(files: StoreFiles, namespace: ByteString): ImageRecord[] {
  return readObjects(files, namespace, ['images'], (name, image) => {
    const target = image.bucket('target');
    return {
      name: textOfKey(name),
      digest: textAt(target, 'digest'),
      mediaType: textAt(target, 'mediatype'),
      labels: labelsOf(image),
      ...createdAt(image),
    };
  });
}

/** Sorted by ID. */
export function readContainers(files: StoreFiles, namespace: ByteString): ContainerRecord[] {
  return readObjects(files, namespace, ['containers'], (id, container) => {
    const spec = container.get('spec');
    return {
      id: textOfKey(id),
      image: textAt(container, 'image'),
      snapshotter: textAt(container, 'snapshotter'),
      snapshotKey: bytesAt(container, 'snapshotKey'),
      labels: labelsOf(container),
      extensions: new Map(
        [...(container.bucket('extensions')?.entries() ?? [])].flatMap(({ key, value }) =>
          value === undefined ? [] : [[textOfKey(key), Buffer.from(value)] as const],
        ),
      ),
      ...(spec === undefined ? {} : { spec: Buffer.from(spec) }),
      ...createdAt(container),
    };
  });
}

/** Of all snapshotters, sorted by snapshotter, then by key. */
export function readSnapshotRecords(files: StoreFiles, namespace: ByteString): SnapshotRecord[] {
  return reading(files, (layout) => {
    const snapshotters = layout.bucket(namespace)?.bucket('snapshots');
    return [...(snapshotters?.entries() ?? [])].flatMap(({ key: snapshotter, bucket }) =>
      objectsIn(bucket, (key, snapshot) => ({
        snapshotter: textOfKey(snapshotter),
        key,
        name: bytesAt(snapshot, 'name'),
        parent: bytesAt(snapshot, 'parent'),
        labels: labelsOf(snapshot),
        ...createdAt(snapshot),
      })),
    );
  });
}

/** Sorted by digest. */
export function readBlobRecords(files: StoreFiles, namespace: ByteString): BlobRecord[] {
  return readObjects(files, namespace, ['content', 'blob'], (digest, blob) => {
    const size = readVarint(blob.get('size') ?? Buffer.alloc(0));
    return {
      digest: textOfKey(digest),
      ...(size === undefined ? {} : { size }),
      labels: labelsOf(blob),
      ...createdAt(blob),
    };
  });
}

/** Sorted by ID. */
export function readLeases(files: StoreFiles, namespace: ByteString): LeaseRecord[] {
  return readObjects(files, namespace, ['leases'], (id, lease) => {
    const labels = labelsOf(lease);
    const expires = labels.get(EXPIRY_LABEL);
    return {
      id: textOfKey(id),
      ...(expires === undefined ? {} : { expires }),
      labels,
      content: [...(lease.bucket('content')?.entries() ?? [])].map(({ key }) => textOfKey(key)),
      snapshots: [...(lease.bucket('snapshots')?.entries() ?? [])].flatMap(({ key: snapshotter, bucket }) =>
        [...(bucket?.entries() ?? [])].map(({ key }) => ({ snapshotter: textOfKey(snapshotter), key })),
      ),
      ...createdAt(lease),
    };
  });
}

const EXPIRY_LABEL = 'containerd.io/gc.expire';

/** Sorted by key. */
export function readIngests(files: StoreFiles, namespace: ByteString): IngestRecord[] {
  return readObjects(files, namespace, ['content', 'ingests'], (key, ingest) => ({
    key,
    ref: bytesAt(ingest, 'ref'),
  }));
}

/** What a namespace consists of, and what consists of records in turn; `*`: of any name. */
const RECORDS: readonly string[] = [
  ...['images', 'containers', 'leases', 'snapshots', 'snapshots/*', 'content', 'content/blob'],
  ...['content/ingests', 'sandboxes'],
];

/**
 * Where the database has a value instead of a record, or of the bucket of all of one kind, so that nothing is known of it:
 * `images/NAME`, `snapshots`. Sorted as they lie.
 */
export function brokenRecords(files: StoreFiles, namespace: ByteString): ByteString[] {
  return reading(files, (layout) => brokenBelow(layout.bucket(namespace), [], ''));
}

function brokenBelow(bucket: Bucket | undefined, path: readonly string[], where: string): ByteString[] {
  return [...(bucket?.entries() ?? [])].flatMap(({ key, bucket: inner }) => {
    const name = asBytes(`${where}${key}`);
    if (inner === undefined) return [name];
    const below = [...path, path[0] === 'snapshots' ? '*' : key];
    return RECORDS.includes(below.join('/')) ? brokenBelow(inner, below, `${name}/`) : [];
  });
}

/** Reads the database to its end. */
export function checkMetadata(files: StoreFiles): void {
  reading(files, checkBucket);
}

function reading<T>(files: StoreFiles, use: (layout: Bucket) => T): T {
  const read = (file: FileParts) =>
    readBolt(file, (root) => {
      const layout = root.bucket(LAYOUT);
      if (layout === undefined)
        throw trouble('read', file.path, `it has no bucket "${LAYOUT}", so it is not containerd's`);
      return use(layout);
    });
  const answer = files.withPartsIfPresent(METADATA, (file) => ({ value: read(file) }));
  if (answer === undefined) throw trouble('read', files.pathOf(METADATA), 'no such file');
  return answer.value;
}

function readObjects<T>(
  files: StoreFiles,
  namespace: ByteString,
  path: readonly string[],
  read: (key: ByteString, object: Bucket) => T,
): T[] {
  return reading(files, (layout) => {
    let bucket = layout.bucket(namespace);
    for (const name of path) bucket = bucket?.bucket(name);
    return objectsIn(bucket, read);
  });
}

function objectsIn<T>(bucket: Bucket | undefined, read: (key: ByteString, object: Bucket) => T): T[] {
  return [...(bucket?.entries() ?? [])].flatMap((entry) =>
    entry.bucket === undefined ? [] : [read(entry.key, entry.bucket)],
  );
}

function createdAt(object: Bucket): Dated {
  const created = readGoTime(object.get('createdat') ?? Buffer.alloc(0));
  return created === undefined ? {} : { created };
}

function labelsOf(object: Bucket): Labels {
  const entries = [...(object.bucket('labels')?.entries() ?? [])];
  return new Map(
    entries.flatMap(({ key, value }) =>
      value === undefined ? [] : [[textOfKey(key), value.toString('utf8')] as const],
    ),
  );
}

function bytesAt(bucket: Bucket | undefined, key: string): ByteString {
  const value = bucket?.get(key);
  return value === undefined ? asBytes('') : bytesOf(value);
}

function textAt(bucket: Bucket | undefined, key: string): string {
  return bucket?.get(key)?.toString('utf8') ?? '';
}

/** Names are UTF-8 in Go; bytes that are not are replaced, and then lead to nothing. */
function textOfKey(key: ByteString): string {
  return bufferOf(key).toString('utf8');
}
