/// <reference lib="dom" />
// One directory as a map of tiles, as large as the bytes that are shown in them, by the layer they came with. A tile is a
// button: a directory's goes into it.
import { type HierarchyRectangularNode, hierarchy, treemap } from 'd3-hierarchy';
import { element, sizeText } from './elements.ts';
import type { Forest } from './forest.ts';

const MOST_TILES = 60;
const MOST_WITHIN = 24;
const HEAD = 22;
const LEAST_LABELLED = { width: 44, height: 18 };
const COLORS = 4;

interface Tile {
  /** -1 for what is too small to be one of its own. */
  readonly row: number;
  readonly bytes: number;
  readonly children: readonly Tile[];
}

export class TreemapView {
  readonly box = element('div', { class: 'treemap' });
  readonly #trail = element('p', { class: 'trail' });
  readonly #tiles = element('div', { class: 'tiles' });
  readonly #forest: Forest;
  readonly #chosen: (row: number) => void;
  #directory = 0;

  /** `chosen` is told of each row that a person goes to. */
  constructor(forest: Forest, chosen: (row: number) => void) {
    this.#forest = forest;
    this.#chosen = chosen;
    this.box.append(this.#trail, this.#tiles);
    new ResizeObserver(() => this.#draw()).observe(this.#tiles);
  }

  #go(row: number): void {
    if (row >= 0 && this.#forest.isDirectory(row)) {
      this.#directory = row;
      this.#draw();
    }
    if (row >= 0) this.#chosen(row);
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#tiles;
    if (width === 0) return;
    const layout = treemap<Tile>()
      .size([width, height])
      .paddingTop(({ depth }) => (depth === 1 ? HEAD : 0))
      .paddingInner(1)
      .round(true);
    const root = layout(
      hierarchy<Tile>(this.#tile(this.#directory, 2)).sum(({ bytes, children }) =>
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

  /** With what is in it, the largest first, `levels` deep. */
  #tile(row: number, levels: number): Tile {
    const bytes = this.#forest.rows.shown[row] ?? 0;
    if (levels === 0 || !this.#forest.isDirectory(row)) return { row, bytes, children: [] };
    const all: number[] = [];
    const end = this.#forest.ends[row] ?? 0;
    const shown = (at: number) => this.#forest.rows.shown[at] ?? 0;
    for (let at = row + 1; at < end; at = this.#forest.ends[at] ?? end) if (shown(at) > 0) all.push(at);
    all.sort((a, b) => shown(b) - shown(a));
    const most = levels === 2 ? MOST_TILES : MOST_WITHIN;
    const rest = all.slice(most).reduce((sum, at) => sum + shown(at), 0);
    const children = all.slice(0, most).map((at) => this.#tile(at, levels - 1));
    return {
      row,
      bytes,
      children: rest === 0 ? children : [...children, { row: -1, bytes: rest, children: [] }],
    };
  }

  #button({ data, depth, x0, y0, x1, y1 }: HierarchyRectangularNode<Tile>): HTMLElement {
    const { row, bytes } = data;
    const [width, height] = [x1 - x0, y1 - y0];
    const layer = row < 0 ? 0 : (this.#forest.rows.layer[row] ?? 0);
    const name = row < 0 ? 'all smaller ones' : this.#forest.name(row);
    const words = `${name} ${sizeText(bytes)}${row < 0 ? '' : ` L${layer}`}`;
    const color = row < 0 ? 'rest' : `layer${Math.max(0, layer - 1) % COLORS}`;
    const made = element('button', {
      type: 'button',
      class: `tile ${color} depth${depth}`,
      'aria-label': words,
      title: words,
    });
    const isLabelled = width >= LEAST_LABELLED.width && height >= LEAST_LABELLED.height;
    if (isLabelled)
      made.append(
        element('bdi', {}, name),
        element('span', {}, ` ${sizeText(bytes)}${row < 0 ? '' : ` L${layer}`}`),
      );
    made.style.left = `${x0}px`;
    made.style.top = `${y0}px`;
    made.style.width = `${width}px`;
    made.style.height = `${height}px`;
    made.addEventListener('click', () => this.#go(row));
    return made;
  }

  #drawTrail(): void {
    const path = this.#forest.path(this.#directory);
    const names = path === '/' ? [] : path.slice(1).split('/');
    const steps = ['/', ...names].map((name, i) => {
      const made = element('button', { type: 'button' });
      made.append(element('bdi', {}, name));
      made.addEventListener('click', () =>
        this.#go(this.#forest.find(`/${names.slice(0, i).join('/')}`) ?? 0),
      );
      return made;
    });
    this.#trail.replaceChildren(...steps);
  }
}
