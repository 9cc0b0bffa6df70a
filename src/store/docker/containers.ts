// The layers that Docker's containers stand on: their own, `-init`, and their image's.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type ContainerId, chainIds, type ImageId, shortId } from '../digest.ts';
import {
  type ContainerConfig,
  containerIds,
  containerPath,
  readContainerConfig,
} from '../dockerd/containers.ts';
import { trouble } from '../file-state.ts';
import { quoted } from '../formats/json.ts';
import type { Layer, LayerStack, Missing } from '../layer-stack.ts';
import type { ContainerSummary } from '../summary.ts';
import type { DockerRoot } from './driver.ts';
import {
  type ImageConfig,
  imageLayers,
  imagePath,
  readImageConfig,
  timeValue,
  warningsOf,
} from './images.ts';
import { LayerChecks, mountPath, readMountRecord } from './layerdb.ts';

/**
 * Checks all that the container is made of: its own layer first, then `-init`, then its image's. Where damage is marked, it
 * needs no config of its own: layerdb knows its layers.
 */
export function containerStack(root: DockerRoot, id: ContainerId, missing: Missing): LayerStack {
  const checks = new LayerChecks(root, missing);
  const config = attempt(() => readContainerConfig(root.files, id));
  if (config instanceof Trouble) {
    const found = missing === 'refuse' ? config : attempt(() => ownLayers(root, { id }, checks));
    // What is wrong with its layers is no better answer than what is wrong with itself.
    if (found instanceof Trouble) throw config;
    return stackOf(root, { id, label: shortId(id), own: found, doubts: [config.message] });
  }
  requireDriver(root, config);
  const doubts: string[] = [];
  const found = ownLayers(root, config, checks, (doubt) => {
    if (missing === 'refuse') throw doubt;
    doubts.push(doubt.message);
  });
  return {
    ...stackOf(root, { id, label: config.name ?? shortId(id), own: found, doubts }),
    ...(config.mounts.length === 0 ? {} : { mountPoints: config.mounts.map((mount) => mount.destination) }),
    ...warningsOf(config.ambiguity),
  };
}

interface OwnLayers extends Pick<LayerStack, 'layers' | 'copied'> {}

function stackOf(
  { driver, dialect }: DockerRoot,
  of: { id: ContainerId; label: string; own: OwnLayers; doubts: readonly string[] },
): LayerStack {
  const { id, label, own, doubts } = of;
  const told = doubts.length === 0 ? {} : { doubts };
  return { store: driver.name, label, kind: 'container', id, ...own, dataLayers: [], dialect, ...told };
}

/**
 * Newest first, as far as they are this store's: `isOwn` is asked with nothing of one whose config is damaged. `elsewhere` tells who has the layers of a container that belongs to another part of the engine, in words,
 * and undefined of all others.
 */
export function listContainers(
  root: DockerRoot,
  isOwn: (config: Partial<ContainerConfig>) => boolean,
  elsewhere: (config: ContainerConfig) => string | undefined,
): ContainerSummary[] {
  const checks = new LayerChecks(root, 'mark');
  const containers = containerIds(root.files).flatMap((id) => {
    const config = attempt(() => readContainerConfig(root.files, id));
    const known = config instanceof Trouble ? {} : config;
    return isOwn(known) ? [describe(root, id, config, checks, elsewhere)] : [];
  });
  return containers.sort((a, b) => timeValue(b.created) - timeValue(a.created) || (a.id < b.id ? -1 : 1));
}

/** Throws Trouble where layers of another driver would be needed. */
function requireDriver({ files, driver }: DockerRoot, config: ContainerConfig): void {
  if (config.driver === driver.name) return;
  const state = `Driver is ${quoted(config.driver)}, the store's is "${driver.name}"`;
  throw trouble('use', files.pathOf(containerPath(config.id)), state);
}

/** `doubt` is told where the container does not stand on the image it names. Without a config it may be running. */
function ownLayers(
  root: DockerRoot,
  { id, imageId, running = true }: Pick<ContainerConfig, 'id'> & Partial<ContainerConfig>,
  checks: LayerChecks,
  doubt: (trouble: Trouble) => void = () => {},
): OwnLayers {
  const { mountId, initId, parent } = readMountRecord(root, id);
  const upper: Layer = { ...checks.own(mountId), role: 'upper', ...(running ? { live: true } : {}) };
  const known: Layer[] = initId === undefined ? [] : [{ ...checks.own(initId), role: 'engine' }];
  const [copied] = root.driver.copiesInit === true ? known : [];
  const init = copied === undefined ? known : [];
  const image = imageOf(root, imageId);
  const isOnImage = image !== undefined && chainIds(image.diffIds).at(-1) === parent;
  const chain = isOnImage
    ? checks.imageChain(image.diffIds)
    : parent === undefined
      ? []
      : checks.chainFrom(parent);
  if (image !== undefined && !isOnImage) {
    const state = `its layers are not those of the container's image, "${shownBytes(root.files.pathOf(imagePath(root, image.id)))}"`;
    doubt(trouble('use', root.files.pathOf(`${mountPath(root, id)}/parent`), state));
  }
  const layers = [upper, ...init, ...imageLayers(chain, isOnImage ? image : undefined)];
  return { layers, ...(copied === undefined || copied.missing !== undefined ? {} : { copied }) };
}

/** The image's config where that is still there and whole. Its layers need no config: layerdb proves them. */
function imageOf(root: DockerRoot, imageId: ImageId | undefined): ImageConfig | undefined {
  if (imageId === undefined) return undefined;
  const image = attempt(() => readImageConfig(root, imageId));
  return image instanceof Trouble ? undefined : image;
}

function describe(
  root: DockerRoot,
  id: ContainerId,
  config: ContainerConfig | Trouble,
  checks: LayerChecks,
  elsewhereOf: (config: ContainerConfig) => string | undefined,
): ContainerSummary {
  if (config instanceof Trouble) {
    return { id, name: '', image: '', status: 'unknown', damage: config.message };
  }
  const { name = '', image, imageId, created, startedAt, finishedAt, command, status } = config;
  const elsewhere = elsewhereOf(config);
  const damage = elsewhere === undefined ? damageOf(root, config, checks) : undefined;
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
    ...(elsewhere === undefined ? {} : { elsewhere }),
    ...(damage === undefined ? {} : { damage }),
  };
}

function damageOf(root: DockerRoot, config: ContainerConfig, checks: LayerChecks): string | undefined {
  const doubts: string[] = [];
  const found = attempt(() => ownLayers(root, config, checks, ({ message }) => doubts.push(message)));
  if (found instanceof Trouble) return found.message;
  const lost = found.layers.findLast(({ missing }) => missing !== undefined)?.missing;
  const damage = lost ?? doubts[0];
  if (damage !== undefined) return damage;
  if (config.name !== undefined) return undefined;
  return `Cannot use "${shownBytes(root.files.pathOf(containerPath(config.id)))}": Name is not a container name`;
}
