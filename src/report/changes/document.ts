// A report of what differs: what to look at first, what each layer did, packages and configuration as plain HTML, and all changes
// for the script.
import { type HtmlDocument, htmlDocument, htmlParagraph, htmlSection, type PageFiles } from '../document.ts';
import { type HtmlCell, type HtmlColumn, htmlTable, htmlText } from '../html.ts';
import { bytesBar } from './bytes-bar.ts';
import type { ChangeStep, ChangesReport, ReportVerdict, SignalKind, ToldChange } from './record.ts';
import { packChanges } from './rows.ts';

export interface ChangesDocumentOptions extends PageFiles {
  readonly tool: string;
  readonly size: (bytes: number) => string;
  /** With its sign. */
  readonly growth: (bytes: number) => string;
}

/** On paper and without script; all are told by `--packages` and `--unexplained`. */
const MOST_PACKAGES = 1000;
const MOST_ERRORS = 200;
const MOST_REASONS = 200;

export function changesDocument(
  report: ChangesReport,
  { tool, size, growth, ...files }: ChangesDocumentOptions,
): string {
  const { title, facts, verdict, steps, configuration, untold, errors, leftOut, rows } = report;
  const isEmpty = rows.length === 0;
  const page: HtmlDocument = {
    ...{ page: 'changes', title, facts },
    sections: [
      ...(verdict === undefined ? [] : [htmlSection('Policy', verdictHtml(verdict))]),
      htmlSection('Look at first', firstHtml(report)),
      ...(errors.length === 0 ? [] : [htmlSection('Not compared', errorTable(errors))]),
      ...(steps.length === 0 ? [] : [htmlSection('By layer', stepTable(steps, { size, growth }))]),
      ...(isEmpty ? [] : [htmlSection('Bytes that changed', '', { id: 'map', kind: 'live' })]),
      ...(isEmpty ? [] : [htmlSection('Changes', '', { id: 'changes', kind: 'live' })]),
      htmlSection('Changes', lineTable(report), { kind: 'still' }),
      ...(report.unexplained.length === 0
        ? []
        : [htmlSection('What no package explains', unexplainedTable(report), { kind: 'still' })]),
      ...(report.packages.length === 0 ? [] : [htmlSection('Packages', packageHtml(report))]),
      htmlSection('Configuration', configurationTable(configuration) + htmlParagraph(untold)),
    ],
    footer: [
      `${tool}. ${contentsWords(report)}`,
      leftOut === 0
        ? ''
        : `${leftOut} of ${leftOut + rows.length} changes are in no row, though in all sums.`,
    ],
    tables: isEmpty ? {} : { rows: packChanges(report) },
  };
  return htmlDocument(page, files);
}

function contentsWords({ hasTexts, textsLeftOut }: ChangesReport): string {
  if (!hasTexts) return 'No contents of files are in this report.';
  const words = 'Text differences of small files are in this report';
  return textsLeftOut === 0 ? `${words}.` : `${words}, but for ${textsLeftOut} that it had no room for.`;
}

const OUTCOMES: Readonly<Record<ReportVerdict['outcome'], readonly [sign: string, words: string]>> = {
  passed: ['✓', 'passed'],
  failed: ['✗', 'failed'],
  'not decided': ['?', 'not decided: not all could be compared'],
};

function verdictHtml({ policy, outcome, reasons }: ReportVerdict): string {
  const [sign, words] = OUTCOMES[outcome];
  const told = reasons.slice(0, MOST_REASONS).map((reason) => [reason]);
  return `<p class="verdict"><span class="sign">${sign}</span> <strong>${words}</strong> <code>--fail-on ${htmlText(policy)}</code></p>
${told.length === 0 ? '' : htmlTable('Why it failed', [{ heading: 'Reason', kind: 'code' }], told)}${moreThan(reasons.length, MOST_REASONS, 'on the error output of the command')}`;
}

function firstHtml({ signals, first, more }: ChangesReport): string {
  const cards = signals.map(
    ({ kind, sign, count, words }) =>
      `<li class="${lookOf(kind, count)}"${kind === undefined ? '' : ` data-signal="${kind}"`}><span class="sign">${sign}</span> <strong>${count}</strong> ${htmlText(words)}</li>`,
  );
  const table = htmlTable(
    'What stands out',
    [
      { heading: 'Kind' },
      { heading: 'Why' },
      { heading: 'Path', kind: 'code' },
      { heading: 'What differs', kind: 'code' },
      { heading: 'By', kind: 'code' },
    ],
    first.map(({ sign, why, path, words, layers }) => [sign, why, path, words, layers]),
  );
  const rest = more === 0 ? '' : htmlParagraph(`And ${more} more: the table of changes has them.`);
  return `<ul class="signals">${cards.join('')}</ul>\n${first.length === 0 ? '' : table}${rest}`;
}

/** What may be a danger stands out from what is only worth knowing. */
function lookOf(kind: SignalKind | undefined, count: number): string {
  if (count === 0) return 'none';
  return kind === undefined || kind === 'unexplained' ? 'info' : 'danger';
}

interface SizeWords {
  readonly size: (bytes: number) => string;
  readonly growth: (bytes: number) => string;
}

function stepTable(steps: readonly ChangeStep[], { size, growth }: SizeWords): string {
  const most = steps.reduce((largest, { touched }) => Math.max(largest, sum(touched)), 0);
  const hasGrowth = steps.some((step) => step.growth !== undefined);
  const counts = (['added', 'removed', 'changed', 'metadata', 'type', 'renamed'] as const).filter(
    (key) => !['type', 'renamed'].includes(key) || steps.some((step) => step.counts[key] > 0),
  );
  const headings: Readonly<Record<(typeof counts)[number], string>> = {
    ...{ added: 'Added', removed: 'Removed', changed: 'Changed', metadata: 'Metadata' },
    ...{ type: 'Type', renamed: 'Renamed' },
  };
  const number = (heading: string): HtmlColumn => ({ heading, kind: 'number' });
  const columns: HtmlColumn[] = [
    { heading: 'Layer' },
    { heading: 'Step', kind: 'code' },
    { heading: 'Files’ bytes', kind: 'bar' },
    ...counts.map((key) => number(headings[key])),
    number('Size'),
    ...(hasGrowth ? ['Stored', 'Shown', 'Hidden'].map(number) : []),
  ];
  const rows = steps.map((step): HtmlCell[] => [
    step.layer,
    step.step,
    { html: bytesBar(step.touched, most, size) },
    ...counts.map((key) => String(step.counts[key])),
    growth(step.size),
    ...(step.growth === undefined
      ? []
      : [step.growth.stored, step.growth.shown, step.growth.hidden].map(growth)),
  ]);
  return htmlTable('What each layer did, A’s that B has not first', columns, rows);
}

function sum({ added, removed, changed }: ChangeStep['touched']): number {
  return added + removed + changed;
}

const LINE_COLUMNS: readonly HtmlColumn[] = [
  { heading: 'Kind' },
  { heading: 'Path', kind: 'code' },
  { heading: 'What differs', kind: 'code' },
  { heading: 'By', kind: 'code' },
];

function lineTable({ lines, linesLeftOut }: ChangesReport): string {
  if (lines.length === 0) return htmlParagraph('No difference.');
  const caption = linesLeftOut === 0 ? 'All changes' : 'The changes with the most to look at';
  const rest =
    linesLeftOut === 0 ? '' : htmlParagraph(`And ${linesLeftOut} more lines: the page's table has them.`);
  return htmlTable(caption, LINE_COLUMNS, lines.map(lineCells)) + rest;
}

function unexplainedTable({ unexplained, signals }: ChangesReport): string {
  const { count = 0 } = signals.find(({ kind }) => kind === 'unexplained') ?? {};
  const table = htmlTable('Changes of no package', LINE_COLUMNS, unexplained.map(lineCells));
  return table + moreThan(count, unexplained.length, "the page's table has them");
}

function lineCells({ letter, path, words, layers }: ToldChange): string[] {
  return [letter, path, words, layers];
}

function packageHtml({ packages, explained }: ChangesReport): string {
  const table = htmlTable(
    'Packages that were added, removed or changed',
    [
      { heading: 'Kind' },
      { heading: 'Manager' },
      { heading: 'Package', kind: 'code' },
      { heading: 'A', kind: 'code' },
      { heading: 'B', kind: 'code' },
      { heading: 'Files', kind: 'number' },
    ],
    packages
      .slice(0, MOST_PACKAGES)
      .map(({ sign, manager, name, a, b, files }) => [sign, manager, name, a, b, String(files)]),
  );
  const counts = htmlTable(
    'How packages explain the changes',
    [{ heading: 'Changes', kind: 'number' }, { heading: 'What they are' }],
    explained.map(([count, words]) => [String(count), words]),
  );
  return `${table}${moreThan(packages.length, MOST_PACKAGES, '--packages tells them')}${counts}`;
}

function configurationTable(rows: ChangesReport['configuration']): string {
  if (rows.length === 0) return '';
  return htmlTable(
    'Fields that differ',
    [
      { heading: 'Kind' },
      { heading: 'Field', kind: 'code' },
      { heading: 'A', kind: 'code' },
      { heading: 'B', kind: 'code' },
    ],
    rows.map(({ sign, field, a, b }) => [sign, field, a, b]),
  );
}

function errorTable(errors: readonly string[]): string {
  const table = htmlTable(
    'What could not be compared, and why',
    [{ heading: 'Side, path and fault', kind: 'code' }],
    errors.slice(0, MOST_ERRORS).map((error) => [error]),
  );
  return table + moreThan(errors.length, MOST_ERRORS, 'on the error output of the command');
}

function moreThan(count: number, most: number, words: string): string {
  return count > most ? htmlParagraph(`And ${count - most} more: ${words}.`) : '';
}
