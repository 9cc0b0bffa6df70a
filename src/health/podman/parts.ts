// What a thing of containers-storage is, which images, containers and pods use it, and what it is made of: what `whose` answers once
// it knows what was asked for.
import { imageIdOf, shortId } from '../../store/digest.ts';
import type { ImageRecord } from '../../store/podman/images.ts';
import type { Inventory, KnownContainer } from '../../store/podman/inventory.ts';
import type { LayerRecord } from '../../store/podman/layers.ts';
import { rootfsOf } from '../../store/podman/libpod/libpod.ts';
import { type PodmanMount, podmanMounts } from '../../store/podman/libpod/mounts.ts';
import { allRoots, layerPath } from '../../store/podman/root.ts';
import { layersOf } from '../../store/podman/stack.ts';
import { statusOfContainer } from '../../store/podman/state.ts';
import { imageOfContainer } from '../../store/podman/summaries.ts';
import { asBytes, type ByteString, bytesOfText, textOf } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { knownFacts, type Related, type StorePart, volumeFacts } from '../part.ts';
import {
  directoriesOfVolumes,
  imageName,
  type LayerUse,
  nameOfContainer,
  type Pod,
  volumeUsers,
} from './uses.ts';

export interface Context {
  readonly inventory: Inventory;
  /** By the layer's ID. */
  readonly uses: ReadonlyMap<string, readonly LayerUse[]>;
}

export function layerPart({ inventory, uses: all }: Context, record: LayerRecord): StorePart {
  const uses = all.get(record.id) ?? [];
  const isOwn = uses.some((use) => use.kind === 'container' && use.layer === undefined);
  return {
    kind: isOwn ? 'upper' : 'layer',
    id: record.id,
    directory: directoryOf(record),
    facts: knownFacts({
      diffId: record.diffId ?? '',
      names: record.names.join(' '),
      state: record.isIncomplete ? 'incomplete' : '',
    }),
    uses: record.parent === undefined ? [] : [relatedLayer(inventory, record.parent)],
    users: uses.map(relatedUse),
  };
}

export function imagePart({ inventory }: Context, image: ImageRecord): StorePart {
  const chain = attempt(() => layersOf(inventory, image));
  const layers = chain instanceof Trouble ? [] : chain;
  const containers = [...inventory.containers().values()].filter(({ record }) => record?.image === image.id);
  return {
    kind: 'image',
    id: imageIdOf(image.id),
    facts: knownFacts({
      names: image.names.join(' '),
      formerly: image.history.filter((name) => !image.names.includes(name)).join(' '),
    }),
    uses: layers.map(({ id }, i) => relatedLayer(inventory, id, layers.length - i)),
    users: containers.map((container) => relatedUse({ kind: 'container', container })),
  };
}

export function containerPart({ inventory }: Context, container: KnownContainer): StorePart {
  const { id, layer, record, podman, pod } = container;
  const chain = layer === undefined ? [] : attempt(() => inventory.layers().chain(layer));
  const layers = chain instanceof Trouble ? [] : chain;
  const image = record?.image;
  return {
    kind: 'container',
    id,
    facts: knownFacts({
      name: nameOfContainer(container),
      status: statusOfContainer(inventory.root, container),
      pod: pod?.name ?? '',
      rootfs: (podman && rootfsOf(podman)) ?? '',
    }),
    uses: [
      ...(image === undefined
        ? []
        : [{ kind: 'image', id: imageIdOf(image), label: imageOfContainer(inventory, container) } as const]),
      ...layers.map(
        (one, i): Related =>
          i === 0
            ? { kind: 'upper', id: one.id, label: shortId(one.id), directory: directoryOf(one) }
            : relatedLayer(inventory, one.id, layers.length - i),
      ),
      ...(podman === undefined ? [] : podmanMounts(podman)).map((mount) => relatedMount(inventory, mount)),
    ],
    users: [],
  };
}

export function podPart({ inventory }: Context, { id, name }: Pod): StorePart {
  const containers = [...inventory.containers().values()].filter(({ pod }) => pod?.id === id);
  return {
    kind: 'pod',
    id,
    facts: knownFacts({ name }),
    uses: [],
    users: containers.map((container) => relatedUse({ kind: 'container', container })),
  };
}

export function podmanVolumePart({ inventory }: Context, name: ByteString): StorePart {
  const record = inventory.libpod().volumes.get(name);
  const users = volumeUsers(inventory, name).map(({ container, at }) => ({
    ...relatedUse({ kind: 'container', container }),
    at,
  }));
  return {
    kind: 'volume',
    id: textOf(name) ?? name,
    ...directoryOfVolume(inventory, name),
    facts: record === undefined ? {} : volumeFacts(record),
    uses: [],
    users,
  };
}

/** Nothing for a volume of another driver than Podman's own, whose contents are elsewhere. */
function directoryOfVolume(inventory: Inventory, name: ByteString): { readonly directory?: ByteString } {
  const root = allRoots(inventory.root).find((each) => directoriesOfVolumes(each).includes(name));
  if (root === undefined) return {};
  const data = asBytes(`volumes/${name}/_data`);
  const isThere = attempt(() => root.files.kindOf(data)) === 'directory';
  return { directory: root.files.pathOf(isThere ? data : `volumes/${name}`) };
}

function relatedMount(inventory: Inventory, { kind, source, at }: PodmanMount): Related {
  const directory = kind === 'volume' ? directoryOfVolume(inventory, bytesOfText(source)) : {};
  return { kind, id: kind === 'volume' ? source : '', label: source, at, ...directory };
}

function relatedLayer(inventory: Inventory, id: string, layer?: number): Related {
  const record = attempt(() => inventory.layers().layer(id));
  return {
    kind: 'layer',
    id,
    label: shortId(id),
    ...(layer === undefined ? {} : { layer }),
    ...(record instanceof Trouble ? {} : { directory: directoryOf(record) }),
  };
}

function directoryOf({ root, id }: LayerRecord): ByteString {
  return root.files.pathOf(`${layerPath(root, id)}${root.driver === 'vfs' ? '' : '/diff'}`);
}

function relatedUse(use: LayerUse): Related {
  const layer = use.layer === undefined ? {} : { layer: use.layer };
  if (use.kind === 'image')
    return { kind: 'image', id: imageIdOf(use.image.id), ...imageName(use.image), ...layer };
  return { kind: 'container', id: use.container.id, label: nameOfContainer(use.container), ...layer };
}
