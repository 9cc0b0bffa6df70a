// `stratafs du` against du(1) on the kernel's own mount of the same layers: everything that overlays have, hard links, holes.

import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { LAYERS } from '../support/everything.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { mountKernel } from '../support/kernel.ts';
import { directory, file, link, opaque, symlink, whiteout } from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const LARGE = 'x'.repeat(20_000);

const STACKS = {
  everything: LAYERS,
  'many marks': [
    [
      directory('a'),
      directory('a/b'),
      opaque('a/b'),
      file('a/b/new', LARGE),
      whiteout('gone'),
      file('a/file', 'short'),
      symlink('link', 'a/file'),
    ],
    [
      directory('a'),
      directory('a/b'),
      file('a/b/old', LARGE),
      file('a/file', LARGE),
      directory('gone'),
      file('gone/x', LARGE),
      file('sparse', { size: 10_000_000, data: [[5_000_000, 'here']] }),
      file('twice', LARGE),
      link('twice-again', 'twice'),
    ],
  ],
};

describeSystem('stratafs du', ['root', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const mounts = new Map<string, { readonly reference: string; readonly at: string }>();

  beforeAll(async () => {
    for (const [name, steps] of Object.entries(STACKS)) {
      const paths = steps.map((_, i) => temporary.path(`${name.replace(' ', '-')}-${i}`));
      const written = steps.map((own, i) => ({ directory: paths[i] ?? '', steps: own }));
      await oracle.write(written.toReversed());
      const { directory: at } = await mountKernel(oracle, temporary, paths);
      mounts.set(name, { reference: `lowerdir=${paths.join(':')}`, at });
    }
  });

  /** Lines of `size path`, paths below the mount point; what cannot be looked up in the kernel's view is told by nobody. */
  async function byDu(at: string, options: readonly string[], path = ''): Promise<string[]> {
    const stdout = await succeed('du', [...options, `${at}${path}`]);
    const lines = stdout.split('\n').filter(Boolean);
    return lines.map((line) => line.replace(`\t${at}`, '\t').replace(/\t$/, '\t/')).sort();
  }

  async function byStratafs(reference: string, options: readonly string[], path = '/'): Promise<string[]> {
    const { code, stdout, stderr } = await stratafs(['du', ...options, reference, path]);
    expect([code, stderr]).toEqual([0, '']);
    return stdout.split('\n').filter(Boolean).sort();
  }

  it.each([
    ['many marks', []],
    ['many marks', ['-a']],
    ['many marks', ['-h', '-a']],
    ['many marks', ['-a', '--apparent-size']],
    ['many marks', ['-a', '-b']],
    ['many marks', ['-d', '1']],
    ['many marks', ['-s', '-c']],
    ['everything', ['-s']],
    ['everything', ['-s', '-b']],
  ] as const)(
    'tells of a stack of %s, with %j, what du tells of the kernel’s mount',
    async (name, options) => {
      const { reference, at } = mounts.get(name) ?? { reference: '', at: '' };
      const [ours, theirs] = await Promise.all([byStratafs(reference, options), byDu(at, options)]);
      expect(ours).toEqual(theirs);
    },
  );

  it('counts a part of the tree alone', async () => {
    const { reference, at } = mounts.get('many marks') ?? { reference: '', at: '' };
    expect(await byStratafs(reference, ['-a', '-b'], '/a')).toEqual(await byDu(at, ['-a', '-b'], '/a'));
  });

  it('says which layers each is made of, and both sizes in JSON', async () => {
    const { reference } = mounts.get('many marks') ?? { reference: '' };
    const { stdout } = await stratafs(['du', '-a', '--json', reference, '/a']);
    const told = jsonRecords<{ path: string; layers: number[]; objects: number }>(stdout);
    expect(told.map(({ path, layers, objects }) => `${path} ${layers} ${objects}`)).toEqual([
      '/a/b/new 2 0',
      '/a/b 2 1',
      '/a/file 2 0',
      '/a 2 3',
    ]);
  });

  it('says where there is nothing, and goes on', async () => {
    const { reference } = mounts.get('many marks') ?? { reference: '' };
    const { code, stdout, stderr } = await stratafs(['du', '-s', '-b', reference, '/gone', '/a/file']);
    expect([code, stdout]).toEqual([5, '5\t/a/file\n']);
    expect(stderr).toContain('Cannot find "/gone"');
  });
});
