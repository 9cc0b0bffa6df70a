// What `images` and `containers` share: the same items as a table, as IDs or as JSON lines, and word of the damaged ones.
import type { Command } from 'commander';
import type { StoreOptions } from '../../open/stack.ts';
import { isArchiveName, meansFile } from '../../store/reference/file-reference.ts';
import type { Store } from '../../store/store.ts';
import { Trouble } from '../../sys/errors.ts';
import { escapeJson, escapeText } from '../../told/escape.ts';
import { EXIT } from '../exit.ts';
import { beginJson, jsonRoot } from '../json/stream.ts';
import { type Cell, formatTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface ListOptions extends StoreOptions {
  readonly json?: true;
  readonly quiet?: true;
  /** False with `--no-trunc`. */
  readonly trunc: boolean;
}

/** What a store knows of anything that can be listed. */
interface Item {
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
  const isFile = meansFile(word) || isArchiveName(word);
  const instead = isFile
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
  const sorted = sortedItems(items);
  if (options.json) {
    beginJson(terminal, `${form.item}s`, jsonRoot(options));
    for (const item of sorted) out.write(`${escapeJson({ t: form.item, ...item })}\n`);
  } else if (options.quiet) for (const item of sorted) out.write(`${form.id(item)}\n`);
  else out.write(tableOf(sorted, form, out.columns));
  for (const item of sorted) {
    if (item.damage === undefined) continue;
    terminal.exitWith(EXIT.store);
    terminal.note(`Cannot use ${form.title(item)}: ${item.damage.replace(/^Cannot use /, '')}`);
  }
}

/** Newest first; of several stores or namespaces one after the other, the stores as they come. */
export function sortedItems<T extends Item>(items: readonly T[]): T[] {
  const stores = [...new Set(items.map(({ store }) => store))];
  const namespaces = [...new Set(items.map(({ namespace }) => namespace))].sort();
  return stores.flatMap((store) =>
    namespaces.flatMap((namespace) =>
      items.filter((item) => item.store === store && item.namespace === namespace).toSorted(newestFirst),
    ),
  );
}

/** With a column for the namespace and one for the store where items are of several. */
function tableOf<T extends Item>(
  items: readonly T[],
  { heading, rows, details }: ListForm<T>,
  columns: number | undefined,
): string {
  const marks = (['namespace', 'store'] as const).filter((mark) =>
    items.some((item) => item[mark] !== undefined),
  );
  const marked = items.flatMap((item) =>
    rows(item).map((row) => [...row, ...marks.map((mark) => escapeText(item[mark] ?? ''))]),
  );
  return formatTable([...heading, ...marks.map((mark) => mark.toUpperCase())], marked, { columns, details });
}

/** Tells what is wrong with the store as a whole and what lies beside it, after what could be listed. */
export function reportDamage(store: Store, listed: 'images' | 'containers', terminal: Terminal): void {
  for (const sentence of store.damage(listed)) terminal.report(new Trouble('store', sentence));
  for (const { sentence } of store.beside?.() ?? []) terminal.note(sentence);
}

/** By creation time, then by ID; what has no time comes last. */
function newestFirst(a: Item, b: Item): number {
  const time = (item: Item) => Date.parse(item.created ?? '') || Number.NEGATIVE_INFINITY;
  const [first, second] = [time(b), time(a)];
  if (first !== second) return first - second;
  return a.id < b.id ? -1 : 1;
}
