// How much more B stores than A, by a survey of the layers of both.
import { growthOf, type StackGrowth } from '../../layers/survey/growth.ts';
import { Survey } from '../../layers/survey/survey.ts';
import { Copies } from '../../layers/survey/survey-copies.ts';
import { SurveyedStack } from '../../layers/survey/survey-stack.ts';
import { type LayerSums, sumLayers } from '../../layers/survey/survey-sums.ts';
import { mergeOptions } from '../../overlay/options.ts';
import type { LayerStack } from '../../store/store.ts';
import { asBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { counted } from '../print/count.ts';
import type { Terminal } from '../print/terminal.ts';
import type { Records } from '../stack.ts';
import { runSteps } from '../survey.ts';

/** One side, and what is believed of its layers instead of the disk. */
export interface SurveyedSide {
  readonly stack: LayerStack;
  readonly records: Records | undefined;
}

/** The lowest `shared` layers of both are the same, and surveyed once. Throws Trouble where something cannot be read. */
export async function measureGrowth(
  a: SurveyedSide,
  b: SurveyedSide,
  shared: number,
  terminal: Terminal,
): Promise<StackGrowth> {
  if (shared === 0) return growthOf(await sumsOf(a, terminal), await sumsOf(b, terminal), 0);
  const [countA, countB] = [a.stack.layers.length, b.stack.layers.length];
  const ownA = countA - shared;
  const both: SurveyedSide = {
    stack: { ...b.stack, layers: [...b.stack.layers, ...a.stack.layers.slice(0, ownA)] },
    records: b.records && [...b.records, ...(a.records ?? []).slice(0, ownA)],
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
