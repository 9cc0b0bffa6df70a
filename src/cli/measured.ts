// The history of a stack, and what is known of each of its layers: bytes, and the names it added, changed and deleted.
import { countChanges, type LayerChanges } from '../layers/changes.ts';
import { type HistoryRow, historyOf, stepsOrDamage } from '../layers/history.ts';
import type { SurveyedStack } from '../layers/survey/survey-stack.ts';
import type { LayerSums } from '../layers/survey/survey-sums.ts';
import { openTheStore, type StoreOptions } from '../open/stack.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import { parseLayerChoice } from '../store/reference/choice.ts';
import { Trouble } from '../sys/errors.ts';
import type { Terminal } from './print/terminal.ts';

/** Steps and the layers they made; those of a config that cannot be understood are damage. */
export async function readHistory(reference: string, stack: LayerStack, options: StoreOptions) {
  // Of some layers, each has its own step, and those that made none have no place.
  const isPart = parseLayerChoice(reference) !== undefined;
  if (stack.kind === 'lowerdir' || isPart) return historyOf(stack, []);
  const { steps, damage } = stepsOrDamage(await openTheStore(options, stack), stack);
  return { ...historyOf(stack, steps), ...(damage === undefined ? {} : { damage }) };
}

/** What is not known is absent. */
export interface MeasuredStep {
  readonly sums?: LayerSums;
  /** Whether it is known what of the layer is shown. */
  readonly isSettled?: boolean;
  readonly changes?: LayerChanges;
}

/** What a layer did to those that are missing is not known, nor what missing ones hide of it. */
export function measure(
  { layers }: LayerStack,
  view: SurveyedStack,
  sums: readonly LayerSums[],
  { layer }: HistoryRow,
  terminal: Terminal,
): MeasuredStep {
  const isOpen = (index: number) => view.survey.roots[index] !== 0;
  if (layer === undefined || !isOpen(layer)) return {};
  const own = sums[layer];
  const isSettled = layers.every((_, index) => index > layer || isOpen(index));
  const known = { ...(own === undefined ? {} : { sums: own }), isSettled };
  if (!layers.every((_, index) => index < layer || isOpen(index))) return known;
  const changes = countChanges(view, layer);
  if (changes.unreadable > 0) {
    const state = `${changes.unreadable} names cannot be read`;
    const number = layers.length - layer;
    terminal.report(new Trouble('path', `Cannot count all of layer ${number}: ${state}`));
  }
  return { ...known, changes };
}
