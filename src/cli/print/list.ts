// What `images` and `containers` share: the same items as a table, as IDs or as JSON lines, and word of the damaged ones.
import type { Command } from 'commander';
import type { StoreOptions } from '../../open/stack.ts';
import { kindAtPath } from '../../store/named.ts';
import { isArchiveName, meansFile } from '../../store/reference/file-reference.ts';
import type { Store } from '../../store/store.ts';
import { bytesOfText } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { escapeJson, escapeText } from '../../told/escape.ts';
import { jsonRoots, type WholeStore } from '../examine/every-store.ts';
import { EXIT } from '../exit.ts';
import { beginJson, jsonRoot } from '../json/stream.ts';
import { type Cell, formatTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface ListOptions extends StoreOptions {
  readonly json?: true;
  readonly quiet?: true;
  /** What is listed is of these: with a column for the root where they are several. */
  readonly stores?: readonly WholeStore<StoreOptions>[];
  /** False with `--no-trunc`. */
  readonly trunc: boolean;
}

/** What a store knows of anything that can be listed. */
interface Item {
  readonly root?: string;
  readonly store?: string;
  readonly namespace?: string;
  readonly id: string;
  readonly created?: string;
  readonly damage?: string;
}

export interface ListForm<T extends Item> {
  /** What the items are, and what lists them. */
  readonly item: 'image' | 'container';
  readonly heading: readonly string[];
  /** The columns that a narrow terminal has on a further line, the first of these first. */
  readonly details?: readonly string[];
  /** The lines of one item, printable. */
  readonly rows: (item: T) => Cell[][];
  /** Whole, or the first twelve digits; printable. */
  readonly id: (item: T) => string;
  /** What a message calls it: `image "nginx:latest"`. */
  readonly title: (item: T) => string;
}

export function addListOptions(command: Command): Command {
  return command
    .allowExcessArguments()
    .option('--json', 'one JSON object a line')
    .option('--no-trunc', 'do not shorten anything')
    .option('-q, --quiet', 'IDs only');
}

/** Throws Trouble where a word follows: no reference chooses what is listed. */
export function mustListAll(command: Command): void {
  const [word] = command.args;
  if (word === undefined) return;
  const name = command.name();
  const isDirectory = kindAtPath(bytesOfText(word)) === 'directory';
  const isFile = meansFile(word) || isArchiveName(word);
  const instead = isDirectory
    ? `"stratafs --root ${word} ${name}" lists those of a store or an archive there`
    : isFile
      ? `"stratafs --root ${word} ${name}" lists those of an archive`
      : `it lists all; "stratafs inspect ${word}" tells of one`;
  throw new Trouble('usage', `Cannot list "${word}": ${name} takes no reference; ${instead}`);
}

/** Prints the items, newest first; of several stores one after the other, as they come. Damaged ones are printed too, then named on the error output. */
export function printList<T extends Item>(
  items: readonly T[],
  form: ListForm<T>,
  options: ListOptions,
  terminal: Terminal,
): void {
  const { out } = terminal;
  const { stores = [] } = options;
  const sorted = sortedItems(items);
  if (options.json) {
    beginJson(terminal, `${form.item}s`, stores.length > 0 ? jsonRoots(stores) : jsonRoot(options));
    for (const item of sorted) out.write(`${escapeJson({ t: form.item, ...item })}\n`);
  } else if (options.quiet) for (const item of sorted) out.write(`${form.id(item)}\n`);
  else out.write(tableOf(sorted, form, { columns: out.columns, stores }));
  for (const item of sorted) {
    if (item.damage === undefined) continue;
    terminal.exitWith(EXIT.store);
    terminal.note(`Cannot use ${form.title(item)}: ${item.damage.replace(/^Cannot use /, '')}`);
  }
}

/** Newest first; of several roots, stores or namespaces one after the other, the first two as they come. */
export function sortedItems<T extends Item>(items: readonly T[]): T[] {
  const places = new Map(items.map(({ root, store }) => [`${root} ${store}`, { root, store }]));
  const namespaces = [...new Set(items.map(({ namespace }) => namespace))].sort();
  return [...places.values()].flatMap(({ root, store }) =>
    namespaces.flatMap((namespace) =>
      items
        .filter((item) => item.root === root && item.store === store && item.namespace === namespace)
        .toSorted(newestFirst),
    ),
  );
}

/** What each of the stores lists, of several with its root and store; one that cannot is told, where it is not the only one. */
export function listEvery<T extends Item>(
  stores: readonly WholeStore<StoreOptions>[],
  list: (store: Store) => readonly T[],
  terminal: Terminal,
): readonly T[] {
  return stores.flatMap(({ store, mark }) => {
    if (mark === undefined) return list(store);
    const listed = attempt(() => list(store));
    if (!(listed instanceof Trouble))
      return listed.map((item) => ({ root: mark.root, store: store.name, ...item }));
    terminal.report(listed);
    return [];
  });
}

/** With a column each for the namespace, the store and the root where items are of several. */
function tableOf<T extends Item>(
  items: readonly T[],
  { heading, rows, details }: ListForm<T>,
  { columns, stores }: { readonly columns: number | undefined } & Required<Pick<ListOptions, 'stores'>>,
): string {
  const marks = (['namespace', 'store'] as const).filter((mark) =>
    items.some((item) => item[mark] !== undefined),
  );
  const shownRoots = new Map(
    stores.flatMap(({ mark }) => (mark === undefined ? [] : [[mark.root, mark.shown]])),
  );
  const rootOf = ({ root = '' }: T) => (shownRoots.size === 0 ? [] : [shownRoots.get(root) ?? '']);
  const marked = items.flatMap((item) =>
    rows(item).map((row) => [...row, ...marks.map((mark) => escapeText(item[mark] ?? '')), ...rootOf(item)]),
  );
  const headings = [...marks.map((mark) => mark.toUpperCase()), ...(shownRoots.size === 0 ? [] : ['ROOT'])];
  // Where an item lies is the first to be told below it.
  const further = ['ROOT', 'STORE', 'NAMESPACE', ...(details ?? [])];
  return formatTable([...heading, ...headings], marked, { columns, details: further });
}

/** Tells what is wrong with each store as a whole and what lies beside it, after what could be listed. */
export function reportDamage(
  stores: readonly WholeStore<StoreOptions>[],
  listed: 'images' | 'containers',
  terminal: Terminal,
): void {
  for (const { store } of stores) {
    for (const sentence of store.damage(listed)) terminal.report(new Trouble('store', sentence));
    for (const { sentence } of store.beside?.() ?? []) terminal.note(sentence);
  }
}

/** By creation time, then by ID; what has no time comes last. */
function newestFirst(a: Item, b: Item): number {
  const time = (item: Item) => Date.parse(item.created ?? '') || Number.NEGATIVE_INFINITY;
  const [first, second] = [time(b), time(a)];
  if (first !== second) return first - second;
  return a.id < b.id ? -1 : 1;
}
