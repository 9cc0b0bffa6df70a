// The rows of an image's tree as the page unpacks them (`page/image/rows.ts`).
import { packTable } from '../columns.ts';
import { fateOf, type ImageReport, type ReportRow, ROW_STATES } from './record.ts';

export function packRows({
  rows,
  leftOut,
  missing,
}: Pick<ImageReport, 'rows' | 'leftOut' | 'missing'>): string {
  const column = <K extends 'bytes' | 'integers' | 'numbers'>(
    kind: K,
    value: (row: ReportRow) => number,
  ) => ({
    kind,
    values: rows.map(value),
  });
  return packTable({
    count: rows.length,
    columns: {
      path: { kind: 'paths', values: rows.map(({ path }) => path) },
      escaped: column('bytes', ({ isEscaped }) => Number(isEscaped)),
      state: column('bytes', ({ state }) => ROW_STATES.indexOf(state)),
      mode: { kind: 'choices', values: rows.map(({ mode }) => mode) },
      uid: column('integers', ({ uid }) => uid),
      gid: column('integers', ({ gid }) => gid),
      layer: column('integers', ({ layer }) => layer),
      fate: { kind: 'choices', values: rows.map((row) => fateOf(row, missing)) },
      shown: column('numbers', ({ shown }) => shown),
      hidden: column('numbers', ({ hidden }) => hidden),
      unknown: column('numbers', ({ unknown }) => unknown),
    },
    more: { leftOut },
  });
}
