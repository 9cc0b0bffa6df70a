// A table of which all rows are on the page.
import type { ReportTable } from '../../../report/store/record.ts';

export function plainTable(
  id: string,
  caption: string,
  columns: readonly (readonly [heading: string, kind: ReportTable['columns'][number]['kind']])[],
  rows: ReportTable['rows'],
  none: string,
): ReportTable {
  return {
    id,
    caption,
    columns: columns.map(([heading, kind]) => ({ heading, kind })),
    rows,
    leftOut: 0,
    none,
  };
}
