// Layers that the kernel wrote: random operations on writable overlays, whose uppers become lowers, compared at each step.
// ROUNDS sets how many histories, SEED which.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Agreement, commanded, type OverlayOptions, type Serve, servedBy } from '../support/agreement.ts';
import { directory, file, link, type Operation, type Step, symlink } from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { MOUNTS } from '../support/own-mounts.ts';
import { Server } from '../support/server.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { takeTurn } from '../support/turns.ts';

const ROUNDS = Number(process.env.STACKS ?? 200) / 8;
const SEED = Number(process.env.SEED ?? 20_260_727);

/** How the layers are written, and the mounts with which they are then read. */
const MODES = {
  defaults: { written: {}, read: [{}] },
  'redirect_dir=on': { written: { redirect_dir: 'on' }, read: [{}, { redirect_dir: 'nofollow' }] },
  'metacopy=on': { written: { metacopy: 'on' }, read: [{ metacopy: 'on' }, {}] },
  'index=on': { written: { index: 'on', redirect_dir: 'on', metacopy: 'on' }, read: [{ metacopy: 'on' }] },
  userxattr: { written: { userxattr: true }, read: [{ userxattr: true }] },
} as const satisfies Record<
  string,
  { written: Record<string, string | true>; read: readonly OverlayOptions[] }
>;
type Mode = keyof typeof MODES;

interface History {
  readonly mode: Mode;
  /** What was done in each layer, the lowest first. */
  readonly layers: readonly (readonly Operation[])[];
}

const BASE: readonly Step[] = [
  ...['a', 'b', 'c'].flatMap((name) => [
    directory(name, { mode: 0o750, owner: [1, 2], mtime: -5n }),
    file(`${name}/file`, `${name}'s`, { mode: 0o640, xattrs: { 'user.a': 'b' } }),
    file(`${name}/a/deep`, 'deep', { mtime: 1_600_000_000_123_456_789n }),
    directory(`${name}/b`),
    symlink(`${name}/c`, '../file'),
  ]),
  file('file', { size: 200_000, data: [[100_000, 'data']] }),
  link('twin', 'file'),
];

const path = fc
  .tuple(
    fc.constantFrom(1, 2, 2, 3),
    fc.array(fc.constantFrom('a', 'b', 'c', 'file'), { minLength: 3, maxLength: 3 }),
  )
  .map(([depth, names]) => names.slice(0, depth).join('/'));

const freshPath = fc
  .tuple(
    fc.boolean(),
    fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    fc.constantFrom('a', 'b', 'd', 'e', 'f', 'g'),
  )
  .map(([isDeep, one, two]) => (isDeep ? `${one}/${two}` : two));

const operations: readonly (readonly [number, fc.Arbitrary<Operation>])[] = [
  [7, fc.record({ do: fc.constant('rename'), from: path, to: freshPath })],
  [1, fc.record({ do: fc.constant('exchange'), from: path, to: path })],
  [2, fc.record({ do: fc.constant('remove'), path })],
  [2, fc.record({ do: fc.constant('remake'), path })],
  [3, fc.record({ do: fc.constant('mkdir'), path: freshPath })],
  [
    2,
    fc.record({
      do: fc.constant('write'),
      path,
      at: fc.constantFrom(0, 5000),
      data: fc.constantFrom('x', 'long'),
    }),
  ],
  [2, fc.record({ do: fc.constant('write'), path: freshPath, at: fc.constant(0), data: fc.constant('new') })],
  [1, fc.record({ do: fc.constant('truncate'), path, size: fc.constantFrom(0, 1, 300_000) })],
  [3, fc.record({ do: fc.constant('link'), path: freshPath, to: path })],
  [1, fc.record({ do: fc.constant('symlink'), path: freshPath, target: fc.constantFrom('a', '/b/file') })],
  [1, fc.record({ do: fc.constant('mkfifo'), path: freshPath })],
  [3, fc.record({ do: fc.constant('chmod'), path, mode: fc.constantFrom(0o700, 0o4755, 0o1777) })],
  [
    2,
    fc.record({
      do: fc.constant('chown'),
      path,
      uid: fc.constantFrom(0, 9),
      gid: fc.constantFrom(0, 4_294_967_294),
    }),
  ],
  [2, fc.record({ do: fc.constant('utime'), path, ns: fc.constantFrom('0', '-1', '2240524800000000001') })],
  [
    2,
    fc.record({
      do: fc.constant('setxattr'),
      path,
      name: fc.constantFrom('user.a', 'trusted.b', 'trusted.overlay.opaque'),
      value: fc.constantFrom('', 'y'),
    }),
  ],
];
const operation = fc.oneof(...operations.map(([weight, arbitrary]) => ({ weight, arbitrary })));

const history: fc.Arbitrary<History> = fc.record({
  mode: fc.constantFrom(...(Object.keys(MODES) as Mode[])),
  layers: fc.array(fc.array(operation, { minLength: 1, maxLength: 16, size: 'max' }), {
    minLength: 1,
    maxLength: 6,
    size: 'max',
  }),
});

describeSystem('layers that the kernel wrote', ['root', 'overlay', 'fuse', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const server = new Server(temporary, oracle);
  const agreement = new Agreement(oracle, temporary);
  let done = 0;
  let failed = 0;
  // What was the upper of a mount that lives on somewhere cannot be the lower of the next one.
  beforeAll(() => takeTurn(temporary, MOUNTS));
  afterAll(() => console.info(`${agreement}; ${done} operations done, ${failed} could not be`));

  async function mustAgree({ mode, layers }: History, serve: Serve): Promise<void> {
    const top = temporary.path('history');
    const base = join(top, 'base');
    await oracle.write([{ directory: base, steps: BASE }]);
    const lowers = [base];
    try {
      for (const [i, operations] of layers.entries()) {
        const upper = await written(lowers, join(top, String(i)), MODES[mode].written, operations);
        lowers.unshift(upper);
        for (const options of MODES[mode].read) {
          const difference = await agreement.differences(
            { layers: lowers, options, lookups: LOOKUPS },
            serve,
          );
          if (difference !== '') throw new Error(`${difference}\n${historyText({ mode, layers })}`);
        }
      }
    } finally {
      rmSync(top, { recursive: true, force: true });
    }
  }

  /** A new layer on top of `lowers`: the upper of a mount in which the operations were carried out. */
  async function written(
    lowers: readonly string[],
    directory: string,
    options: Readonly<Record<string, string | true>>,
    operations: readonly Operation[],
  ): Promise<string> {
    const [upperdir, workdir, target] = ['upper', 'work', 'mount'].map((name) => join(directory, name));
    if (upperdir === undefined || workdir === undefined || target === undefined)
      throw new Error('unreachable');
    for (const path of [upperdir, workdir]) mkdirSync(path, { recursive: true });
    await oracle.mount({ target, layers: lowers, options: { upperdir, workdir, ...options } });
    try {
      const failures = await oracle.change(target, operations);
      done += operations.length - failures.length;
      failed += failures.length;
    } finally {
      await oracle.umount(target);
    }
    return upperdir;
  }

  it(
    `are shown as the kernel shows them in ${ROUNDS} histories`,
    async () => {
      const serve = servedBy(server, temporary.path('served'));
      const property = fc.asyncProperty(fc.noBias(history), (each) => mustAgree(each, serve));
      await fc.assert(property, { numRuns: ROUNDS, seed: SEED });
      expect(done).toBeGreaterThan(failed / 4);
    },
    ROUNDS * 8000 + 60_000,
  );

  it('are shown the same by the built command', async () => {
    const property = fc.asyncProperty(fc.noBias(history), (each) => mustAgree(each, commanded(temporary)));
    await fc.assert(property, { numRuns: 2, seed: SEED + 1 });
  });
});

const LOOKUPS = ['a', 'b', 'c', 'file'].flatMap((one) => [
  `/${one}`,
  ...['c', 'a', 'file', 'b'].flatMap((two) => [`/${one}/${two}`, `/${one}/${two}/a`, `/${two}/${one}/deep`]),
]);

function historyText({ mode, layers }: History): string {
  const lines = layers.flatMap((operations, i) => [
    `layer ${i}, on top of the ones before`,
    ...operations.map((each) => `  ${JSON.stringify(each)}`),
  ]);
  return [`written with ${mode}`, ...lines].join('\n');
}
