// A report of an image: its layers, steps, waste and configuration as plain HTML, and the rows of its tree for the script.
import { type HtmlDocument, htmlDocument, htmlParagraph, htmlSection, type PageFiles } from '../document.ts';
import { htmlTable } from '../html.ts';
import { layerBar } from './layer-bar.ts';
import type { ImageReport, ReportRow, ReportStep } from './record.ts';
import { packRows } from './rows.ts';

export interface DocumentOptions extends PageFiles {
  readonly tool: string;
  readonly size: (bytes: number) => string;
}

/** On paper and without script; the page's tree has all. */
const MOST_DIRECTORIES = 30;
const MOST_GONE = 100;
const MOST_WASTE = 100;

export function imageDocument(report: ImageReport, { tool, size, ...files }: DocumentOptions): string {
  const { title, facts, steps, waste, configuration, untold, rows, leftOut } = report;
  const layers = steps.filter(({ layer }) => layer !== undefined);
  const fields =
    configuration.length === 0
      ? ''
      : htmlTable(
          'Fields of the configuration',
          [{ heading: 'Field' }, { heading: 'Value', kind: 'code' }],
          configuration,
        );
  const page: HtmlDocument = {
    ...{ page: 'image', title, facts },
    sections: [
      htmlSection('Layers', layerBar(layers, size) + stepTable(steps, size)),
      htmlSection('Where the bytes are', '', { id: 'map', kind: 'live' }),
      htmlSection('Tree', '', { id: 'tree', kind: 'live' }),
      htmlSection('Largest directories', directoryTable(rows, size)),
      htmlSection('Wasted bytes', wasteTable(waste, size)),
      htmlSection('Deleted and overwritten', goneTable(rows, size)),
      htmlSection('Configuration', fields + htmlParagraph(untold)),
    ],
    footer: [
      `${tool}. No contents of files are in this report.`,
      leftOut === 0 ? '' : `${leftOut} small files are in no list, though in all sums.`,
    ],
    tables: { rows: packRows(rows, leftOut) },
  };
  return htmlDocument(page, files);
}

type SizeWords = DocumentOptions['size'];

function stepTable(steps: readonly ReportStep[], size: SizeWords): string {
  const number = (value: number | undefined) => (value === undefined ? '' : String(value));
  const bytes = (value: number | undefined) => (value === undefined ? '' : size(value));
  const rows = steps.map(({ layer, created, command, bytes: own, changes, hiddenBy }) => [
    ...[layer === undefined ? '–' : String(layer), command, created],
    ...[own?.stored, own?.shown, own?.hidden].map(bytes),
    ...[changes?.added, changes?.changed, changes?.deleted].map(number),
    hiddenBy,
  ]);
  const sizes = ['Stored', 'Shown', 'Hidden', 'Added', 'Changed', 'Deleted'];
  return htmlTable(
    'Steps and the layers they made, newest first',
    [
      { heading: 'Layer', kind: 'number' },
      { heading: 'Step', kind: 'code' },
      { heading: 'Created' },
      ...sizes.map((heading) => ({ heading, kind: 'number' as const })),
      { heading: 'Hidden by' },
    ],
    rows,
  );
}

function directoryTable(rows: readonly ReportRow[], size: SizeWords): string {
  const directories = rows
    .filter(({ mode, state }) => mode.startsWith('d') && state === 'shown')
    .sort((a, b) => b.shown - a.shown)
    .slice(0, MOST_DIRECTORIES);
  return htmlTable(
    'By the bytes that are shown below them',
    [
      { heading: 'Shown', kind: 'number' },
      { heading: 'Hidden', kind: 'number' },
      { heading: 'Directory', kind: 'code' },
    ],
    directories.map(({ path, shown, hidden }) => [size(shown), size(hidden), path]),
  );
}

function wasteTable(waste: ImageReport['waste'], size: SizeWords): string {
  if (waste.length === 0) return htmlParagraph('Nothing is stored that is not shown.');
  const sum = (of: ImageReport['waste']) => of.reduce((total, { bytes }) => total + bytes, 0);
  const table = htmlTable(
    `${size(sum(waste))} stored for nothing, the largest first`,
    [
      { heading: 'Bytes', kind: 'number' },
      { heading: 'Layer', kind: 'number' },
      { heading: 'How' },
      { heading: 'Path', kind: 'code' },
      { heading: 'Files', kind: 'number' },
      { heading: 'Avoided by', kind: 'code' },
    ],
    waste
      .slice(0, MOST_WASTE)
      .map((one) => [
        size(one.bytes),
        String(one.layer),
        one.how,
        one.path,
        String(one.objects),
        one.avoidedBy,
      ]),
  );
  return table + moreThan(waste.length, MOST_WASTE, `${size(sum(waste.slice(MOST_WASTE)))} in all`);
}

function goneTable(rows: readonly ReportRow[], size: SizeWords): string {
  const gone = rows.filter(({ state, mode }) => state !== 'shown' && !mode.startsWith('d'));
  if (gone.length === 0) return htmlParagraph('Nothing.');
  gone.sort((a, b) => b.hidden - a.hidden);
  const table = htmlTable(
    `${gone.length} that a layer stores and a newer one hides, the largest first`,
    [
      { heading: 'Bytes', kind: 'number' },
      { heading: 'Layer', kind: 'number' },
      { heading: 'What became of it' },
      { heading: 'Path', kind: 'code' },
    ],
    gone
      .slice(0, MOST_GONE)
      .map(({ hidden, layer, state, by, path }) => [size(hidden), String(layer), `${state} in ${by}`, path]),
  );
  return table + moreThan(gone.length, MOST_GONE, 'the tree has them');
}

function moreThan(count: number, most: number, words: string): string {
  return count > most ? htmlParagraph(`And ${count - most} more: ${words}.`) : '';
}
