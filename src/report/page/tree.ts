/// <reference lib="dom" />
// The tree as a grid of rows of one height, of which only those are drawn that are seen. By keyboard as ARIA's treegrid.
import { element, nameElement, sizeText } from './elements.ts';
import type { Forest } from './forest.ts';

const ROW_HEIGHT = 26;
/** Drawn above and below what is seen. */
const MARGIN = 8;
/** A tree of so few rows is open from the start. */
const SMALL = 200;
/** A filter that leaves no more shows all of them. */
const MOST_OPENED = 2000;
const COLUMNS = [
  ['Name', ''],
  ['Shown', 'number'],
  ['Hidden', 'number'],
  ['Layer', 'number'],
  ['Mode', ''],
  ['Owner', 'number'],
  ['What became of it', ''],
] as const;
/** By the numbers of `ROW_STATES`. */
const STATE_WORDS = ['shown', 'deleted', 'overwritten'];
const STATE_SIGNS = ['', '−', '~'];

export class TreeView {
  readonly box: HTMLElement;
  readonly #forest: Forest;
  readonly #body = element('div', { role: 'rowgroup', class: 'rows' });
  readonly #open = new Set<number>([0]);
  #visible: number[] = [];
  #bySize = true;
  /** Place among the visible rows. */
  #at = 0;

  constructor(forest: Forest) {
    this.#forest = forest;
    const heads = COLUMNS.map(([name, kind]) => element('span', { role: 'columnheader', class: kind }, name));
    if (forest.rows.count <= SMALL) for (let row = 0; row < forest.rows.count; row++) this.#open.add(row);
    this.box = element(
      'div',
      { role: 'treegrid', class: 'tree', tabindex: '0', 'aria-label': 'Tree of all files' },
      element(
        'div',
        { role: 'rowgroup', class: 'head' },
        element('div', { role: 'row', class: 'row' }, ...heads),
      ),
      this.#body,
    );
    this.box.addEventListener('scroll', () => this.#draw());
    this.box.addEventListener('keydown', (event) => this.#key(event));
    this.box.addEventListener('click', (event) => this.#click(event));
    new ResizeObserver(() => this.#draw()).observe(this.box);
  }

  sort(bySize: boolean): void {
    this.#bySize = bySize;
    this.refresh();
  }

  /** After the forest was filtered. */
  refresh(): void {
    const row = this.#visible[this.#at];
    this.#visible = [];
    const { isFiltered } = this.#forest;
    const opensAll = isFiltered && this.#forest.matches <= MOST_OPENED;
    const waiting = this.#forest.rows.count > 0 && this.#forest.isKept(0) ? [0] : [];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      this.#visible.push(at);
      if (!this.#forest.isDirectory(at) || !(opensAll || this.#open.has(at))) continue;
      for (const child of this.#forest.children(at, this.#bySize).reverse()) waiting.push(child);
    }
    this.#at = Math.max(0, row === undefined ? 0 : this.#visible.indexOf(row));
    this.box.setAttribute('aria-rowcount', String(this.#visible.length + 1));
    this.#body.style.height = `${this.#visible.length * ROW_HEIGHT}px`;
    this.#draw();
  }

  /** Opens all above a row, and goes there. */
  show(row: number): void {
    for (let at = 0; at <= row; at++) {
      if (this.#forest.isDirectory(at) && at <= row && (this.#forest.ends[at] ?? 0) > row) this.#open.add(at);
    }
    this.refresh();
    this.#go(this.#visible.indexOf(row));
  }

  #draw(): void {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_HEIGHT) - MARGIN);
    const last = Math.min(
      this.#visible.length,
      Math.ceil((this.box.scrollTop + this.box.clientHeight) / ROW_HEIGHT) + MARGIN,
    );
    this.#body.replaceChildren(
      ...this.#visible.slice(first, last).map((row, i) => this.#row(row, first + i)),
    );
    const current = this.#at >= first && this.#at < last ? `row-${this.#at}` : '';
    if (current === '') this.box.removeAttribute('aria-activedescendant');
    else this.box.setAttribute('aria-activedescendant', current);
  }

  #row(row: number, place: number): HTMLElement {
    const { rows, depths } = this.#forest;
    const state = STATE_WORDS[rows.state[row] ?? 0] ?? '';
    const depth = depths[row] ?? 0;
    const isDirectory = this.#forest.isDirectory(row);
    const isOpen =
      this.#visible[place + 1] === undefined ? false : (depths[this.#visible[place + 1] ?? 0] ?? 0) > depth;
    const fold = element(
      'span',
      { class: 'fold', 'aria-hidden': 'true' },
      isDirectory ? (isOpen ? '▾' : '▸') : '',
    );
    const sign = element('span', { class: 'sign' }, STATE_SIGNS[rows.state[row] ?? 0] ?? '');
    const name = element('span', { role: 'gridcell', class: 'name' }, fold, sign);
    name.append(nameElement(this.#forest.name(row), rows.escaped[row] === 1));
    name.style.paddingInlineStart = `${Math.min(depth, 24) * 14}px`;
    const cell = (text: string, kind: string) => element('span', { role: 'gridcell', class: kind }, text);
    const made = element(
      'div',
      {
        role: 'row',
        class: `row ${state}${place === this.#at ? ' current' : ''}`,
        id: `row-${place}`,
        'aria-rowindex': String(place + 2),
        'aria-level': String(depth + 1),
        'aria-selected': String(place === this.#at),
        ...(isDirectory ? { 'aria-expanded': String(isOpen) } : {}),
      },
      name,
      cell(rows.shown[row] ? sizeText(rows.shown[row] ?? 0) : '', 'number'),
      cell(rows.hidden[row] ? sizeText(rows.hidden[row] ?? 0) : '', 'number'),
      cell(`L${rows.layer[row]}`, 'number'),
      cell(rows.modes[rows.mode[row] ?? 0] ?? '', 'code'),
      cell(`${rows.uid[row]}:${rows.gid[row]}`, 'number'),
      cell(state === 'shown' ? '' : `${state} in ${rows.by[row]}`, ''),
    );
    made.style.transform = `translateY(${place * ROW_HEIGHT}px)`;
    return made;
  }

  #click(event: MouseEvent): void {
    const line = (event.target as Element).closest('.rows > .row');
    if (line === null) return;
    const place = Number(line.id.slice('row-'.length));
    const row = this.#visible[place];
    this.#at = place;
    if (row !== undefined && this.#forest.isDirectory(row)) this.#toggle(row, !this.#open.has(row));
    else this.#draw();
  }

  #toggle(row: number, isOpen: boolean): void {
    if (isOpen) this.#open.add(row);
    else this.#open.delete(row);
    this.refresh();
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW_HEIGHT) - 2);
    const row = this.#visible[this.#at] ?? 0;
    const isDirectory = this.#forest.isDirectory(row);
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => this.#go(this.#at + 1),
      j: () => this.#go(this.#at + 1),
      ArrowUp: () => this.#go(this.#at - 1),
      k: () => this.#go(this.#at - 1),
      PageDown: () => this.#go(this.#at + page),
      PageUp: () => this.#go(this.#at - page),
      Home: () => this.#go(0),
      End: () => this.#go(this.#visible.length - 1),
      Enter: () => isDirectory && this.#toggle(row, !this.#open.has(row)),
      ArrowRight: () =>
        isDirectory && !this.#open.has(row) ? this.#toggle(row, true) : this.#go(this.#at + 1),
      ArrowLeft: () => (isDirectory && this.#open.has(row) ? this.#toggle(row, false) : this.#goAbove(row)),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  }

  #goAbove(row: number): void {
    const depth = this.#forest.depths[row] ?? 0;
    let place = this.#at;
    while (place > 0 && (this.#forest.depths[this.#visible[place] ?? 0] ?? 0) >= depth) place--;
    this.#go(place);
  }

  #go(place: number): void {
    this.#at = Math.max(0, Math.min(this.#visible.length - 1, place));
    const [top, height] = [this.#at * ROW_HEIGHT, this.box.clientHeight - 2 * ROW_HEIGHT];
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top > this.box.scrollTop + height) this.box.scrollTop = top - height;
    this.#draw();
  }
}
