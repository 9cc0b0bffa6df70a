// What a report tells of one image or container, put together from survey, history and configuration.

import type { HistoryRow } from '../../layers/history.ts';
import type { Copies } from '../../layers/survey/survey-copies.ts';
import type { SurveyedStack } from '../../layers/survey/survey-stack.ts';
import { type LayerSums, sumLayers } from '../../layers/survey/survey-sums.ts';
import { type Waste, wasteOf } from '../../layers/survey/waste.ts';
import {
  doubtfully,
  type ImageReport,
  type ReportRow,
  type ReportStep,
  type ReportWaste,
} from '../../report/image/record.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import type { Configuration } from '../../store/oci/oci.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { escapeBytes, escapeJson, escapeText } from '../../told/escape.ts';
import { measure } from '../measured.ts';
import { hiddenWords, wasteAdvice, wasteWords } from '../print/hidden.ts';
import { humanSize } from '../print/size.ts';
import { treeRows } from './rows.ts';
import { timeText } from './store/cells.ts';
import type { Witness } from './witness.ts';

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

/** What cannot be counted is told as well. */
export function imageReport(input: ImageReportInput, witness: Witness): ImageReport {
  const { stack, view, copies, history, configuration, withEnv, mostRows } = input;
  const sums = sumLayers(view, copies);
  const missing = view.survey.roots.flatMap((root, index) => (root === 0 ? [layerNumber(stack, index)] : []));
  const steps = history.map((row): ReportStep => {
    const { layer, step } = row;
    const { sums: own, isSettled, changes } = measure(stack, view, sums, row, witness);
    const role = layer === undefined ? undefined : stack.layers[layer]?.role;
    const command = step?.createdBy ?? (role === undefined || role === 'image' ? '' : `(${role})`);
    return {
      ...(layer === undefined ? {} : { layer: layerNumber(stack, layer) }),
      created: timeText(step?.created),
      command: escapeText(command),
      ...(own === undefined ? {} : { stored: own.stored.bytes }),
      ...(own !== undefined && isSettled ? { shown: own.shown.bytes, hidden: own.hidden.bytes } : {}),
      ...(changes === undefined ? {} : { changes }),
      hiddenBy: own !== undefined && isSettled ? hiddenWords(stack, own) : '',
    };
  });
  const { rows, leftOut } = treeRows(view, stack, mostRows);
  return {
    title: escapeText(stack.label),
    facts: [
      ['Kind', stack.kind],
      ...(stack.id === undefined ? [] : [['ID', escapeText(stack.id)] as const]),
      ...numbersOf(view, sums, rows),
    ],
    missing,
    told: witness.told,
    steps,
    waste: wasteOf(view, copies)
      .filter(({ bytes }) => bytes > 0)
      .map((one) => wasteRow(stack, one, missing)),
    configuration: configuration === undefined ? [] : fieldsOf(configuration, withEnv),
    untold: untoldOf(configuration, withEnv),
    rows,
    leftOut,
  };
}

/** Where layers are missing, no more than what is known without them. */
function numbersOf(
  { survey: { roots } }: SurveyedStack,
  sums: readonly LayerSums[],
  rows: readonly ReportRow[],
): ImageReport['facts'] {
  const missing = roots.filter((root) => root === 0);
  const least = missing.length === 0 ? '' : 'at least ';
  // What is in a layer above all that are missing is hidden or shown whatever these had.
  const settled = sums.slice(0, missing.length === 0 ? roots.length : roots.indexOf(0));
  const total = (of: readonly LayerSums[], pick: (one: LayerSums) => number) =>
    humanSize(of.reduce((sum, one) => sum + pick(one), 0));
  const unsettled = sums.slice(settled.length);
  return [
    ['Layers', `${roots.length}${missing.length === 0 ? '' : `, ${missing.length} of them missing`}`],
    ['Stored', least + total(sums, ({ stored }) => stored.bytes)],
    ['Shown', least + total(settled, ({ shown }) => shown.bytes)],
    ['Hidden', least + total(sums, ({ hidden }) => hidden.bytes)],
    ...(missing.length === 0
      ? []
      : [['Shown or hidden', total(unsettled, ({ shown }) => shown.bytes)] as const]),
    ['Names', `${least}${rows.filter(({ state }) => state === 'shown').length}`],
  ];
}

function wasteRow(stack: LayerStack, one: Waste, missing: readonly number[]): ReportWaste {
  const [layer, by] = [layerNumber(stack, one.layer), layerNumber(stack, one.by)];
  return {
    bytes: one.bytes,
    path: escapeBytes(one.path),
    objects: one.objects,
    how: doubtfully(`${wasteWords(one)} in ${by}`, missing, layer, by),
    layer,
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
