/// <reference lib="dom" />
// One directory as a map of tiles, as large as the bytes in them. A tile is a button: a directory's goes into it. Knows no data:
// a tree of tiles has it.
import { type HierarchyRectangularNode, hierarchy, treemap } from 'd3-hierarchy';
import { element, sizeText } from './elements.ts';

const MOST_TILES = 60;
const MOST_WITHIN = 24;
/** What is in a tile is drawn where that is so large a part of the whole, and so deep at most. */
const LEAST_OPENED = 0.01;
const DEEPEST = 4;
const HEAD = 22;
const LEAST_LABELLED = { width: 44, height: 18 };

export interface Tile {
  readonly name: string;
  readonly bytes: number;
  /** The class of its colour. */
  readonly look: string;
  /** What is said of it behind its size: never colour alone. */
  readonly note: string;
}

export interface TileTree<T> {
  readonly root: T;
  tile(node: T): Tile;
  /** What has bytes in it, the largest first; empty of what cannot be gone into. */
  parts(node: T): readonly T[];
  /** From the root to it. */
  trail(node: T): readonly T[];
}

interface LaidTile<T> {
  /** Absent for all that are too small to be ones of their own. */
  readonly node?: T;
  readonly bytes: number;
  readonly children: readonly LaidTile<T>[];
}

export class TreemapView<T> {
  readonly box = element('div', { class: 'treemap' });
  readonly #trail = element('p', { class: 'trail' });
  readonly #tiles = element('div', { class: 'tiles' });
  readonly #tree: TileTree<T>;
  readonly #chosen: (node: T) => void;
  #directory: T;

  /** `chosen` is told of each that a person goes to. */
  constructor(tree: TileTree<T>, chosen: (node: T) => void) {
    this.#tree = tree;
    this.#chosen = chosen;
    this.#directory = tree.root;
    this.box.append(this.#trail, this.#tiles);
    new ResizeObserver(() => this.#draw()).observe(this.#tiles);
  }

  #go(node: T): void {
    if (this.#tree.parts(node).length > 0) {
      this.#directory = node;
      this.#draw();
    }
    this.#chosen(node);
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#tiles;
    if (width === 0) return;
    const layout = treemap<LaidTile<T>>()
      .size([width, height])
      .paddingTop(({ depth, children }) => (depth > 0 && children !== undefined ? HEAD : 0))
      .paddingInner(1)
      .round(true);
    const { bytes: all } = this.#tree.tile(this.#directory);
    const root = layout(
      hierarchy<LaidTile<T>>(this.#laid(this.#directory, 0, all)).sum(({ bytes, children }) =>
        children.length === 0 ? bytes : 0,
      ),
    );
    this.#tiles.replaceChildren(
      ...root
        .descendants()
        .slice(1)
        .map((node) => this.#button(node)),
    );
    this.#drawTrail();
  }

  /** With what is in it, where there is room for that. */
  #laid(node: T, depth: number, all: number): LaidTile<T> {
    const { bytes } = this.#tree.tile(node);
    const isOpened = depth < 2 || (depth < DEEPEST && bytes >= all * LEAST_OPENED);
    const parts = isOpened ? this.#tree.parts(node) : [];
    const most = depth === 0 ? MOST_TILES : MOST_WITHIN;
    const rest = parts.slice(most).reduce((sum, part) => sum + this.#tree.tile(part).bytes, 0);
    // One tile says more than one for most of it.
    if (depth > 0 && rest > bytes / 2) return { node, bytes, children: [] };
    const children = parts.slice(0, most).map((part) => this.#laid(part, depth + 1, all));
    return { node, bytes, children: rest === 0 ? children : [...children, { bytes: rest, children: [] }] };
  }

  #button({ data, depth, x0, y0, x1, y1 }: HierarchyRectangularNode<LaidTile<T>>): HTMLElement {
    const { node, bytes } = data;
    const [width, height] = [x1 - x0, y1 - y0];
    const { name, look, note } =
      node === undefined ? { name: 'all smaller ones', look: 'rest', note: '' } : this.#tree.tile(node);
    const size = [sizeText(bytes), note].filter(Boolean).join(' ');
    const words = `${name} ${size}`;
    const made = element('button', {
      type: 'button',
      class: `tile ${look} depth${depth}`,
      'aria-label': words,
      title: words,
    });
    if (width >= LEAST_LABELLED.width && height >= LEAST_LABELLED.height)
      made.append(element('bdi', {}, name), element('span', {}, ` ${size}`));
    made.style.left = `${x0}px`;
    made.style.top = `${y0}px`;
    made.style.width = `${width}px`;
    made.style.height = `${height}px`;
    if (node !== undefined) made.addEventListener('click', () => this.#go(node));
    return made;
  }

  #drawTrail(): void {
    const steps = this.#tree.trail(this.#directory).map((node) => {
      const made = element('button', { type: 'button' });
      made.append(element('bdi', {}, this.#tree.tile(node).name));
      made.addEventListener('click', () => this.#go(node));
      return made;
    });
    this.#trail.replaceChildren(...steps);
  }
}
