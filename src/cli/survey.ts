// A survey from the command line: with a line of progress on a terminal, and left by a signal at any step.

import { Survey } from '../layers/survey/survey.ts';
import { Copies } from '../layers/survey/survey-copies.ts';
import { SurveyedStack } from '../layers/survey/survey-stack.ts';
import type { Records } from '../open/stack.ts';
import { mergeOptions } from '../overlay/options.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import { sourceName } from '../store/source.ts';
import { asBytes, shownBytes } from '../sys/bytes.ts';
import type { Errno } from '../sys/errors.ts';
import { errnoWords, Trouble } from '../sys/errors.ts';
import { DiffProgress } from './diff/progress.ts';
import { Interruption } from './interruption.ts';
import type { Terminal } from './print/terminal.ts';

/** Takes `steps` to their end. Where a signal comes the process ends by it, as if it had not been waited for. */
export async function runSteps(
  steps: Iterable<void>,
  told: () => readonly [what: string, count: number],
  terminal: Terminal,
): Promise<void> {
  const progress = new DiffProgress(terminal);
  const interruption = new Interruption();
  try {
    await interruption.run(showing(steps, () => progress.show(...told())));
    interruption.check();
  } finally {
    progress.end();
    interruption.end();
  }
}

function* showing(steps: Iterable<void>, show: () => void): Generator<void> {
  for (const _ of steps) {
    show();
    yield;
  }
}

/** Gives a stack that was surveyed to `use`. Layers that are missing are left out. */
export async function withSurveyedStack<T>(
  stack: LayerStack,
  recorded: Records | undefined,
  terminal: Terminal,
  use: (view: SurveyedStack) => T | Promise<T>,
): Promise<T> {
  const survey = new Survey(stack, recorded);
  try {
    await walkLayers(survey, terminal);
    return await use(new SurveyedStack(survey, [...stack.layers.keys()], mergeOptions(stack)));
  } finally {
    survey.close();
  }
}

/** The same, with the files compared that may have been written again as they were. */
export async function withComparedStack<T>(
  stack: LayerStack,
  recorded: Records | undefined,
  terminal: Terminal,
  use: (view: SurveyedStack, copies: Copies) => T,
): Promise<T> {
  return withSurveyedStack(stack, recorded, terminal, async (view) => {
    const copies = new Copies(view);
    await runSteps(copies.compare(), () => ['comparing what was written again', 0], terminal);
    for (const [row, error] of copies.damage) {
      const place = `"${shownBytes(view.survey.table.pathOf(row))}" in layer ${stack.layers.length - view.layerOf(row)}`;
      terminal.report(new Trouble('path', `Cannot compare ${place}: ${errnoWords(error.errno)}`));
    }
    return use(view, copies);
  });
}

/** Walks the layers of a survey, and tells of each that cannot be opened. Throws `Interrupted` where a signal came. */
export async function walkLayers(survey: Survey, terminal: Terminal): Promise<void> {
  const { table } = survey;
  const last = () => asBytes(`/${table.nameOf(table.end - 1)}`);
  await runSteps(survey.walk(), () => [last(), table.end - 1], terminal);
  for (const [layer, error] of survey.damage) terminal.report(unopened(survey, layer, error));
  for (const [row, errno] of survey.table.faults) {
    const layer = nameOfLayer(survey, table.columns.layer[row] as number);
    const place = `"${shownBytes(table.pathOf(row)) || '/'}" in "${layer}"`;
    terminal.report(new Trouble('path', `Cannot examine all of ${place}: ${errnoWords(errno)}`));
  }
}

function unopened(survey: Survey, layer: number, cause: Errno): Trouble {
  const state = errnoWords(cause.errno);
  return new Trouble('path', `Cannot open the layer "${nameOfLayer(survey, layer)}": ${state}`, { cause });
}

function nameOfLayer({ layers }: Survey, index: number): string {
  const source = layers[index]?.source;
  return source === undefined ? '' : shownBytes(sourceName(source));
}
