// One survey of a stack of directories in a process of its own, so that memory and processor time are the survey's alone.
// Run as `node --import ./scripts/typescript.mjs scripts/bench/survey-run.ts lowerdir=…`; prints one `SurveySample` as JSON.
import { Survey } from '../../src/layers/survey/survey.ts';
import { SurveyedStack } from '../../src/layers/survey/survey-stack.ts';
import { sumLayers } from '../../src/layers/survey/survey-sums.ts';
import { mergeOptions } from '../../src/overlay/options.ts';
import { parseLowerdir } from '../../src/store/reference/lowerdir.ts';
import type { SurveySample } from './survey.ts';

const stack = parseLowerdir(process.argv[2] ?? '');
const start = { ...process.memoryUsage(), ...process.cpuUsage() };
const survey = new Survey(stack);
for (const _ of survey.walk());
const view = new SurveyedStack(survey, [...stack.layers.keys()], mergeOptions(stack));
const hidden = sumLayers(view).reduce((sum, layer) => sum + layer.hidden.objects, 0);
const { user, system } = process.cpuUsage(start);
const sample: SurveySample = {
  objects: survey.table.end - 1,
  hidden,
  seconds: (user + system) / 1e6,
  memory: process.memoryUsage().rss - start.rss,
};
survey.close();
console.log(JSON.stringify(sample));
