// The lines of the default form that a page has on paper: all where they are few, else those with the most to look at.
import { touchedBytes } from '../../../diff/change.ts';
import type { ToldChange } from '../../../report/changes/record.ts';
import type { ToldLine } from '../told-lines.ts';

const MOST_LINES = 500;

interface Kept {
  /** Place among all lines. */
  readonly place: number;
  readonly weight: number;
  readonly line: ToldChange;
}

export class HeaviestLines {
  #kept: Kept[] = [];
  #count = 0;

  add({ letter, isFlagged, path, segments, change }: ToldLine): void {
    const words = segments.map((segment) => segment.words).filter(Boolean);
    const layers = segments.map((segment) => segment.layers).filter(Boolean);
    this.#kept.push({
      place: this.#count++,
      weight: isFlagged ? Number.POSITIVE_INFINITY : touchedBytes(change),
      line: {
        letter: `${letter}${isFlagged ? '!' : ''}`,
        path,
        words: words.join('  '),
        layers: layers.join(', '),
      },
    });
    if (this.#kept.length > 4 * MOST_LINES) this.#cut();
  }

  /** In path order. */
  get lines(): ToldChange[] {
    this.#cut();
    return this.#kept.sort((x, y) => x.place - y.place).map(({ line }) => line);
  }

  get leftOut(): number {
    return Math.max(0, this.#count - MOST_LINES);
  }

  #cut(): void {
    this.#kept.sort((x, y) => (x.weight === y.weight ? x.place - y.place : y.weight - x.weight));
    this.#kept = this.#kept.slice(0, MOST_LINES);
  }
}
