// Trees of which some show only a part. A directory that is shown in part has its names looked up one by one, so that what
// is known of a tree is as large as what it shows.

import { numbersAbove } from '../overlay/ascending.ts';
import type { Shown } from '../overlay/shown.ts';
import { type ByteString, bufferOf, bytesOf } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { S_IFDIR } from '../sys/statx.ts';
import { View, type ViewOptions } from '../view.ts';
import { ALL, type Selection } from './selection.ts';

export class PartialView extends View {
  readonly #tree: Shown;
  /** By directory what is shown in it; of any other all is. A directory is here before the kernel knows its number. */
  readonly #selections = new Map<number, Selection>();
  /** The entries of those that were listed, ascending; of a tree that does not change. */
  readonly #listed = new Map<number, readonly number[]>();

  constructor(tree: Shown, options: ViewOptions = {}) {
    super(tree, options);
    this.#tree = tree;
    const ofAll = this.nodesAfter;
    this.nodesAfter = (directory, node) => {
      const selection = this.#selections.get(directory);
      if (selection === undefined) return ofAll?.(directory, node);
      if (ofAll !== undefined) return this.#shownOf(directory, selection, ofAll(directory, node) ?? []);
      return numbersAbove(this.#entriesOf(directory, selection), node);
    };
  }

  /** To be told before a tree's root is shown. */
  showOnly(root: number, selection: Selection): void {
    this.#selections.set(root, selection);
  }

  override lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    const selection = this.#selections.get(directory);
    if (selection === undefined) return super.lookup(directory, from, start, end);
    return this.#find(directory, selection, bytesOf(from, start, end));
  }

  #find(directory: number, selection: Selection, name: ByteString): number {
    const inside = selection.get(name);
    if (inside === undefined) return 0;
    const entry = this.#look(directory, name);
    if (entry !== 0) this.#enter(directory, entry, inside);
    return entry;
  }

  #look(directory: number, name: ByteString): number {
    if (this.#tree.live === undefined) {
      try {
        return this.#tree.lookupAlone(directory, name);
      } catch (error) {
        // A listing has an entry for what cannot be looked up, so that damage costs only one name.
        if (!(error instanceof Errno)) throw error;
      }
    }
    const bytes = bufferOf(name);
    return super.lookup(directory, bytes, 0, bytes.length);
  }

  /** Of a name that leads to a directory, what is shown there. */
  #enter(directory: number, entry: number, inside: Selection | typeof ALL): void {
    if (inside === ALL || this.errnoOf(entry) !== 0 || this.typeOf(entry) !== S_IFDIR) return;
    this.#selections.set(this.nodeIn?.(entry, directory) ?? this.nodeOf(entry), inside);
  }

  #entriesOf(directory: number, selection: Selection): readonly number[] {
    const known = this.#listed.get(directory);
    if (known !== undefined) return known;
    const entries = [...selection.keys()].sort().map((name) => this.#find(directory, selection, name));
    const listed = entries.filter((entry) => entry !== 0).sort((a, b) => a - b);
    this.#listed.set(directory, listed);
    return listed;
  }

  /** Of the nodes of a directory that changes. */
  *#shownOf(directory: number, selection: Selection, nodes: Iterable<number>): Generator<number> {
    for (const node of nodes) {
      const inside = selection.get(this.#nameOf(node));
      if (inside === undefined) continue;
      this.#enter(directory, node, inside);
      yield node;
    }
  }

  #nameOf(entry: number): ByteString {
    const name = Buffer.alloc(this.nameLength(entry));
    this.copyName(entry, name, 0);
    return bytesOf(name, 0, name.length);
  }
}
