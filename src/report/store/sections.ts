// Sections of tables as HTML that needs no script: of each table the first rows; the page's script shows the rest.
import { htmlParagraph } from '../document.ts';
import { htmlText } from '../html.ts';
import { dayChart } from './day-chart.ts';
import {
  CELL_CLASSES,
  type CellKind,
  isMarkedName,
  type KeyFigure,
  type ReportFigure,
  type ReportSection,
  type ReportTable,
  STATES,
  type TableCell,
} from './record.ts';
import { useBar } from './use-bar.ts';

/** Rows that stand there without script and on paper. */
const MOST_STATIC_ROWS = 300;

/** Bytes in words. */
export type SizeText = (bytes: number) => string;

/** The numbers of the head, each leading to its section. */
export function keyFigures(figures: readonly KeyFigure[]): string {
  const all = figures.map(({ name, value, section, state }) => {
    const [look, sign] = state === undefined ? ['plain', ''] : (STATES[state] ?? ['plain', '']);
    const words = sign === '' ? value : `${sign} ${value}`;
    return `<li><a href="#${section}"><span class="figure ${look}">${htmlText(words)}</span><span class="of">${htmlText(name)}</span></a></li>`;
  });
  return `<nav aria-label="Sections"><ul class="figures">${all.join('')}</ul></nav>\n`;
}

export function sectionHtml(section: ReportSection, size: SizeText): string {
  const { id, heading, intro, remarks, figure, tables } = section;
  const contents = [
    htmlParagraph(intro),
    figure === undefined ? '' : figureHtml(figure, size),
    ...tables.map((table) => tableHtml(table, size)),
    ...remarks.map((text) => htmlParagraph(text)),
  ];
  return `<details class="section" id="${id}" open><summary><h2>${htmlText(heading)}</h2></summary>
${contents.join('')}</details>
`;
}

function figureHtml(figure: ReportFigure, size: SizeText): string {
  return figure.kind === 'layers' ? useBar(figure.layers, size) : dayChart(figure.days);
}

function tableHtml(table: ReportTable, size: SizeText): string {
  const { id, caption, columns, rows, leftOut, none } = table;
  if (rows.length === 0) return htmlParagraph(none);
  const heads = columns.map(
    ({ heading, kind }) => `<th scope="col"${classOf(kind)}>${htmlText(heading)}</th>`,
  );
  const lines = rows.slice(0, MOST_STATIC_ROWS).map((cells) => {
    const all = columns.map(
      ({ kind }, i) => `<td${classOf(kind)}>${cellHtml(kind, cells[i] ?? null, size)}</td>`,
    );
    return `<tr>${all.join('')}</tr>`;
  });
  const more = rows.length - MOST_STATIC_ROWS;
  const unscripted =
    more > 0
      ? `<p class="unscripted">And ${more} more, which the page shows where scripts may run.</p>\n`
      : '';
  const untold = leftOut === 0 ? '' : htmlParagraph(`${leftOut} more are in no row of this page.`);
  return `<div class="table" data-table="${id}"><div class="wide" tabindex="0" role="region" aria-label="${htmlText(caption)}"><table><caption>${htmlText(caption)}</caption><thead><tr>${heads.join('')}</tr></thead>
<tbody>${lines.join('\n')}</tbody></table></div>
${unscripted}</div>
${untold}`;
}

function classOf(kind: CellKind): string {
  return CELL_CLASSES[kind] === '' ? '' : ` class="${CELL_CLASSES[kind]}"`;
}

function cellHtml(kind: CellKind, cell: TableCell, size: SizeText): string {
  if (cell === null) return '';
  const text = htmlText(String(cell));
  switch (kind) {
    case 'bytes':
      return `<span title="${text} bytes">${htmlText(size(Number(cell)))}</span>`;
    case 'name':
      return isMarkedName(String(cell))
        ? `<span class="escaped" title="some bytes of this name are escaped">${text}</span>`
        : text;
    case 'state': {
      const [look, sign] = STATES[cell] ?? ['plain', ''];
      return `<span class="state ${look}">${sign} ${text}</span>`;
    }
    default:
      return text;
  }
}
