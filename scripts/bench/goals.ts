// Figures out of samples: medians, ratios of ours to theirs, and whether a goal is met. Knows nothing of how they were
// measured.

import type { Result } from './rounds.ts';
import type { Goals, Row } from './rows.ts';
import { isMoreBetter } from './rows.ts';

export interface Figure {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

export interface Verdict {
  readonly against: keyof Goals;
  /** Ours by theirs; for `figure`, ours in the row's unit. */
  readonly ratio: number;
  readonly goal: number;
  readonly isMissed: boolean;
}

/** Undefined where no sample counts. */
export function figureOf(result: Result | undefined): Figure | undefined {
  return figureOfAll(result?.values ?? []);
}

/** Undefined where there is none. */
export function figureOfAll(values: readonly number[]): Figure | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(0),
    greatest: at(sorted.length - 1),
  };
}

/** Undefined where the row has no such goal. `theirs` is 1 for `figure`. */
export function judge(row: Row, against: keyof Goals, ours: number, theirs: number): Verdict | undefined {
  const goal = row.goals[against];
  if (goal === undefined) return undefined;
  const ratio = ours / theirs;
  return { against, ratio, goal, isMissed: isMoreBetter(row) ? ratio < goal : ratio > goal };
}
