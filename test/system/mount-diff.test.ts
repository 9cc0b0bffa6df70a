// `mount --diff`: its trees must be of the sides exactly what `stratafs diff --json` tells, as `extract` copies it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { DiffMount, type Sides } from '../support/diff-mount.ts';
import { DiffPair } from '../support/diff-pair.ts';
import { Engine } from '../support/engine.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { isMounted, lowerdirReference, type StratafsMount } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { randomLayer, randomOf, randomPair } from './diff-random.ts';

const stratafs = stratafsForSuite();

const PAIRS = Number(process.env.DIFF_MOUNT_PAIRS ?? 3);
const SEED = Number(process.env.DIFF_SEED ?? 5);
const LAYERS = 7;

describeSystem('mount --diff', ['root', 'fuse', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const diffMount = new DiffMount(temporary, stratafs);
  const { oracle } = diffMount;

  it(`shows of random pairs what is told of them (${PAIRS} pairs)`, async () => {
    let checked = 0;
    let shown = 0;
    for (let pool = 0; checked < PAIRS; pool++) {
      const random = randomOf(SEED * 1000 + pool);
      const directories = Array.from({ length: LAYERS }, (_, i) => temporary.path(`pool-${pool}`, `${i}`));
      await oracle.write(
        directories.map((directory) => ({ directory, steps: randomLayer(random) })),
        { lenient: true },
      );
      for (let i = 0; i < 4 && checked < PAIRS; i++) {
        const [a, b] = randomPair(random, LAYERS).map((stack) =>
          lowerdirReference(stack.map((index) => directories[index] ?? '')),
        ) as [string, string];
        const words = [[], ['-M'], ['--mtime', '--hardlinks'], ['--path', '/a']][i] ?? [];
        const names = await diffMount.check([a, b], words);
        if (names === undefined) continue;
        checked++;
        shown += names;
      }
    }
    expect(shown).toBeGreaterThan(PAIRS);
  }, 600_000);

  describe('of one pair', () => {
    const pair = new DiffPair(temporary);
    let isWritten = false;
    const sides = async (): Promise<Sides> => {
      if (!isWritten) await pair.write(oracle);
      isWritten = true;
      return pair.sides;
    };

    it('shows what every kind of difference is, and renamed things by both names', async () => {
      expect(await diffMount.check(await sides())).toBeGreaterThan(10);
      expect(await diffMount.check(await sides(), ['-M'])).toBeGreaterThan(10);
    });

    it('has only what the filters leave, also within a directory that only one side has', async () => {
      const words = ['--exclude', '**/two', '--type', 'f', '--path', '/doc', '--path', '/added/x'];
      const mounted = await diffMount.mount(await sides(), words);
      const { stdout } = await run('find', ['-mindepth', '2', '-printf', '%P %y\n'], {
        cwd: mounted.directory,
      });
      expect(
        stdout
          .split('\n')
          .filter((line) => !line.startsWith('.stratafs'))
          .sort(),
      ).toEqual([
        '',
        ...['added/added d', 'added/added/x f', 'changed/a d', 'changed/b d'],
        ...['removed/doc d', 'removed/doc/a d', 'removed/doc/a/one f'],
      ]);
      await mounted.umount();
    });

    it('is something that diff, tar, du and rsync can work with', async () => {
      const mounted = await diffMount.mount(await sides());
      const options = { cwd: mounted.directory };
      const diff = await run('diff', ['-r', '--no-dereference', 'changed/a', 'changed/b'], options);
      expect(diff.stderr).toBe('');
      expect(diff.stdout).toContain(
        'diff -r --no-dereference changed/a/src/app.js changed/b/src/app.js\n2c2\n< two\n---\n> 2\n',
      );
      expect(diff.stdout).not.toContain('Only in');
      expect(await run('tar', ['-cf', temporary.path('all.tar'), '.'], options)).toMatchObject({ code: 0 });
      expect(await run('du', ['-s', '.'], options)).toMatchObject({ code: 0, stderr: '' });
      const copy = await run('rsync', ['-aHAX', `${mounted.directory}/`, temporary.path('copied')]);
      if (copy.code !== 127) expect(copy).toMatchObject({ code: 0, stderr: '' });
      const written = await run('touch', ['added/added/x'], options);
      expect(written.stderr).toContain('Read-only file system');
      await mounted.umount();
    });

    it('refuses what cannot be shown, and mounts nothing', async () => {
      const [a, b = ''] = await sides();
      const at = temporary.path('refused');
      mkdirSync(at);
      writeFileSync(temporary.path('list.mtree'), '#mtree\n. type=dir\n');
      for (const [words, message] of [
        [[temporary.path('list.mtree'), b, at], 'an mtree file has no contents to show'],
        [[b, at], 'only a container has something it was made from'],
        [[a, '--path', '/none', b, at], 'links on the way are not followed'],
      ] as const) {
        const { code, stderr } = await stratafs(['mount', '--diff', ...words]);
        expect(code).not.toBe(0);
        expect(stderr).toContain(message);
        expect(isMounted(at)).toBe(false);
      }
    });
  });

  describe('of directories and files that changed places', () => {
    const [base, top] = [temporary.path('places-base'), temporary.path('places-top')];
    const sides: Sides = [lowerdirReference([base]), lowerdirReference([top, base])];

    beforeAll(() =>
      oracle.write([
        {
          directory: base,
          steps: [
            layer.file('was/kept', 'kept\n', { mode: 0o4755 }),
            layer.file('was/moved', 'moved away\n'),
            layer.file('was/deep/tree/one', 'one\n'),
            layer.file('was/deep/tree/two', 'two, too\n'),
            layer.file('becomes', 'a file'),
            layer.file('from', 'moved in\n'),
          ],
        },
        {
          directory: top,
          steps: [
            layer.file('was', 'a file'),
            layer.file('now/moved', 'moved away\n'),
            layer.file('now/tree/one', 'one\n'),
            layer.file('now/tree/two', 'two, too\n'),
            layer.file('becomes/there', 'moved in\n'),
            layer.file('becomes/suid', 's', { mode: 0o4755 }),
            layer.file('becomes/left/out', 'x'),
            layer.whiteout('from'),
          ],
        },
      ]),
    );

    it.each([
      [
        [],
        ...['added/now', 'added/now/moved', 'added/now/tree', 'added/now/tree/one', 'added/now/tree/two'],
        ...['changed/a/becomes', 'changed/a/was', 'changed/a/was/deep', 'changed/a/was/deep/tree'],
        ...['changed/a/was/deep/tree/one', 'changed/a/was/deep/tree/two', 'changed/a/was/kept'],
        ...[
          'changed/a/was/moved',
          'changed/b/becomes',
          'changed/b/becomes/left',
          'changed/b/becomes/left/out',
        ],
        ...['changed/b/becomes/suid', 'changed/b/becomes/there', 'changed/b/was', 'removed/from'],
      ],
      [
        ['--exclude', '**/left'],
        ...['added/now', 'added/now/moved', 'added/now/tree', 'added/now/tree/one', 'added/now/tree/two'],
        ...['changed/a/becomes', 'changed/a/was', 'changed/a/was/deep', 'changed/a/was/deep/tree'],
        ...['changed/a/was/deep/tree/one', 'changed/a/was/deep/tree/two', 'changed/a/was/kept'],
        ...['changed/a/was/moved', 'changed/b/becomes', 'changed/b/becomes/suid', 'changed/b/becomes/there'],
        ...['changed/b/was', 'removed/from'],
      ],
      [
        ['-M'],
        ...['added/now', 'changed/a/becomes', 'changed/a/was', 'changed/a/was/deep', 'changed/a/was/kept'],
        ...['changed/b/becomes', 'changed/b/becomes/left', 'changed/b/becomes/left/out'],
        ...['changed/b/becomes/suid', 'changed/b/was', 'renamed/a/from', 'renamed/a/was'],
        ...['renamed/a/was/deep', 'renamed/a/was/deep/tree', 'renamed/a/was/deep/tree/one'],
        ...[
          'renamed/a/was/deep/tree/two',
          'renamed/a/was/moved',
          'renamed/b/becomes',
          'renamed/b/becomes/there',
        ],
        ...['renamed/b/now', 'renamed/b/now/moved', 'renamed/b/now/tree', 'renamed/b/now/tree/one'],
        ...['renamed/b/now/tree/two'],
      ],
      [
        ['-M', '--exclude', '**/left'],
        ...['added/now', 'changed/a/becomes', 'changed/a/was', 'changed/a/was/deep', 'changed/a/was/kept'],
        ...[
          'changed/b/becomes',
          'changed/b/becomes/suid',
          'changed/b/was',
          'renamed/a/from',
          'renamed/a/was',
        ],
        ...['renamed/a/was/deep', 'renamed/a/was/deep/tree', 'renamed/a/was/deep/tree/one'],
        ...[
          'renamed/a/was/deep/tree/two',
          'renamed/a/was/moved',
          'renamed/b/becomes',
          'renamed/b/becomes/there',
        ],
        ...['renamed/b/now', 'renamed/b/now/moved', 'renamed/b/now/tree', 'renamed/b/now/tree/one'],
        ...['renamed/b/now/tree/two'],
      ],
    ] as const)('shows each name once, with %j', async (words, ...names) => {
      const mounted = await diffMount.mount(sides, words);
      const trees = { cwd: mounted.directory };
      const { stdout } = await run(
        'find',
        ['-mindepth', '2', '-not', '-path', './.stratafs*', '-printf', '%P\n'],
        trees,
      );
      const isTop = (path: string) => /^(changed|renamed)\/[ab]$/.test(path);
      expect(
        stdout
          .split('\n')
          .filter((path) => path !== '' && !isTop(path))
          .sort(),
      ).toEqual(names);
      expect(await mounted.umount()).toBe(0);
    });

    it('shows them as the sides have them', async () => {
      expect(await diffMount.check(sides, ['-M'])).toBeGreaterThan(20);
      expect(await diffMount.check(sides)).toBeGreaterThan(19);
    });
  });

  it('tells of more than is kept in memory, by way of $TMPDIR', async () => {
    const [few, many, at] = [temporary.path('few'), temporary.path('many'), temporary.path('unmounted')];
    for (const directory of [few, many, at]) mkdirSync(directory);
    for (let i = 0; i < 1500; i++) writeFileSync(`${many}/${i}-${'name'.repeat(50)}`, '');
    const sides = [lowerdirReference([few]), lowerdirReference([many])] as const;
    expect(await diffMount.check(sides)).toBe(1500);
    const none = { env: { ...process.env, TMPDIR: '/none' } };
    const { code, stderr } = await stratafs(['mount', '--diff', ...sides, at], none);
    expect(`${code} ${stderr}`).toBe(
      '2 stratafs: Cannot keep what is told in "/none": no such file or directory; set TMPDIR\n',
    );
    const inside = { env: { ...process.env, TMPDIR: many } };
    const refused = await stratafs(['mount', '--diff', ...sides, at], inside);
    expect(`${refused.code} ${refused.stderr}`).toBe(
      `2 stratafs: Cannot write to "${many}/stratafs": it lies inside the layer "${many}"\n`,
    );
    expect(isMounted(at)).toBe(false);
  });

  it('has hard links and inode numbers as the side has them', async () => {
    const [base, top] = [temporary.path('links-base'), temporary.path('links-top')];
    await oracle.write([
      { directory: base, steps: [layer.file('d/one', 'x'), layer.directory('d')] },
      {
        directory: top,
        steps: [layer.file('d/two', 'y'), layer.link('new/three', 'd/two'), layer.directory('d')],
      },
    ]);
    const sides = [lowerdirReference([base]), lowerdirReference([top, base])] as const;
    const mounted = await diffMount.mount(sides);
    const { stdout } = await run('find', ['added', '-type', 'f', '-printf', '%n %i %p\n'], {
      cwd: mounted.directory,
    });
    const lines = stdout.trim().split('\n').sort();
    const [two, three] = lines.map((line) => line.split(' '));
    expect([two?.[2], three?.[2]]).toEqual(['added/d/two', 'added/new/three']);
    expect(two?.slice(0, 2)).toEqual(three?.slice(0, 2));
    expect(two?.[0]).toBe('2');
    await mounted.umount();
  });
});

describeSystem('mount --diff of Docker', ['root', 'fuse', 'docker', 'busybox', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const diffMount = new DiffMount(temporary, stratafs);

  it('shows what a build and a container changed', async () => {
    const engine = new Engine(temporary);
    await engine.start();
    await engine.importBusybox('base:1');
    await engine.build(
      'app:1',
      'FROM base:1\nRUN mkdir -p /srv/data && echo one >/srv/conf && echo kept >/srv/data/f && echo old >/gone',
    );
    await engine.build(
      'app:2',
      'FROM app:1\nRUN echo two >/srv/conf && rm /gone && mkdir -p /opt/new && echo n >/opt/new/file',
    );
    await engine.docker(['create', '--network', 'none', '--name', 'web', 'app:2', 'true']);
    writeFileSync(temporary.path('put'), 'put\n');
    await engine.docker(['cp', temporary.path('put'), 'web:/srv/data/put']);
    const { dataRoot: root } = engine;
    const listed = async ({ directory }: StratafsMount) =>
      (
        await run('find', ['-mindepth', '1', '-not', '-path', './.stratafs*', '-printf', '%P\n'], {
          cwd: directory,
        })
      ).stdout
        .trim()
        .split('\n')
        .sort();
    const builds = await diffMount.mount(['app:1', 'app:2'], [], { root });
    expect(await listed(builds)).toEqual([
      ...['added', 'added/opt', 'added/opt/new', 'added/opt/new/file'],
      ...['changed', 'changed/a', 'changed/a/srv', 'changed/a/srv/conf'],
      ...['changed/b', 'changed/b/srv', 'changed/b/srv/conf', 'removed', 'removed/gone'],
    ]);
    expect(readFileSync(`${builds.directory}/changed/a/srv/conf`, 'utf8')).toBe('one\n');
    expect(readFileSync(`${builds.directory}/changed/b/srv/conf`, 'utf8')).toBe('two\n');
    await builds.umount();
    const web = await diffMount.mount(['web'], [], { root });
    expect(await listed(web)).toEqual([
      ...['added', 'added/srv', 'added/srv/data', 'added/srv/data/put'],
      ...['changed', 'changed/a', 'changed/b', 'removed'],
    ]);
    await web.umount();
  });
});
