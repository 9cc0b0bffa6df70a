// `stratafs diff --by-layer`: what each layer did. A name counts once for the layer its contents came with, and as metadata
// for each other that set something of it.
import type { Change, Summary } from '../../diff/change.ts';
import type { StackGrowth, StoredBytes } from '../../layers/survey/growth.ts';
import { layerIndexOf, layerNumber } from '../../store/choice.ts';
import { growthText } from '../print/size.ts';
import { growthWords } from './growth-words.ts';
import { layerNumberOf, madeBy, stepWords } from './layer-words.ts';
import { type DiffContext, type Printer, summaryWords } from './printer.ts';
import { countChange, newTotals, type Totals, totalsTable } from './totals.ts';

const NO_GROWTH: StoredBytes = { stored: 0, shown: 0, hidden: 0 };

/** A row for each layer that made a difference: of B where B has the path, else of what removed it, else of A. */
export class LayerPrinter implements Printer {
  readonly #context: DiffContext;
  readonly #totals = new Map<string, Totals>();
  #growth: ReadonlyMap<string, StoredBytes> | undefined;
  #whole = '';
  /** What took the place of a directory, and so of all below it. */
  #replaced: { readonly above: string; readonly layer: string } | undefined;

  constructor(context: DiffContext) {
    this.#context = context;
  }

  change(change: Change): void {
    const { op, path } = change;
    const hasAspects = op === 'add' || op === 'modify';
    const [first, ...others] = hasAspects ? madeBy(change, this.#context) : [];
    const layer = first?.maker || this.#layerOf(change);
    countChange(this.#of(layer), change);
    for (const { maker } of others) if (maker !== '') this.#of(maker).metadata++;
    if (op === 'type') this.#replaced = { above: `${path}/`, layer };
  }

  #layerOf(change: Change): string {
    const { a, b, by, path } = change;
    if (b !== undefined) return `B${layerNumberOf('b', b, change)}`;
    if (by !== undefined) return `B${by.layer}`;
    if (this.#replaced !== undefined && path.startsWith(this.#replaced.above)) return this.#replaced.layer;
    return a === undefined ? 'A0' : `A${layerNumberOf('a', a, change)}`;
  }

  #of(layer: string): Totals {
    const totals = this.#totals.get(layer) ?? newTotals();
    this.#totals.set(layer, totals);
    return totals;
  }

  /** A layer that stores something has a row, though nothing of it may be shown. */
  growth(growth: StackGrowth): void {
    const named = growth.layers.map(({ side, layer, ...bytes }): [string, StoredBytes] => {
      const { stack } = this.#context[side];
      return [`${side.toUpperCase()}${stack === undefined ? 0 : layerNumber(stack, layer)}`, bytes];
    });
    for (const [layer, { stored, shown, hidden }] of named)
      if (stored !== 0 || shown !== 0 || hidden !== 0) this.#of(layer);
    this.#growth = new Map(named);
    this.#whole = `${growthWords(growth, this.#context)}\n`;
  }

  end(summary: Summary): void {
    this.#context.out.write(`${this.table()}${summaryWords(summary)}\n${this.#whole}`);
  }

  /** What was counted so far; empty where that is nothing. */
  table(): string {
    const growth = this.#growth;
    const more = growth === undefined ? [] : ['STORED', 'SHOWN', 'HIDDEN'];
    const rows = [...this.#totals].sort(([a], [b]) => order(a) - order(b));
    const lines = rows.map(([layer, totals]) => {
      const { stored, shown, hidden } = growth?.get(layer) ?? NO_GROWTH;
      const sizes = growth === undefined ? [] : [stored, shown, hidden].map(growthText);
      return { before: [layer], totals, more: sizes, after: this.#step(layer) };
    });
    return totalsTable(lines, { before: ['LAYER'], more, after: 'CREATED BY' });
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
