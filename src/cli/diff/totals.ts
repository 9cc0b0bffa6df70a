// The forms of `stratafs diff` that add up: by directory (`--stat`), or all (`--summary`).
import { type Change, changedBytes, isMetadataOnly, type Summary } from '../../diff/change.ts';
import { isDirectoryItem } from '../../diff/item.ts';
import type { StackGrowth } from '../../layers/survey/growth.ts';
import { asBytes } from '../../sys/bytes.ts';
import { escapeBytes } from '../../told/escape.ts';
import { growthText, humanSize } from '../print/size.ts';
import { formatTable } from '../print/table.ts';
import { growthWords } from './layers/growth-words.ts';
import { type DiffContext, type Printer, summaryWords } from './printer.ts';

export interface Totals {
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

export function newTotals(): Totals {
  return { added: 0, removed: 0, changed: 0, metadata: 0, type: 0, renamed: 0, growth: 0 };
}

export function countChange(totals: Totals, change: Change): void {
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

export interface TotalsRow {
  readonly totals: Totals;
  readonly before: readonly string[];
  /** Columns between the counts and the last. */
  readonly more?: readonly string[];
  readonly after: string;
}

export interface TotalsHeadings {
  readonly before: readonly string[];
  readonly more?: readonly string[];
  readonly after: string;
}

/** The summary's counts, in columns between those that say whose they are. */
export function totalsTable(
  rows: readonly TotalsRow[],
  { before, more = [], after }: TotalsHeadings,
): string {
  if (rows.length === 0) return '';
  const rare = RARE_COLUMNS.filter(([key]) => rows.some(({ totals }) => totals[key] > 0));
  const columns = [...COLUMNS, ...rare];
  const lines = rows.map(({ totals, ...row }) => {
    const counts = columns.map(([key]) => String(totals[key]));
    return [...row.before, ...counts, growthText(totals.growth), ...(row.more ?? []), row.after];
  });
  const headings = columns.map(([, heading]) => heading);
  return `${formatTable([...before, ...headings, 'SIZE', ...more, after], lines)}\n`;
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
    countChange(totals, change);
  }

  end(summary: Summary): void {
    const rows = [...this.#totals].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = rows.map(([path, totals]) => ({ before: [], totals, after: escapeBytes(asBytes(path)) }));
    this.#context.out.write(totalsTable(lines, { before: [], after: 'DIRECTORY' }));
    this.#context.out.write(`${summaryWords(summary)}\n`);
  }
}

export class SummaryPrinter implements Printer {
  readonly #context: DiffContext;
  #growth: string | undefined;

  constructor(context: DiffContext) {
    this.#context = context;
  }

  change(): void {}

  growth(growth: StackGrowth): void {
    this.#growth = growthWords(growth, this.#context);
  }

  end(summary: Summary): void {
    const { bytes } = summary;
    const { out } = this.#context;
    out.write(`${summaryWords(summary)}\n`);
    out.write(`${humanSize(bytes.added)} added, ${humanSize(bytes.removed)} removed\n`);
    if (this.#growth !== undefined) out.write(`${this.#growth}\n`);
  }
}
