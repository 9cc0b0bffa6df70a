// The changes as a list: which of them a filter leaves, in which order and groups, and what of it is open. Knows no document.
import { LETTERS } from '../../changes/record.ts';
import type { ChangeRows } from './rows.ts';

export interface ChangeFilter {
  /** Part of a path in lower case; empty for all. */
  readonly words: string;
  /** Letters that are left out. */
  readonly without: ReadonlySet<string>;
  /** `B3`; empty for all. */
  readonly layer: string;
  /** `dpkg curl`; absent for all, empty for what no package has. */
  readonly owner?: string;
  /** Bits of marks of which one must be there; 0 for all. */
  readonly marks: number;
}

export const ORDERS = ['path', 'bytes', 'letter', 'layer'] as const;
export type Order = (typeof ORDERS)[number];
export const GROUPINGS = ['none', 'layer', 'package', 'letter'] as const;
export type ChangeGrouping = (typeof GROUPINGS)[number];

/** Changes that are told together, and how many of them a filter leaves. */
export interface ListGroup {
  readonly key: string;
  readonly count: number;
  readonly bytes: number;
}

export type ListEntry =
  | { readonly kind: 'group'; readonly group: ListGroup; readonly isOpen: boolean }
  /** `isOpen` absent of what stands for nothing else; `level` 1 is the outermost. */
  | { readonly kind: 'row'; readonly row: number; readonly level: number; readonly isOpen?: boolean };

export interface ListEntries {
  readonly count: number;
  at(place: number): ListEntry | undefined;
  /** Of a row, or a group's key; -1 where it is not there. */
  placeOf(wanted: number | string): number;
}

/** A filter that leaves no more opens what it leaves. */
const MOST_OPENED = 2000;

export class ChangeList {
  readonly rows: ChangeRows;
  /** By row: one past the last row that it stands for. */
  readonly #ends: Uint32Array;
  /** By row: the row that stands for it, or itself. */
  readonly #heads: Uint32Array;
  /** Paths in lower case, made when they are first asked for. */
  #lower: readonly string[] | undefined;
  readonly #openRows = new Set<number>();
  readonly #openGroups = new Set<string>();
  #matched: Uint8Array;
  #isFiltered = false;
  #order: Order = 'path';
  #isDescending = false;
  #grouping: ChangeGrouping = 'none';
  /** How many changes the filter leaves, those that a directory stands for too. */
  matches: number;

  constructor(rows: ChangeRows) {
    const { count, inside } = rows;
    this.rows = rows;
    this.matches = count;
    this.#matched = new Uint8Array(count).fill(1);
    this.#ends = new Uint32Array(count);
    this.#heads = new Uint32Array(count);
    let head = 0;
    for (let row = 0; row < count; row++) {
      if (inside[row] !== 1) head = row;
      this.#heads[row] = head;
      this.#ends[row] = row + 1;
      this.#ends[head] = row + 1;
    }
  }

  filter({ words, without, layer, owner, marks }: ChangeFilter): void {
    const { count, letter, makers, marks: marksOf, owner: owners } = this.rows;
    const hasLetter = LETTERS.map((each) => !without.has(each));
    const isMaker = makers.all.map((each) => layer === '' || each.split(' ').includes(layer));
    const isOwner = owners.all.map((each) => owner === undefined || each === owner);
    if (words !== '') this.#lower ??= this.rows.paths.map((path) => path.toLowerCase());
    const lower = this.#lower;
    this.#isFiltered = words !== '' || without.size > 0 || layer !== '' || owner !== undefined || marks !== 0;
    this.#matched = new Uint8Array(count);
    this.matches = 0;
    for (let row = 0; row < count; row++) {
      if (hasLetter[letter[row] ?? 0] !== true || isMaker[makers.chosen[row] ?? 0] !== true) continue;
      if (isOwner[owners.chosen[row] ?? 0] !== true) continue;
      if (marks !== 0 && ((marksOf[row] ?? 0) & marks) === 0) continue;
      if (words !== '' && lower?.[row]?.includes(words) !== true) continue;
      this.#matched[row] = 1;
      this.matches++;
    }
  }

  order(order: Order, isDescending: boolean): void {
    this.#order = order;
    this.#isDescending = isDescending;
  }

  group(grouping: ChangeGrouping): void {
    this.#grouping = grouping;
    this.#openGroups.clear();
  }

  turn(entry: ListEntry, isOpen: boolean): void {
    if (entry.kind === 'row') turnIn(this.#openRows, entry.row, isOpen);
    else turnIn(this.#openGroups, entry.group.key, isOpen);
  }

  /** Opens what a row is in. False where a filter leaves it out. */
  reveal(row: number): boolean {
    if (this.#matched[row] !== 1) return false;
    const head = this.#heads[row] ?? row;
    if (head !== row) this.#openRows.add(head);
    this.#openGroups.add(this.#groupOf(head));
    return true;
  }

  /** What is there to see, in order. */
  entries(): ListEntries {
    const units = this.#units();
    const entries: number[] = [];
    const groups: ListGroup[] = [];
    if (this.#grouping === 'none') this.#expand(units, entries);
    else {
      const members = new Map<string, number[]>();
      for (const unit of units) {
        const key = this.#groupOf(unit);
        const known = members.get(key);
        if (known === undefined) members.set(key, [unit]);
        else known.push(unit);
      }
      for (const [key, own] of [...members].sort(this.#byGroup())) {
        const count = own.reduce((sum, unit) => sum + this.#within(unit).length + this.#own(unit), 0);
        const bytes = own.reduce((sum, unit) => sum + (this.rows.bytes[unit] ?? 0), 0);
        entries.push(-groups.push({ key, count, bytes }));
        if (this.#openGroups.has(key)) this.#expand(own, entries);
      }
    }
    return {
      count: entries.length,
      at: (place) => this.#entry(entries, groups, place),
      placeOf: (wanted) => {
        if (typeof wanted === 'number') return entries.indexOf(wanted);
        return entries.indexOf(-1 - groups.findIndex(({ key }) => key === wanted));
      },
    };
  }

  /** Rows as they are, groups as negative numbers, of which -1 is the first. */
  #entry(entries: readonly number[], groups: readonly ListGroup[], place: number): ListEntry | undefined {
    const at = entries[place];
    if (at === undefined) return undefined;
    if (at < 0) {
      const group = groups[-at - 1];
      return group && { kind: 'group', group, isOpen: this.#openGroups.has(group.key) };
    }
    const head = this.#heads[at] ?? at;
    const level = (groups.length > 0 ? 2 : 1) + Number(head !== at);
    const next = entries[place + 1];
    const isOpen = next !== undefined && next !== at && this.#heads[next] === at;
    return { kind: 'row', row: at, level, ...(this.#isHead(at) ? { isOpen } : {}) };
  }

  /** Rows that stand for themselves, or for others, of which the filter leaves something; sorted. */
  #units(): number[] {
    const units: number[] = [];
    const { count } = this.rows;
    for (let row = 0; row < count; row = this.#ends[row] ?? count) {
      if (this.#own(row) === 1 || (this.#isHead(row) && this.#within(row).length > 0)) units.push(row);
    }
    return this.#sorted(units);
  }

  #own(row: number): number {
    return this.#matched[row] ?? 0;
  }

  /** What the filter leaves of the rows that a row stands for. */
  #within(row: number): number[] {
    const end = this.#ends[row] ?? row + 1;
    const found: number[] = [];
    for (let at = row + 1; at < end; at++) if (this.#matched[at] === 1) found.push(at);
    return found;
  }

  #isHead(row: number): boolean {
    return (this.#ends[row] ?? 0) > row + 1;
  }

  /** With what is in those that are open. */
  #expand(units: readonly number[], entries: number[]): void {
    const opensAll = this.#isFiltered && this.matches <= MOST_OPENED;
    for (const row of units) {
      entries.push(row);
      if (!this.#isHead(row) || !(opensAll || this.#openRows.has(row))) continue;
      for (const each of this.#sorted(this.#within(row))) entries.push(each);
    }
  }

  #sorted(rows: number[]): number[] {
    const { bytes, letter, makers } = this.rows;
    const sign = this.#isDescending ? -1 : 1;
    if (this.#order === 'path') return this.#isDescending ? rows.reverse() : rows;
    const keys = this.#order === 'layer' ? makers.all.map(layerKey) : [];
    const key = (row: number) => {
      if (this.#order === 'bytes') return bytes[row] ?? 0;
      return (this.#order === 'letter' ? letter[row] : keys[makers.chosen[row] ?? 0]) ?? 0;
    };
    return rows.sort((x, y) => sign * (key(x) - key(y)) || x - y);
  }

  #groupOf(row: number): string {
    const { makers, owner, letter } = this.rows;
    if (this.#grouping === 'layer') return makers.of(row).split(' ')[0] ?? '';
    if (this.#grouping === 'package') return owner.of(row);
    return this.#grouping === 'letter' ? (LETTERS[letter[row] ?? 0] ?? '') : '';
  }

  /** Layers by their number, letters in their order, packages by name and what none has at the end. */
  #byGroup(): (x: readonly [string, unknown], y: readonly [string, unknown]) => number {
    if (this.#grouping === 'layer') return ([x], [y]) => layerKey(x) - layerKey(y);
    if (this.#grouping === 'letter') return ([x], [y]) => letterPlace(x) - letterPlace(y);
    return ([x], [y]) => Number(x === '') - Number(y === '') || (x < y ? -1 : 1);
  }
}

function letterPlace(letter: string): number {
  return (LETTERS as readonly string[]).indexOf(letter);
}

/** A's before B's, each by number. */
export function layerKey(makers: string): number {
  const [, side = '', number = '0'] = /^([AB])(\d+)/.exec(makers) ?? [];
  return (side === 'B' ? 2 ** 32 : 0) + Number(number);
}

function turnIn<T>(open: Set<T>, key: T, isOpen: boolean): void {
  if (isOpen) open.add(key);
  else open.delete(key);
}
