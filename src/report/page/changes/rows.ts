// The rows of a comparison, as `changes/rows.ts` packed them.
import type { Choices, PageTable } from '../unpack.ts';

export interface ChangeRows {
  readonly count: number;
  readonly paths: readonly string[];
  readonly escaped: ArrayLike<number>;
  /** By the numbers of `LETTERS`. */
  readonly letter: ArrayLike<number>;
  /** Bits by the numbers of `SIGNALS`. */
  readonly marks: ArrayLike<number>;
  readonly words: (row: number) => string;
  readonly bytes: ArrayLike<number>;
  readonly entries: ArrayLike<number>;
  readonly inside: ArrayLike<number>;
  readonly layers: Choices;
  readonly makers: Choices;
  readonly owner: Choices;
  /** JSON, or empty. */
  readonly others: (row: number) => string;
  readonly text: (row: number) => string;
  readonly a: SideRows;
  readonly b: SideRows;
  readonly hasTexts: boolean;
}

export interface SideRows {
  /** Empty where the side has nothing there. */
  readonly mode: Choices;
  readonly uid: ArrayLike<number>;
  readonly gid: ArrayLike<number>;
  readonly size: ArrayLike<number>;
  readonly seconds: ArrayLike<number>;
  readonly nanoseconds: ArrayLike<number>;
  readonly setters: Choices;
}

export function changeRows(table: PageTable): ChangeRows {
  return {
    count: table.count,
    paths: table.paths('path'),
    escaped: table.numbers('escaped'),
    letter: table.numbers('letter'),
    marks: table.numbers('marks'),
    words: table.texts('words'),
    bytes: table.numbers('bytes'),
    entries: table.numbers('entries'),
    inside: table.numbers('inside'),
    layers: table.choices('layers'),
    makers: table.choices('makers'),
    owner: table.choices('owner'),
    others: table.texts('others'),
    text: table.texts('text'),
    a: sideRows(table, 'a'),
    b: sideRows(table, 'b'),
    hasTexts: (table.more as { readonly hasTexts?: boolean }).hasTexts === true,
  };
}

function sideRows(table: PageTable, side: 'a' | 'b'): SideRows {
  return {
    mode: table.choices(`${side}Mode`),
    uid: table.numbers(`${side}Uid`),
    gid: table.numbers(`${side}Gid`),
    size: table.numbers(`${side}Size`),
    seconds: table.numbers(`${side}Seconds`),
    nanoseconds: table.numbers(`${side}Nanoseconds`),
    setters: table.choices(`${side}Setters`),
  };
}
