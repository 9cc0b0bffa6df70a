// How long a survey takes, and how much memory, beside `du -s` of the same directories: layers of so many files, ten to a
// directory, a tenth of them hidden. `node --import ./scripts/typescript.mjs scripts/bench/survey.ts [DIRECTORY] [COUNT…]`
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Survey } from '../../src/layers/survey/survey.ts';
import { SurveyedStack } from '../../src/layers/survey/survey-stack.ts';
import { sumLayers } from '../../src/layers/survey/survey-sums.ts';
import { mergeOptions } from '../../src/overlay/options.ts';
import { parseLowerdir } from '../../src/store/lowerdir.ts';

const COUNTS = [10_000, 100_000, 1_000_000];
const LAYERS = 4;
const FILES = 10;

/** Answers the reference of the layers, top first. */
function write(directory: string, count: number): string {
  const paths = Array.from({ length: LAYERS }, (_, layer) => join(directory, String(layer)));
  const directories = Math.ceil(count / LAYERS / (FILES + 1));
  for (const [layer, path] of paths.entries()) {
    for (let i = 0; i < directories; i++) {
      // A tenth of the directories are in every layer, with the same names.
      const name = i % FILES === 0 ? `shared-${i}` : `own-${layer}-${i}`;
      const at = join(path, String(i % 100), name);
      mkdirSync(at, { recursive: true });
      for (let file = 0; file < FILES; file++) writeFileSync(join(at, `file-${file}`), '');
    }
  }
  return `lowerdir=${paths.join(':')}`;
}

/** In a process of its own, so that memory and time are its alone. */
function measure(reference: string): void {
  const stack = parseLowerdir(reference);
  const start = { ...process.memoryUsage(), ...process.cpuUsage() };
  const survey = new Survey(stack);
  for (const _ of survey.walk());
  const view = new SurveyedStack(survey, [...stack.layers.keys()], mergeOptions(stack));
  const hidden = sumLayers(view).reduce((sum, layer) => sum + layer.hidden.objects, 0);
  const used = process.cpuUsage(start);
  const rows = survey.table.end - 1;
  const bytes = (process.memoryUsage().rss - start.rss) / rows;
  const seconds = (used.user + used.system) / 1e6;
  survey.close();
  console.log(
    `survey  ${rows} objects, ${hidden} hidden: ${seconds.toFixed(2)} s of processor time, ${bytes.toFixed(0)} bytes an object`,
  );
}

function compare(directory: string, count: number): void {
  const folder = mkdtempSync(join(directory, 'survey-'));
  try {
    const reference = write(folder, count);
    const own = fileURLToPath(import.meta.url);
    // Warm, both: the first of the three runs is not told.
    for (let round = 0; round < 3; round++) {
      const words = ['--import', './scripts/typescript.mjs', own, '--measure', reference];
      const told = execFileSync(process.execPath, words, { encoding: 'utf8' });
      const du = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S"; time du -s "$0"', folder], {
        encoding: 'utf8',
      });
      const [user = 0, system = 0] = du.stderr.trim().split(' ').map(Number);
      if (round > 0) console.log(`${told}du -s   ${(user + system).toFixed(2)} s of processor time`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--measure') measure(rest[0] ?? '');
else for (const count of rest.length > 0 ? rest.map(Number) : COUNTS) compare(first ?? tmpdir(), count);
