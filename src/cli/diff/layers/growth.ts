// How much more B stores than A, by a survey of the layers of both.

import type { Union } from '../../../diff/union.ts';
import { growthOf, type StackGrowth } from '../../../layers/survey/growth.ts';
import { Survey } from '../../../layers/survey/survey.ts';
import { Copies } from '../../../layers/survey/survey-copies.ts';
import { SurveyedStack } from '../../../layers/survey/survey-stack.ts';
import { type LayerSums, sumLayers } from '../../../layers/survey/survey-sums.ts';
import type { SideLabel } from '../../../open/sides.ts';
import { changesOf, type Records } from '../../../open/stack.ts';
import { mergeOptions } from '../../../overlay/options.ts';
import type { LayerStack } from '../../../store/layer-stack.ts';
import { sourceName } from '../../../store/source.ts';
import { asBytes } from '../../../sys/bytes.ts';
import { Trouble } from '../../../sys/errors.ts';
import { EXIT } from '../../exit.ts';
import { counted } from '../../print/count.ts';
import type { Terminal } from '../../print/terminal.ts';
import { runSteps } from '../../survey.ts';
import type { Gate } from '../gate.ts';
import type { DiffOptions } from '../options.ts';
import type { DiffContext, Printer } from '../printer.ts';
import { growthWords } from './growth-words.ts';

export interface GrowthParts {
  readonly printer: Printer;
  readonly gate: Gate;
  readonly terminal: Terminal;
  readonly options: DiffOptions;
  readonly union: Union;
}

/**
 * Measures both sides where both are stacks, and tells printer and gate. What cannot be examined is trouble; layers that cannot be told
 * apart are it for a gate alone.
 */
export async function tellGrowth(context: DiffContext, parts: GrowthParts): Promise<void> {
  const { printer, gate, terminal, options } = parts;
  try {
    const [a, b] = [await surveyedSide(context.a, options), await surveyedSide(context.b, options)];
    if (a === undefined || b === undefined) return;
    const growth = await measure(a, b, sharedLayers(a.stack, b.stack, parts.union), terminal);
    printer.growth?.(growth);
    gate.growth(growth.b.stored - growth.a.stored, growthWords(growth, context));
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    terminal.note(error.message);
    if (error.kind !== 'store' || options.failOn?.growth !== undefined) terminal.exitWith(EXIT.usage);
  }
}

/** One side, and what is believed of its layers instead of the disk. */
interface SurveyedSide {
  readonly stack: LayerStack;
  readonly records: Records | undefined;
}

async function surveyedSide(
  { stack, root = '' }: SideLabel,
  options: DiffOptions,
): Promise<SurveyedSide | undefined> {
  if (stack === undefined) return undefined;
  return { stack, records: await changesOf(stack, { ...options, root: root || options.root }) };
}

/** Where a layer holds all below it, the union has not those below; they are the same where they lie in one place. */
function sharedLayers(a: LayerStack, b: LayerStack, union: Union): number {
  if (union.stacks.every(({ layers, stack }) => layers.length === stack.layers.length))
    return union.sharedLayers;
  const nameAt = ({ layers }: LayerStack, fromBelow: number) => {
    const layer = layers[layers.length - 1 - fromBelow];
    return layer === undefined ? undefined : sourceName(layer.source);
  };
  let count = 0;
  while (nameAt(a, count) !== undefined && nameAt(a, count) === nameAt(b, count)) count++;
  return count;
}

/** The lowest `shared` layers of both are the same, and surveyed once. Throws Trouble where something cannot be examined. */
async function measure(
  a: SurveyedSide,
  b: SurveyedSide,
  shared: number,
  terminal: Terminal,
): Promise<StackGrowth> {
  if (shared === 0) return growthOf(await sumsOf(a, terminal), await sumsOf(b, terminal), 0);
  const [countA, countB] = [a.stack.layers.length, b.stack.layers.length];
  const ownA = countA - shared;
  const recordsOfB = b.records ?? b.stack.layers.map(() => undefined);
  const both: SurveyedSide = {
    stack: { ...b.stack, layers: [...b.stack.layers, ...a.stack.layers.slice(0, ownA)] },
    records: [...recordsOfB, ...(a.records ?? []).slice(0, ownA)],
  };
  return withSurvey(both, terminal, async (survey) => {
    const layersA = [...a.stack.layers.keys()].map((i) => (i < ownA ? countB + i : i - countA + countB));
    const sumsA = await sumStack(survey, layersA, a.stack, terminal);
    return growthOf(sumsA, await sumStack(survey, [...b.stack.layers.keys()], b.stack, terminal), shared);
  });
}

function sumsOf(side: SurveyedSide, terminal: Terminal): Promise<LayerSums[]> {
  const layers = [...side.stack.layers.keys()];
  return withSurvey(side, terminal, (survey) => sumStack(survey, layers, side.stack, terminal));
}

async function withSurvey<T>(
  { stack, records }: SurveyedSide,
  terminal: Terminal,
  use: (survey: Survey) => Promise<T>,
): Promise<T> {
  const survey = new Survey(stack, records);
  try {
    const { table } = survey;
    const last = () => asBytes(`/${table.nameOf(table.end - 1)}`);
    await runSteps(survey.walk(), () => [last(), table.end - 1], terminal);
    const unread = survey.damage.size + table.faults.size;
    if (unread > 0) {
      const state = `${counted(unread, 'object')} in the layers cannot be examined`;
      throw new Trouble('path', `Cannot tell the growth from A to B: ${state}`);
    }
    return await use(survey);
  } finally {
    survey.close();
  }
}

async function sumStack(
  survey: Survey,
  layers: readonly number[],
  stack: LayerStack,
  terminal: Terminal,
): Promise<LayerSums[]> {
  const view = new SurveyedStack(survey, layers, mergeOptions(stack));
  const copies = new Copies(view);
  await runSteps(copies.compare(), () => [asBytes('comparing what was written again'), 0], terminal);
  return sumLayers(view, copies);
}
