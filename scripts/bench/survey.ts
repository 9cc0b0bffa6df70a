// What a survey of all layers costs beside `du -s` of the same directories: processor time, and memory for each object. The
// layers are written anew below the session's folder. Warm, both: the first round of each row does not count.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, secondsOfTimes } from './process.ts';
import type { Session } from './session.ts';

const RUNNER = fileURLToPath(new URL('./survey-run.ts', import.meta.url));
const TYPESCRIPT = fileURLToPath(new URL('../typescript.mjs', import.meta.url));
const LAYERS = 4;
/** To a directory. */
const FILES = 10;
/** The goals: so many seconds for 100,000 objects, and so many bytes an object of a million. */
const SECONDS_GOAL = 1;
const SECONDS_GOAL_OBJECTS = 100_000;
const BYTES_GOAL = 200;
const BYTES_GOAL_OBJECTS = 1_000_000;

export interface SurveyRow {
  readonly id: string;
  /** Roughly: a tenth of the directories are in every layer. */
  readonly objects: number;
}

export const SURVEY_ROWS: readonly SurveyRow[] = [
  { id: 'survey-10k', objects: 10_000 },
  { id: 'survey-100k', objects: 100_000 },
  { id: 'survey-1m', objects: 1_000_000 },
];

/** Of one survey; `seconds` of processor time, `memory` in bytes that the process grew by. */
export interface SurveySample {
  readonly objects: number;
  readonly hidden: number;
  readonly seconds: number;
  readonly memory: number;
}

export interface SurveyResult extends SurveyRow {
  readonly samples: readonly SurveySample[];
  /** Processor time of `du -s`, seconds. */
  readonly du: readonly number[];
}

export async function measureSurveys(
  session: Session,
  { rows, rounds }: { readonly rows: readonly SurveyRow[]; readonly rounds: number },
): Promise<SurveyResult[]> {
  const results: SurveyResult[] = [];
  for (const row of rows) results.push(await measure(session, row, rounds));
  return results;
}

async function measure(session: Session, row: SurveyRow, rounds: number): Promise<SurveyResult> {
  const directory = session.newDirectory(row.id);
  const layers = writeLayers(directory, row.objects);
  const samples: SurveySample[] = [];
  const du: number[] = [];
  const ours = [process.execPath, '--import', TYPESCRIPT, RUNNER, `lowerdir=${layers.join(':')}`];
  for (let round = 0; round <= rounds; round++) {
    const sample = JSON.parse(await run(session, ours)) as SurveySample;
    const times = await run(session, ['bash', '-c', 'du -s "$0" >&2; times', directory]);
    if (round === 0) continue;
    samples.push(sample);
    du.push(secondsOfTimes(times));
  }
  rmSync(directory, { recursive: true });
  return { ...row, samples, du };
}

/** Top first. */
function writeLayers(directory: string, objects: number): string[] {
  const layers = Array.from({ length: LAYERS }, (_, layer) => join(directory, String(layer)));
  const directories = Math.ceil(objects / LAYERS / (FILES + 1));
  for (const [layer, path] of layers.entries()) {
    for (let i = 0; i < directories; i++) {
      const name = i % FILES === 0 ? `shared-${i}` : `own-${layer}-${i}`;
      const at = join(path, String(i % 100), name);
      mkdirSync(at, { recursive: true });
      for (let file = 0; file < FILES; file++) writeFileSync(join(at, `file-${file}`), '');
    }
  }
  return layers;
}

export function surveyText(results: readonly SurveyResult[]): string {
  return results.map((result) => `\n${describe(result).join('\n')}\n`).join('');
}

function describe({ id, samples, du }: SurveyResult): string[] {
  const seconds = median(samples.map((each) => each.seconds));
  const bytes = median(samples.map(({ memory, objects }) => memory / objects));
  const { objects = 0, hidden = 0 } = samples[0] ?? {};
  const most = SECONDS_GOAL * Math.max(1, objects / SECONDS_GOAL_OBJECTS);
  const mark = (isMet: boolean) => (isMet ? '' : '  ✗');
  return [
    `${id}: ${objects} objects in ${LAYERS} layers, ${hidden} hidden`,
    `  survey    ${seconds.toFixed(2)} s of processor time  goal: ${most.toFixed(1)}${mark(seconds <= most)}`,
    `            ${bytes.toFixed(0)} bytes an object${objects < BYTES_GOAL_OBJECTS ? '' : `  goal: ${BYTES_GOAL}${mark(bytes <= BYTES_GOAL)}`}`,
    `  du -s     ${median(du).toFixed(2)} s of processor time`,
  ];
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((x, y) => x - y);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
