// Containers of a Docker whose daemon keeps its images in containerd: their configs lie in Docker's own data root, their
// layers are the snapshot of their ID (daemon/containerd/image_snapshot.go).
import { asBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type BlobDigest, shortId } from '../digest.ts';
import { readSnapshotCache } from '../dockerd/buildkit.ts';
import { type ContainerConfig, containerIds, readContainerConfig } from '../dockerd/containers.ts';
import { GRAPH_DRIVERS } from '../dockerd/graph-drivers.ts';
import type { StoreFiles } from '../files.ts';
import type { FoundContainer } from './containers.ts';
import { ifSound, type Reading } from './root.ts';

const DEFAULT_SNAPSHOTTER = 'overlayfs';

export interface DockerContainer extends FoundContainer {
  /** The manifest that it runs, where its image's is an index; absent in what is damaged. */
  readonly manifest?: BlobDigest;
}

/** IDs of those that name a snapshotter as their driver. Throws Trouble where they cannot be listed. */
export function snapshotterContainers(docker: StoreFiles): string[] {
  return containerIds(docker).filter((id) => {
    const config = attempt(() => readContainerConfig(docker, id));
    return !(config instanceof Trouble) && config.driver !== '' && !GRAPH_DRIVERS.includes(config.driver);
  });
}

/** Sorted by ID; those of graph drivers are left out. Throws Trouble where they cannot be listed. */
export function readDockerContainers(reading: Reading, docker: StoreFiles): DockerContainer[] {
  return containerIds(docker).flatMap((id) => {
    const place = { snapshotter: DEFAULT_SNAPSHOTTER, key: asBytes(id) };
    const config = attempt(() => readContainerConfig(docker, id));
    if (!(config instanceof Trouble)) {
      const own = { ...place, snapshotter: config.driver };
      return isOurs(reading, config, own) ? [foundContainer(config, own)] : [];
    }
    // A damaged config does not say whose it is; a snapshot of its ID does.
    if (reading.snapshot(place) === undefined) return [];
    return [lostContainer(id, place, config.message)];
  });
}

/** Two snapshotters have the names of graph drivers. */
function isOurs(reading: Reading, { driver }: ContainerConfig, place: FoundContainer['place']): boolean {
  return driver !== '' && (!GRAPH_DRIVERS.includes(driver) || reading.snapshot(place) !== undefined);
}

function foundContainer(config: ContainerConfig, place: FoundContainer['place']): DockerContainer {
  const { id, name, image, imageId, created, startedAt, finishedAt, command, status, running, mounts } =
    config;
  return {
    id,
    name: name ?? shortId(id),
    otherNames: [],
    image,
    ...(imageId === undefined ? {} : { imageId }),
    ...(config.manifest === undefined ? {} : { manifest: config.manifest }),
    place,
    ...(created === undefined ? {} : { created }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    command,
    status,
    live: running,
    infra: false,
    mountPoints: mounts.map(({ destination }) => destination),
    ...(name === undefined ? { damage: 'its Name is not a container name' } : {}),
  };
}

/** What is known of a container whose record is lost: its layers, and that it may be running. */
export function lostContainer(id: string, place: FoundContainer['place'], damage: string): DockerContainer {
  return {
    id,
    name: shortId(id),
    otherNames: [],
    image: '',
    place,
    command: '',
    status: 'unknown',
    live: true,
    infra: false,
    mountPoints: [],
    damage,
  };
}

/** Keys of snapshots that are entries of BuildKit's cache, where Docker has one here. */
export function cacheKeys(reading: Reading): string[] {
  const { docker } = reading.root;
  const cache = docker === undefined ? undefined : ifSound(() => readSnapshotCache(docker));
  return [...(cache ?? [])].map(([id, { snapshot = id }]) => snapshot);
}
