// Docker's containers: `containers/<id>/config.v2.json`, and the layers each stands on.
import { Trouble } from '../../sys/errors.ts';
import {
  type ContainerId,
  containerIdOf,
  type ImageId,
  isHexId,
  parseContainerId,
  parseImageId,
} from '../digest.ts';
import { trouble } from '../files.ts';
import {
  booleanOf,
  integerOf,
  type JsonObject,
  optionalObject,
  optionalString,
  parseJson,
  quoted,
  requiredString,
  stringsOf,
  timeOf,
} from '../json.ts';
import { isContainerName } from '../reference.ts';
import type { ContainerSummary, Directories, Layer, LayerStack } from '../store.ts';
import { type ContainerMount, mountsOf } from './container-mounts.ts';
import type { DockerRoot } from './driver.ts';
import { type ImageConfig, imageLayers, imagePath, readImageConfig, timeValue } from './images.ts';
import { type CheckedLayer, LayerChecks, mountPath, readMountRecord } from './layerdb.ts';

export interface ContainerConfig {
  readonly id: ContainerId;
  /** Without the leading slash; absent where there is none, or none that Docker would allow. */
  readonly name?: string;
  /** As it was named at creation. */
  readonly image: string;
  readonly imageId?: ImageId;
  readonly driver: string;
  readonly created?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly command: string;
  readonly status: string;
  readonly running: boolean;
  /** Volumes and directories of the host that are mounted in it, sorted by destination. */
  readonly mounts: readonly ContainerMount[];
  /** Paths of files that Docker keeps for it, on the machine that ran it; none that it has not made yet. */
  readonly ownFiles: readonly string[];
}

/** Fields that hold them. */
const OWN_FILES = ['LogPath', 'HostnamePath', 'HostsPath', 'ResolvConfPath'];
/** Go's zero time. */
const NEVER = '0001-01-01T00:00:00Z';

export function containerPath(id: ContainerId): string {
  return `${containerDirectory(id)}/config.v2.json`;
}

/** The directory of what Docker keeps for a container beside its layers. */
export function containerDirectory(id: ContainerId): string {
  return `containers/${id}`;
}

/** Docker makes the directory of all containers when it is first started: where it is not, a copy left it out. */
export function containersDamage({ files }: DockerRoot): string[] {
  try {
    files.requireDirectory('containers');
    return [];
  } catch (error) {
    if (error instanceof Trouble) return [error.message];
    throw error;
  }
}

/** All containers that have a directory, damaged or not, sorted. Other names in there are left out. */
export function containerIds({ files }: DockerRoot): ContainerId[] {
  return (files.namesIfPresent('containers') ?? []).filter(isHexId).map(containerIdOf);
}

/** The whole of it, checked to be that container's. */
export function readContainerJson({ files }: DockerRoot, id: ContainerId): JsonObject {
  const path = containerPath(id);
  const file = files.pathOf(path);
  const config = parseJson(files.read(path), file);
  if (parseContainerId(requiredString(config, 'ID'), { file, part: 'ID' }) !== id) {
    throw new Trouble('store', `Cannot use "${file}": ID is not the name of its directory`);
  }
  return config;
}

export function readContainerConfig(root: DockerRoot, id: ContainerId): ContainerConfig {
  const config = readContainerJson(root, id);
  const { file } = config;
  const name = (optionalString(config, 'Name') ?? '').replace(/^\//, '');
  const image = optionalString(config, 'Image') ?? '';
  const created = timeOf(config, 'Created');
  const state = optionalObject(config, 'State') ?? { file, prefix: 'State.', fields: {} };
  return {
    id,
    ...(isContainerName(name) ? { name } : {}),
    image: namedImage(config) ?? image,
    ...(image === '' ? {} : { imageId: parseImageId(image, { file, part: 'Image' }) }),
    driver: optionalString(config, 'Driver') ?? '',
    ...(created === undefined ? {} : { created }),
    ...eventTime('startedAt', state, 'StartedAt'),
    ...eventTime('finishedAt', state, 'FinishedAt'),
    command: commandOf(config),
    status: statusOf(state),
    running: booleanOf(state, 'Running'),
    mounts: mountsOf(config),
    ownFiles: OWN_FILES.flatMap((key) => nonEmpty(config.fields[key])),
  };
}

function nonEmpty(value: unknown): string[] {
  return typeof value === 'string' && value !== '' ? [value] : [];
}

/** Checks all that the container is made of: its own layer first, then `-init`, then its image's. */
export function containerStack(root: DockerRoot, id: ContainerId, directories: Directories): LayerStack {
  const config = readContainerConfig(root, id);
  return {
    label: config.name ?? id.slice(0, 12),
    kind: 'container',
    id,
    layers: containerLayers(root, config, new LayerChecks(root, directories)),
    dataLayers: [],
    dialect: root.dialect,
    ...(config.mounts.length === 0 ? {} : { mountPoints: config.mounts.map((mount) => mount.destination) }),
  };
}

/** Newest first. */
export function listContainers(root: DockerRoot): ContainerSummary[] {
  const checks = new LayerChecks(root);
  const containers = containerIds(root).map((id) => describe(root, id, checks));
  return containers.sort((a, b) => timeValue(b.created) - timeValue(a.created) || (a.id < b.id ? -1 : 1));
}

function containerLayers(root: DockerRoot, config: ContainerConfig, checks: LayerChecks): Layer[] {
  const { files, driver } = root;
  if (config.driver !== driver.name) {
    const state = `Driver is ${quoted(config.driver)}, the store's is "${driver.name}"`;
    throw trouble('use', files.pathOf(containerPath(config.id)), state);
  }
  const { mountId, initId, parent } = readMountRecord(root, config.id);
  const upper: Layer = {
    ...checks.directory(mountId),
    role: 'upper',
    ...(config.running ? { live: true } : {}),
  };
  const init: Layer[] = initId === undefined ? [] : [{ ...checks.directory(initId), role: 'init' }];
  const chain = parent === undefined ? [] : checks.chainFrom(parent);
  return [upper, ...init, ...imageLayers(chain, imageOf(root, config, chain))];
}

/** The image's config where that is still there and whole. Its layers need no config: layerdb proves them. */
function imageOf(
  root: DockerRoot,
  { id, imageId }: ContainerConfig,
  chain: readonly CheckedLayer[],
): ImageConfig | undefined {
  if (imageId === undefined) return undefined;
  let image: ImageConfig;
  try {
    image = readImageConfig(root, imageId);
  } catch (error) {
    if (error instanceof Trouble) return undefined;
    throw error;
  }
  const diffIds = chain.map((layer) => layer.diffId).reverse();
  if (diffIds.join() === image.diffIds.join()) return image;
  const parent = root.files.pathOf(`${mountPath(root, id)}/parent`);
  const state = `its layers are not those of the container's image, "${root.files.pathOf(imagePath(root, imageId))}"`;
  throw trouble('use', parent, state);
}

function describe(root: DockerRoot, id: ContainerId, checks: LayerChecks): ContainerSummary {
  let config: ContainerConfig;
  try {
    config = readContainerConfig(root, id);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return { id, name: '', image: '', status: 'unknown', damage: error.message };
  }
  const { name = '', image, imageId, created, startedAt, finishedAt, command, status } = config;
  const damage = damageOf(root, config, checks);
  return {
    id,
    name,
    image,
    ...(imageId === undefined ? {} : { imageId }),
    ...(created === undefined ? {} : { created }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    status,
    command,
    ...(damage === undefined ? {} : { damage }),
  };
}

function damageOf(root: DockerRoot, config: ContainerConfig, checks: LayerChecks): string | undefined {
  try {
    containerLayers(root, config, checks);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return error.message;
  }
  if (config.name !== undefined) return undefined;
  return `Cannot use "${root.files.pathOf(containerPath(config.id))}": Name is not a container name`;
}

function namedImage(config: JsonObject): string | undefined {
  const inner = optionalObject(config, 'Config');
  return inner && optionalString(inner, 'Image');
}

function eventTime<K extends string>(key: K, state: JsonObject, field: string): { [P in K]?: string } {
  const value = timeOf(state, field);
  return value === undefined || value === NEVER ? {} : ({ [key]: value } as { [P in K]?: string });
}

/** As the list of `docker ps` joins them (moby daemon/list.go). */
function commandOf(config: JsonObject): string {
  const args = stringsOf(config, 'Args').map((word) => (word.includes(' ') ? `'${word}'` : word));
  return [optionalString(config, 'Path') ?? '', ...args].join(' ');
}

/** In the order in which moby asks (container/state.go). */
function statusOf(state: JsonObject): string {
  const exitCode = integerOf(state, 'ExitCode');
  if (booleanOf(state, 'Running')) {
    if (booleanOf(state, 'Paused')) return 'running (paused)';
    return booleanOf(state, 'Restarting') ? `restarting (${exitCode})` : 'running';
  }
  if (booleanOf(state, 'RemovalInProgress')) return 'removal in progress';
  if (booleanOf(state, 'Dead')) return 'dead';
  const started = timeOf(state, 'StartedAt') ?? NEVER;
  return started === NEVER ? 'created' : `exited (${exitCode})`;
}
