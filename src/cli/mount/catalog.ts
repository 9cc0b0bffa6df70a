// A whole store as directories: its images and containers by name and by ID, its layers, and what the commands print of them.
import type { LayerStack } from '../../store/layer-stack.ts';
import type { Store } from '../../store/store.ts';
import type { ContainerSummary, ImageSummary } from '../../store/summary.ts';
import { asBytes, type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import {
  type DirectoryItem,
  type FileItem,
  fixedDirectory,
  type SceneItem,
  type StackItem,
} from '../../whole/item.ts';
import { jsonRoot } from '../json/stream.ts';
import { escapeJson } from '../print/escape.ts';
import { TextOutput } from '../print/output.ts';
import { printContainers } from '../print/store/containers.ts';
import { printHealth } from '../print/store/health.ts';
import { printImages } from '../print/store/images.ts';
import { jsonStack } from '../print/store/stack.ts';
import { Terminal } from '../print/terminal.ts';
import { openDamagedStack, openStack, recordsOf } from '../stack.ts';
import { isFileName, placeImages } from './image-names.ts';
import { layerItem, layerItems } from './layer-items.ts';
import type { ManyOptions } from './subject.ts';

type Listed = ImageSummary | ContainerSummary;

/** `opened` is the store. */
export interface CatalogOptions extends ManyOptions {
  readonly opened: Store;
}

/** Throws Trouble where the store cannot be listed. */
export function catalogOf(args: CatalogOptions): DirectoryItem {
  const { opened: store } = args;
  const images = store.images();
  const containers = store.containers();
  const version = JSON.stringify([images, containers]);
  const root = new Map<ByteString, SceneItem>([
    [asBytes('images'), imagesItem(images, args)],
    [asBytes('containers'), containersItem(containers, args)],
    [asBytes('by-id'), byIdItem([...images, ...containers], args)],
    [asBytes('layers'), fixedDirectory(new Map([[asBytes('sha256'), layersItem(images, args)]]), version)],
    [asBytes('.stratafs'), filesItem(images, containers, args, version)],
  ]);
  return fixedDirectory(root, version);
}

function isImage(listed: Listed): listed is ImageSummary {
  return 'tags' in listed;
}

function hexOf({ id }: Listed): string {
  return id.replace(/^sha256:/, '');
}

function versionOf(listed: Listed): string {
  if (isImage(listed)) return `${listed.id} ${listed.store ?? ''} ${listed.damage ?? ''}`;
  const { id, status, startedAt, finishedAt, damage, elsewhere } = listed;
  return JSON.stringify([id, status, startedAt, finishedAt, damage, elsewhere]);
}

/** The words that mean exactly this one, and the store that has it. */
function referenceTo(listed: Listed, args: CatalogOptions): [reference: string, args: CatalogOptions] {
  const { store } = listed;
  const reference = `${isImage(listed) ? 'image' : 'container'}:${hexOf(listed)}`;
  return [reference, store === undefined ? args : { ...args, opened: storeNamed(args.opened, store) }];
}

/** Of several stores the one of a name. */
function storeNamed(store: Store, name: string): Store {
  return store.stores?.find((each) => each.name === name) ?? store;
}

function stackItem(listed: Listed, args: CatalogOptions): StackItem {
  return {
    kind: 'stack',
    version: versionOf(listed),
    async open() {
      if (!isImage(listed) && listed.elsewhere !== undefined) {
        throw new Trouble(
          'store',
          `Cannot show container "${listed.name}": ${listed.elsewhere} has its layers`,
        );
      }
      const [reference, options] = referenceTo(listed, args);
      const stack = await openStack(reference, options);
      return { stack, recorded: await recordsOf(stack, options) };
    },
  };
}

/** Each layer of an image or container. */
function layersBeside(listed: Listed, args: CatalogOptions): DirectoryItem {
  return {
    kind: 'directory',
    version: versionOf(listed),
    async list() {
      const [reference, options] = referenceTo(listed, args);
      return layerItems(await openDamagedStack(reference, options), options);
    },
  };
}

function imagesItem(images: readonly ImageSummary[], args: CatalogOptions): DirectoryItem {
  const named = images.map((image) => ({ ...image, hex: hexOf(image) }));
  const root = new DirectoryDraft();
  for (const { image, path, layers } of placeImages(named)) {
    const directory = root.at(path.slice(0, -1));
    directory.items.set(path.at(-1) as ByteString, stackItem(image, args));
    if (layers !== undefined) directory.items.set(layers, layersBeside(image, args));
  }
  return root.item();
}

/** A directory in the making. */
class DirectoryDraft {
  readonly items = new Map<ByteString, SceneItem>();
  readonly #inside = new Map<ByteString, DirectoryDraft>();

  at([first, ...rest]: readonly ByteString[]): DirectoryDraft {
    if (first === undefined) return this;
    const draft = this.#inside.get(first) ?? new DirectoryDraft();
    this.#inside.set(first, draft);
    return draft.at(rest);
  }

  item(): DirectoryItem {
    const items = new Map(this.items);
    for (const [name, draft] of this.#inside) items.set(name, draft.item());
    const version = [...items].map(([name, item]) => `${name} ${item.kind} ${item.version}`).join('\n');
    return fixedDirectory(items, version);
  }
}

/** By name; one of two that have the same, or a name that is none, by name and ID, or by ID alone. */
function containersItem(containers: readonly ContainerSummary[], args: CatalogOptions): DirectoryItem {
  const draft = new DirectoryDraft();
  for (const container of containers) {
    const name = bytesOfText(container.name);
    const id = bytesOfText(container.id);
    const free = [name, `${name}@${id.slice(0, 12)}`, id].find(
      (each) => isFileName(each) && !draft.items.has(each),
    );
    if (free !== undefined) draft.items.set(free as ByteString, stackItem(container, args));
  }
  return draft.item();
}

function byIdItem(all: readonly Listed[], args: CatalogOptions): DirectoryItem {
  const draft = new DirectoryDraft();
  for (const listed of all) {
    const id = bytesOfText(hexOf(listed));
    if (!isFileName(id)) continue;
    draft.items.set(id, stackItem(listed, args));
    const layers = asBytes(`${id}.layers`);
    if (isFileName(layers)) draft.items.set(layers, layersBeside(listed, args));
  }
  return draft.item();
}

/** All layers of all images, by chain ID. */
function layersItem(images: readonly ImageSummary[], args: CatalogOptions): DirectoryItem {
  return {
    kind: 'directory',
    version: images.map(versionOf).join('\n'),
    async list() {
      const items = new Map<ByteString, SceneItem>();
      for (const image of images) {
        const stack = await damagedStack(image, args);
        stack?.layers.forEach((layer, index) => {
          const hex = /^sha256:([0-9a-f]{64})$/.exec(layer.chainId ?? '')?.[1];
          if (hex !== undefined && !items.has(asBytes(hex)))
            items.set(asBytes(hex), layerItem(stack, index, args));
        });
        // A store has thousands: whoever reads something else need not wait.
        await new Promise((resolve) => setImmediate(resolve));
      }
      return items;
    },
  };
}

/** Undefined for an image that is damaged beyond having layers: it says so where it is shown itself. */
async function damagedStack(image: ImageSummary, args: CatalogOptions): Promise<LayerStack | undefined> {
  const [reference, options] = referenceTo(image, args);
  try {
    return await openDamagedStack(reference, options);
  } catch (error) {
    if (error instanceof Trouble) return undefined;
    throw error;
  }
}

/** `.stratafs`: what commands print. */
function filesItem(
  images: readonly ImageSummary[],
  containers: readonly ContainerSummary[],
  args: CatalogOptions,
  version: string,
): DirectoryItem {
  const list = { root: args.root, json: true, trunc: true } as const;
  const file = (write: (terminal: Terminal) => void | Promise<void>): FileItem => ({
    kind: 'file',
    version,
    async read() {
      const out = new TextOutput();
      const terminal = new Terminal(out, new TextOutput());
      await write(terminal);
      terminal.complete();
      return Buffer.from(out.text, 'utf8');
    },
  });
  const inspected = new DirectoryDraft();
  for (const listed of [...images, ...containers]) {
    const id = bytesOfText(hexOf(listed));
    if (!isFileName(id)) continue;
    inspected.at([id]).items.set(asBytes('inspect.json'), {
      ...file(async (terminal) => {
        const [reference, options] = referenceTo(listed, args);
        const stack = await openDamagedStack(reference, options);
        const subject = { ...jsonRoot(options, stack), ref: reference };
        terminal.out.write(`${escapeJson(jsonStack(stack, subject))}\n`);
      }),
      version: versionOf(listed),
    });
  }
  const items = new Map<ByteString, SceneItem>([
    [asBytes('images.json'), file((terminal) => printImages(images, list, terminal))],
    [asBytes('containers.json'), file((terminal) => printContainers(containers, list, terminal))],
    [asBytes('health.txt'), file((terminal) => writeHealth(args.opened, terminal))],
    [asBytes('by-id'), inspected.item()],
  ]);
  return fixedDirectory(items, version);
}

async function writeHealth(store: Store, { out }: Terminal): Promise<void> {
  const { healthOf } = await import('../../health/open.ts');
  const stores = attempt(() => healthOf(store));
  if (stores instanceof Trouble) out.write(`${stores.message}\n`);
  else await printHealth(stores, store.directory, {}, out);
}
