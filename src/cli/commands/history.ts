// `stratafs history`: the layers of an image, the steps that made them, and what each added, changed and deleted.

import type { Command } from 'commander';
import { DockerfileReader, dockerfileLines } from '../../layers/dockerfile.ts';
import { type HistoryRow, historyOf, measureLayer, stepsOrDamage } from '../../layers/history.ts';
import { Layers } from '../../layers/layers.ts';
import { layerNumber, parseLayerChoice } from '../../store/choice.ts';
import type { LayerStack } from '../../store/store.ts';
import { Errno, Trouble } from '../../sys/errors.ts';
import { metadataOption } from '../metadata-option.ts';
import { reportMissing } from '../missing.ts';
import { escapeJson, escapeText } from '../print/escape.ts';
import { humanSize } from '../print/size.ts';

import { formatTable } from '../print/table.ts';
import type { Terminal } from '../print/terminal.ts';
import { ago } from '../print/time.ts';
import { openDamagedStack, openTheStore, REFERENCE_WORDS, recordsOf, type StoreOptions } from '../stack.ts';

interface HistoryOptions extends StoreOptions {
  readonly dockerfile?: true;
  readonly json?: true;
  readonly trunc: boolean;
}

const HEADING = ['LAYER', 'CREATED', 'CREATED BY', 'SIZE', 'ADDED', 'CHANGED', 'DELETED', 'COMMENT'];
/** Characters of a step that docker shows. */
const STEP_WIDTH = 45;

export function registerHistory(program: Command, terminal: Terminal): void {
  program
    .command('history')
    .summary('show the steps and layers of an image, newest first')
    .description(
      'Show each step of the history of REF with the layer it made: its size, and how many names it added, changed and ' +
        'deleted. A step that made no layer has "-" for one.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .option(
      '--dockerfile',
      'the steps as the lines of a Dockerfile, oldest first; with --json, one object a step',
    )
    .option('--json', 'one JSON object a line')
    .option('--no-trunc', 'do not shorten anything')
    .addOption(metadataOption())
    .action(async (reference: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<HistoryOptions>();
      const stack = await openDamagedStack(reference, options);
      const { rows, damage } = await readHistory(reference, stack, options);
      if (options.dockerfile) writeDockerfile(stack, rows, options, terminal);
      else showRows(new Layers(stack, await recordsOf(stack, options)), rows, options, terminal);
      reportMissing(stack, terminal);
      if (damage !== undefined) {
        terminal.report(
          new Trouble('store', `Cannot tell all steps of "${escapeText(stack.label)}": ${damage}`),
        );
      }
    });
}

async function readHistory(reference: string, stack: LayerStack, options: StoreOptions) {
  // Of some layers, each has its own step, and those that made none have no place.
  const isPart = parseLayerChoice(reference) !== undefined;
  if (stack.kind === 'lowerdir' || isPart) return historyOf(stack, []);
  const { steps, damage } = stepsOrDamage(await openTheStore(options), stack);
  return { ...historyOf(stack, steps), ...(damage === undefined ? {} : { damage }) };
}

function showRows(
  layers: Layers,
  rows: readonly HistoryRow[],
  options: HistoryOptions,
  terminal: Terminal,
): void {
  const { stack } = layers;
  try {
    const lines = rows.map((row) => ({ row, ...measure(layers, row, terminal) }));
    if (options.json) {
      for (const line of lines) terminal.out.write(`${escapeJson(jsonRow(stack, line))}\n`);
    } else {
      const cells = lines.map((line) => tableRow(stack, line, options, terminal.now()));
      terminal.out.write(formatTable(HEADING, cells));
    }
  } finally {
    layers.close();
  }
}

type Measured = Partial<ReturnType<typeof measureLayer>>;

/** Nothing where the layer cannot be read; that is told. What it did to layers that are missing is not known. */
function measure(layers: Layers, { layer }: HistoryRow, terminal: Terminal): Measured {
  if (layer === undefined || layers.stack.layers.slice(layer).some(({ missing }) => missing)) return {};
  try {
    const measured = measureLayer(layers, layer);
    const { unreadable } = measured.changes;
    if (unreadable > 0) {
      const state = `${unreadable} names cannot be read`;
      terminal.report(
        new Trouble('path', `Cannot count all of layer ${layerNumber(layers.stack, layer)}: ${state}`),
      );
    }
    return measured;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    terminal.report(error);
    return {};
  }
}

function tableRow(
  stack: LayerStack,
  { row: { layer, step }, changes, bytes }: { row: HistoryRow } & Measured,
  { trunc }: HistoryOptions,
  now: number,
): string[] {
  const own = layer === undefined ? undefined : stack.layers[layer];
  const size = own?.size ?? bytes;
  const count = (value: number | undefined) => (layer === undefined ? '' : String(value ?? '?'));
  return [
    layer === undefined ? '-' : `${layerNumber(stack, layer)}${own?.missing ? ' (missing)' : ''}`,
    step === undefined ? '' : escapeText(trunc ? ago(step.created, now) : (step.created ?? 'N/A')),
    stepText(step?.createdBy ?? (own?.role === 'image' ? '' : `(${own?.role ?? ''})`), trunc),
    layer === undefined ? '0B' : size === undefined ? '?' : humanSize(size),
    count(changes?.added),
    count(changes?.changed),
    count(changes?.deleted),
    escapeText(step?.comment ?? ''),
  ];
}

function stepText(text: string, trunc: boolean): string {
  const characters = [...text.replaceAll('\t', ' ')];
  const isLong = trunc && characters.length > STEP_WIDTH;
  return escapeText(isLong ? `${characters.slice(0, STEP_WIDTH - 1).join('')}…` : characters.join(''));
}

function jsonRow(
  stack: LayerStack,
  { row: { layer, step }, changes, bytes }: { row: HistoryRow } & Measured,
): object {
  const own = layer === undefined ? undefined : stack.layers[layer];
  return {
    ...(layer === undefined ? { emptyLayer: true } : { layer: layerNumber(stack, layer) }),
    ...(own === undefined ? {} : { role: own.role }),
    ...(own?.diffId === undefined ? {} : { diffId: own.diffId }),
    ...(own?.missing === undefined ? {} : { missing: own.missing }),
    ...(own?.size === undefined ? {} : { size: own.size }),
    ...(bytes === undefined ? {} : { fileBytes: bytes }),
    ...changes,
    ...(step?.created === undefined ? {} : { created: step.created }),
    ...(step?.createdBy === undefined ? {} : { createdBy: step.createdBy }),
    ...(step?.comment === undefined ? {} : { comment: step.comment }),
  };
}

/** Its lines are escaped one by one: a step may hold anything. As JSON, a record for each step or layer. */
function writeDockerfile(
  stack: LayerStack,
  rows: readonly HistoryRow[],
  { json }: HistoryOptions,
  { out }: Terminal,
): void {
  const reader = new DockerfileReader();
  if (!json) out.write('FROM scratch\n');
  for (const { layer, step } of rows.toReversed()) {
    const own = layer === undefined ? undefined : stack.layers[layer];
    const instruction = step && reader.step(step.createdBy ?? '', step.comment);
    if (json) {
      const number = layer === undefined ? {} : { layer: layerNumber(stack, layer) };
      const diffId = own?.diffId === undefined ? {} : { diffId: own.diffId };
      out.write(`${escapeJson({ ...number, ...diffId, ...instruction })}\n`);
      continue;
    }
    if (own !== undefined && layer !== undefined) {
      const size = own.size === undefined ? '' : `, ${humanSize(own.size)}`;
      const diffId = own.diffId === undefined ? '' : `, ${own.diffId}`;
      out.write(`# layer ${layerNumber(stack, layer)}, ${own.role}${size}${diffId}\n`);
    }
    if (instruction === undefined) continue;
    for (const line of dockerfileLines(instruction)) out.write(`${showLine(line)}\n`);
  }
}

/** A backslash stays one, and a tab a tab: this is a file, not a name. */
function showLine(line: string): string {
  return line
    .split(/([\\\t])/)
    .map((part) => (part === '\\' || part === '\t' ? part : escapeText(part)))
    .join('');
}
