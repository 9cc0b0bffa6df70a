// How fast `stratafs diff` is beside `diff -rq --no-dereference` and `rsync -anic --delete`, which look at two kernel
// overlay mounts of the same layers. In each round each has its turn, another one first every time; figures are medians. A
// warm sample that read from disk does not count and is taken again; for a cold one, file data (not names, not inodes) is
// dropped before.
import { fileURLToPath } from 'node:url';
import { type Pair, preparePairs } from './diff-pairs.ts';
import { run } from './process.ts';
import type { Session } from './session.ts';

const COMMAND =
  process.env.STRATAFS_COMMAND ?? fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const RUNNER = fileURLToPath(new URL('./diff_run.py', import.meta.url));
const MOST_READ = 4 << 20;
/** A round whose samples do not count is done again, so many times at most. */
const MOST_TRIES = 3;
const OURS = 'stratafs';

export interface DiffRow {
  readonly id: string;
  /** Of `preparePairs`. */
  readonly pair: string;
  readonly isCold: boolean;
  /** Ours is to be so many times faster: than each of the others, or than rsync alone. */
  readonly goal: number;
  readonly against: 'either' | 'rsync';
}

export const DIFF_ROWS: readonly DiffRow[] = [
  { id: 'diff-P1', pair: 'P1', isCold: false, goal: 4, against: 'either' },
  { id: 'diff-P7', pair: 'P7', isCold: false, goal: 10, against: 'either' },
  { id: 'diff-P7-cold', pair: 'P7', isCold: true, goal: 15, against: 'either' },
  { id: 'diff-P5', pair: 'P5', isCold: false, goal: 6, against: 'either' },
  { id: 'diff-P3', pair: 'P3', isCold: false, goal: 1, against: 'rsync' },
  { id: 'diff-P4', pair: 'P4', isCold: false, goal: 1, against: 'rsync' },
];

interface Sample {
  readonly seconds: number;
  readonly code: number;
  /** Bytes. */
  readonly read: number;
  readonly resident: number;
}

export interface DiffResult extends DiffRow {
  readonly words: string;
  /** Their median time by ours. */
  readonly ratios: Readonly<Record<string, number>>;
  /** Our greatest, bytes. */
  readonly resident: number;
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
}

export interface DiffOptions {
  readonly rows: readonly DiffRow[];
  readonly rounds: number;
  /** Where the layers (2.5 GB) are kept between runs. */
  readonly directory: string;
}

export async function measureDiffs(
  session: Session,
  { rows, rounds, directory }: DiffOptions,
): Promise<DiffResult[]> {
  if (rows.length === 0) return [];
  const pairs = new Map(preparePairs(directory).map((pair) => [pair.id, pair]));
  const results: DiffResult[] = [];
  for (const row of rows) {
    const pair = pairs.get(row.pair);
    if (pair === undefined) throw new Error(`There is no pair ${row.pair}`);
    results.push(await measure(session, row, pair, rounds));
  }
  return results;
}

async function measure(session: Session, row: DiffRow, pair: Pair, rounds: number): Promise<DiffResult> {
  const [a, b] = [await mount(session, row.id, pair.a), await mount(session, row.id, pair.b)];
  const commands: readonly (readonly [string, readonly string[]])[] = [
    [OURS, [process.execPath, COMMAND, 'diff', '--name-status', lowerdir(pair.a), lowerdir(pair.b)]],
    ['diff', ['diff', '-rq', '--no-dereference', a, b]],
    ['rsync', ['rsync', '-anic', '--delete', `${b}/`, `${a}/`]],
  ];
  const samples: Record<string, Sample[]> = Object.fromEntries(commands.map(([name]) => [name, []]));
  const layers = [...new Set([...pair.a, ...pair.b])];
  if (!row.isCold) for (const [, words] of commands) await sample(session, words);
  const isShort = () => Object.values(samples).some(({ length }) => length < rounds);
  for (let round = 0; round < rounds * MOST_TRIES && isShort(); round++) {
    for (const turn of commands.keys()) {
      const [name, words] = commands[(turn + round) % commands.length] ?? [OURS, []];
      if (row.isCold) await run(session, ['python3', RUNNER, '--evict', ...layers]);
      const taken = await sample(session, words);
      if (taken.code > 1) throw new Error(`${name} ended with ${taken.code} on ${row.id}`);
      if (row.isCold || taken.read < MOST_READ) samples[name]?.push(taken);
    }
  }
  for (const directory of [a, b]) await run(session, ['umount', directory]);
  const seconds = (name: string) => median((samples[name] ?? []).map((each) => each.seconds));
  const ratios = Object.fromEntries(['diff', 'rsync'].map((name) => [name, seconds(name) / seconds(OURS)]));
  const resident = Math.max(...(samples[OURS] ?? []).map((each) => each.resident));
  return { ...row, words: pair.words, ratios, resident, samples };
}

function lowerdir(layers: readonly string[]): string {
  return `lowerdir=${layers.join(':')}`;
}

/** Below the session's folder, whose mounts are undone whatever happens. */
async function mount(session: Session, name: string, layers: readonly string[]): Promise<string> {
  const directory = session.newDirectory(name);
  const options = `ro,${lowerdir(layers)},index=off`;
  await run(session, ['mount', '-t', 'overlay', 'overlay', '-o', options, directory]);
  return directory;
}

async function sample(session: Session, words: readonly string[]): Promise<Sample> {
  return JSON.parse(await run(session, ['python3', RUNNER, ...words])) as Sample;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((x, y) => x - y);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function diffText(results: readonly DiffResult[]): string {
  return results.map((result) => `\n${describe(result).join('\n')}\n`).join('');
}

function describe({ id, words, isCold, ratios, resident, samples, goal, against }: DiffResult): string[] {
  const lines = [`${id}: ${words}${isCold ? ', file data cold' : ''}`];
  for (const [name, all] of Object.entries(samples)) {
    const seconds = all.map((each) => each.seconds);
    const shown =
      all.length === 0
        ? 'no sample counts'
        : `${median(seconds).toFixed(3)} s (${Math.min(...seconds).toFixed(3)}–${Math.max(...seconds).toFixed(3)})`;
    const beside =
      name === OURS
        ? `${(resident / 2 ** 20).toFixed(0)} MiB resident`
        : `${(ratios[name] ?? Number.NaN).toFixed(2)} × ours`;
    lines.push(`  ${name.padEnd(9)} ${shown}  ${beside}`);
  }
  const ratio = against === 'rsync' ? (ratios.rsync ?? Number.NaN) : Math.min(...Object.values(ratios));
  lines.push(`  goal: ${goal} × faster than ${against}: ${ratio.toFixed(2)}${ratio >= goal ? '' : '  ✗'}`);
  return lines;
}
