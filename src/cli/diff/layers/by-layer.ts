// `stratafs diff --by-layer`: what each layer did, a row each.
import type { Change, Summary } from '../../../diff/change.ts';
import type { StackGrowth } from '../../../layers/survey/growth.ts';
import { growthText } from '../../print/size.ts';
import { type DiffContext, type Printer, summaryWords } from '../printer.ts';
import { totalsTable } from '../totals.ts';
import { growthWords } from './growth-words.ts';
import { LayerCounts } from './layer-totals.ts';

export class LayerPrinter implements Printer {
  readonly #context: DiffContext;
  readonly #counts: LayerCounts;
  #hasGrowth = false;
  #whole = '';

  constructor(context: DiffContext) {
    this.#context = context;
    this.#counts = new LayerCounts(context);
  }

  change(change: Change): void {
    this.#counts.count(change);
  }

  growth(growth: StackGrowth): void {
    this.#counts.growth(growth);
    this.#hasGrowth = true;
    this.#whole = `${growthWords(growth, this.#context)}\n`;
  }

  end(summary: Summary): void {
    this.#context.out.write(`${this.table()}${summaryWords(summary)}\n${this.#whole}`);
  }

  /** What was counted so far; empty where that is nothing. */
  table(): string {
    const lines = this.#counts.rows().map(({ layer, totals, growth, step }) => {
      const sizes = growth === undefined ? [] : [growth.stored, growth.shown, growth.hidden].map(growthText);
      return { before: [layer], totals, more: sizes, after: step };
    });
    const more = this.#hasGrowth ? ['STORED', 'SHOWN', 'HIDDEN'] : [];
    return totalsTable(lines, { before: ['LAYER'], more, after: 'CREATED BY' });
  }
}
