/// <reference lib="dom" />
// The table of changes as a grid.
import { LETTERS } from '../../changes/record.ts';
import { element, pathElement, sizeText } from '../elements.ts';
import { Grid, type GridColumn, type GridRow, type GridSource } from '../grid.ts';
import { type ChangeList, type ListEntries, ORDERS, type Order } from './list.ts';

const COLUMNS: readonly GridColumn[] = [
  { heading: 'Kind', kind: 'code', width: '52px', sort: 'letter' },
  { heading: 'Path', kind: 'name', width: 'minmax(160px, 5fr)', sort: 'path' },
  { heading: 'What differs', kind: 'code', width: 'minmax(120px, 4fr)', isMinor: true },
  { heading: 'Bytes', kind: 'number', width: '76px', sort: 'bytes' },
  { heading: 'By', kind: 'code', width: 'minmax(100px, 3fr)', sort: 'layer', isMinor: true },
  { heading: 'Package', kind: 'code', width: '130px', isMinor: true },
];
/** By the numbers of `LETTERS`: classes of rows. */
export const LOOKS = ['added', 'removed', 'changed', 'silent', 'changed', 'changed', 'metadata'];
/** The first bit of `SIGNALS`. */
const PRIVILEGE = 1;

export class ChangeTable implements GridSource {
  readonly grid: Grid;
  readonly #list: ChangeList;
  readonly #shown: (row: number | undefined) => void;
  #entries: ListEntries;
  #order: Order = 'path';
  #isDescending = false;

  /** `shown` is told of each row that a person is at; undefined where that is none. */
  constructor(list: ChangeList, shown: (row: number | undefined) => void) {
    this.#list = list;
    this.#entries = list.entries();
    this.#shown = shown;
    const hasOwners = list.rows.owner.all.some((owner) => owner !== '');
    const columns = COLUMNS.filter(({ heading }) => hasOwners || heading !== 'Package');
    this.grid = new Grid(this, { id: 'change', label: 'All changes', columns });
    this.grid.sorted(this.#order, 'ascending');
  }

  get count(): number {
    return this.#entries.count;
  }

  /** After the list was filtered, sorted or grouped. */
  refresh(): void {
    const before = this.#entries.at(this.grid.place);
    this.#entries = this.#list.entries();
    const wanted = before?.kind === 'group' ? before.group.key : (before?.row ?? 0);
    this.grid.refresh(this.#entries.placeOf(wanted));
    this.chosen(this.grid.place);
  }

  /** Goes to a row; false where the filter leaves it out. */
  show(row: number): boolean {
    if (!this.#list.reveal(row)) return false;
    this.refresh();
    this.grid.go(this.#entries.placeOf(row));
    return true;
  }

  sort(by: string): void {
    const order = ORDERS.find((each) => each === by) ?? 'path';
    // The largest are wanted first.
    this.#isDescending = order === this.#order ? !this.#isDescending : order === 'bytes';
    this.#order = order;
    this.#list.order(order, this.#isDescending);
    this.grid.sorted(order, this.#isDescending ? 'descending' : 'ascending');
    this.refresh();
  }

  turn(place: number, isOpen: boolean): void {
    const entry = this.#entries.at(place);
    if (entry === undefined) return;
    this.#list.turn(entry, isOpen);
    this.refresh();
  }

  chosen(place: number): void {
    const entry = this.#entries.at(place);
    this.#shown(entry?.kind === 'row' ? entry.row : undefined);
  }

  row(place: number): GridRow {
    const entry = this.#entries.at(place);
    if (entry === undefined) return { look: '', cells: [] };
    if (entry.kind === 'group') {
      const { key, count, bytes } = entry.group;
      const name = element('strong', {}, key === '' ? 'of no package' : key);
      return {
        ...{ look: 'group', level: 1, isOpen: entry.isOpen },
        cells: ['', name, `${count} ${count === 1 ? 'change' : 'changes'}`, sizeText(bytes), '', ''],
      };
    }
    const { row, level, isOpen } = entry;
    const { rows } = this.#list;
    const letter = LETTERS[rows.letter[row] ?? 0] ?? '';
    const isPrivileged = ((rows.marks[row] ?? 0) & PRIVILEGE) !== 0;
    const isFold = (rows.entries[row] ?? 0) > 0;
    const path = `${rows.paths[row] ?? ''}${isFold ? '/**' : ''}`;
    const bytes = rows.bytes[row] ?? 0;
    return {
      ...{ look: LOOKS[rows.letter[row] ?? 0] ?? '', level, ...(isOpen === undefined ? {} : { isOpen }) },
      cells: [
        element('span', { class: 'letter' }, `${letter === '-' ? '−' : letter}${isPrivileged ? '!' : ''}`),
        pathElement(path, rows.escaped[row] === 1),
        rows.words(row),
        bytes === 0 ? '' : sizeText(bytes),
        rows.layers.of(row),
        rows.owner.of(row),
      ],
    };
  }
}
