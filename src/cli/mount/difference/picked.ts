// What a comparison finds, sorted by where a mount of it shows it: each as a selection of the names of one side.
// What cannot be read was told by the comparison.
import type { Change, Sink } from '../../../diff/change.ts';
import type { Filter } from '../../../diff/filter.ts';
import { type Item, isDirectoryItem, type Side, type SideName, typeBits } from '../../../diff/item.ts';
import type { ByteString } from '../../../sys/bytes.ts';
import { unlessErrno } from '../../../sys/errors.ts';
import { SelectionDraft } from '../../../whole/selection.ts';
import type { Compared } from './compared.ts';

export interface PickOptions {
  readonly sides: Readonly<Record<SideName, Side>>;
  readonly filter: Filter;
  /** Whether something within a directory that is told as one is told at all. */
  readonly isTold: (item: Item) => boolean;
  /** Whether there may be something of which either does not hold: else all of such a directory is shown, unread. */
  readonly isPartial: boolean;
}

export type Selections = Pick<Compared, 'added' | 'removed' | 'changed' | 'renamed'>;

/** One that only one side has is in one of them, all else in two. A name is in one place of a side. */
export class Picked implements Pick<Sink, 'change'> {
  readonly #added = new SelectionDraft();
  readonly #removed = new SelectionDraft();
  readonly #changed = { a: new SelectionDraft(), b: new SelectionDraft() };
  readonly #renamed = { a: new SelectionDraft(), b: new SelectionDraft() };
  readonly #options: PickOptions;
  /** Picked at last, when it is known what in them is shown elsewhere. */
  readonly #ofOtherType: Change[] = [];
  /** All that is in those. */
  readonly #insideThem = { a: new SelectionDraft(), b: new SelectionDraft() };
  readonly #renamedPaths = { a: new Set<ByteString>(), b: new Set<ByteString>() };

  constructor(options: PickOptions) {
    this.#options = options;
  }

  change(change: Change): void {
    const { op, path, from = path, a, b, subtree } = change;
    const isWhole = subtree !== undefined;
    switch (op) {
      case 'add':
        // What is in a directory that a file has become is shown there.
        if (!this.#insideThem.b.hasAll(path)) this.#pick(this.#added, 'b', path, b, isWhole);
        return;
      case 'remove':
        if (!this.#insideThem.a.hasAll(path)) this.#pick(this.#removed, 'a', path, a, isWhole);
        return;
      case 'rename':
        this.#renamedPaths.a.add(from);
        this.#renamedPaths.b.add(path);
        this.#pick(this.#renamed.a, 'a', from, a, isWhole);
        this.#pick(this.#renamed.b, 'b', path, b, isWhole);
        return;
      case 'type':
        this.#ofOtherType.push(change);
        for (const inside of [this.#insideThem.a, this.#insideThem.b]) inside.add(path, 'all');
        return;
      default:
        this.#pick(this.#changed.a, 'a', path, a, false);
        this.#pick(this.#changed.b, 'b', path, b, false);
    }
  }

  /** When all is told. */
  selections(): Selections {
    for (const { path, a, b } of this.#ofOtherType) {
      this.#pick(this.#changed.a, 'a', path, a, true);
      this.#pick(this.#changed.b, 'b', path, b, true);
    }
    const both = ({ a, b }: Readonly<Record<SideName, SelectionDraft>>) => ({
      a: a.selection,
      b: b.selection,
    });
    return {
      ...{ added: this.#added.selection, removed: this.#removed.selection },
      ...{ changed: both(this.#changed), renamed: both(this.#renamed) },
    };
  }

  #pick(
    draft: SelectionDraft,
    side: SideName,
    path: ByteString,
    item: Item | undefined,
    isWhole: boolean,
  ): void {
    if (item === undefined) return;
    // Of what is of another type; what was renamed as a whole holds nothing that was renamed.
    const holdsRenamed = draft !== this.#renamed[side] && this.#renamed[side].has(path);
    if (!isDirectoryItem(item) || (isWhole && !this.#options.isPartial && !holdsRenamed)) {
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
      if (!filter.enters(path) || this.#isRenamed(draft, side, path)) continue;
      const item = unlessErrno(() => sides[side].find(directory, name));
      if (item === undefined) continue;
      if (filter.accepts(path, typeBits(item)) && isTold(item)) {
        draft.add(path, isDirectoryItem(item) ? 'nothing' : 'all');
      }
      if (isDirectoryItem(item)) this.#pickInside(draft, side, path, item);
    }
    sides[side].leave(directory);
  }

  /** Whether a path is shown by its rename, and not here. */
  #isRenamed(draft: SelectionDraft, side: SideName, path: ByteString): boolean {
    return draft !== this.#renamed[side] && this.#renamedPaths[side].has(path);
  }

  #namesIn(side: SideName, directory: Item): readonly string[] {
    return unlessErrno(() => [...this.#options.sides[side].names(directory, 0)]) ?? [];
  }
}
