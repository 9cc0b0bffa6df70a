// What each layer did, in numbers. A name counts once for the layer its contents came with, and as metadata for each other that
// set something of it.
import { type Change, touchedBytes } from '../../../diff/change.ts';
import type { StackGrowth, StoredBytes } from '../../../layers/survey/growth.ts';
import { layerIndexOf, layerNumber } from '../../../store/reference/choice.ts';
import { countChange, newTotals, type Totals } from '../totals.ts';
import { type LayeredSides, layerNumberOf, madeBy, stepWords } from './layer-words.ts';

/** Of one layer that made a difference, or stores something. */
export interface LayerTotals {
  /** `B3`. */
  readonly layer: string;
  readonly totals: Totals;
  /** Bytes of files that were added, removed and changed: of these the larger side. */
  readonly touched: { added: number; removed: number; changed: number };
  /** How much more it stores, shows and hides in B than in A; absent where that was not measured. */
  readonly growth?: StoredBytes;
  readonly step: string;
}

interface Counted {
  readonly totals: Totals;
  readonly touched: LayerTotals['touched'];
}

const NO_GROWTH: StoredBytes = { stored: 0, shown: 0, hidden: 0 };

export class LayerCounts {
  readonly #sides: LayeredSides;
  readonly #counted = new Map<string, Counted>();
  #growth: ReadonlyMap<string, StoredBytes> | undefined;
  /** What took the place of a directory, and so of all below it. */
  #replaced: { readonly above: string; readonly layer: string } | undefined;

  constructor(sides: LayeredSides) {
    this.#sides = sides;
  }

  /**
   * Counts a change, in path order, and answers the layers that made it: the first is that of B where B has the path, else of what
   * removed it, else of A; the others set something else of it.
   */
  count(change: Change): readonly string[] {
    const { op, path } = change;
    const hasAspects = op === 'add' || op === 'modify';
    const [first, ...others] = hasAspects ? madeBy(change, this.#sides) : [];
    const layer = first?.maker || this.#layerOf(change);
    const { totals, touched } = this.#of(layer);
    countChange(totals, change);
    touched[op === 'add' ? 'added' : op === 'remove' ? 'removed' : 'changed'] += touchedBytes(change);
    const makers = [layer];
    for (const { maker } of others) {
      if (maker === '') continue;
      this.#of(maker).totals.metadata++;
      makers.push(maker);
    }
    if (op === 'type') this.#replaced = { above: `${path}/`, layer };
    return makers;
  }

  /** A layer that stores something is told, though nothing of it may be shown. */
  growth({ layers }: StackGrowth): void {
    const named = layers.map(({ side, layer, ...bytes }): [string, StoredBytes] => {
      const { stack } = this.#sides[side];
      return [`${side.toUpperCase()}${stack === undefined ? 0 : layerNumber(stack, layer)}`, bytes];
    });
    for (const [layer, { stored, shown, hidden }] of named)
      if (stored !== 0 || shown !== 0 || hidden !== 0) this.#of(layer);
    this.#growth = new Map(named);
  }

  /** A's first; each side's lowest first. */
  rows(): LayerTotals[] {
    const growth = this.#growth;
    return [...this.#counted]
      .sort(([a], [b]) => order(a) - order(b))
      .map(([layer, counted]) => ({
        layer,
        ...counted,
        ...(growth === undefined ? {} : { growth: growth.get(layer) ?? NO_GROWTH }),
        step: this.#step(layer),
      }));
  }

  #layerOf(change: Change): string {
    const { a, b, by, path } = change;
    if (b !== undefined) return `B${layerNumberOf('b', b, change)}`;
    if (by !== undefined) return `B${by.layer}`;
    if (this.#replaced !== undefined && path.startsWith(this.#replaced.above)) return this.#replaced.layer;
    return a === undefined ? 'A0' : `A${layerNumberOf('a', a, change)}`;
  }

  #of(layer: string): Counted {
    const counted = this.#counted.get(layer) ?? {
      totals: newTotals(),
      touched: { added: 0, removed: 0, changed: 0 },
    };
    this.#counted.set(layer, counted);
    return counted;
  }

  #step(layer: string): string {
    const stack = layer.startsWith('A') ? this.#sides.a.stack : this.#sides.b.stack;
    const found = stack?.layers[layerIndexOf(stack, Number(layer.slice(1)))];
    if (found === undefined) return '';
    return found.history === undefined ? found.role : stepWords(found.history);
  }
}

function order(layer: string): number {
  return (layer.startsWith('A') ? 0 : 2 ** 32) + Number(layer.slice(1));
}
