// A whole store as directories: its images and containers by name and by ID, its layers, and what the commands print of them.

import { openDamagedStack, openStack, recordsOf } from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import type { Store } from '../../store/store.ts';
import { type ContainerSummary, type ImageSummary, namespacePrefix } from '../../store/summary.ts';
import { asBytes, type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { escapeJson, escapeText } from '../../told/escape.ts';
import {
  type DirectoryItem,
  type FileItem,
  fixedDirectory,
  type SceneItem,
  type StackItem,
} from '../../whole/item.ts';
import { jsonRoot } from '../json/stream.ts';
import { TextOutput } from '../print/output.ts';
import { printContainers } from '../print/store/containers.ts';
import { printImages } from '../print/store/images.ts';
import { jsonStack } from '../print/store/stack.ts';
import { Terminal } from '../print/terminal.ts';
import { placeContainers } from './container-names.ts';
import { escapedFileName, type FoundPlace, isFileName, placeAll } from './free-names.ts';
import { placeImages } from './image-names.ts';
import { layerItem, layerItems } from './layer-items.ts';
import type { Asking } from './looks/asking.ts';
import type { LatestStore } from './looks/latest-store.ts';
import { type Lists, storeWords } from './looks/question.ts';
import { mountedItemsIfKnown } from './mounted-items.ts';
import type { ManyOptions } from './subject.ts';

/**
 * Milliseconds, and how many times the processor time it took, for which an examination is believed: what is wrong with a store
 * shows in places that no list of it tells of.
 */
const HEALTH_HOLDS = 2000;
const HEALTH_LEISURE = 5;

type Listed = ImageSummary | ContainerSummary;

export interface CatalogOptions extends ManyOptions {
  /** What is opened later is opened from what it is by then: an item of the same version is not replaced. */
  readonly latest: LatestStore;
  readonly ask: Asking['ask'];
}

export function catalogOf(lists: Lists, args: CatalogOptions): DirectoryItem {
  const { images, containers } = lists;
  const all = [...images, ...containers];
  const version = versionOfCatalog(lists, args.latest);
  const root = new Map<ByteString, SceneItem>([
    [asBytes('images'), imagesItem(images, args)],
    [asBytes('containers'), containersItem(containers, args)],
    [asBytes('by-id'), byIdItem(all, args)],
    [asBytes('layers'), fixedDirectory(new Map([[asBytes('sha256'), layersItem(images, args)]]), version)],
    [asBytes('.stratafs'), filesItem(images, containers, args, version)],
  ]);
  return fixedDirectory(root, version);
}

/** That of the directory that `catalogOf` answers. */
export function versionOfCatalog({ images, containers }: Lists, latest: LatestStore): string {
  const generations = [...images, ...containers].map((each) => latest.generationOf(ownWord(each)));
  return JSON.stringify([images, containers, generations]);
}

function isImage(listed: Listed): listed is ImageSummary {
  return 'tags' in listed;
}

function hexOf({ id }: Listed): string {
  return id.replace(/^sha256:/, '');
}

/** What no other image or container has, in none of several stores. */
export function ownWord(listed: Listed): string {
  return `${referenceTo(listed)} ${listed.store ?? ''}`;
}

function versionOf(listed: Listed, { latest }: CatalogOptions): string {
  const generation = latest.generationOf(ownWord(listed));
  if (isImage(listed)) return `${listed.id} ${generation} ${listed.store ?? ''} ${listed.damage ?? ''}`;
  const { id, status, startedAt, finishedAt, damage, elsewhere } = listed;
  return JSON.stringify([id, generation, status, startedAt, finishedAt, damage, elsewhere]);
}

/** The words that mean exactly this one in its store. */
function referenceTo(listed: Listed): string {
  return `${isImage(listed) ? 'image' : 'container'}:${namespacePrefix(listed)}${hexOf(listed)}`;
}

interface Opened {
  readonly stack: LayerStack;
  /** With the store that has it. */
  readonly options: ManyOptions & { readonly opened: Store };
}

/** Throws Trouble. */
async function openListed(listed: Listed, args: CatalogOptions, open: typeof openStack): Promise<Opened> {
  const { latest } = args;
  const options = { ...args, opened: storeNamed(latest.store, listed.store) };
  const stack = await open(referenceTo(listed), options);
  latest.opened(ownWord(listed), stack);
  return { stack, options };
}

/** Of several stores the one of a name. */
function storeNamed(store: Store, name: string | undefined): Store {
  return store.stores?.find((each) => each.name === name) ?? store;
}

function stackItem(listed: Listed, args: CatalogOptions): StackItem {
  return {
    kind: 'stack',
    version: versionOf(listed, args),
    async open() {
      if (!isImage(listed) && listed.elsewhere !== undefined) {
        throw new Trouble(
          'store',
          `Cannot show container "${listed.name}": ${listed.elsewhere} has its layers`,
        );
      }
      const { stack, options } = await openListed(listed, args, openStack);
      const recorded = await recordsOf(stack, options);
      if (args.volumes !== true || isImage(listed)) return { stack, recorded };
      const mounted = await mountedItemsIfKnown(options.opened, stack, options);
      return { stack, recorded, mounted };
    },
  };
}

/** Each layer of an image or container. */
function layersBeside(listed: Listed, args: CatalogOptions): DirectoryItem {
  return {
    kind: 'directory',
    version: versionOf(listed, args),
    async list() {
      const { stack, options } = await openListed(listed, args, openDamagedStack);
      return layerItems(stack, options);
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

function containersItem(containers: readonly ContainerSummary[], args: CatalogOptions): DirectoryItem {
  const root = new DirectoryDraft();
  for (const { item, path } of placeContainers(containers))
    root.at(path.slice(0, -1)).items.set(path.at(-1) as ByteString, stackItem(item, args));
  return root.item();
}

/** By the whole ID; one that several namespaces or stores have is told apart by these. */
function placesById(all: readonly Listed[]): readonly FoundPlace<Listed>[] {
  const wanted = all.map((item) => ({
    item,
    path: [escapedFileName(bytesOfText(hexOf(item)))],
    told: [item.namespace, item.store].flatMap((word) => (word === undefined ? [] : [bytesOfText(word)])),
  }));
  return placeAll(wanted).places;
}

function byIdItem(all: readonly Listed[], args: CatalogOptions): DirectoryItem {
  const draft = new DirectoryDraft();
  for (const { item, path } of placesById(all)) {
    const name = path.at(-1) as ByteString;
    draft.items.set(name, stackItem(item, args));
    const layers = asBytes(`${name}.layers`);
    if (isFileName(layers)) draft.items.set(layers, layersBeside(item, args));
  }
  return draft.item();
}

/** All layers of all images, by chain ID. */
function layersItem(images: readonly ImageSummary[], args: CatalogOptions): DirectoryItem {
  return {
    kind: 'directory',
    version: images.map((image) => versionOf(image, args)).join('\n'),
    async list() {
      const items = new Map<ByteString, SceneItem>();
      for (const image of images) {
        const opened = await openIfPossible(image, args);
        opened?.stack.layers.forEach((layer, index) => {
          const hex = /^sha256:([0-9a-f]{64})$/.exec(layer.chainId ?? '')?.[1];
          if (hex !== undefined && !items.has(asBytes(hex)))
            items.set(asBytes(hex), layerItem(opened.stack, index, opened.options));
        });
        // A store has thousands: whoever reads something else need not wait.
        await new Promise((resolve) => setImmediate(resolve));
      }
      return items;
    },
  };
}

/** Undefined for an image that is damaged beyond having layers: it says so where it is shown itself. */
async function openIfPossible(image: ImageSummary, args: CatalogOptions): Promise<Opened | undefined> {
  try {
    return await openListed(image, args, openDamagedStack);
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
  for (const { item: listed, path } of placesById([...images, ...containers])) {
    inspected.at(path).items.set(asBytes('inspect.json'), {
      ...file(async (terminal) => {
        const { stack, options } = await openListed(listed, args, openDamagedStack);
        const subject = { ...jsonRoot(options, stack), ref: referenceTo(listed) };
        terminal.out.write(`${escapeJson(jsonStack(stack, subject))}\n`);
      }),
      version: versionOf(listed, args),
    });
  }
  const items = new Map<ByteString, SceneItem>([
    [asBytes('images.json'), file((terminal) => printImages(images, list, terminal))],
    [asBytes('containers.json'), file((terminal) => printContainers(containers, list, terminal))],
    [asBytes('health.txt'), healthFile(args, version)],
    [asBytes('by-id'), inspected.item()],
  ]);
  return fixedDirectory(items, version);
}

/** Made by another process, since that reads all that the store records. */
function healthFile(args: CatalogOptions, version: string): FileItem {
  let cost = 0;
  return {
    kind: 'file',
    version,
    holds: () => Math.max(HEALTH_HOLDS, cost * HEALTH_LEISURE),
    async read() {
      const answer = await args.ask({ what: 'health', store: storeWords(args) });
      if (answer.kind === 'trouble') return Buffer.from(`${answer.message}\n`);
      const cannot = `Cannot examine "${escapeText(args.root)}"`;
      if (answer.kind === 'late') return Buffer.from(`${cannot}: ${answer.why}\n`);
      if (answer.kind !== 'health') {
        const why = answer.kind === 'failed' ? `: ${answer.why}` : '';
        throw new Trouble('store', `${cannot}: the process that was to do it failed${why}`);
      }
      ({ cost } = answer);
      return Buffer.from(answer.text);
    },
  };
}
