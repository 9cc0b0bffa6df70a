/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// A table of the page with script: filtered by words, sorted by a column, shown in pieces. The same cells as those that stand
// there without script.
import { CELL_CLASSES, type CellKind, isMarkedName, STATES } from '../../store/record.ts';
import { element, sizeText } from '../elements.ts';
import type { PageTable } from '../unpack.ts';

/** Rows of one piece. */
const PIECE = 300;
/** A table of so few rows is not filtered. */
const FEW = 8;

/** A column as it is asked for: null where nothing is known. */
interface ViewColumn {
  readonly kind: CellKind;
  readonly at: (row: number) => string | number | null;
}

export class TableView {
  readonly #count: number;
  readonly #columns: readonly ViewColumn[];
  readonly #body: HTMLElement;
  readonly #status = element('span', { role: 'status', class: 'count' });
  readonly #more = element('button', { type: 'button', class: 'more' });
  /** Rows in the order in which they are shown, and how many of them are. */
  #order: number[];
  #shown = PIECE;
  #words = '';
  /** Column, and whether the least comes first. */
  #sorted: { readonly column: number; readonly isUp: boolean } | undefined;
  /** The cells of each row in lower case, made when they are first asked for. */
  #lower: readonly string[] | undefined;

  /** `box` is the element that has the table. */
  constructor(box: HTMLElement, table: PageTable) {
    this.#count = table.count;
    this.#columns = (table.more as { kinds: readonly CellKind[] }).kinds.map((kind, i) => ({
      kind,
      at: cellsOf(table, kind, `c${i}`),
    }));
    this.#order = [...Array(table.count).keys()];
    this.#body = box.querySelector<HTMLElement>('tbody') ?? element('tbody');
    box.querySelector('.unscripted')?.remove();
    if (table.count > 1) this.#makeHeads(box);
    if (table.count > FEW) box.prepend(this.#controls(box));
    this.#more.addEventListener('click', () => this.#showMore());
    box.append(this.#more);
    this.#draw();
  }

  #controls(box: HTMLElement): HTMLElement {
    const caption = box.querySelector('caption')?.textContent ?? '';
    const words = element('input', {
      type: 'search',
      class: 'words',
      placeholder: 'part of any cell  ( / )',
      autocomplete: 'off',
      spellcheck: 'false',
      'aria-label': `Filter: ${caption}`,
    });
    words.addEventListener('input', () => {
      this.#words = words.value.toLowerCase();
      this.#arrange();
    });
    return element('p', { class: 'controls' }, words, this.#status);
  }

  /** A heading becomes a button that sorts by its column. */
  #makeHeads(box: HTMLElement): void {
    const heads = [...box.querySelectorAll<HTMLElement>('thead th')];
    for (const [column, head] of heads.entries()) {
      const button = element('button', { type: 'button', class: 'sort' }, head.textContent ?? '');
      button.addEventListener('click', () => {
        // Of sizes and counts the largest is wanted first.
        const isUp = this.#sorted?.column === column ? !this.#sorted.isUp : !this.#isNumber(column);
        this.#sorted = { column, isUp };
        for (const other of heads) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', isUp ? 'ascending' : 'descending');
        this.#arrange();
      });
      head.replaceChildren(button);
    }
  }

  #isNumber(column: number): boolean {
    const kind = this.#columns[column]?.kind;
    return kind === 'number' || kind === 'bytes';
  }

  #arrange(): void {
    const rows = [...Array(this.#count).keys()];
    if (this.#words !== '') {
      this.#lower ??= rows.map((row) =>
        this.#columns
          .map(({ at }) => at(row) ?? '')
          .join('\n')
          .toLowerCase(),
      );
      const lower = this.#lower;
      this.#order = rows.filter((row) => lower[row]?.includes(this.#words));
    } else this.#order = rows;
    if (this.#sorted !== undefined) {
      const { column, isUp } = this.#sorted;
      const values = rows.map((row) => this.#columns[column]?.at(row) ?? null);
      const sign = isUp ? 1 : -1;
      this.#order.sort((a, b) => sign * compare(values[a] ?? null, values[b] ?? null) || a - b);
    }
    this.#shown = PIECE;
    this.#draw();
  }

  #showMore(): void {
    const first = this.#shown;
    this.#shown += PIECE;
    this.#draw();
    // The keyboard goes on where the new rows begin.
    const row = this.#body.children[first];
    row?.setAttribute('tabindex', '-1');
    if (row instanceof HTMLElement) row.focus();
  }

  #draw(): void {
    const left = this.#order.length - this.#shown;
    this.#body.replaceChildren(...this.#order.slice(0, this.#shown).map((row) => this.#row(row)));
    this.#status.textContent = `${this.#order.length} of ${this.#count}`;
    this.#more.hidden = left <= 0;
    this.#more.textContent = `Show ${Math.min(left, PIECE)} more of ${left}`;
  }

  #row(row: number): HTMLElement {
    const cells = this.#columns.map(({ kind, at }) => {
      const cell = at(row);
      const made = element('td', CELL_CLASSES[kind] === '' ? {} : { class: CELL_CLASSES[kind] });
      if (cell !== null && cell !== '') made.append(cellNode(kind, cell));
      return made;
    });
    return element('tr', {}, ...cells);
  }
}

function cellsOf(table: PageTable, kind: CellKind, name: string): ViewColumn['at'] {
  if (kind === 'state') return table.choices(name).of;
  if (kind !== 'number' && kind !== 'bytes') return table.texts(name);
  const numbers = table.numbers(name);
  return (row) => {
    const value = numbers[row] ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  };
}

function cellNode(kind: CellKind, cell: string | number): Node | string {
  if (kind === 'bytes') return element('span', { title: `${cell} bytes` }, sizeText(Number(cell)));
  if (kind === 'name' && isMarkedName(String(cell)))
    return element('span', { class: 'escaped', title: 'some bytes of this name are escaped' }, String(cell));
  if (kind !== 'state') return String(cell);
  const [look, sign] = STATES[cell] ?? ['plain', ''];
  return element('span', { class: `state ${look}` }, `${sign} ${cell}`);
}

/** What is not known comes last where the least comes first. */
function compare(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
}
