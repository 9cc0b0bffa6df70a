// A report of an image: its layers, steps, waste and configuration as plain HTML, and the rows of its tree for the script.
import { type HtmlDocument, htmlDocument, htmlParagraph, htmlSection, type PageFiles } from '../document.ts';
import { htmlTable, htmlText } from '../html.ts';
import { layerBar } from './layer-bar.ts';
import { fateOf, type ImageReport, isGone, type ReportStep } from './record.ts';
import { packRows } from './rows.ts';

export interface DocumentOptions extends PageFiles {
  readonly tool: string;
  readonly size: (bytes: number) => string;
}

/** On paper and without script; the page's tree has all. */
const MOST_DIRECTORIES = 30;
const MOST_GONE = 100;
const MOST_WASTE = 100;
const UNMAPPED = 'Only what is known to be shown has a tile.';

export function imageDocument(report: ImageReport, { tool, size, ...files }: DocumentOptions): string {
  const { title, facts, missing, told, steps, configuration, untold, leftOut } = report;
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
      told.length === 0 ? '' : htmlSection('What could not be told', toldList(told, missing), { id: 'told' }),
      htmlSection('Layers', layerBar(layers, size) + stepTable(steps, missing, size)),
      htmlSection('Where the bytes are', missing.length === 0 ? '' : htmlParagraph(UNMAPPED), {
        id: 'map',
        kind: 'live',
      }),
      htmlSection('Tree', '', { id: 'tree', kind: 'live' }),
      htmlSection('Largest directories', directoryTable(report, size)),
      htmlSection('Wasted bytes', wasteTable(report, size)),
      htmlSection('Deleted and overwritten', goneTable(report, size)),
      htmlSection('Configuration', fields + htmlParagraph(untold)),
    ],
    footer: [
      `${tool}. No contents of files are in this report.`,
      leftOut === 0 ? '' : `${leftOut} small files are in no list, though in all sums.`,
    ],
    tables: { rows: packRows(report) },
  };
  return htmlDocument(page, files);
}

type SizeWords = DocumentOptions['size'];

function toldList(told: readonly string[], missing: readonly number[]): string {
  const list = `<ul>${told.map((line) => `<li>${htmlText(line)}</li>`).join('\n')}</ul>\n`;
  if (missing.length === 0) return list;
  const which = missing.toSorted((a, b) => a - b).join(', ');
  const [layers, they] = missing.length === 1 ? ['Layer', 'it'] : ['Layers', 'they'];
  return `${list}${htmlParagraph(
    `${layers} ${which} could not be read. What ${they} had is not here, and whether ${they} hid what is below is unknown.`,
  )}`;
}

/** What is not known is `?`. */
function stepTable(steps: readonly ReportStep[], missing: readonly number[], size: SizeWords): string {
  const rows = steps.map(({ layer, created, command, stored, shown, hidden, changes, hiddenBy }) => {
    const known = (value: number | undefined, words: (value: number) => string) =>
      value === undefined ? (layer === undefined ? '' : '?') : words(value);
    const number = layer === undefined ? '–' : `${layer}${missing.includes(layer) ? ' (missing)' : ''}`;
    return [
      ...[number, command, created],
      ...[stored, shown, hidden].map((value) => known(value, size)),
      ...[changes?.added, changes?.changed, changes?.deleted].map((value) => known(value, String)),
      hiddenBy,
    ];
  });
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

function directoryTable({ rows, missing }: ImageReport, size: SizeWords): string {
  const directories = rows
    .filter(({ mode, state }) => mode.startsWith('d') && !isGone(state))
    .sort((a, b) => b.shown - a.shown || b.unknown - a.unknown)
    .slice(0, MOST_DIRECTORIES);
  const doubt = missing.length === 0 ? [] : [{ heading: 'Shown or hidden', kind: 'number' } as const];
  return htmlTable(
    'By the bytes that are shown below them',
    [
      { heading: 'Shown', kind: 'number' },
      { heading: 'Hidden', kind: 'number' },
      ...doubt,
      { heading: 'Directory', kind: 'code' },
    ],
    directories.map(({ path, shown, hidden, unknown }) => [
      ...[size(shown), size(hidden)],
      ...doubt.map(() => size(unknown)),
      path,
    ]),
  );
}

function wasteTable({ waste, missing }: ImageReport, size: SizeWords): string {
  const isWhole = missing.length === 0;
  if (waste.length === 0)
    return htmlParagraph(
      isWhole ? 'Nothing is stored that is not shown.' : 'Nothing is known to be stored that is not shown.',
    );
  const sum = (of: ImageReport['waste']) => of.reduce((total, { bytes }) => total + bytes, 0);
  const table = htmlTable(
    `${isWhole ? '' : 'At least '}${size(sum(waste))} stored for nothing, the largest first`,
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

function goneTable({ rows, missing }: ImageReport, size: SizeWords): string {
  const gone = rows.filter(({ state, mode }) => isGone(state) && !mode.startsWith('d'));
  if (gone.length === 0) return htmlParagraph(missing.length === 0 ? 'Nothing.' : 'Nothing that is known.');
  gone.sort((a, b) => b.hidden - a.hidden);
  const table = htmlTable(
    `${missing.length === 0 ? '' : 'At least '}${gone.length} that a layer stores and a newer one hides, the largest first`,
    [
      { heading: 'Bytes', kind: 'number' },
      { heading: 'Layer', kind: 'number' },
      { heading: 'What became of it' },
      { heading: 'Path', kind: 'code' },
    ],
    gone
      .slice(0, MOST_GONE)
      .map((row) => [size(row.hidden), String(row.layer), fateOf(row, missing), row.path]),
  );
  return table + moreThan(gone.length, MOST_GONE, 'the tree has them');
}

function moreThan(count: number, most: number, words: string): string {
  return count > most ? htmlParagraph(`And ${count - most} more: ${words}.`) : '';
}
