// All that a containerd records in all of its namespaces, read once and damage kept beside it: what doctor, whose and df ask.

import type { Examined } from '../../layers/survey/measure.ts';
import { CONTENT } from '../../store/containerd/blobs.ts';
import { containersOf } from '../../store/containerd/container-image.ts';
import type { DockerContainer } from '../../store/containerd/docker.ts';
import { Images } from '../../store/containerd/images.ts';
import {
  type IngestRecord,
  type LeaseRecord,
  readIngests,
  readLeases,
  readNamespaces,
} from '../../store/containerd/metadata.ts';
import { type NamedImage, tagsOf } from '../../store/containerd/names.ts';
import { MOBY } from '../../store/containerd/namespaces.ts';
import { type ContainerdPlace, Reading } from '../../store/containerd/root.ts';
import { placeOf, readSnapshots, type Snapshot } from '../../store/containerd/snapshotter.ts';
import { type BlobDigest, hexOf, isBlobDigest, isHexId, shortId } from '../../store/digest.ts';
import { type CacheRecord, readSnapshotCache } from '../../store/dockerd/buildkit.ts';
import type { FileKind } from '../../store/file-state.ts';
import { asBytes, type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type DataRoot, type Read, readDataRoot } from '../dockerd/data-root.ts';
import { labelOfNames } from '../part.ts';
import { type ImageContents, readContents } from './contents.ts';

export interface NamespaceIndex {
  readonly namespace: ByteString;
  readonly reading: Reading;
  readonly images: Images;
  readonly named: readonly NamedImage[];
  readonly containers: readonly DockerContainer[];
  readonly leases: readonly LeaseRecord[];
  readonly ingests: readonly IngestRecord[];
}

/** A name in a directory, and what lies there. */
export interface PlacedName {
  readonly name: ByteString;
  readonly kind: FileKind | undefined;
}

/** A snapshotter that has left anything in the root. */
export interface SnapshotterIndex {
  readonly name: string;
  /** By name; undefined where it has no database. */
  readonly rows: Read<ReadonlyMap<ByteString, Snapshot | string> | undefined>;
  /** What lies in its directory `snapshots`, sorted; none where there is no such directory. */
  readonly entries: readonly PlacedName[];
}

export interface StoreIndex {
  readonly place: ContainerdPlace;
  /** Sorted; those that cannot be read are in `damage`. */
  readonly namespaces: readonly NamespaceIndex[];
  /** Whether all namespaces could be read: else nothing can be said to be without a record. */
  readonly isWhole: boolean;
  readonly snapshotters: readonly SnapshotterIndex[];
  /** Files of the content store: hex → bytes. */
  readonly blobs: ReadonlyMap<string, Read<number>>;
  /** Names among them that are none of a blob. */
  readonly notBlobs: readonly PlacedName[];
  /** Of the directory of what is being fetched. */
  readonly ingests: readonly PlacedName[];
  readonly contents: ReadonlyMap<BlobDigest, ImageContents>;
  /** BuildKit's, in Docker's data root; empty where it has none. */
  readonly cache: ReadonlyMap<ByteString, CacheRecord>;
  /** Of the Docker whose images these are. */
  readonly dataRoot?: DataRoot;
  /** What could not be read at all. */
  readonly damage: readonly Trouble[];
  /** Told of what takes long. */
  readonly examined: Examined;
}

const SNAPSHOTTER = placeOf('');
const BLOBS = `${CONTENT}/blobs/sha256`;
const INGESTS = `${CONTENT}/ingest`;

export function readStoreIndex(place: ContainerdPlace, examined: Examined = () => {}): StoreIndex {
  const { files, docker } = place;
  const damage: Trouble[] = [];
  const namespaces = readAll(place, damage);
  const entries = (path: string): PlacedName[] => {
    const names = attempt(() => files.namesIfPresent(path) ?? []);
    if (names instanceof Trouble) damage.push(names);
    return (names instanceof Trouble ? [] : names).map((name) => {
      const kind = attempt(() => files.kindOf(`${path}/${name}`));
      return { name, kind: kind instanceof Trouble ? undefined : kind };
    });
  };
  const isWhole = damage.length === 0;
  const top = entries('.').flatMap(({ name }) => (name.startsWith(SNAPSHOTTER) ? [name] : []));
  const blobEntries = entries(BLOBS);
  const isBlob = ({ name, kind }: PlacedName) => isHexId(name) && kind === 'file';
  const targets = new Set(namespaces.flatMap(({ named }) => named.flatMap((image) => image.targets)));
  const cache = docker === undefined ? new Map() : attempt(() => readSnapshotCache(docker));
  return {
    place,
    namespaces,
    isWhole,
    snapshotters: top.map((directory) => {
      const name = shownBytes(directory).slice(SNAPSHOTTER.length);
      const rows = attempt(() => readSnapshots(files, name));
      return { name, rows, entries: entries(`${directory}/snapshots`) };
    }),
    blobs: new Map(
      blobEntries.filter(isBlob).map(({ name }) => {
        examined(name, 1);
        return [name, attempt(() => sizeOf(place, `${BLOBS}/${name}`))];
      }),
    ),
    notBlobs: blobEntries.filter((entry) => !isBlob(entry)),
    ingests: entries(INGESTS),
    contents: new Map(
      [...targets].map((target) => {
        examined(asBytes(target), 1);
        return [target, readContents(files, target)];
      }),
    ),
    cache: cache instanceof Trouble ? new Map() : cache,
    ...(docker === undefined ? {} : { dataRoot: readDataRoot(docker, damage) }),
    damage,
    examined,
  };
}

function readAll(place: ContainerdPlace, damage: Trouble[]): NamespaceIndex[] {
  const { files } = place;
  const names = attempt(() => readNamespaces(files));
  if (names instanceof Trouble) damage.push(names);
  return (names instanceof Trouble ? [] : names).flatMap((namespace) => {
    const index = attempt(() => readNamespace(place, namespace));
    if (!(index instanceof Trouble)) return [index];
    damage.push(index);
    return [];
  });
}

/** Docker's containers are those of its own namespace. Throws Trouble. */
function readNamespace({ docker, ...place }: ContainerdPlace, namespace: ByteString): NamespaceIndex {
  const { files } = place;
  const isDockers = docker !== undefined && namespace === MOBY;
  const reading = new Reading({ ...place, ...(isDockers ? { docker } : {}), namespace });
  const images = new Images(reading);
  // Each list is read here, so that damage is met now.
  const { named } = images;
  void [reading.snapshots, reading.blobs];
  // What Docker runs has a record in containerd too, which has no snapshot.
  const known = containersOf(images).filter(
    ({ place: own }) => isDockers || namespace !== MOBY || own.snapshotter !== '',
  );
  return {
    namespace,
    reading,
    images,
    named,
    containers: known,
    leases: readLeases(files, namespace),
    ingests: readIngests(files, namespace),
  };
}

function sizeOf({ files }: ContainerdPlace, path: string): number {
  return files.withPartsIfPresent(path, (file) => file.size()) ?? 0;
}

/** As a person would name it: its first name, or the short ID; with the namespace where there are several. */
export function imageLabel(
  index: StoreIndex,
  { reading }: NamespaceIndex,
  image: NamedImage,
): ReturnType<typeof labelOfNames> {
  const { namespace } = reading.root;
  const tags = tagsOf(image, reading.users).map((name) => withNamespace(index, namespace, name));
  return labelOfNames(tags, withNamespace(index, namespace, shortId(image.id)));
}

export function containerName(index: StoreIndex, namespace: ByteString, container: DockerContainer): string {
  return withNamespace(index, namespace, container.name);
}

/** `k8s.io/NAME` where several namespaces are used. */
function withNamespace({ namespaces }: StoreIndex, namespace: ByteString, name: string): string {
  const used = namespaces.filter(({ named, containers }) => named.length + containers.length > 0);
  return used.length > 1 ? `${shownBytes(namespace)}/${name}` : name;
}

/** Of a snapshot, a blob or an ingest: all that has a record of it. */
export function recordedIn(index: StoreIndex): {
  readonly blobs: ReadonlySet<string>;
  readonly snapshots: ReadonlySet<string>;
  readonly ingests: ReadonlySet<string>;
} {
  const { namespaces } = index;
  return {
    blobs: new Set(
      namespaces.flatMap(({ reading }) =>
        reading.blobs.flatMap(({ digest }) => (isBlobDigest(digest) ? [hexOf(digest)] : [])),
      ),
    ),
    snapshots: new Set(
      namespaces.flatMap(({ reading }) =>
        reading.snapshots.map(({ snapshotter, name }) => `${snapshotter} ${name}`),
      ),
    ),
    ingests: new Set(namespaces.flatMap(({ ingests }) => ingests.map(({ ref }) => ref))),
  };
}
