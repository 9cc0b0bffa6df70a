// Which directory of a root of containerd, and of the data root of its Docker, belongs to what.
import { CONTENT } from '../../store/containerd/blobs.ts';
import { TASKS } from '../../store/containerd/containers.ts';
import { CRI } from '../../store/containerd/cri.ts';
import { placeOf, type Snapshot } from '../../store/containerd/snapshotter.ts';
import { asBytes, type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { OwnedPlace, PlaceKind, PlaceUser, StoreUsage } from '../disk-usage.ts';
import { containerPlaces, topPlaces, volumePlaces } from '../dockerd/places.ts';
import {
  containerName,
  imageLabel,
  type NamespaceIndex,
  recordedIn,
  type StoreIndex,
} from './store-index.ts';
import { type SnapshotUse, type User, usesOf } from './uses.ts';

/** What of a Docker's data root is containerd's, or made for its snapshots. */
const OURS: ReadonlyMap<string, PlaceKind> = new Map([
  ['containerd', 'records'],
  ['rootfs', 'records'],
]);

/** Where BuildKit keeps what it knows of builds of the past. */
const HISTORY = 'moby_history';

export function usageOf(index: StoreIndex): StoreUsage {
  const { place, dataRoot, namespaces } = index;
  const { files, docker } = place;
  return {
    directories: [...(docker === undefined ? [] : [docker.directory]), files.directory],
    places: [
      ...(dataRoot === undefined
        ? []
        : [...topPlaces(dataRoot, OURS), ...containerPlaces(dataRoot), ...volumePlaces(dataRoot)]),
      ...ownPlaces(index),
      ...snapshotPlaces(index),
      ...contentPlaces(index),
      ...podPlaces(index),
    ],
    images: namespaces.flatMap((namespace) =>
      namespace.named.map((image) => imageUser(index, { kind: 'image', namespace, image })),
    ),
    containers: namespaces.flatMap((namespace) =>
      namespace.containers.map((container) =>
        containerUser(index, { kind: 'container', namespace, container }),
      ),
    ),
    damage: index.damage,
  };
}

type ImageOf = Extract<User, { readonly kind: 'image' }>;
type ContainerOf = Extract<User, { readonly kind: 'container' }>;

function imageUser(index: StoreIndex, { namespace, image }: ImageOf): PlaceUser {
  return {
    kind: 'image',
    id: image.id,
    ...imageLabel(index, namespace, image),
    ...spaceOf(index, namespace),
  };
}

function containerUser(index: StoreIndex, { namespace, container }: ContainerOf): PlaceUser {
  const label = containerName(index, namespace.namespace, container);
  return { kind: 'container', id: container.id, label, ...spaceOf(index, namespace) };
}

/** One image in two namespaces is two. */
function spaceOf({ namespaces }: StoreIndex, { namespace }: NamespaceIndex): Pick<PlaceUser, 'namespace'> {
  return namespaces.length > 1 ? { namespace: shownBytes(namespace) } : {};
}

function placeUsers(index: StoreIndex, users: readonly User[]): PlaceUser[] {
  return users.flatMap((user) => {
    if (user.kind === 'image') return [imageUser(index, user)];
    return user.kind === 'container' ? [containerUser(index, user)] : [];
  });
}

/** Names of plugins at the top of containerd's root. */
function ownPlaces({ place: { files } }: StoreIndex): OwnedPlace[] {
  return names(files, '.').map((name) => ({
    path: files.pathOf(name),
    kind: /^io\.containerd\.|^tmpmounts$|^lib$|^opt$/.test(name) ? 'records' : 'other',
    id: name,
    users: [],
  }));
}

function names(files: StoreIndex['place']['files'], path: string): readonly ByteString[] {
  const found = attempt(() => files.namesIfPresent(path) ?? []);
  return found instanceof Trouble ? [] : found;
}

function snapshotPlaces(index: StoreIndex): OwnedPlace[] {
  const { files } = index.place;
  const { snapshots: uses } = usesOf(index);
  const { snapshots: recorded } = recordedIn(index);
  return index.snapshotters.flatMap(({ name: snapshotter, rows, entries }) => {
    const byId = new Map<string, Snapshot>();
    for (const row of rows instanceof Trouble ? [] : (rows?.values() ?? []))
      if (typeof row !== 'string') byId.set(String(row.id), row);
    return entries.flatMap(({ name, kind }): OwnedPlace[] => {
      if (kind !== 'directory') return [];
      const row = byId.get(name);
      const users = (row && uses.get(`${snapshotter} ${row.id}`)) ?? [];
      const isKnown = row !== undefined && recorded.has(`${snapshotter} ${row.name}`);
      // Where the records cannot be read, it is not known what nothing leads to.
      const otherwise = rows instanceof Trouble || !index.isWhole ? 'other' : 'orphan';
      return [
        {
          path: files.pathOf(`${placeOf(snapshotter)}/snapshots/${name}`),
          ...(row !== undefined && (isKnown || users.length > 0)
            ? ownerOf(index, row, users)
            : { kind: otherwise, id: name, users: [] }),
          ...(snapshotter === 'overlayfs' ? { counted: ['fs'] } : {}),
        },
      ];
    });
  });
}

/** What a snapshot is, by what it is to those who use it. */
function ownerOf(
  index: StoreIndex,
  { id, name, kind }: Snapshot,
  uses: readonly SnapshotUse[],
): Pick<OwnedPlace, 'kind' | 'id' | 'users'> {
  const users = placeUsers(
    index,
    uses.map(({ user }) => user),
  );
  const own = uses.find(({ as }) => as === 'upper' || as === 'init');
  if (own?.user.kind === 'container')
    return { kind: own.as === 'upper' ? 'upper' : 'init', id: own.user.container.id, users };
  if (uses.some(({ as }) => as === 'layer')) return { kind: 'layer', id: String(id), users };
  const cache = uses.find(({ user }) => user.kind === 'cache');
  if (cache?.user.kind === 'cache') return { kind: 'cache', id: cache.user.id, users };
  // What is written and is no container's is a layer that is being unpacked, or was.
  return { kind: kind === 'committed' ? 'unused' : 'unfinished', id: name, users };
}

function contentPlaces(index: StoreIndex): OwnedPlace[] {
  const { files } = index.place;
  const { blobs: uses } = usesOf(index);
  const { blobs: recorded } = recordedIn(index);
  const blobs = [...index.blobs.keys()].map((hex): OwnedPlace => {
    const users = uses.get(hex) ?? [];
    const images = placeUsers(index, users);
    const isCache = users.some(({ kind, namespace }) => kind === 'cache' || namespace.namespace === HISTORY);
    const known = images.length > 0 ? 'content' : isCache ? 'cache' : 'loose';
    return {
      path: files.pathOf(`${CONTENT}/blobs/sha256/${hex}`),
      kind: recorded.has(hex) || !index.isWhole ? known : 'orphan',
      id: `sha256:${hex}`,
      users: images,
    };
  });
  const ingests = index.ingests.map(
    ({ name }): OwnedPlace => ({
      path: files.pathOf(`${CONTENT}/ingest/${name}`),
      kind: 'unfinished',
      id: name,
      users: [],
    }),
  );
  return [...blobs, ...ingests];
}

/** What CRI and the runtime keep of each container and sandbox. */
function podPlaces(index: StoreIndex): OwnedPlace[] {
  const { files } = index.place;
  const all = index.namespaces.flatMap((namespace) =>
    namespace.containers.map((container) => ({
      namespace,
      id: container.id,
      user: containerUser(index, { kind: 'container', namespace, container }),
    })),
  );
  const directories = [`${CRI}/containers`, `${CRI}/sandboxes`].flatMap((parent) =>
    names(files, parent).map((name) => ({
      path: `${parent}/${name}`,
      name,
      user: all.find(({ id }) => id === name)?.user,
    })),
  );
  const tasks = index.namespaces.flatMap(({ namespace }) =>
    names(files, `${TASKS}/${namespace}`).map((name) => ({
      path: `${TASKS}/${namespace}/${name}`,
      name,
      user: all.find((one) => one.namespace.namespace === namespace && one.id === name)?.user,
    })),
  );
  return [...directories, ...tasks].map(({ path, name, user }) => ({
    path: files.pathOf(asBytes(path)),
    kind: user === undefined ? 'orphan' : 'files',
    id: name,
    users: user === undefined ? [] : [user],
  }));
}
