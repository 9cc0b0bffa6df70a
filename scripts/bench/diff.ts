// How fast `stratafs diff` is beside `diff -rq --no-dereference` and `rsync -anic --delete`, which look at two kernel
// overlay mounts of the same layers. Run as root, after a build:
//
//   node --import ./scripts/typescript.mjs scripts/bench/diff.ts [--rounds N] [--pairs P1,P4] [--cold] [--json]
//
// Layers (2.5 GB) are written once to $TMPDIR/stratafs-bench-diff and used again. In each round each contender has its
// turn, another one first every time; figures are medians. A warm sample that read from disk does not count and
// is taken again; `--cold` drops file data (not names, not inodes) before each.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Pair, preparePairs } from './diff-pairs.ts';

const COMMAND =
  process.env.STRATAFS_COMMAND ?? fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const RUNNER = fileURLToPath(new URL('./diff_run.py', import.meta.url));
const MOST_READ = 4 << 20;
/** A round whose samples do not count is done again, so many times at most. */
const MOST_TRIES = 3;
const OURS = 'stratafs';

interface Sample {
  readonly seconds: number;
  readonly code: number;
  readonly read: number;
  readonly resident: number;
}

type Commands = Readonly<Record<string, readonly string[]>>;

/** Goals: ours is to be so many times faster than both others (one for P3 and P4: than rsync). */
const GOALS: Readonly<Record<string, number>> = { P1: 4, P7: 10, P5: 6, P3: 1, P4: 1 };

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    pairs: { type: 'string' },
    cold: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const wanted = values.pairs?.split(',');
const folder = join(tmpdir(), 'stratafs-bench-diff');
const pairs = preparePairs(folder).filter(({ id }) => wanted?.includes(id) ?? true);
const mounts = mkdtempSync(join(tmpdir(), 'stratafs-bench-mounts-'));
try {
  for (const pair of pairs) measure(pair, Number(values.rounds));
} finally {
  rmSync(mounts, { recursive: true });
}

function measure(pair: Pair, rounds: number): void {
  const [a, b] = [mount(pair, 'a'), mount(pair, 'b')];
  try {
    const commands: Commands = {
      [OURS]: ['node', COMMAND, 'diff', '--name-status', lowerdir(pair.a), lowerdir(pair.b)],
      diff: ['diff', '-rq', '--no-dereference', a, b],
      rsync: ['rsync', '-anic', '--delete', `${b}/`, `${a}/`],
    };
    const samples = new Map(Object.keys(commands).map((name) => [name, [] as Sample[]]));
    const layers = [...new Set([...pair.a, ...pair.b])];
    if (!values.cold) for (const words of Object.values(commands)) run(words);
    const isShort = (name: string) => (samples.get(name)?.length ?? 0) < rounds;
    for (let round = 0; round < rounds * MOST_TRIES && Object.keys(commands).some(isShort); round++) {
      const names = Object.keys(commands);
      for (let turn = 0; turn < names.length; turn++) {
        const name = names[(turn + round) % names.length] ?? OURS;
        if (values.cold) execFileSync('python3', [RUNNER, '--evict', ...layers]);
        const sample = run(commands[name] ?? []);
        if (sample.code > 1) throw new Error(`${name} ended with ${sample.code} on ${pair.id}`);
        if (values.cold || sample.read < MOST_READ) samples.get(name)?.push(sample);
      }
    }
    report(pair, samples);
  } finally {
    for (const directory of [a, b]) execFileSync('umount', [directory]);
  }
}

function lowerdir(layers: readonly string[]): string {
  return `lowerdir=${layers.join(':')}`;
}

function mount({ id, a, b }: Pair, side: 'a' | 'b'): string {
  const directory = join(mounts, `${id}-${side}`);
  mkdirSync(directory);
  const options = `lowerdir=${(side === 'a' ? a : b).join(':')},index=off`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', `ro,${options}`, directory]);
  return directory;
}

function run(words: readonly string[]): Sample {
  return JSON.parse(execFileSync('python3', [RUNNER, ...words], { encoding: 'utf8' })) as Sample;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((x, y) => x - y);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function report({ id, words }: Pair, samples: ReadonlyMap<string, readonly Sample[]>): void {
  const seconds = (name: string) => (samples.get(name) ?? []).map((sample) => sample.seconds);
  const ours = median(seconds(OURS));
  const ratios = Object.fromEntries(['diff', 'rsync'].map((name) => [name, median(seconds(name)) / ours]));
  const resident = Math.max(...(samples.get(OURS) ?? []).map((sample) => sample.resident));
  if (values.json) {
    console.log(
      JSON.stringify({
        id,
        words,
        cold: values.cold,
        ratios,
        resident,
        samples: Object.fromEntries(samples),
      }),
    );
    return;
  }
  console.log(`${id} ${words}${values.cold ? ', file data cold' : ''}`);
  for (const name of samples.keys()) {
    const all = seconds(name);
    const shown =
      all.length === 0
        ? 'no sample counts'
        : `${median(all).toFixed(3)} s (${Math.min(...all).toFixed(3)}–${Math.max(...all).toFixed(3)})`;
    const times =
      name === OURS
        ? `${(resident / 2 ** 20).toFixed(0)} MiB resident`
        : `${(ratios[name] ?? 0).toFixed(2)} × ours`;
    console.log(`  ${name.padEnd(9)} ${shown}  ${times}`);
  }
  const goal = values.cold ? 15 : GOALS[id];
  if (goal === undefined) return;
  const [against, ratio] =
    id === 'P3' || id === 'P4'
      ? ['rsync', ratios.rsync ?? 0]
      : ['either', Math.min(...Object.values(ratios))];
  console.log(`  goal: ${goal} × ${against}: ${ratio.toFixed(2)}${ratio >= goal ? '' : '  ✗'}`);
}
