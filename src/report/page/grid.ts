/// <reference lib="dom" />
// Rows of one height, of which only those are drawn that are seen: any number of them scrolls. Walked by keyboard as ARIA's grid
// and treegrid are. Knows no data: a source has the rows.
import { element } from './elements.ts';

const ROW_HEIGHT = 26;
/** Drawn above and below what is seen. */
const MARGIN = 8;
const DEEPEST_INDENT = 24;
const INDENT = 14;

export interface GridColumn {
  readonly heading: string;
  /** `number` stands on the right, `code` in a type of one width; `name` is that, and indented and folded in a tree. */
  readonly kind: 'text' | 'number' | 'code' | 'name';
  /** A track, as `grid-template-columns` has it. */
  readonly width: string;
  /** What the rows are sorted by when its heading is pressed; absent where that is nothing. */
  readonly sort?: string;
  /** Not shown where the page is narrow. */
  readonly isMinor?: true;
}

export interface GridRow {
  /** One a column. */
  readonly cells: readonly (Node | string)[];
  /** Classes of the row. */
  readonly look: string;
  /** In a tree: 1 for the outermost. */
  readonly level?: number;
  /** In a tree; absent of what cannot be opened. */
  readonly isOpen?: boolean;
}

/** Rows by their place, the first is 0. */
export interface GridSource {
  readonly count: number;
  row(place: number): GridRow;
  /** Of a row that can be opened. The source refreshes the grid. */
  turn?(place: number, isOpen: boolean): void;
  /** A person went to the row. */
  chosen?(place: number): void;
  /** A heading was pressed. The source refreshes the grid. */
  sort?(by: string): void;
}

export interface GridOptions {
  /** Of the element; those of its rows begin with it. */
  readonly id: string;
  readonly label: string;
  readonly columns: readonly GridColumn[];
}

export class Grid {
  readonly box: HTMLElement;
  readonly #source: GridSource;
  readonly #options: GridOptions;
  readonly #body = element('div', { role: 'rowgroup', class: 'rows' });
  readonly #heads: ReadonlyMap<string, HTMLElement>;
  readonly #drawn = new Map<number, HTMLElement>();
  #at = 0;

  constructor(source: GridSource, options: GridOptions) {
    const { id, label, columns } = options;
    this.#source = source;
    this.#options = options;
    this.#heads = new Map(columns.map((column) => [column.heading, this.#head(column)]));
    const role = source.turn === undefined ? 'grid' : 'treegrid';
    const head = element('div', { role: 'row', class: 'row', 'aria-rowindex': '1' }, ...this.#heads.values());
    this.box = element(
      'div',
      {
        role,
        id,
        class: 'grid',
        tabindex: '0',
        'aria-label': label,
        'aria-colcount': String(columns.length),
      },
      element('div', { role: 'rowgroup', class: 'head' }, head),
      this.#body,
    );
    const tracks = (of: readonly GridColumn[]) => of.map(({ width }) => width).join(' ');
    this.box.style.setProperty('--tracks', tracks(columns));
    this.box.style.setProperty('--few-tracks', tracks(columns.filter(({ isMinor }) => !isMinor)));
    this.box.addEventListener('scroll', () => this.#draw(), { passive: true });
    this.box.addEventListener('keydown', (event) => this.#key(event));
    this.#body.addEventListener('click', (event) => this.#click(event));
    new ResizeObserver(() => this.#draw()).observe(this.box);
  }

  /** The row that a person is at. */
  get place(): number {
    return this.#at;
  }

  /** After the source has other rows: draws them, at `place`. */
  refresh(place: number): void {
    const { count } = this.#source;
    this.#at = Math.max(0, Math.min(count - 1, place));
    this.#drawn.clear();
    this.#body.replaceChildren();
    this.box.setAttribute('aria-rowcount', String(count + 1));
    this.#body.style.height = `${count * ROW_HEIGHT}px`;
    this.#draw();
  }

  /** Goes to a row, and shows it. */
  go(place: number): void {
    const before = this.#at;
    this.#at = Math.max(0, Math.min(this.#source.count - 1, place));
    for (const changed of [before, this.#at]) this.#forget(changed);
    const [top, height] = [this.#at * ROW_HEIGHT, this.box.clientHeight - 2 * ROW_HEIGHT];
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top > this.box.scrollTop + height) this.box.scrollTop = top - height;
    this.#draw();
    if (this.#source.count > 0) this.#source.chosen?.(this.#at);
  }

  /** Marks the heading that the rows are sorted by. */
  sorted(by: string, direction: 'ascending' | 'descending'): void {
    for (const { heading, sort } of this.#options.columns) {
      const head = this.#heads.get(heading);
      if (sort === undefined) continue;
      head?.setAttribute('aria-sort', sort === by ? direction : 'none');
    }
  }

  #head({ heading, kind, sort, isMinor }: GridColumn): HTMLElement {
    const head = element('span', { role: 'columnheader', class: classOf(kind, isMinor) });
    if (sort === undefined) head.append(heading);
    else {
      const button = element('button', { type: 'button', class: 'sort' }, heading);
      button.addEventListener('click', () => this.#source.sort?.(sort));
      head.append(button);
    }
    return head;
  }

  #draw(): void {
    const { scrollTop, clientHeight } = this.box;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - MARGIN);
    const last = Math.min(this.#source.count, Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + MARGIN);
    for (const place of [...this.#drawn.keys()]) if (place < first || place >= last) this.#forget(place);
    // In their order, which is that in which they are read aloud; those that are there stay where they are.
    let next = this.#body.firstChild;
    for (let place = first; place < last; place++) {
      const known = this.#drawn.get(place);
      if (known !== undefined) {
        next = known.nextSibling;
        continue;
      }
      const made = this.#element(place);
      this.#drawn.set(place, made);
      this.#body.insertBefore(made, next);
    }
    if (this.#drawn.has(this.#at)) this.box.setAttribute('aria-activedescendant', this.#rowId(this.#at));
    else this.box.removeAttribute('aria-activedescendant');
  }

  #forget(place: number): void {
    this.#drawn.get(place)?.remove();
    this.#drawn.delete(place);
  }

  #rowId(place: number): string {
    return `${this.#options.id}-${place}`;
  }

  #element(place: number): HTMLElement {
    const { cells, look, level, isOpen } = this.#source.row(place);
    const isCurrent = place === this.#at;
    const made = element('div', {
      role: 'row',
      class: ['row', look, ...(isCurrent ? ['current'] : [])].join(' '),
      id: this.#rowId(place),
      'aria-rowindex': String(place + 2),
      'aria-selected': String(isCurrent),
      ...(level === undefined ? {} : { 'aria-level': String(level) }),
      ...(isOpen === undefined ? {} : { 'aria-expanded': String(isOpen) }),
    });
    for (const [i, { kind, isMinor }] of this.#options.columns.entries()) {
      const cell = element('span', { role: 'gridcell', class: classOf(kind, isMinor) });
      if (kind === 'name' && level !== undefined) {
        const sign = isOpen === undefined ? '' : isOpen ? '▾' : '▸';
        cell.append(element('span', { class: 'fold', 'aria-hidden': 'true' }, sign));
        cell.style.paddingInlineStart = `${Math.min(level - 1, DEEPEST_INDENT) * INDENT}px`;
      }
      cell.append(cells[i] ?? '');
      made.append(cell);
    }
    made.style.transform = `translateY(${place * ROW_HEIGHT}px)`;
    return made;
  }

  #click(event: MouseEvent): void {
    const line = (event.target as Element).closest('.row');
    if (line === null) return;
    const place = Number(line.id.slice(this.#rowId(0).length - 1));
    this.go(place);
    const { isOpen } = this.#source.row(place);
    if (isOpen !== undefined) this.#source.turn?.(place, !isOpen);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target !== this.box) return;
    if (this.#source.count === 0) return;
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW_HEIGHT) - 2);
    const { isOpen } = this.#source.row(this.#at);
    const turn = (wanted: boolean) => this.#source.turn?.(this.#at, wanted);
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => this.go(this.#at + 1),
      j: () => this.go(this.#at + 1),
      ArrowUp: () => this.go(this.#at - 1),
      k: () => this.go(this.#at - 1),
      PageDown: () => this.go(this.#at + page),
      PageUp: () => this.go(this.#at - page),
      Home: () => this.go(0),
      End: () => this.go(this.#source.count - 1),
      Enter: () => (isOpen === undefined ? this.go(this.#at) : turn(!isOpen)),
      ArrowRight: () => (isOpen === false ? turn(true) : this.go(this.#at + 1)),
      ArrowLeft: () => (isOpen === true ? turn(false) : this.#goAbove()),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  }

  /** To the row that this one is in. */
  #goAbove(): void {
    const level = this.#source.row(this.#at).level ?? 1;
    let place = this.#at;
    while (place > 0 && (this.#source.row(place).level ?? 1) >= level) place--;
    this.go(place);
  }
}

function classOf(kind: GridColumn['kind'], isMinor: true | undefined): string {
  return isMinor ? `${kind} minor` : kind;
}
