// From an image or a container to the directories it is made of: each layer's `diff`, with the further ones (`diff1`, …) that
// containers-storage makes where it has to copy a layer for a user namespace; in vfs, one full tree.
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type ChainId, chainIdOn, imageIdOf, shortId } from '../digest.ts';
import { trouble } from '../file-state.ts';
import { type Dialect, type Layer, type LayerStack, type Missing, rootfsWords } from '../layer-stack.ts';
import type { HistoryStep } from '../oci/oci.ts';
import type { OwnerView } from '../owner.ts';
import type { DirectorySource } from '../source.ts';
import { isComposefs, objectPlaces } from './composefs.ts';
import { type ImageRecord, readImageConfig } from './images.ts';
import type { Inventory, KnownContainer } from './inventory.ts';
import type { LayerRecord } from './layers.ts';
import { imageLayerId } from './layers.ts';
import { rootfsOf } from './libpod/libpod.ts';
import { mountPointsOf } from './libpod/mounts.ts';
import { layerPath, type PodmanRoot, type StorageRoot } from './root.ts';
import { isAtWork } from './state.ts';

/** More copies of one layer than any user namespaces made. */
const MOST_COPIES = 1000;

/** What says how a layer was made; base first, one for each layer of the image, or none where it is not known. */
type Steps = readonly (HistoryStep | undefined)[];

/** Checks all that the image is made of. `label` is how a person would name it. Throws Trouble. */
export function imageStack(inventory: Inventory, id: string, label: string, missing: Missing): LayerStack {
  const image = inventory.imageLists().image(id);
  const { chain, steps } = imageChain(inventory, image);
  if (chain.length === 0) {
    throw new Trouble('store', `Cannot use image "${label}": it has no layers, so there is nothing to show`);
  }
  return {
    label,
    kind: 'image',
    id,
    layers: imageLayers(chain, steps, missing),
    dataLayers: [],
    dialect: dialectOf(inventory.root),
  };
}

/** The layers of an image, top first, which are those that its config names. Throws Trouble. */
export function imageChain(
  inventory: Inventory,
  image: ImageRecord,
): { readonly chain: readonly LayerRecord[]; readonly steps: Steps } {
  const chain = layersOf(inventory, image);
  return { chain, steps: stepsOf(inventory, image, chain) };
}

/** The layers that an image's record leads to, top first, whatever its config names. Throws Trouble. */
export function layersOf(inventory: Inventory, image: ImageRecord): readonly LayerRecord[] {
  let top = image.layer;
  if (image.lost !== undefined) {
    // Nothing names its top layer, but the IDs of an image's layers follow from what they are made of.
    for (const diffId of readImageConfig(image).diffIds) top = imageLayerId(top, diffId);
  }
  return top === undefined ? [] : inventory.layers().chain(top);
}

/** Throws Trouble where the config names other layers than these. One that cannot be read only takes the history away. */
function stepsOf({ root }: Inventory, image: ImageRecord, chain: readonly LayerRecord[]): Steps {
  const config = attempt(() => readImageConfig(image));
  if (config instanceof Trouble) return [];
  const found = chain.map(({ diffId }) => diffId).reverse();
  const differs = config.diffIds.some((diffId, i) => found[i] !== undefined && found[i] !== diffId);
  if (found.length !== config.diffIds.length || differs) {
    const state = `its layers are not those of its config: ${found.length} layers lead to ${image.layer ?? 'none'}`;
    throw trouble('use image', root.files.pathOf(`${image.root.driver}-images/${image.id}`), state);
  }
  const steps = config.history.filter((step) => !step.emptyLayer);
  // A wrong history line is worse than none.
  return steps.length === chain.length ? steps : [];
}

/** Checks all that the container is made of: its own layer first, then its image's. Throws Trouble. */
export function containerStack(inventory: Inventory, id: string, missing: Missing): LayerStack {
  const container = inventory.containers().get(id);
  if (container === undefined) throw new Trouble('reference', `Cannot find container "${id}"`);
  const { name, podman, damage } = container;
  const rootfs = podman === undefined ? undefined : rootfsOf(podman);
  const label = name === '' ? shortId(id) : name;
  if (rootfs !== undefined) throw isDirectory(label, rootfs);
  const mountPoints = podman === undefined ? [] : mountPointsOf(podman);
  const dialect = dialectOf(inventory.root);
  return {
    label,
    kind: 'container',
    id,
    layers: containerLayers(inventory, container, missing),
    dataLayers: [],
    dialect,
    ...ownersOf(container),
    // The upper of one that was mounted with `metacopy=on`, as storage.conf has it in some distributions, has such files.
    ...(dialect === 'trusted' ? { metacopy: true } : {}),
    ...(mountPoints.length === 0 ? {} : { mountPoints }),
    ...(damage === undefined ? {} : { doubts: [damage] }),
  };
}

/** Of one that has a user namespace of its own. What it shares with others has their owners, which are mapped by the mount. */
function ownersOf({ record }: KnownContainer): { readonly owners?: OwnerView } {
  const { uidMap: uids = [], gidMap: gids = [] } = record ?? {};
  if (uids.length === 0 && gids.length === 0) return {};
  return { owners: { uids, gids, others: 'kept', source: 'the record of the container' } };
}

function isDirectory(label: string, rootfs: string): Trouble {
  return new Trouble(
    'store',
    `Cannot use container "${label}": ${rootfsWords(rootfs)}; look at that with lowerdir=${rootfs}`,
  );
}

function containerLayers(inventory: Inventory, container: KnownContainer, missing: Missing): Layer[] {
  const { id, layer, record } = container;
  const { root } = inventory;
  if (layer === undefined) {
    const state = `nothing tells which layer is that of container ${id}`;
    throw new Trouble('store', `Cannot use "${shownBytes(root.files.directory)}": ${state}`);
  }
  const [own, ...below] = inventory.layers().chain(layer);
  const isLive = isAtWork(root, container);
  const image =
    record?.image === undefined ? undefined : attempt(() => inventory.imageLists().image(record.image ?? ''));
  const steps =
    image === undefined || image instanceof Trouble ? [] : containerSteps(inventory, image, below, container);
  const uppers = own === undefined ? [] : directoriesOf(own, missing);
  return [
    ...uppers.map(
      (source, i): Layer => ({
        ...source,
        // What lies below its own directory is a copy of the image's files with other owners.
        role: i === 0 ? 'upper' : 'engine',
        ids: { layer },
        ...(i === 0 && isLive ? { live: true } : {}),
      }),
    ),
    ...imageLayers(below, steps, missing),
  ];
}

/** Throws Trouble where the container stands on other layers than those of the image it names. */
function containerSteps(
  inventory: Inventory,
  image: ImageRecord,
  below: readonly LayerRecord[],
  { id }: KnownContainer,
): Steps {
  const chain = attempt(() => imageChain(inventory, image));
  if (chain instanceof Trouble) return [];
  if (chain.chain.map((layer) => layer.id).join() === below.map((layer) => layer.id).join())
    return chain.steps;
  // With a user namespace, the image may have a top layer for each map of owners.
  const top = below.at(0)?.id ?? '';
  if (chain.chain.length === below.length && image.mappedLayers.includes(top)) return chain.steps;
  const file = inventory.root.files.pathOf(`${inventory.root.driver}-containers/containers.json`);
  throw trouble(
    'use',
    file,
    `container ${id} does not stand on the layers of its image, ${imageIdOf(image.id)}`,
  );
}

/** `chain` top first, `steps` base first. */
function imageLayers(chain: readonly LayerRecord[], steps: Steps, missing: Missing): Layer[] {
  const layers: Layer[] = [];
  let chainId: ChainId | undefined;
  let isKnown = true;
  for (const [index, record] of [...chain].reverse().entries()) {
    const { id, diffId, size } = record;
    isKnown &&= diffId !== undefined;
    chainId = isKnown && diffId !== undefined ? chainIdOn(chainId, diffId) : undefined;
    const history = steps[index];
    const common = {
      ids: { layer: id },
      ...(diffId === undefined ? {} : { diffId }),
      ...(chainId === undefined ? {} : { chainId }),
      ...(size === undefined ? {} : { size }),
      ...(history === undefined ? {} : { history }),
      ...(record.lost === undefined ? {} : { doubt: record.lost }),
    };
    const [own, ...copies] = directoriesOf(record, missing);
    if (own === undefined) continue;
    for (const copy of copies.reverse()) layers.push({ ...copy, role: 'engine' });
    layers.push({ ...own, role: 'image', ...common });
  }
  return layers.reverse();
}

type LayerDirectory = Pick<Layer, 'source' | 'missing' | 'holds'>;

/** The directories of one layer, top first, at least one. Throws Trouble where the first is not there and is not to be marked. */
function directoriesOf(record: LayerRecord, missing: Missing): LayerDirectory[] {
  const { root, id } = record;
  const first = ownDirectory(root, id, missing);
  if (root.driver === 'vfs') return [first];
  const copies: LayerDirectory[] = [];
  for (let number = 1; number <= MOST_COPIES; number++) {
    const path = `${layerPath(root, id)}/diff${number}`;
    const found = attempt(() =>
      root.files.kindOf(path) === undefined ? undefined : root.files.requireDirectory(path),
    );
    if (found === undefined) break;
    if (!(found instanceof Trouble)) copies.push({ source: { kind: 'directory', path: found } });
    else if (missing === 'refuse' && first.missing === undefined) throw found;
    else
      copies.push({ source: { kind: 'directory', path: root.files.pathOf(path) }, missing: found.message });
  }
  return [first, ...copies];
}

function ownDirectory({ files, driver }: StorageRoot, id: string, missing: Missing): LayerDirectory {
  const path =
    driver === 'vfs' ? layerPath({ files, driver }, id) : `${layerPath({ files, driver }, id)}/diff`;
  const source = sourceIn({ files, driver }, id, files.pathOf(path));
  const found = attempt(() => files.requireDirectory(path));
  // In vfs each layer is the whole tree that it makes of those below it.
  const directory = { source, ...(driver === 'vfs' ? { holds: 'tree' as const } : {}) };
  if (!(found instanceof Trouble)) return directory;
  if (missing === 'refuse') throw found;
  return { ...directory, missing: found.message };
}

/** The directory of a layer as what it is made of: with composefs it holds objects by their hash. */
export function sourceIn(root: StorageRoot, id: string, path: ByteString): DirectorySource {
  const objects = isComposefs(root, id) ? () => objectPlaces(root, id) : undefined;
  return { kind: 'directory', path, ...(objects === undefined ? {} : { objects }) };
}

/** A mount program (fuse-overlayfs) has marks of its own; a user namespace may not write the kernel's. */
export function dialectOf({ files, driver, isRootless }: PodmanRoot): Dialect {
  if (driver === 'vfs') return 'none';
  const program = attempt(() => files.readTextIfPresent('overlay/.has-mount-program'));
  if (program === 'true') return 'aufs';
  return isRootless ? 'user' : 'trusted';
}
