// What became of a container: Podman keeps it in its database, CRI-O in a file beside the container's other data, Buildah nowhere.
import { attempt, Trouble } from '../../sys/errors.ts';
import { integerOf, optionalString, parseJson, timeOf } from '../formats/json.ts';
import type { KnownContainer } from './inventory.ts';
import { type ContainerState, NEVER, stateOf } from './libpod/libpod.ts';
import { mountedLayers } from './mounted.ts';
import { metadataPath, type PodmanRoot, type StorageRoot } from './root.ts';
import { CRIO_STATE } from './shapes.ts';

/** Undefined where nothing tells it. Throws Trouble where what tells it is damaged. */
export function containerState(
  root: StorageRoot,
  { id, podman }: Pick<KnownContainer, 'id' | 'podman'>,
): ContainerState | undefined {
  return podman === undefined ? crioState(root, id) : stateOf(podman);
}

/** Where CRI-O keeps it. */
export function statePath(root: StorageRoot, id: string): string {
  return `${metadataPath(root, 'containers', id)}/userdata/state.json`;
}

/** CRI-O's `state.json` (internal/oci/container.go ContainerState, of which runtime-spec's State is a part). */
function crioState(root: StorageRoot, id: string): ContainerState | undefined {
  const path = statePath(root, id);
  const bytes = root.files.readIfPresent(path);
  if (bytes === undefined) return undefined;
  const state = parseJson(bytes, root.files.pathOf(path), CRIO_STATE);
  const word = optionalString(state, 'status') ?? '';
  const startedAt = timeOf(state, 'started');
  const finishedAt = timeOf(state, 'finished');
  return {
    status: word === 'stopped' ? `exited (${integerOf(state, 'exitCode')})` : word || 'unknown',
    isRunning: word === 'running' || word === 'paused',
    ...(startedAt === undefined || startedAt === NEVER ? {} : { startedAt }),
    ...(finishedAt === undefined || finishedAt === NEVER ? {} : { finishedAt }),
  };
}

/** As lists word it, also where nothing tells it or what tells it is damaged. */
export function statusOfContainer(root: StorageRoot, container: KnownContainer): string {
  const state = attempt(() => containerState(root, container));
  return state === undefined || state instanceof Trouble ? statusWithoutState(root, container) : state.status;
}

/** Of a container whose state nothing tells: one that Buildah works in, or another program's (`podman ps --external`). */
export function statusWithoutState(root: StorageRoot, { id, podman }: KnownContainer): string {
  if (podman !== undefined) return 'unknown';
  const file = `${metadataPath(root, 'containers', id)}/userdata/buildah.json`;
  return attempt(() => root.files.kindOf(file)) === 'file' ? 'buildah' : 'storage';
}

/** Whether its own layer may change: it runs, or is mounted (`buildah mount`). What cannot be told is taken for no. */
export function isAtWork(root: PodmanRoot, container: KnownContainer): boolean {
  if (container.layer !== undefined && mountedLayers(root).has(container.layer)) return true;
  const state = attempt(() => containerState(root, container));
  return state !== undefined && !(state instanceof Trouble) && state.isRunning;
}
