// The rows of an image's tree as the page unpacks them (`page/image/rows.ts`).
import { packTable } from '../columns.ts';
import { type ReportRow, ROW_STATES } from './record.ts';

export function packRows(rows: readonly ReportRow[], leftOut: number): string {
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
      by: column('integers', ({ by }) => by),
      shown: column('numbers', ({ shown }) => shown),
      hidden: column('numbers', ({ hidden }) => hidden),
    },
    more: { leftOut },
  });
}
