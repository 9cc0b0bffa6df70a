// The report of a store as a page: the head, sections of tables, and the tables again as data for the script.
import { type ColumnTable, packTable } from '../columns.ts';
import { htmlDocument, type PageFiles } from '../document.ts';
import type { ReportTable, StoreColumn, StoreReport, TableCell } from './record.ts';
import { keyFigures, type SizeText, sectionHtml } from './sections.ts';

export interface StoreDocumentOptions extends PageFiles {
  readonly tool: string;
  readonly size: SizeText;
}

export function storeDocument(report: StoreReport, options: StoreDocumentOptions): string {
  const { title, facts, figures, sections } = report;
  const { tool, size } = options;
  const told = sections.map((section) => ({ ...section, tables: section.tables.map(withoutEmpty) }));
  const tables = told.flatMap((section) => section.tables).filter(({ rows }) => rows.length > 0);
  return htmlDocument(
    {
      page: 'store',
      title,
      facts,
      sections: [keyFigures(figures), ...told.map((section) => sectionHtml(section, size))],
      footer: [`${tool}. No contents of files are in this report.`],
      tables: Object.fromEntries(tables.map((table) => [`data-${table.id}`, packTable(columnsOf(table))])),
    },
    options,
  );
}

/** A column in which no row tells anything is none. */
function withoutEmpty(table: ReportTable): ReportTable {
  const { columns, rows } = table;
  const kept = [...columns.keys()].filter((i) => rows.some((row) => (row[i] ?? '') !== ''));
  return {
    ...table,
    columns: columns.filter((_, i) => kept.includes(i)),
    rows: rows.map((row) => kept.map((i) => row[i] ?? null)),
  };
}

/** What is not known is no number, or an empty text. */
function columnsOf({ columns, rows }: ReportTable): ColumnTable {
  const cells = (i: number) => rows.map((row) => row[i] ?? null);
  return {
    count: rows.length,
    columns: Object.fromEntries(columns.map((column, i) => [`c${i}`, packed(column, cells(i))])),
    more: { kinds: columns.map(({ kind }) => kind) },
  };
}

function packed({ kind }: StoreColumn, cells: readonly TableCell[]): ColumnTable['columns'][string] {
  if (kind === 'number' || kind === 'bytes')
    return { kind: 'numbers', values: cells.map((cell) => (cell === null ? Number.NaN : Number(cell))) };
  const values = cells.map((cell) => String(cell ?? ''));
  return kind === 'state' ? { kind: 'choices', values } : { kind: 'texts', values };
}
