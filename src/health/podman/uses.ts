// Which images and containers have which layers.
import { shortId } from '../../store/digest.ts';
import type { ImageRecord } from '../../store/podman/images.ts';
import type { Inventory, KnownContainer } from '../../store/podman/inventory.ts';
import { placesOfVolume, podmanMounts } from '../../store/podman/libpod/mounts.ts';
import { allRoots, type StorageRoot } from '../../store/podman/root.ts';
import { layersOf } from '../../store/podman/stack.ts';
import { type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { addTo } from '../../sys/groups.ts';
import { labelOfNames } from '../part.ts';

export type LayerUse = {
  /** From the lowest, 1; absent for a container's own. */
  readonly layer?: number;
} & (
  | { readonly kind: 'image'; readonly image: ImageRecord }
  | { readonly kind: 'container'; readonly container: KnownContainer }
);

/** By the layer's ID. */
export function usesOf(inventory: Inventory): ReadonlyMap<string, readonly LayerUse[]> {
  const uses = new Map<string, LayerUse[]>();
  const layers = inventory.layers();
  for (const image of inventory.images().values()) {
    if (image instanceof Trouble) continue;
    const own = attempt(() => layersOf(inventory, image));
    const chains = [own, ...image.mappedLayers.map((top) => attempt(() => layers.chain(top)))];
    const seen = new Set<string>();
    for (const chain of chains) {
      if (chain instanceof Trouble) continue;
      for (const [i, { id }] of chain.entries()) {
        if (seen.has(id)) continue;
        seen.add(id);
        addTo(uses, id, { kind: 'image', image, layer: chain.length - i });
      }
    }
  }
  for (const container of inventory.containers().values()) {
    const { layer } = container;
    const chain = layer === undefined ? [] : attempt(() => layers.chain(layer));
    if (chain instanceof Trouble) {
      if (layer !== undefined) addTo(uses, layer, { kind: 'container', container });
      continue;
    }
    for (const [i, { id }] of chain.entries()) {
      const number = i === 0 ? {} : { layer: chain.length - i };
      addTo(uses, id, { kind: 'container', container, ...number });
    }
  }
  return uses;
}

export function imageName({ names, id }: ImageRecord): ReturnType<typeof labelOfNames> {
  return labelOfNames(
    names.filter((name) => !name.includes('@')),
    shortId(id),
  );
}

export function nameOfContainer({ name, id, pod }: KnownContainer): string {
  if (name === '') return shortId(id);
  return pod === undefined ? name : `${pod.name}/${name}`;
}

/** The containers that mount a named volume, and where. */
export function volumeUsers(
  inventory: Inventory,
  volume: ByteString,
): { readonly container: KnownContainer; readonly at: string }[] {
  return [...inventory.containers().values()].flatMap((container) =>
    (container.podman === undefined ? [] : placesOfVolume(container.podman, volume)).map((at) => ({
      container,
      at,
    })),
  );
}

/** Names of the directories of volumes in a root, sorted. */
export function directoriesOfVolumes({ files }: StorageRoot): ByteString[] {
  const names = attempt(() => files.namesIfPresent('volumes') ?? []);
  return (names instanceof Trouble ? [] : names).filter(
    (name) => attempt(() => files.kindOf(`volumes/${name}`)) === 'directory',
  );
}

/** Names of the volumes that are there, have a record, or are mounted by a container. */
export function namesOfVolumes(inventory: Inventory): ReadonlySet<ByteString> {
  const mounted = [...inventory.containers().values()].flatMap(({ podman }) =>
    podman === undefined ? [] : podmanMounts(podman),
  );
  return new Set<ByteString>([
    ...allRoots(inventory.root).flatMap(directoriesOfVolumes),
    ...inventory.libpod().volumes.keys(),
    ...mounted.flatMap(({ kind, source }) =>
      kind === 'volume' && source !== '' ? [bytesOfText(source)] : [],
    ),
  ]);
}

export interface Pod {
  readonly id: string;
  readonly name: string;
}

/** By Podman's own record, or by what CRI-O says of its containers. */
export function podsOf(inventory: Inventory): Pod[] {
  const pods = new Map(inventory.libpod().pods);
  for (const { pod } of inventory.containers().values())
    if (pod?.id !== undefined && !pods.has(pod.id)) pods.set(pod.id, pod.name);
  return [...pods].map(([id, name]) => ({ id, name }));
}
