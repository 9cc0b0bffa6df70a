/// <reference lib="dom" />
// The tree of an image as a grid: directories that are opened, and what is in them.
import { element, nameElement, sizeText } from '../elements.ts';
import { Grid, type GridColumn, type GridRow, type GridSource } from '../grid.ts';
import type { Forest } from './forest.ts';

/** A tree of so few rows is open from the start. */
const SMALL = 200;
/** A filter that leaves no more shows all of them. */
const MOST_OPENED = 2000;
const COLUMNS: readonly GridColumn[] = [
  { heading: 'Name', kind: 'name', width: 'minmax(180px, 1fr)' },
  { heading: 'Shown', kind: 'number', width: '76px' },
  { heading: 'Hidden', kind: 'number', width: '76px' },
  { heading: 'Layer', kind: 'number', width: '56px' },
  { heading: 'Mode', kind: 'code', width: '100px', isMinor: true },
  { heading: 'Owner', kind: 'number', width: '96px', isMinor: true },
  { heading: 'What became of it', kind: 'text', width: '170px', isMinor: true },
];
/** Where layers are missing. */
const DOUBT: GridColumn = { heading: 'Either', kind: 'number', width: '76px' };
const STATE_SIGNS = { shown: '', deleted: '−', overwritten: '~', unknown: '?' } as const;

export class TreeView implements GridSource {
  readonly grid: Grid;
  readonly #forest: Forest;
  readonly #open = new Set<number>([0]);
  readonly #hasDoubt: boolean;
  #visible: number[] = [];
  #bySize = true;

  constructor(forest: Forest) {
    this.#forest = forest;
    if (forest.rows.count <= SMALL) for (let row = 0; row < forest.rows.count; row++) this.#open.add(row);
    this.#hasDoubt = Array.from(forest.rows.state).some((_, row) => forest.state(row) === 'unknown');
    const columns = this.#hasDoubt ? COLUMNS.toSpliced(3, 0, DOUBT) : COLUMNS;
    this.grid = new Grid(this, { id: 'files', label: 'Tree of all files', columns });
  }

  get count(): number {
    return this.#visible.length;
  }

  /** `size` or `name`. */
  sort(by: string): void {
    this.#bySize = by === 'size';
    this.refresh();
  }

  /** After the forest was filtered. */
  refresh(): void {
    const row = this.#visible[this.grid.place];
    this.#visible = [];
    const { isFiltered } = this.#forest;
    const opensAll = isFiltered && this.#forest.matches <= MOST_OPENED;
    const waiting = this.#forest.rows.count > 0 && this.#forest.isKept(0) ? [0] : [];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      this.#visible.push(at);
      if (!this.#forest.isDirectory(at) || !(opensAll || this.#open.has(at))) continue;
      for (const child of this.#forest.children(at, this.#bySize).reverse()) waiting.push(child);
    }
    this.grid.refresh(row === undefined ? 0 : this.#visible.indexOf(row));
  }

  /** Opens all above a row, and goes there. */
  show(row: number): void {
    for (let at = 0; at <= row; at++) {
      if (this.#forest.isDirectory(at) && (this.#forest.ends[at] ?? 0) > row) this.#open.add(at);
    }
    this.refresh();
    this.grid.go(this.#visible.indexOf(row));
  }

  turn(place: number, isOpen: boolean): void {
    const row = this.#visible[place] ?? 0;
    if (isOpen) this.#open.add(row);
    else this.#open.delete(row);
    this.refresh();
  }

  row(place: number): GridRow {
    const row = this.#visible[place] ?? 0;
    const { rows, depths } = this.#forest;
    const state = this.#forest.state(row);
    const depth = depths[row] ?? 0;
    const isDirectory = this.#forest.isDirectory(row);
    const next = this.#visible[place + 1];
    const name = element('span', {});
    name.append(
      element('span', { class: 'sign' }, STATE_SIGNS[state]),
      nameElement(this.#forest.name(row), rows.escaped[row] === 1),
    );
    const size = (bytes: number | undefined) => (bytes ? sizeText(bytes) : '');
    return {
      look: state,
      level: depth + 1,
      ...(isDirectory ? { isOpen: next !== undefined && (depths[next] ?? 0) > depth } : {}),
      cells: [
        name,
        size(rows.shown[row]),
        size(rows.hidden[row]),
        ...(this.#hasDoubt ? [size(rows.unknown[row])] : []),
        `L${rows.layer[row]}`,
        rows.modes.of(row),
        `${rows.uid[row]}:${rows.gid[row]}`,
        rows.fates.of(row),
      ],
    };
  }
}
