// Real directories of which each has one record, whichever way leads to it: "the same directory" is a comparison of numbers.
import type { LayerSource } from '../../store/source.ts';
import type { Table } from '../table.ts';
import { Directories } from './directories.ts';

export class InternedDirectories extends Directories {
  readonly #table: Table;
  readonly #children = new Map<number, Map<string, number>>();

  /** `capacity` is how many may be open at once. */
  constructor(table: Table, sources: readonly LayerSource[], capacity: number) {
    super(table, sources, 0, capacity);
    this.#table = table;
  }

  override child(parent: number, nameAt: number, nameLength: number): number {
    const name = this.#table.nameAt(nameAt, nameLength);
    const known = this.#children.get(parent)?.get(name);
    if (known !== undefined) return known;
    const record = super.child(parent, nameAt, nameLength);
    const names = this.#children.get(parent) ?? new Map<string, number>();
    this.#children.set(parent, names.set(name, record));
    return record;
  }
}
