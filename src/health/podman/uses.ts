// Which images and containers have which layers.
import type { ImageRecord } from '../../store/podman/images.ts';
import type { Inventory, KnownContainer } from '../../store/podman/inventory.ts';
import { volumesOf } from '../../store/podman/libpod.ts';
import { layersOf } from '../../store/podman/stack.ts';
import { type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { addTo } from '../../sys/groups.ts';

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

export function imageName({ names, id }: ImageRecord): string {
  return names[0] ?? id.slice(0, 12);
}

export function nameOfContainer({ name, id, pod }: KnownContainer): string {
  if (name === '') return id.slice(0, 12);
  return pod === undefined ? name : `${pod.name}/${name}`;
}

/** The containers that mount a named volume, and where. */
export function volumeUsers(
  inventory: Inventory,
  volume: ByteString,
): { readonly container: KnownContainer; readonly at: string }[] {
  return [...inventory.containers().values()].flatMap((container) =>
    (container.podman === undefined ? [] : volumesOf(container.podman))
      .filter(({ name }) => name !== '' && bytesOfText(name) === volume)
      .map(({ at }) => ({ container, at })),
  );
}
