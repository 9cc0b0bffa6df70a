// What a report tells of one image or container, put together from survey, history and configuration.

import type { HistoryRow } from '../../layers/history.ts';
import type { Copies } from '../../layers/survey/survey-copies.ts';
import type { SurveyedStack } from '../../layers/survey/survey-stack.ts';
import { sumLayers } from '../../layers/survey/survey-sums.ts';
import { type Waste, wasteOf } from '../../layers/survey/waste.ts';
import type { ImageReport, ReportStep, ReportWaste } from '../../report/image/record.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import type { Configuration } from '../../store/oci/oci.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { measure } from '../measured.ts';
import { escapeBytes, escapeJson, escapeText } from '../print/escape.ts';
import { hiddenWords, wasteAdvice, wasteWords } from '../print/hidden.ts';
import { humanSize } from '../print/size.ts';
import type { Terminal } from '../print/terminal.ts';
import { treeRows } from './rows.ts';

export interface ImageReportInput {
  readonly stack: LayerStack;
  readonly view: SurveyedStack;
  readonly copies: Copies;
  readonly history: readonly HistoryRow[];
  /** Absent where there is none. */
  readonly configuration?: Configuration;
  readonly withEnv: boolean;
  readonly mostRows: number;
}

/** What cannot be counted is told on the terminal. */
export function imageReport(input: ImageReportInput, terminal: Terminal): ImageReport {
  const { stack, view, copies, history, configuration, withEnv, mostRows } = input;
  const sums = sumLayers(view, copies);
  const steps = history.map((row): ReportStep => {
    const { layer, step } = row;
    const { sums: own, isSettled, changes } = measure(stack, view, sums, row, terminal);
    const role = layer === undefined ? undefined : stack.layers[layer]?.role;
    const command = step?.createdBy ?? (role === undefined || role === 'image' ? '' : `(${role})`);
    return {
      ...(layer === undefined ? {} : { layer: layerNumber(stack, layer) }),
      created: escapeText(step?.created ?? ''),
      command: escapeText(command),
      ...(own === undefined
        ? {}
        : { bytes: { stored: own.stored.bytes, shown: own.shown.bytes, hidden: own.hidden.bytes } }),
      ...(changes === undefined ? {} : { changes }),
      hiddenBy: own !== undefined && isSettled ? hiddenWords(stack, own) : '',
    };
  });
  const total = (pick: (bytes: NonNullable<ReportStep['bytes']>) => number) =>
    humanSize(steps.reduce((sum, { bytes }) => sum + (bytes === undefined ? 0 : pick(bytes)), 0));
  const { rows, leftOut } = treeRows(view, stack, mostRows);
  return {
    title: escapeText(stack.label),
    facts: [
      ['Kind', stack.kind],
      ...(stack.id === undefined ? [] : [['ID', escapeText(stack.id)] as const]),
      ['Layers', String(stack.layers.length)],
      ['Stored', total(({ stored }) => stored)],
      ['Shown', total(({ shown }) => shown)],
      ['Hidden', total(({ hidden }) => hidden)],
      ['Names', String(rows.filter(({ state }) => state === 'shown').length)],
    ],
    steps,
    waste: wasteOf(view, copies)
      .filter(({ bytes }) => bytes > 0)
      .map((one) => wasteRow(stack, one)),
    configuration: configuration === undefined ? [] : fieldsOf(configuration, withEnv),
    untold: untoldOf(configuration, withEnv),
    rows,
    leftOut,
  };
}

function wasteRow(stack: LayerStack, one: Waste): ReportWaste {
  return {
    bytes: one.bytes,
    path: escapeBytes(one.path),
    objects: one.objects,
    how: `${wasteWords(one)} in ${layerNumber(stack, one.by)}`,
    layer: layerNumber(stack, one.layer),
    avoidedBy: wasteAdvice(stack, one, false),
  };
}

function fieldsOf({ env, labels, fields }: Configuration, withEnv: boolean): [string, string][] {
  return [
    ...env.map((word): [string, string] => {
      const [name = '', ...value] = word.split('=');
      return [`Env[${escapeText(name)}]`, withEnv ? escapeJson(value.join('=')) : '…'];
    }),
    ...[...labels].map(([name, value]): [string, string] => [
      `Labels[${escapeText(name)}]`,
      escapeJson(value),
    ]),
    ...[...fields].map(([name, value]): [string, string] => [escapeText(name), escapeJson(value)]),
  ];
}

function untoldOf(configuration: Configuration | undefined, withEnv: boolean): string {
  if (configuration === undefined) return 'None: this is no image or container of a store.';
  const isUntold = configuration.env.length > 0 && !withEnv;
  return isUntold ? 'Values of environment variables are not told; --with-env does.' : '';
}
