// What a thing of a containerd is, which images and containers use it, and what it is made of: what `whose` answers once it knows
// what was asked for.
import { blobPath, CONTENT } from '../../store/containerd/blobs.ts';
import type { DockerContainer } from '../../store/containerd/docker.ts';
import type { NamedImage } from '../../store/containerd/names.ts';
import { keyOfSnapshot, placeOf, type Snapshot, snapshotterOf } from '../../store/containerd/snapshotter.ts';
import { chainIdOfSnapshot, unpackedPlace } from '../../store/containerd/stack.ts';
import { type BlobDigest, shortId } from '../../store/digest.ts';
import { asBytes, type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { mountsIn } from '../dockerd/mounted.ts';
import { knownFacts, type Related, type StorePart } from '../part.ts';
import type { BlobRole } from './contents.ts';
import { containerName, imageLabel, type NamespaceIndex, type StoreIndex } from './store-index.ts';
import type { User, Uses } from './uses.ts';

export interface Context {
  readonly index: StoreIndex;
  readonly uses: Uses;
}

export function snapshotPart({ index, uses }: Context, snapshotter: string, row: Snapshot): StorePart {
  const used = uses.snapshots.get(`${snapshotter} ${row.id}`) ?? [];
  const key = keyOfSnapshot(row.name);
  const as = (wanted: string) => used.some((use) => use.as === wanted);
  const isLayer = as('layer') || chainIdOfSnapshot(row) !== undefined;
  const isCache = used.some(({ user }) => user.kind === 'cache');
  const own = as('upper') ? 'upper' : as('init') ? 'init' : undefined;
  return {
    kind: own ?? (isLayer ? 'layer' : isCache ? 'cache' : 'snapshot'),
    id: shownBytes(key),
    directory: snapshotDirectory(index, snapshotter, row.id),
    facts: knownFacts({
      snapshot: String(row.id),
      snapshotter,
      state: row.kind,
      namespace: shownBytes(asBytes(row.name.split('/')[0] ?? '')),
      step: stepOf(index, key),
    }),
    uses: belowOf(index, snapshotter, row),
    users: used.map(({ user, layer }) => related(index, user, layer === undefined ? {} : { layer })),
  };
}

function stepOf({ cache }: StoreIndex, key: ByteString): string {
  return cache.get(asBytes(key.replace(/-view$/, '')))?.description ?? '';
}

/** The snapshot that it stands on. */
function belowOf(index: StoreIndex, snapshotter: string, { parent }: Snapshot): Related[] {
  const rows = index.snapshotters.find(({ name }) => name === snapshotter)?.rows;
  const below = parent === undefined || rows instanceof Trouble ? undefined : rows?.get(parent);
  if (below === undefined || typeof below === 'string') return [];
  const label = shownBytes(keyOfSnapshot(below.name)).replace(/^sha256:/, '');
  const kind = chainIdOfSnapshot(below) === undefined ? 'snapshot' : 'layer';
  return [
    {
      kind,
      id: shownBytes(keyOfSnapshot(below.name)),
      label: label.length === 64 ? shortId(label) : label,
      directory: snapshotDirectory(index, snapshotter, below.id),
    },
  ];
}

function snapshotDirectory({ place: { files } }: StoreIndex, snapshotter: string, id: number): ByteString {
  const { directory = (number: number) => `${placeOf(snapshotter)}/snapshots/${number}` } =
    snapshotterOf(snapshotter);
  return files.pathOf(directory(id));
}

export function blobPart({ index, uses }: Context, hex: string): StorePart {
  const digest = `sha256:${hex}` as BlobDigest;
  const roles = new Set<BlobRole>();
  for (const { blobs } of index.contents.values()) {
    const role = blobs.get(digest);
    if (role !== undefined) roles.add(role);
  }
  const records = index.namespaces.flatMap(({ namespace, reading }) =>
    reading.blobs.flatMap((blob) => (blob.digest === digest ? [{ namespace, labels: blob.labels }] : [])),
  );
  const sources = records.flatMap(({ labels }) =>
    [...labels].flatMap(([label, value]) => {
      const host = /^containerd\.io\/distribution\.source\.(.+)$/.exec(label)?.[1];
      return host === undefined ? [] : value.split(',').map((repository) => `${host}/${repository}`);
    }),
  );
  const diffIds = records.flatMap(({ labels }) => labels.get('containerd.io/uncompressed') ?? []);
  return {
    kind: 'content',
    id: digest,
    directory: index.place.files.pathOf(blobPath(digest)),
    facts: knownFacts({
      is: [...roles].join(', '),
      diffId: [...new Set(diffIds)].join(' '),
      pulledFrom: [...new Set(sources)].join(' '),
      namespaces: records.map(({ namespace }) => shownBytes(namespace)).join(' '),
    }),
    uses: [],
    users: (uses.blobs.get(hex) ?? []).map((user) => related(index, user)),
  };
}

export function ingestPart({ index }: Context, name: ByteString): StorePart {
  const { files } = index.place;
  const directory = `${CONTENT}/ingest/${name}`;
  const ref = attempt(() => files.readTextIfPresent(`${directory}/ref`));
  const total = attempt(() => files.readTextIfPresent(`${directory}/total`));
  const text = (value: typeof ref) => (typeof value === 'string' ? shownBytes(asBytes(value)) : '');
  return {
    kind: 'ingest',
    id: shownBytes(name),
    directory: files.pathOf(directory),
    facts: knownFacts({ ref: text(ref), total: text(total) }),
    uses: [],
    users: [],
  };
}

export function imagePart({ index }: Context, namespace: NamespaceIndex, image: NamedImage): StorePart {
  const { reading } = namespace;
  const contents = image.targets.flatMap((target) => index.contents.get(target) ?? []);
  const platforms = new Map(
    contents.flatMap((one) => one.platforms.map((platform) => [platform.manifest, platform] as const)),
  );
  const layers = [...platforms.values()].flatMap(({ chain }) =>
    [...chain.entries()].reverse().map(([i, chainId]): Related => {
      const unpacked = unpackedPlace(reading, chainId);
      const found = unpacked && attempt(() => reading.chain(unpacked));
      const [own] = found === undefined || found instanceof Trouble ? [] : found;
      const directory =
        unpacked === undefined || own === undefined
          ? {}
          : { directory: snapshotDirectory(index, unpacked.snapshotter, own.id) };
      return { kind: 'layer', id: chainId, label: shortId(chainId), layer: i + 1, ...directory };
    }),
  );
  const containers = namespace.containers.filter(
    (container) =>
      imageIdOf(namespace, container) === image.id ||
      (container.manifest !== undefined && platforms.has(container.manifest)),
  );
  return {
    kind: 'image',
    id: image.id,
    facts: knownFacts({
      names: image.records.map(({ name }) => name).join(' '),
      manifests: [...platforms.keys()].join(' '),
      namespace: shownBytes(namespace.namespace),
    }),
    uses: layers,
    users: containers.map((container) => related(index, { kind: 'container', namespace, container })),
  };
}

export function containerPart(
  { index }: Context,
  namespace: NamespaceIndex,
  container: DockerContainer,
): StorePart {
  const { reading } = namespace;
  const { id, place, image, status, sandbox, rootfs } = container;
  const imageId = imageIdOf(namespace, container);
  const chain = attempt(() => reading.chain(place));
  const uses: Related[] =
    imageId === undefined ? [] : [{ kind: 'image', id: imageId, label: image === '' ? imageId : image }];
  const snapshots = chain instanceof Trouble ? [] : chain;
  let number = snapshots.filter((one) => chainIdOfSnapshot(one) !== undefined).length;
  for (const [i, snapshot] of snapshots.entries()) {
    const chainId = chainIdOfSnapshot(snapshot);
    const label = chainId === undefined ? shownBytes(keyOfSnapshot(snapshot.name)) : shortId(chainId);
    const directory = snapshotDirectory(index, place.snapshotter, snapshot.id);
    const kind = i === 0 ? 'upper' : chainId === undefined ? 'init' : 'layer';
    const layer = chainId === undefined ? {} : { layer: number-- };
    uses.push({ kind, id: chainId ?? shownBytes(keyOfSnapshot(snapshot.name)), label, ...layer, directory });
  }
  for (const mount of mountsOf(index, container)) uses.push(mount);
  return {
    kind: 'container',
    id,
    facts: knownFacts({
      name: containerName(index, namespace.namespace, container),
      status,
      sandbox: sandbox ?? '',
      rootfs: rootfs ?? '',
      namespace: shownBytes(namespace.namespace),
    }),
    uses,
    users: [],
  };
}

/** Where its record does not say it, what the name of its image leads to now. */
function imageIdOf({ named }: NamespaceIndex, { image, imageId }: DockerContainer): string | undefined {
  const byName = named.find(({ records }) => records.some(({ name }) => name === image));
  const byTarget = named.find(({ targets }) => targets.some((target) => target === imageId));
  return byTarget?.id ?? imageId ?? byName?.id;
}

/** Of Docker's, volumes and directories; of others only where they are is known. */
function mountsOf({ dataRoot }: StoreIndex, { id, mountPoints }: DockerContainer): Related[] {
  const config = dataRoot && [...dataRoot.containers].find(([known]) => known === id)?.[1];
  if (dataRoot === undefined || config === undefined || config instanceof Trouble)
    return mountPoints.map((at) => ({ kind: 'bind', id: '', label: '', at }));
  return mountsIn(dataRoot, config);
}

/** A directory of snapshots that nothing has a record of. */
export function orphanPart(directory: ByteString, name: ByteString): StorePart {
  return { kind: 'directory', id: shownBytes(name), directory, facts: {}, uses: [], users: [] };
}

function related(index: StoreIndex, user: User, more: Pick<Related, 'layer'> = {}): Related {
  const { namespace } = user;
  switch (user.kind) {
    case 'image':
      return { kind: 'image', id: user.image.id, ...imageLabel(index, namespace, user.image), ...more };
    case 'container': {
      const label = containerName(index, namespace.namespace, user.container);
      return { kind: 'container', id: user.container.id, label, ...more };
    }
    case 'cache':
      return {
        kind: 'cache',
        id: user.id,
        label: index.cache.get(user.id)?.description ?? shortId(user.id),
      };
    case 'lease':
      return { kind: 'lease', id: user.id, label: user.id };
  }
}
