// What a comparison finds, sorted by where a mount of it shows it: each as a selection of the names of one side.
// What cannot be read was told by the comparison.
import type { Change, Sink } from '../../diff/change.ts';
import type { Filter } from '../../diff/filter.ts';
import { type Item, isDirectoryItem, type Side, type SideName, typeBits } from '../../diff/item.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { unlessErrno } from '../../sys/errors.ts';
import { SelectionDraft } from '../../whole/selection.ts';

export interface PickOptions {
  readonly sides: Readonly<Record<SideName, Side>>;
  readonly filter: Filter;
  /** Whether something within a directory that is told as one is told at all. */
  readonly isTold: (item: Item) => boolean;
  /** Whether there may be something of which either does not hold: else all of such a directory is shown, unread. */
  readonly isPartial: boolean;
}

/** One that only one side has is in one of them, all else in two. */
export class Picked implements Pick<Sink, 'change'> {
  readonly added = new SelectionDraft();
  readonly removed = new SelectionDraft();
  readonly changed = { a: new SelectionDraft(), b: new SelectionDraft() };
  readonly renamed = { a: new SelectionDraft(), b: new SelectionDraft() };
  readonly #options: PickOptions;

  constructor(options: PickOptions) {
    this.#options = options;
  }

  change({ op, path, from, a, b, subtree }: Change): void {
    const isWhole = subtree !== undefined || op === 'type';
    switch (op) {
      case 'add':
        // What is in a directory that a file has become is shown there.
        if (!this.changed.b.hasAll(path)) this.#pick(this.added, 'b', path, b, isWhole);
        return;
      case 'remove':
        if (!this.changed.a.hasAll(path)) this.#pick(this.removed, 'a', path, a, isWhole);
        return;
      case 'rename':
        this.#pick(this.renamed.a, 'a', from ?? path, a, isWhole);
        this.#pick(this.renamed.b, 'b', path, b, isWhole);
        return;
      default:
        this.#pick(this.changed.a, 'a', path, a, isWhole);
        this.#pick(this.changed.b, 'b', path, b, isWhole);
    }
  }

  #pick(
    draft: SelectionDraft,
    side: SideName,
    path: ByteString,
    item: Item | undefined,
    isWhole: boolean,
  ): void {
    if (item === undefined) return;
    if (!isDirectoryItem(item) || (isWhole && !this.#options.isPartial)) {
      draft.add(path, 'all');
      return;
    }
    draft.add(path, 'nothing');
    if (isWhole) this.#pickInside(draft, side, path, item);
  }

  /** Of a directory that is told as one, what the comparison has counted. */
  #pickInside(draft: SelectionDraft, side: SideName, above: string, directory: Item): void {
    const { sides, filter, isTold } = this.#options;
    for (const name of this.#namesIn(side, directory)) {
      const path = `${above}/${name}` as ByteString;
      if (!filter.enters(path)) continue;
      const item = unlessErrno(() => sides[side].find(directory, name));
      if (item === undefined) continue;
      if (filter.accepts(path, typeBits(item)) && isTold(item)) {
        draft.add(path, isDirectoryItem(item) ? 'nothing' : 'all');
      }
      if (isDirectoryItem(item)) this.#pickInside(draft, side, path, item);
    }
    sides[side].leave(directory);
  }

  #namesIn(side: SideName, directory: Item): readonly string[] {
    return unlessErrno(() => [...this.#options.sides[side].names(directory, 0)]) ?? [];
  }
}
