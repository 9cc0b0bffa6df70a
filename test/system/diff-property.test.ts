// The fast comparison tells what a comparison of everything tells, and what the kernel's mounts tell, on random stacks;
// and known mistakes in the rule are noticed.
import { describe, expect, it } from 'vitest';
import type { Resolver } from '../../src/diff/layered.ts';
import type { Entry } from '../../src/overlay/layer/entry.ts';
import { type Found, resolve } from '../../src/overlay/merge.ts';
import { mountKernel } from '../support/kernel.ts';
import * as layer from '../support/layers.ts';
import { type Field, Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { Temporary, temporaryForSuite } from '../support/temporary.ts';
import { type FastOptions, factsOf, fastDifferences, naiveDifferences, stackOf } from './diff-naive.ts';
import { type Random, randomLayer, randomOf, randomPair } from './diff-random.ts';

const POOLS = Number(process.env.DIFF_POOLS ?? 4);
const LAYERS = 7;
const PAIRS = 100;
const KERNEL_PAIRS = 40;
const SEED = Number(process.env.DIFF_SEED ?? 5);

/** Writes layers, and compares pairs of stacks of them; answers how many pairs were wrong. */
async function eachPair(
  temporary: Temporary,
  oracle: Oracle,
  seed: number,
  pairs: number,
  compare: (a: string[], b: string[], where: string) => void | Promise<void>,
): Promise<void> {
  const random: Random = randomOf(seed);
  const folder = temporary.path(`pool-${seed}-${pairs}`);
  const directories = Array.from({ length: LAYERS }, (_, index) => `${folder}/${index}`);
  await oracle.write(
    directories.map((directory) => ({ directory, steps: randomLayer(random) })),
    { lenient: true },
  );
  for (let i = 0; i < pairs; i++) {
    const [a, b] = randomPair(random, LAYERS);
    const paths = (stack: readonly number[]) => stack.map((index) => directories[index] ?? '');
    await compare(paths(a), paths(b), `seed ${seed}, pair ${i}: ${a} against ${b}`);
  }
}

/** Without what neither side can look up: the fast way need not have come by. */
function fastAgainstNaive(
  a: string[],
  b: string[],
  options: FastOptions = {},
): { fast: string[]; naive: string[] } {
  const [left, right] = [factsOf(stackOf(a)), factsOf(stackOf(b))];
  const bothBroken = new Set(
    [...left]
      .filter(([path, facts]) => facts.has('errno') && right.get(path)?.has('errno'))
      .map(([path]) => `! ${path}`),
  );
  const without = (lines: readonly string[]) => lines.filter((line) => !bothBroken.has(line));
  const fast = fastDifferences(stackOf(a), stackOf(b), options).lines;
  return { fast: without(fast), naive: without(naiveDifferences(left, right)) };
}

describeSystem('the fast rule of diff', ['root', 'overlay', 'python'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);

  it(`tells what a walk of everything tells (${POOLS * PAIRS} pairs)`, async () => {
    let changed = 0;
    for (let pool = 0; pool < POOLS; pool++) {
      await eachPair(temporary, oracle, SEED * 1000 + pool, PAIRS, (a, b, where) => {
        const { fast, naive } = fastAgainstNaive(a, b);
        expect(fast.join('\n'), where).toBe(naive.join('\n'));
        if (naive.length > 0) changed++;
      });
    }
    expect(changed).toBeGreaterThan((POOLS * PAIRS) / 2);
  }, 600_000);

  it(`tells what the kernel's mounts tell (${POOLS * KERNEL_PAIRS} pairs)`, async () => {
    for (let pool = 0; pool < POOLS; pool++) {
      const inner = new Temporary(temporary.directory);
      const dumps = new Map<string, Map<string, string>>();
      const dump = async (layers: string[]) => {
        const key = layers.join();
        const known = dumps.get(key) ?? (await kernelLines(oracle, inner, layers));
        dumps.set(key, known);
        return known;
      };
      await eachPair(inner, oracle, SEED * 2000 + pool, KERNEL_PAIRS, async (a, b, where) => {
        const expected = kernelDifferences(await dump(a), await dump(b));
        const { fast, kernel } = fastAgainstKernel(a, b, expected);
        expect(fast.join('\n'), where).toBe(kernel.join('\n'));
      });
      await inner.end();
    }
  }, 600_000);

  describe('notices', () => {
    it.each(MUTANTS)('%s', async (_, options) => {
      let isNoticed = false;
      const look = (a: string[], b: string[]) => {
        if (isNoticed) return;
        const { fast, naive } = fastAgainstNaive(a, b, options);
        isNoticed = fast.join() !== naive.join();
      };
      look(...(await redirectedPair(temporary, oracle)));
      for (let pool = 0; pool < 4 && !isNoticed; pool++)
        await eachPair(temporary, oracle, SEED * 3000 + pool, PAIRS, look);
      expect(isNoticed).toBe(true);
    });
  });
});

/** One layer on two others: its redirect leads to what only those have. */
async function redirectedPair(temporary: Temporary, oracle: Oracle): Promise<[string[], string[]]> {
  const [top, first, second] = ['top', 'first', 'second'].map((name) => temporary.path('redirected', name));
  if (top === undefined || first === undefined || second === undefined) throw new Error('three layers');
  await oracle.write(
    [
      { directory: top, steps: [layer.directory('d/e'), layer.redirect('d/e', '/t')] },
      { directory: first, steps: [layer.file('t/one')] },
      { directory: second, steps: [layer.file('t/two')] },
    ],
    { lenient: true },
  );
  return [
    [top, first],
    [top, second],
  ];
}

/** `resolve` that sees each thing found through `change`. */
function seenThrough(change: (found: Entry, isBelow: boolean) => Entry | undefined): Resolver {
  return (parent, name, source, options) => {
    let isBelow = false;
    return resolve(
      parent,
      name,
      {
        ...source,
        find: (directory, each) => {
          const found = source.find(directory, each);
          const seen = found && change(found, isBelow);
          if (seen?.kind === 'directory') isBelow = true;
          return seen;
        },
      },
      options,
    );
  };
}

const MUTANTS: [string, FastOptions][] = [
  [
    'the set of shared directories taken for the common end',
    { commonEnd: (a, b) => a.filter((record) => b.includes(record)).length },
  ],
  [
    'layers shared above different ones taken for the same',
    {
      commonEnd: (a, b) => {
        let count = 0;
        while (count < Math.min(a.length, b.length) && a.at(-1 - count) === b.at(-1 - count)) count++;
        return count;
      },
    },
  ],
  [
    'opaque directories ignored',
    {
      resolver: seenThrough((found) =>
        found.kind === 'directory' ? overridden(found, { opaque: () => '' }) : found,
      ),
    },
  ],
  [
    'a merge that does not end at a file',
    {
      resolver: seenThrough((found, isBelow) =>
        isBelow && (found.kind === 'regular' || found.kind === 'other') ? undefined : found,
      ),
    },
  ],
  [
    'whiteouts ignored',
    { resolver: seenThrough((found) => (found.kind === 'whiteout' ? undefined : found)) },
  ],
  [
    'redirects ignored',
    { resolver: seenThrough((found) => overridden(found, { redirect: () => undefined })) },
  ],
];

function overridden(entry: Entry, changes: Partial<Found<number>>): Entry {
  return new Proxy(entry, {
    get(target, key) {
      const own = Reflect.get(changes, key) as unknown;
      if (own !== undefined) return own;
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const FIELDS: readonly Field[] = ['mode', 'owner', 'size', 'rdev', 'mtime', 'target', 'xattrs', 'sha256'];

/** Path → the kernel's line about it. */
async function kernelLines(
  oracle: Oracle,
  temporary: Temporary,
  layers: string[],
): Promise<Map<string, string>> {
  const view = await mountKernel(oracle, temporary, layers);
  const lines = await view.dump({ fields: FIELDS });
  await view.umount();
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line]));
}

interface Expected {
  readonly lines: string[];
  readonly broken: ReadonlySet<string>;
}

function kernelDifferences(a: Map<string, string>, b: Map<string, string>): Expected {
  const lines: string[] = [];
  const broken = new Set<string>();
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const [left, right] = [a.get(path), b.get(path)];
    // `/d/ ! readdir EPERM` is about what is in /d.
    if ([left, right].some((line) => line?.startsWith(`${path} ! `))) broken.add(path.replace(/\/$/, ''));
    else if (path !== '/' && path.endsWith('/')) continue;
    else if (left === undefined) lines.push(`+ ${path}`);
    else if (right === undefined) lines.push(`- ${path}`);
    else if (left.split(' ')[1] !== right.split(' ')[1]) lines.push(`T ${path}`);
    else if (left !== right) lines.push(`M ${path}`);
  }
  return { lines, broken };
}

/**
 * Both in one spelling, without what the kernel or we cannot look up on a side. Where a directory is marked `opaque=x`
 * the kernel lists by looking up: a refused name makes the first listing fail and is missing in the next.
 */
function fastAgainstKernel(
  a: string[],
  b: string[],
  expected: Expected,
): { fast: string[]; kernel: string[] } {
  const lines = fastDifferences(stackOf(a), stackOf(b)).lines.map((line) =>
    line.replaceAll('\xff', '\\xff').split(' ').slice(0, 2).join(' '),
  );
  const errors = lines.filter((line) => line.startsWith('! ')).map((line) => line.slice(2));
  const broken = [...expected.broken, ...errors];
  const isTold = (line: string) =>
    !broken.some((path) => line.slice(2) === path || line.slice(2).startsWith(`${path}/`));
  return { fast: lines.filter(isTold).sort(), kernel: expected.lines.filter(isTold).sort() };
}
