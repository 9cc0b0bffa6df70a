// A survey from the command line: with a line of progress on a terminal, and left by a signal at any step.
import type { Survey } from '../layers/survey.ts';
import { asBytes } from '../sys/bytes.ts';
import type { Errno } from '../sys/errors.ts';
import { errnoWords, Trouble } from '../sys/errors.ts';
import { Progress } from './diff/progress.ts';
import { Interruption } from './interruption.ts';
import type { Terminal } from './print/terminal.ts';

/** Takes `steps` to their end. Where a signal comes the process ends by it, as if it had not been waited for. */
export async function runSteps(
  steps: Iterable<void>,
  told: () => readonly [what: string, count: number],
  terminal: Terminal,
): Promise<void> {
  const progress = new Progress(terminal);
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

/** Walks the layers of a survey, and tells of each that cannot be opened. Throws `Interrupted` where a signal came. */
export async function walkLayers(survey: Survey, terminal: Terminal): Promise<void> {
  const { table } = survey;
  const last = () => asBytes(`/${table.nameOf(table.end - 1)}`);
  await runSteps(survey.walk(), () => [last(), table.end - 1], terminal);
  for (const [layer, error] of survey.damage) terminal.report(unopened(survey, layer, error));
  for (const [row, errno] of survey.table.faults) {
    const place = `"${table.pathOf(row) || '/'}" in "${survey.layers[table.columns.layer[row] as number]?.source.path}"`;
    terminal.report(new Trouble('path', `Cannot examine all of ${place}: ${errnoWords(errno)}`));
  }
}

function unopened({ layers }: Survey, layer: number, error: Errno): Trouble {
  const state = errnoWords(error.errno);
  return new Trouble('path', `Cannot open the layer "${layers[layer]?.source.path}": ${state}`, {
    cause: error,
  });
}
