// What is shown in a forest, as tiles: the bytes of each directory by the layer that it came with.
import type { Tile, TileTree } from '../treemap.ts';
import type { Forest } from './forest.ts';

const COLORS = 4;

export class ForestTiles implements TileTree<number> {
  readonly root = 0;
  readonly #forest: Forest;

  constructor(forest: Forest) {
    this.#forest = forest;
  }

  tile(row: number): Tile {
    const layer = this.#forest.rows.layer[row] ?? 0;
    return {
      name: this.#forest.name(row),
      bytes: this.#shown(row),
      look: `layer${Math.max(0, layer - 1) % COLORS}`,
      note: `L${layer}`,
    };
  }

  parts(row: number): number[] {
    if (!this.#forest.isDirectory(row)) return [];
    const parts = this.#forest.all(row).filter((part) => this.#shown(part) > 0);
    return parts.sort((a, b) => this.#shown(b) - this.#shown(a));
  }

  trail(row: number): number[] {
    const trail = [row];
    for (let at = row - 1; at >= 0; at--)
      if (this.#forest.isDirectory(at) && (this.#forest.ends[at] ?? 0) > row) trail.unshift(at);
    return trail;
  }

  #shown(row: number): number {
    return this.#forest.rows.shown[row] ?? 0;
  }
}
