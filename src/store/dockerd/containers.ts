// Docker's containers as its daemon records them, whichever store has their layers: `containers/<id>/config.v2.json`.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import {
  type BlobDigest,
  type ContainerId,
  containerIdOf,
  type ImageId,
  isBlobDigest,
  isHexId,
  parseContainerId,
  parseImageId,
} from '../digest.ts';
import type { StoreFiles } from '../files.ts';
import {
  booleanOf,
  integerOf,
  type JsonDocument,
  type JsonObject,
  optionalObject,
  optionalString,
  parseJson,
  requiredString,
  stringsOf,
  timeOf,
} from '../formats/json.ts';
import { isContainerName } from '../reference/reference.ts';
import { type ContainerMount, mountsOf } from './container-mounts.ts';
import { CONTAINER } from './shapes.ts';

export interface ContainerConfig {
  readonly id: ContainerId;
  /** Without the leading slash; absent where there is none, or none that Docker would allow. */
  readonly name?: string;
  /** As it was named at creation. */
  readonly image: string;
  readonly imageId?: ImageId;
  /** With containerd's image store, the manifest that it runs where its image is an index. */
  readonly manifest?: BlobDigest;
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
  /** Why others than an engine may understand the config differently; undefined where they cannot. */
  readonly ambiguity: string | undefined;
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

/** All containers that have a directory, damaged or not, sorted. Other names in there are left out. */
export function containerIds(files: StoreFiles): ContainerId[] {
  return (files.namesIfPresent('containers') ?? []).filter(isHexId).map(containerIdOf);
}

/** Changes when one comes, goes, or is written of. */
export function containersStamp(files: StoreFiles): string {
  const ids = attempt(() => containerIds(files));
  return files.stampOf(['containers', ...(ids instanceof Trouble ? [] : ids.map(containerPath))]);
}

/** Docker makes the directory of all containers when it is first started: where it is not, a copy left it out. */
export function containersAbsent(files: StoreFiles): Trouble | undefined {
  const found = attempt(() => files.requireDirectory('containers'));
  return found instanceof Trouble ? found : undefined;
}

/** The whole of it, checked to be that container's. */
export function readContainerJson(files: StoreFiles, id: ContainerId): JsonDocument {
  const path = containerPath(id);
  const file = files.pathOf(path);
  const config = parseJson(files.read(path), file, CONTAINER, 'first value');
  if (parseContainerId(requiredString(config, 'ID'), { file, part: 'ID' }) !== id) {
    throw new Trouble('store', `Cannot use "${shownBytes(file)}": ID is not the name of its directory`);
  }
  return config;
}

export function readContainerConfig(files: StoreFiles, id: ContainerId): ContainerConfig {
  const config = readContainerJson(files, id);
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
    ...manifestOf(config),
    driver: optionalString(config, 'Driver') ?? '',
    ...(created === undefined ? {} : { created }),
    ...eventTime('startedAt', state, 'StartedAt'),
    ...eventTime('finishedAt', state, 'FinishedAt'),
    command: commandOf(config),
    status: statusOf(state),
    running: booleanOf(state, 'Running'),
    mounts: mountsOf(config),
    ownFiles: OWN_FILES.flatMap((key) => nonEmpty(config.fields[key])),
    ambiguity: config.ambiguity,
  };
}

function nonEmpty(value: unknown): string[] {
  return typeof value === 'string' && value !== '' ? [value] : [];
}

function manifestOf(config: JsonObject): { readonly manifest?: BlobDigest } {
  const descriptor = optionalObject(config, 'ImageManifest');
  const digest = descriptor && optionalString(descriptor, 'digest');
  return digest !== undefined && isBlobDigest(digest) ? { manifest: digest } : {};
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
