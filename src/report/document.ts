// A report as one HTML file that asks for nothing from anywhere: a policy that lets this script and this style run and nothing
// else, what is needed most as plain HTML, and the rows as data for the script.
import { createHash } from 'node:crypto';
import { packRows } from './columns.ts';
import { htmlTable, htmlText } from './html.ts';
import { layerBar } from './layer-bar.ts';
import type { ImageReport, ReportRow, ReportStep } from './record.ts';

export interface PageFiles {
  readonly script: string;
  readonly style: string;
}

export interface DocumentOptions extends PageFiles {
  readonly tool: string;
  readonly size: (bytes: number) => string;
}

/** On paper and without script; the page's tree has all. */
const MOST_DIRECTORIES = 30;
const MOST_GONE = 100;
const MOST_WASTE = 100;

export function imageDocument(report: ImageReport, { script, style, tool, size }: DocumentOptions): string {
  const { title, facts, steps, waste, configuration, untold, rows, leftOut } = report;
  const layers = steps.filter(({ layer }) => layer !== undefined);
  const data = packRows(rows, { layers: layers.length, leftOut });
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlText(title)}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${htmlText(title)}</h1>
<dl>${facts.map(([name, value]) => `<div><dt>${htmlText(name)}</dt><dd>${htmlText(value)}</dd></div>`).join('')}</dl></header>
<main>
<section><h2>Layers</h2>
${layerBar(layers, size)}${stepTable(steps, size)}</section>
<section id="map" class="live" hidden><h2>Where the bytes are</h2></section>
<section id="tree" class="live" hidden><h2>Tree</h2></section>
<section><h2>Largest directories</h2>
${directoryTable(rows, size)}</section>
<section><h2>Wasted bytes</h2>
${wasteTable(waste, size)}</section>
<section><h2>Deleted and overwritten</h2>
${goneTable(rows, size)}</section>
<section><h2>Configuration</h2>
${configuration.length === 0 ? '' : htmlTable('Fields of the configuration', [{ heading: 'Field' }, { heading: 'Value', kind: 'code' }], configuration)}${paragraph(untold)}</section>
</main>
<footer><p>${htmlText(tool)}. No contents of files are in this report.${leftOut === 0 ? '' : ` ${leftOut} small files are in no list, though in all sums.`}</p></footer>
<script type="application/octet-stream" id="rows">${data}</script>
<script>${script}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function paragraph(text: string): string {
  return text === '' ? '' : `<p>${htmlText(text)}</p>\n`;
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
  if (waste.length === 0) return paragraph('Nothing is stored that is not shown.');
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
  if (gone.length === 0) return paragraph('Nothing.');
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
  return count > most ? paragraph(`And ${count - most} more: ${words}.`) : '';
}
