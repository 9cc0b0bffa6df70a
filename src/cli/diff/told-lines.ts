// The changes as the default form tells them, for forms that need each name as well: a directory that only one side has in one
// line, and equal metadata changes of one step in one.
import type { Change } from '../../diff/change.ts';
import { type ChangeGroup, Grouping } from '../../diff/explain/groups.ts';
import { Folding } from '../../diff/explain/listed-folds.ts';
import { escapeBytes } from '../../told/escape.ts';
import {
  groupSegments,
  type LayeredSides,
  type Segment,
  segmentsOf,
  sharedTest,
} from './layers/layer-words.ts';
import { type Letter, letterOf, shownPath } from './words.ts';

export interface ToldLine {
  readonly letter: Letter;
  /** Whether a privilege was gained. */
  readonly isFlagged: boolean;
  /** `/usr/share/doc/**` of what is told as one. */
  readonly path: string;
  readonly segments: readonly Segment[];
  /** The change; of equal ones the first. */
  readonly change: Change;
}

export class ToldLines {
  readonly #sides: LayeredSides;
  readonly #tell: (line: ToldLine) => void;
  readonly #grouping: Grouping;
  readonly #folding: Folding | undefined;

  /** `folds` is false where it is not known what is in a directory that only one side has. */
  constructor(sides: LayeredSides, tell: (line: ToldLine) => void, { folds }: { readonly folds: boolean }) {
    this.#sides = sides;
    this.#tell = tell;
    const sink = {
      change: (change: Change) => this.#tellOne(change),
      group: (group: ChangeGroup) => this.#tellGroup(group),
    };
    this.#grouping = new Grouping(sink, sharedTest(sides));
    this.#folding = folds ? new Folding(this.#grouping) : undefined;
  }

  /** Each name by itself, in path order. */
  change(change: Change): void {
    (this.#folding ?? this.#grouping).change(change);
  }

  /** Tells what waits. */
  finish(): void {
    this.#folding?.finish();
    this.#grouping.finish();
  }

  #tellOne(change: Change): void {
    this.#tell({
      letter: letterOf(change),
      isFlagged: change.flags.length > 0,
      path: shownPath(change),
      segments: segmentsOf(change, this.#sides),
      change,
    });
  }

  #tellGroup(group: ChangeGroup): void {
    this.#tell({
      letter: 'm',
      isFlagged: false,
      path: `${escapeBytes(group.directory)}/**`,
      segments: groupSegments(group, this.#sides),
      change: group.first,
    });
  }
}
