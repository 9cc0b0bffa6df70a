// The directories in a branch, which are branches too: all of a listed one at once, in a row, so that the place of a name among
// the directories of its listing leads to its branch.
import { E, Errno } from '../../sys/errors.ts';
import { S_IFDIR, S_IFMT } from '../../sys/statx.ts';
import type { Listings } from '../listings.ts';
import { ROW, type Table } from '../table.ts';
import type { Branches } from './branches.ts';

export class BranchChildren {
  readonly #table: Table;
  readonly #listings: Listings;
  readonly #branches: Branches;
  /** By branch and row: directories that are in no listing, because they were looked up one by one. */
  readonly #unlisted = new Map<string, number>();

  constructor(table: Table, listings: Listings, branches: Branches) {
    this.#table = table;
    this.#listings = listings;
    this.#branches = branches;
  }

  /** The branch of an entry that is a directory. Throws Errno. */
  of(branch: number, entry: number): number {
    const place = this.#table.word(entry, ROW.link);
    if (place === 0) return this.#ofUnlisted(branch, entry);
    return (this.#branches.childrenOf(branch) || this.#takeAll(branch)) + place - 1;
  }

  /** The first of `count` new branches in a row. Throws ENOMEM. */
  take(count: number): number {
    const first = this.#branches.take(count);
    if (first === 0) throw new Errno(E.ENOMEM, 'show a directory for which there is no room');
    return first;
  }

  /** For all directories of a listed one. */
  #takeAll(branch: number): number {
    const table = this.#table;
    const branches = this.#branches;
    const listing = this.#listings.of(branches.rowOf(branch));
    const first = table.record(listing, 0);
    const end = first + table.record(listing, 1);
    const rows: number[] = [];
    for (let entry = first; entry < end; entry++) {
      const isDirectory = (table.word(entry, ROW.mode) & S_IFMT) === S_IFDIR;
      if (isDirectory && table.errnoOf(entry) === 0) rows.push(entry);
    }
    const children = this.take(rows.length);
    const tree = branches.treeOf(branch);
    rows.forEach((entry, i) => {
      branches.set(children + i, entry, branch, tree);
    });
    branches.setChildren(branch, children);
    return children;
  }

  #ofUnlisted(branch: number, entry: number): number {
    const key = `${branch} ${entry}`;
    const known = this.#unlisted.get(key);
    if (known !== undefined) return known;
    const child = this.take(1);
    this.#branches.set(child, entry, branch, this.#branches.treeOf(branch));
    this.#unlisted.set(key, child);
    return child;
  }
}
