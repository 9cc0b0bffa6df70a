// The images and containers of a root, of all its stores and namespaces, and their layers as far as they can be told.

import { mustHaveLayers } from '../../../open/missing.ts';
import { damagedStackOf, openTheStore, type StoreOptions } from '../../../open/stack.ts';
import { shortId } from '../../../store/digest.ts';
import type { LayerStack } from '../../../store/layer-stack.ts';
import { SeveralStores } from '../../../store/several.ts';
import type { Store } from '../../../store/store.ts';
import type { ContainerSummary, ImageSummary } from '../../../store/summary.ts';
import { attempt, Errno, Trouble } from '../../../sys/errors.ts';
import { EXIT, exitCodeOf } from '../../exit.ts';
import { reportMissing } from '../../missing.ts';
import { sortedItems } from '../../print/list.ts';
import type { Terminal } from '../../print/terminal.ts';

/** What one store lists, or one namespace of it. */
export interface StoreList {
  readonly store: Store;
  /** Where the store has several, and none was named. */
  readonly namespace?: string;
  /** Newest first. */
  readonly images: readonly ImageSummary[];
  readonly containers: readonly ContainerSummary[];
  /** With which `images` and `containers` end: damage is trouble there. */
  readonly exits: Readonly<Record<'images' | 'containers', number>>;
}

/** An image or container, and its layers. */
export interface ListedStack {
  readonly list: StoreList;
  readonly kind: 'image' | 'container';
  readonly id: string;
  readonly stack: LayerStack;
}

/** One of which something could not be done, and why. */
export type FailedStack = readonly [listed: ListedStack, error: Error];

/** At least one. */
export function storesOf(root: Store): readonly Store[] {
  return root instanceof SeveralStores ? root.stores : [root];
}

/** `namespaces` are those of a store that wants one to be named. What cannot be listed is told. */
export async function listStores(
  root: Store,
  options: StoreOptions,
  namespaces: (store: Store) => readonly string[],
  terminal: Terminal,
): Promise<StoreList[]> {
  const lists: StoreList[] = [];
  for (const { sentence } of root.beside?.() ?? []) terminal.note(sentence);
  for (const store of storesOf(root)) {
    const spaces = options.namespace === undefined && listsSeveral(store) ? namespaces(store) : [];
    if (spaces.length === 0) lists.push(listOf(store, terminal));
    for (const namespace of spaces) {
      const opened = storesOf(await openTheStore({ ...options, namespace }));
      const own = opened.find(({ kind, name }) => kind === store.kind && name === store.name);
      if (own !== undefined) lists.push({ ...listOf(own, terminal), namespace });
    }
  }
  // A container is told of by the store that has its layers.
  const owned = new Set(
    lists.flatMap(({ containers }) =>
      containers.flatMap(({ id, elsewhere }) => (elsewhere === undefined ? [id] : [])),
    ),
  );
  return lists.map((list) => ({
    ...list,
    containers: list.containers.filter(({ id, elsewhere }) => elsewhere === undefined || !owned.has(id)),
  }));
}

/** Whether what it lists is of several namespaces. */
function listsSeveral(store: Store): boolean {
  const listed = attempt(() => [...store.images(), ...store.containers()]);
  return !(listed instanceof Trouble) && listed.some(({ namespace }) => namespace !== undefined);
}

function listOf(store: Store, terminal: Terminal): StoreList {
  const exits = { images: 0, containers: 0 };
  const report = (of: keyof typeof exits, trouble: Trouble) => {
    terminal.report(trouble);
    exits[of] ||= exitCodeOf(trouble);
  };
  const listed = <T>(of: keyof typeof exits, list: () => readonly T[]): readonly T[] => {
    const found = attempt(list);
    if (!(found instanceof Trouble)) return found;
    report(of, found);
    return [];
  };
  const images = sortedItems(listed('images', () => store.images()));
  const containers = sortedItems(listed('containers', () => store.containers()));
  for (const of of ['images', 'containers'] as const) {
    for (const sentence of listed(of, () => store.damage(of))) report(of, new Trouble('store', sentence));
  }
  if (images.some(({ damage }) => damage !== undefined)) exits.images ||= EXIT.store;
  if (containers.some(({ damage }) => damage !== undefined)) exits.containers ||= EXIT.store;
  return { store, images, containers, exits };
}

/** Whether it is an image without a name that others were built on. */
export function isIntermediate({ list, kind, id }: ListedStack): boolean {
  return kind === 'image' && list.images.some((image) => image.id === id && image.intermediate === true);
}

/** What a person calls it. */
export function labelOfImage({ tags, digests, id }: ImageSummary): string {
  return tags[0] ?? digests[0] ?? shortId(id);
}

export function labelOfContainer({ name, id }: ContainerSummary): string {
  return name === '' ? shortId(id) : name;
}

/** Those whose layers cannot be told are told of. */
export async function stacksOf(
  lists: readonly StoreList[],
  options: StoreOptions,
  terminal: Terminal,
): Promise<ListedStack[]> {
  const stacks: ListedStack[] = [];
  for (const list of lists) {
    const { store, namespace, images, containers } = list;
    const inside = namespace === undefined ? options : { ...options, namespace };
    const add = async (kind: ListedStack['kind'], id: string, label: string) => {
      try {
        const stack = await damagedStackOf(store, `${kind}:${id}`, inside);
        mustHaveLayers(stack);
        reportMissing(stack, terminal);
        stacks.push({ list, kind, id, stack: { ...stack, label } });
      } catch (error) {
        if (!(error instanceof Trouble || error instanceof Errno)) throw error;
        terminal.report(error);
      }
    };
    const prefix = namespace === undefined ? '' : `${namespace}/`;
    for (const image of images) await add('image', image.id, prefix + labelOfImage(image));
    for (const one of containers) await add('container', one.id, prefix + labelOfContainer(one));
  }
  return stacks;
}

/** The options by which the store of a stack is opened again. */
export function storeOptionsOf({ list: { namespace } }: ListedStack, options: StoreOptions): StoreOptions {
  return namespace === undefined ? options : { ...options, namespace };
}
