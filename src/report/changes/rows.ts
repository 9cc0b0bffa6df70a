// The rows of a comparison as the page unpacks them (`page/changes/rows.ts`).
import { type Column, packTable } from '../columns.ts';
import { type ChangeRow, type ChangeSide, type ChangesReport, LETTERS, SIGNALS } from './record.ts';

export function packChanges({ rows, leftOut, hasTexts }: ChangesReport): string {
  const numbers = <K extends 'bytes' | 'integers' | 'numbers'>(
    kind: K,
    value: (row: ChangeRow) => number,
  ): Column => ({ kind, values: rows.map(value) });
  const texts = <K extends 'paths' | 'texts' | 'choices'>(
    kind: K,
    value: (row: ChangeRow) => string,
  ): Column => ({ kind, values: rows.map(value) });
  return packTable({
    count: rows.length,
    columns: {
      path: texts('paths', ({ path }) => path),
      escaped: numbers('bytes', ({ isEscaped }) => Number(isEscaped)),
      letter: numbers('bytes', ({ letter }) => LETTERS.indexOf(letter)),
      marks: numbers('bytes', ({ marks }) => bitsOf(marks)),
      words: texts('texts', ({ words }) => words),
      bytes: numbers('numbers', ({ bytes }) => bytes),
      entries: numbers('numbers', ({ entries }) => entries),
      inside: numbers('bytes', ({ isInside }) => Number(isInside)),
      layers: texts('choices', ({ layers }) => layers),
      makers: texts('choices', ({ makers }) => makers),
      owner: texts('choices', ({ owner }) => owner),
      others: texts('texts', ({ others }) => (others.length === 0 ? '' : JSON.stringify(others))),
      text: texts('texts', ({ text }) => text),
      ...sideColumns('a', rows),
      ...sideColumns('b', rows),
    },
    more: { leftOut, hasTexts },
  });
}

function bitsOf(marks: ChangeRow['marks']): number {
  return marks.reduce((bits, mark) => bits | (1 << SIGNALS.indexOf(mark)), 0);
}

function sideColumns(side: 'a' | 'b', rows: readonly ChangeRow[]): Record<string, Column> {
  const numbers = (kind: 'integers' | 'numbers', value: (of: ChangeSide) => number): Column => ({
    kind,
    values: rows.map(({ [side]: of }) => (of === undefined ? 0 : value(of))),
  });
  const choices = (value: (of: ChangeSide) => string): Column => ({
    kind: 'choices',
    values: rows.map(({ [side]: of }) => (of === undefined ? '' : value(of))),
  });
  return {
    // Empty where the side has nothing there.
    [`${side}Mode`]: choices(({ mode }) => mode),
    [`${side}Uid`]: numbers('integers', ({ uid }) => uid),
    [`${side}Gid`]: numbers('integers', ({ gid }) => gid),
    [`${side}Size`]: numbers('numbers', ({ size }) => size),
    [`${side}Seconds`]: numbers('numbers', ({ seconds }) => seconds),
    [`${side}Nanoseconds`]: numbers('integers', ({ nanoseconds }) => nanoseconds),
    [`${side}Setters`]: choices(({ setters }) => setters),
  };
}
