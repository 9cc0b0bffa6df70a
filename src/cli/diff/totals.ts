// The forms of `stratafs diff` that add up: by directory (`--stat`), by layer (`--by-layer`), or all (`--summary`).
import { type Change, changedBytes, isMetadataOnly, type Summary } from '../../diff/change.ts';
import { type Item, isDirectoryItem } from '../../diff/item.ts';
import { layerIndexOf } from '../../store/choice.ts';
import { asBytes } from '../../sys/bytes.ts';
import { escapeBytes } from '../print/escape.ts';
import { humanSize } from '../print/size.ts';
import { formatTable } from '../print/table.ts';
import { type DiffContext, type Printer, summaryWords } from './printer.ts';
import { stepWords } from './words.ts';

interface Totals {
  added: number;
  removed: number;
  changed: number;
  metadata: number;
  /** Of another type. */
  type: number;
  renamed: number;
  /** Bytes B has more than A. */
  growth: number;
}

function newTotals(): Totals {
  return { added: 0, removed: 0, changed: 0, metadata: 0, type: 0, renamed: 0, growth: 0 };
}

function count(totals: Totals, change: Change): void {
  if (change.isCounted) return;
  const { op, a, b } = change;
  const names = change.subtree?.entries ?? 1;
  if (op === 'add') totals.added += names;
  else if (op === 'remove') totals.removed += names;
  else if (op === 'type') totals.type++;
  else if (op === 'rename') totals.renamed++;
  else if (isMetadataOnly(change)) totals.metadata++;
  else totals.changed++;
  if (op === 'type' && a !== undefined && isDirectoryItem(a)) totals.removed += names - 1;
  else if (op === 'type') totals.added += names - 1;
  if (op !== 'rename') totals.growth += changedBytes(change, b) - changedBytes(change, a);
}

const COLUMNS = [
  ['added', 'ADDED'],
  ['removed', 'REMOVED'],
  ['changed', 'CHANGED'],
  ['metadata', 'METADATA'],
] as const;
/** Shown where there are any. */
const RARE_COLUMNS = [
  ['type', 'TYPE'],
  ['renamed', 'RENAMED'],
] as const;

interface Row {
  readonly totals: Totals;
  readonly before: readonly string[];
  readonly after: string;
}

/** The summary's counts, in columns between those that say whose they are. */
function table(rows: readonly Row[], before: readonly string[], after: string): string {
  if (rows.length === 0) return '';
  const rare = RARE_COLUMNS.filter(([key]) => rows.some(({ totals }) => totals[key] > 0));
  const columns = [...COLUMNS, ...rare];
  const lines = rows.map(({ totals, ...row }) => {
    const counts = columns.map(([key]) => String(totals[key]));
    const growth = `${totals.growth < 0 ? '-' : '+'}${humanSize(Math.abs(totals.growth))}`;
    return [...row.before, ...counts, growth, row.after];
  });
  return `${formatTable([...before, ...columns.map(([, heading]) => heading), 'SIZE', after], lines)}\n`;
}

/** A row a directory, `depth` names deep. */
export class StatPrinter implements Printer {
  readonly #context: DiffContext;
  readonly #depth: number;
  readonly #totals = new Map<string, Totals>();

  constructor(context: DiffContext, depth: number) {
    this.#context = context;
    this.#depth = depth;
  }

  change(change: Change): void {
    const isTree = change.subtree !== undefined && change.op !== 'type';
    const names = change.path.split('/').slice(1);
    const directory = `/${(isTree ? names : names.slice(0, -1)).slice(0, this.#depth).join('/')}`;
    const totals = this.#totals.get(directory) ?? newTotals();
    this.#totals.set(directory, totals);
    count(totals, change);
  }

  end(summary: Summary): void {
    const rows = [...this.#totals].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = rows.map(([path, totals]) => ({ before: [], totals, after: escapeBytes(asBytes(path)) }));
    this.#context.out.write(table(lines, [], 'DIRECTORY'));
    this.#context.out.write(`${summaryWords(summary)}\n`);
  }
}

/** A row for each layer that made a difference: of B where B has the path, else of what removed it, else of A. */
export class LayerPrinter implements Printer {
  readonly #context: DiffContext;
  readonly #totals = new Map<string, Totals>();

  constructor(context: DiffContext) {
    this.#context = context;
  }

  change(change: Change): void {
    const { a, b, by, op, subtree } = change;
    if (change.isCounted) return;
    if (op === 'type' && b !== undefined && isDirectoryItem(b)) {
      this.#replacedByTree(change, b);
      return;
    }
    const side = b === undefined && by === undefined ? 'A' : 'B';
    if (subtree !== undefined && by === undefined && (op === 'add' || op === 'remove')) {
      const { layers } = subtree;
      for (const [layer, share] of layers)
        count(this.#of(`${side}${layer}`), { ...change, subtree: { ...share, layers } });
    } else count(this.#of(`${side}${(b ?? by ?? a)?.layer ?? 0}`), change);
  }

  /** What took the place of a file is its layer's doing; what lies in it may be that of others. */
  #replacedByTree(change: Change, directory: Item): void {
    const { subtree: _, ...root } = change;
    count(this.#of(`B${directory.layer}`), root);
    for (const [layer, { entries, bytes }] of change.subtree?.layers ?? []) {
      const totals = this.#of(`B${layer}`);
      totals.added += layer === directory.layer ? entries - 1 : entries;
      totals.growth += bytes;
    }
  }

  #of(layer: string): Totals {
    const totals = this.#totals.get(layer) ?? newTotals();
    this.#totals.set(layer, totals);
    return totals;
  }

  end(summary: Summary): void {
    const rows = [...this.#totals].sort(([a], [b]) => order(a) - order(b));
    const lines = rows.map(([layer, totals]) => ({ before: [layer], totals, after: this.#step(layer) }));
    this.#context.out.write(table(lines, ['LAYER'], 'CREATED BY'));
    this.#context.out.write(`${summaryWords(summary)}\n`);
  }

  #step(layer: string): string {
    const stack = layer.startsWith('A') ? this.#context.a.stack : this.#context.b.stack;
    const found = stack?.layers[layerIndexOf(stack, Number(layer.slice(1)))];
    if (found === undefined) return '';
    return found.history === undefined ? found.role : stepWords(found.history);
  }
}

function order(layer: string): number {
  return (layer.startsWith('A') ? 0 : 2 ** 32) + Number(layer.slice(1));
}

export class SummaryPrinter implements Printer {
  readonly #context: DiffContext;

  constructor(context: DiffContext) {
    this.#context = context;
  }

  change(): void {}

  end(summary: Summary): void {
    const { bytes } = summary;
    const { out } = this.#context;
    out.write(`${summaryWords(summary)}\n`);
    out.write(`${humanSize(bytes.added)} added, ${humanSize(bytes.removed)} removed\n`);
  }
}
