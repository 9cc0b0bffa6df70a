// `stratafs history`: the layers of an image, the steps that made them, and what each added, changed and deleted.

import type { Command } from 'commander';
import { buildParts } from '../../layers/dockerfile/build.ts';
import { DockerfileReader } from '../../layers/dockerfile/dockerfile.ts';
import type { HistoryRow } from '../../layers/history.ts';
import type { Copies } from '../../layers/survey/survey-copies.ts';
import type { SurveyedStack } from '../../layers/survey/survey-stack.ts';
import { type LayerSums, sumLayers } from '../../layers/survey/survey-sums.ts';
import { wasteOf } from '../../layers/survey/waste.ts';
import { keptOf } from '../../open/kept.ts';
import { changesOf, openDamagedStack, openTheStore, type StoreOptions } from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { escapeJson, escapeText } from '../../told/escape.ts';
import { beginJson, jsonRoot } from '../json/stream.ts';
import { type MeasuredStep, measure, readHistory } from '../measured.ts';
import { metadataOption } from '../metadata-option.ts';
import { reportMissing } from '../missing.ts';
import { formatWaste, hiddenWords, jsonSums } from '../print/hidden.ts';
import { humanSize } from '../print/size.ts';
import { type Cell, elasticText, formatTable } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';
import { ago } from '../print/time.ts';
import { withComparedStack } from '../survey.ts';
import { REFERENCE_WORDS } from '../topics.ts';

interface HistoryOptions extends StoreOptions {
  readonly dockerfile?: true;
  readonly out?: string;
  readonly waste?: true;
  readonly json?: true;
  readonly trunc: boolean;
}

const HEADING = [
  ...['LAYER', 'CREATED', 'CREATED BY', 'SIZE', 'SHOWN', 'HIDDEN', 'ADDED', 'CHANGED', 'DELETED'],
  ...['HIDDEN BY', 'COMMENT'],
];
const DETAILS = ['COMMENT', 'HIDDEN BY', 'CREATED BY'];
/** Characters of a step that docker shows; a terminal with room for more shows them. */
const STEP_WIDTH = 45;

export function registerHistory(program: Command, terminal: Terminal): void {
  program
    .command('history')
    .summary('show the steps and layers of an image, newest first')
    .description(
      'Show each step of the history of REF with the layer it made: its size, how much of that the merged view shows and ' +
        'newer layers hide, and how many names it added, changed and deleted. A step that made no layer has "-" for one.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .option(
      '--dockerfile',
      'a Dockerfile that builds the same: the steps, and layers as tars for what was copied; with --json, one object a step',
    )
    .option('--out <dir>', 'with --dockerfile: a new directory with that file and the tars, to be built')
    .option('--waste', 'what is hidden instead, the largest first, and the step that could have avoided it')
    .option('--json', 'one JSON object a line')
    .option('--no-trunc', 'do not shorten anything')
    .addOption(metadataOption())
    .action(async (reference: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<HistoryOptions>();
      const stack = await openDamagedStack(reference, options);
      if (options.waste && options.dockerfile)
        throw new Trouble('usage', 'Cannot tell two things at once: --dockerfile or --waste');
      if (options.out !== undefined && (!options.dockerfile || options.json))
        throw new Trouble('usage', 'Cannot make a directory: --out is for --dockerfile, without --json');
      const { rows, damage } = await readHistory(reference, stack, options);
      const begin = () => {
        if (options.json) beginJson(terminal, 'history', { ...jsonRoot(options, stack), ref: reference });
      };
      if (options.dockerfile) {
        begin();
        await writeDockerfile(stack, rows, options, terminal);
      } else {
        await withComparedStack(stack, await changesOf(stack, options), terminal, (view, copies) => {
          begin();
          if (options.waste)
            terminal.out.write(formatWaste(stack, wasteOf(view, copies), options, terminal.out.columns));
          else showRows({ stack, rows, view, copies }, options, terminal);
        });
      }
      reportMissing(stack, terminal);
      if (damage !== undefined) {
        terminal.report(
          new Trouble('store', `Cannot tell all steps of "${escapeText(stack.label)}": ${damage}`),
        );
      }
    });
}

interface MeasuredHistory {
  readonly stack: LayerStack;
  readonly rows: readonly HistoryRow[];
  readonly view: SurveyedStack;
  readonly copies: Copies;
}

function showRows(
  { stack, rows, view, copies }: MeasuredHistory,
  options: HistoryOptions,
  terminal: Terminal,
): void {
  const sums = sumLayers(view, copies);
  const lines = rows.map((row) => ({ row, ...measure(stack, view, sums, row, terminal) }));
  if (options.json) {
    for (const line of lines) terminal.out.write(`${escapeJson(jsonRow(stack, line, options))}\n`);
    return;
  }
  const whole = totals(lines);
  const cells = lines.map((line) => tableRow(stack, line, options, terminal.now()));
  const sizes = [whole.stored, whole.shown, whole.hidden].map(sizeText);
  terminal.out.write(
    formatTable(HEADING, [...cells, ['total', '', '', ...sizes, '', '', '', '', '']], {
      columns: terminal.out.columns,
      details: DETAILS,
    }),
  );
}

interface Totals {
  readonly stored?: number;
  readonly shown?: number;
  readonly hidden?: number;
}

/** Of all layers; absent where one of them is not known. */
function totals(lines: readonly ({ readonly row: HistoryRow } & MeasuredStep)[]): Totals {
  const made = lines.filter(({ row }) => row.layer !== undefined);
  const sum = (pick: (sums: LayerSums) => number) =>
    made.reduce((total, { sums }) => total + (sums === undefined ? 0 : pick(sums)), 0);
  if (made.some(({ sums }) => sums === undefined)) return {};
  const stored = sum((sums) => sums.stored.bytes);
  if (made.some(({ isSettled }) => isSettled !== true)) return { stored };
  return { stored, shown: sum((sums) => sums.shown.bytes), hidden: sum((sums) => sums.hidden.bytes) };
}

function sizeText(bytes: number | undefined): string {
  return bytes === undefined ? '?' : humanSize(bytes);
}

function tableRow(
  stack: LayerStack,
  { row: { layer, step }, changes, sums, isSettled }: { row: HistoryRow } & MeasuredStep,
  { trunc }: HistoryOptions,
  now: number,
): Cell[] {
  const own = layer === undefined ? undefined : stack.layers[layer];
  const settled = isSettled ? sums : undefined;
  const count = (value: number | undefined) => (layer === undefined ? '' : String(value ?? '?'));
  const size = (bytes: number | undefined) => (layer === undefined ? '' : sizeText(bytes));
  return [
    layer === undefined ? '-' : `${layerNumber(stack, layer)}${own?.missing ? ' (missing)' : ''}`,
    step === undefined ? '' : escapeText(trunc ? ago(step.created, now) : (step.created ?? 'N/A')),
    stepText(step?.createdBy ?? (own?.role === 'image' ? '' : `(${own?.role ?? ''})`), trunc),
    layer === undefined ? '0B' : sizeText(sums?.stored.bytes ?? own?.size),
    size(settled?.shown.bytes),
    size(settled?.hidden.bytes),
    count(changes?.added),
    count(changes?.changed),
    count(changes?.deleted),
    settled === undefined ? '' : hiddenWords(stack, settled),
    escapeText(step?.comment ?? ''),
  ];
}

function stepText(text: string, trunc: boolean): Cell {
  const line = text.replaceAll('\t', ' ');
  return trunc ? elasticText(line, STEP_WIDTH, escapeText) : escapeText(line);
}

function jsonRow(
  stack: LayerStack,
  { row: { layer, step }, changes, sums, isSettled = false }: { row: HistoryRow } & MeasuredStep,
  { metadata }: HistoryOptions,
): object {
  // A record tells of no disk.
  const sizes =
    sums === undefined ? {} : jsonSums(stack, sums, { isSettled, isOnDisk: metadata === undefined });

  const own = layer === undefined ? undefined : stack.layers[layer];
  return {
    t: 'step',
    ...(layer === undefined ? { emptyLayer: true } : { layer: layerNumber(stack, layer) }),
    ...(own === undefined ? {} : { role: own.role }),
    ...(own?.diffId === undefined ? {} : { diffId: own.diffId }),
    ...(own?.missing === undefined ? {} : { missing: own.missing }),
    ...(own?.size === undefined ? {} : { size: own.size }),
    ...(sums === undefined ? {} : { fileBytes: sums.fileBytes }),
    ...sizes,
    ...changes,
    ...(step?.created === undefined ? {} : { created: step.created }),
    ...(step?.createdBy === undefined ? {} : { createdBy: step.createdBy }),
    ...(step?.comment === undefined ? {} : { comment: step.comment }),
  };
}

/** As JSON, a record for each step or layer; as text, a whole file. */
async function writeDockerfile(
  stack: LayerStack,
  rows: readonly HistoryRow[],
  options: HistoryOptions,
  terminal: Terminal,
): Promise<void> {
  const { out } = terminal;
  if (options.json) {
    const reader = new DockerfileReader();
    for (const { layer, step } of rows.toReversed()) {
      const diffId = layer === undefined ? undefined : stack.layers[layer]?.diffId;
      const { kind, text, ...more } = (step && reader.step(step.createdBy ?? '', step.comment)) ?? {};
      const note = 'note' in more && more.note !== undefined ? { note: more.note } : {};
      const number = layer === undefined ? {} : { layer: layerNumber(stack, layer) };
      out.write(
        `${escapeJson({ t: 'instruction', ...number, ...(diffId && { diffId }), ...(kind && { kind, text }), ...note })}\n`,
      );
    }
    return;
  }
  const store = stack.kind === 'lowerdir' ? undefined : await openTheStore(options, stack);
  // A config that cannot be read tells nothing; that it is damaged was told with the history.
  const configuration = store && attempt(() => store.configuration(stack, 'image'));
  const parts = buildParts(
    rows,
    configuration instanceof Trouble ? undefined : configuration,
    (layer) => stack.layers[layer]?.role === 'engine',
  );
  const { dockerfileText, writeBuildFolder } = await import('../examine/dockerfile.ts');
  if (options.out === undefined) out.write(dockerfileText(stack, parts));
  else
    await writeBuildFolder(stack, parts, options.out, options, {
      terminal,
      kept: keptOf(stack, options.root),
    });
}
