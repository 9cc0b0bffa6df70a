// What lists of images and containers say of each.
import { attempt, Trouble } from '../../sys/errors.ts';
import { imageIdOf } from '../digest.ts';
import type { ContainerSummary, ImageSummary } from '../summary.ts';
import { repositoryOfName } from './find.ts';
import { type ImageRecord, readImageConfig } from './images.ts';
import { digestsOf, type Inventory, type KnownContainer } from './inventory.ts';
import { type ContainerState, commandOf, holdsPod, rootfsOf } from './libpod/libpod.ts';
import { intermediateImages } from './parents.ts';
import { containerStack, imageChain } from './stack.ts';
import { containerState, statusWithoutState } from './state.ts';

/** Full names, as `podman images` prints them. Those without a name are there, too. */
export function summarizeImages(inventory: Inventory): ImageSummary[] {
  const intermediate = intermediateImages(inventory);
  return [...inventory.images()].map(([id, record]) =>
    record instanceof Trouble
      ? {
          id: imageIdOf(id),
          tags: tagsAmong(inventory.imageLists().namesOf(id)),
          digests: [],
          damage: record.message,
        }
      : {
          id: imageIdOf(id),
          ...describeImage(inventory, record),
          ...(intermediate.has(id) ? { intermediate: true } : {}),
        },
  );
}

function describeImage(inventory: Inventory, record: ImageRecord): Omit<ImageSummary, 'id'> {
  const tags = tagsAmong(record.names);
  const digests = repoDigests(record, digestsOf(record));
  const config = attempt(() => readImageConfig(record));
  const created = (config instanceof Trouble ? undefined : config.created) ?? record.created;
  const chain = attempt(() => imageChain(inventory, record).chain);
  const damage = [config, chain].find((found) => found instanceof Trouble)?.message ?? record.lost;
  const sizes = chain instanceof Trouble ? [undefined] : chain.map((layer) => layer.size);
  // As libimage counts: its manifests, its config and what else belongs to it, beside the tars of its layers.
  const size = sizes.reduce<number | undefined>(
    (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
    record.dataSize,
  );
  return {
    tags,
    digests,
    ...(created === undefined ? {} : { created }),
    ...(size === undefined ? {} : { size }),
    ...(damage === undefined ? {} : { damage }),
  };
}

function tagsAmong(names: readonly string[]): string[] {
  return names.filter((name) => !name.includes('@'));
}

/** `name@sha256:…` for each repository that an image has a name of. */
export function repoDigests({ names }: ImageRecord, digests: readonly string[]): string[] {
  const repositories = [...new Set(names.map(repositoryOfName))];
  return repositories.flatMap((name) => digests.map((digest) => `${name}@${digest}`));
}

export function summarizeContainers(inventory: Inventory): ContainerSummary[] {
  return [...inventory.containers().values()].map((container) => describeContainer(inventory, container));
}

function describeContainer(inventory: Inventory, container: KnownContainer): ContainerSummary {
  const { id, name, record, podman, pod } = container;
  const { root } = inventory;
  const state = attempt(() => containerState(root, container));
  const imageId = record?.image;
  const isDirectory = podman !== undefined && rootfsOf(podman) !== undefined;
  const stack = isDirectory ? undefined : attempt(() => containerStack(inventory, id, 'refuse'));
  const damage = [state, stack].find((found) => found instanceof Trouble)?.message ?? container.damage;
  const known: ContainerState =
    state instanceof Trouble || state === undefined
      ? { status: statusWithoutState(root, container), isRunning: false }
      : state;
  return {
    id,
    name,
    ...(pod === undefined ? {} : { pod: pod.name }),
    image: imageOfContainer(inventory, container),
    ...(imageId === undefined ? {} : { imageId: imageIdOf(imageId) }),
    ...(record?.created === undefined ? {} : { created: record.created }),
    ...(known.startedAt === undefined ? {} : { startedAt: known.startedAt }),
    ...(known.finishedAt === undefined ? {} : { finishedAt: known.finishedAt }),
    status: known.status,
    ...(podman === undefined ? {} : { command: commandOf(podman) }),
    // Libpod notes which container holds a pod together; CRI-O gives it the pod's ID.
    ...(pod?.id === id || (podman !== undefined && holdsPod(podman)) ? { infra: true } : {}),
    ...(damage === undefined ? {} : { damage }),
  };
}

/** What it was made from: the image as it was named then, or a directory of the machine; empty where that is not known. */
export function imageOfContainer(inventory: Inventory, { record, podman }: KnownContainer): string {
  const rootfs = podman === undefined ? undefined : rootfsOf(podman);
  return rootfs ?? record?.imageName ?? nameOfImage(inventory, record?.image) ?? '';
}

function nameOfImage(inventory: Inventory, id: string | undefined): string | undefined {
  const record = id === undefined ? undefined : inventory.images().get(id);
  if (record === undefined || record instanceof Trouble) return id;
  return record.names[0] ?? id;
}
