// `mount --diff`: its trees must be of the sides exactly what `stratafs diff --json` tells, as `extract` copies it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { DiffPair } from '../support/diff-pair.ts';
import { Engine } from '../support/engine.ts';
import { jsonRecordsOfBytes } from '../support/json-lines.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { type Field, Oracle } from '../support/oracle.ts';
import {
  isMounted,
  lowerdirReference,
  type MountOptions,
  mountStratafs,
  type StratafsMount,
} from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { type Temporary, temporaryForSuite } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';
import { randomLayer, randomOf, randomPair } from './diff-random.ts';

const stratafs = stratafsForSuite();

const PAIRS = Number(process.env.DIFF_MOUNT_PAIRS ?? 3);
const SEED = Number(process.env.DIFF_SEED ?? 5);
const LAYERS = 7;
const FIELDS: readonly Field[] = [
  'mode',
  'owner',
  'size',
  'rdev',
  'mtime',
  'target',
  'xattrs',
  'sha256',
  'map',
];
const TREES = ['added', 'removed', 'changed/a', 'changed/b', 'renamed/a', 'renamed/b'] as const;
type TreeName = (typeof TREES)[number];

interface Change {
  readonly path: string;
  readonly pathB64?: string;
  readonly from?: string;
  readonly fromB64?: string;
  readonly op: 'add' | 'remove' | 'modify' | 'type' | 'rename';
  readonly subtree?: object;
}

type Sides = readonly [a: string, b: string];

/** As the oracle writes names. */
function escaped(text: string, base64: string | undefined): string {
  const bytes = base64 === undefined ? Buffer.from(text, 'utf8') : Buffer.from(base64, 'base64');
  return [...bytes]
    .map((byte) =>
      byte > 0x20 && byte < 0x7f && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
}

/** By tree the paths that a comparison told for it, and whether all below is meant. */
function placesOf(changes: readonly Change[]): Map<TreeName, Map<string, boolean>> {
  const places = new Map(TREES.map((tree) => [tree, new Map<string, boolean>()]));
  const put = (tree: TreeName, path: string, isWhole: boolean) => places.get(tree)?.set(path, isWhole);
  // With -M what is in a directory that became a file, or was one, is told by itself; it is shown with that directory.
  const ofOtherType: string[] = [];
  const isInside = (path: string) => ofOtherType.some((each) => path.startsWith(`${each}/`));
  for (const { path: text, pathB64, from, fromB64, op, subtree } of changes) {
    const path = escaped(text, pathB64);
    const isWhole = subtree !== undefined || op === 'type';
    if (op === 'type') ofOtherType.push(path);
    if (op === 'rename') {
      put('renamed/a', escaped(from ?? '', fromB64), isWhole);
      put('renamed/b', path, isWhole);
    } else if (op === 'add' || op === 'remove') {
      if (!isInside(path)) put(op === 'add' ? 'added' : 'removed', path, isWhole);
    } else for (const tree of ['changed/a', 'changed/b'] as const) put(tree, path, isWhole);
  }
  return places;
}

/** The lines of a dump that are of such paths, or lead to them; a copy's own directory is not the root. */
function selected(lines: readonly string[], places: ReadonlyMap<string, boolean>): string[] {
  return lines.filter((line) => {
    const path = line.slice(0, line.indexOf(' '));
    return [...places].some(
      ([each, isWhole]) =>
        path === each || each.startsWith(`${path}/`) || (isWhole && path.startsWith(`${each}/`)),
    );
  });
}

function withoutRoot(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.startsWith('/ '));
}

function mountDiff(
  temporary: Temporary,
  [a, b]: Sides,
  words: readonly string[] = [],
  options: MountOptions = {},
): Promise<StratafsMount> {
  return mountStratafs(temporary, b, { ...options, args: ['--diff', a, ...words] });
}

describeSystem('mount --diff', ['root', 'fuse', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  let count = 0;

  /** The lines of a side as it is copied; undefined where it cannot be copied whole. */
  async function copyOf(reference: string, globals: readonly string[] = []): Promise<string[] | undefined> {
    const directory = temporary.path(`copy-${++count}`);
    mkdirSync(directory);
    const words = ['extract', '-p', '--devices', reference, '/', '-o', directory];
    const { code } = await stratafs([...globals, ...words]);
    return code === 0 ? withoutRoot(await oracle.dump(directory, { fields: FIELDS })) : undefined;
  }

  /** Answers how many names are shown; undefined where a side is damaged. */
  async function checkPair(
    sides: Sides,
    words: readonly string[] = [],
    options: MountOptions = {},
  ): Promise<number | undefined> {
    const globals = options.root === undefined ? [] : ['--root', options.root];
    const told = await stratafs([...globals, 'diff', '--json', ...words, ...sides]);
    if (told.code !== 0 && told.code !== 1) return undefined;
    const copies = [await copyOf(sides[0], globals), await copyOf(sides[1], globals)] as const;
    if (copies[0] === undefined || copies[1] === undefined) return undefined;
    const mounted = await mountDiff(temporary, sides, words, options);
    const places = placesOf(jsonRecordsOfBytes<Change>(told.stdout, 'change'));
    const hasRenames = words.includes('-M');
    let names = 0;
    for (const tree of TREES.filter((each) => hasRenames || !each.startsWith('renamed'))) {
      const copy = copies[tree === 'added' || tree.endsWith('/b') ? 1 : 0] ?? [];
      const expected = selected(copy, places.get(tree) ?? new Map());
      const actual = await oracle.dump(`${mounted.directory}/${tree}`, { fields: FIELDS });
      expect({ sides, tree, differences: differences(expected, withoutRoot(actual)) }).toEqual({
        ...{ sides, tree },
        differences: '',
      });
      names += actual.length - 1;
    }
    expect(readdirSync(mounted.directory).sort()).toEqual([
      ...['.stratafs', 'added', 'changed', 'removed', ...(hasRenames ? ['renamed'] : [])],
    ]);
    const timeless = (text: string) => text.replace(/"ms":\d+/, '');
    const file = readFileSync(`${mounted.directory}/.stratafs/diff.json`, 'latin1');
    expect(timeless(file)).toBe(timeless(told.stdout));
    expect(readFileSync(`${mounted.directory}/.stratafs/diff.txt`, 'latin1')).toBe(
      (await stratafs([...globals, 'diff', ...words, ...sides])).stdout,
    );
    expect(await mounted.umount()).toBe(0);
    expect(mounted.log()).not.toContain('fault of stratafs');
    return names;
  }

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
        const names = await checkPair([a, b], words);
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
      expect(await checkPair(await sides())).toBeGreaterThan(10);
      expect(await checkPair(await sides(), ['-M'])).toBeGreaterThan(10);
    }, 120_000);

    it('has only what the filters leave, also within a directory that only one side has', async () => {
      const words = ['--exclude', '**/two', '--type', 'f', '--path', '/doc', '--path', '/added/x'];
      const mounted = await mountDiff(temporary, await sides(), words);
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
    }, 60_000);

    it('is something that diff, tar, du and rsync can work with', async () => {
      const mounted = await mountDiff(temporary, await sides());
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
    }, 60_000);

    it('refuses what cannot be shown, and mounts nothing', async () => {
      const [a, b] = await sides();
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
    }, 60_000);
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
    const mounted = await mountDiff(temporary, sides);
    const { stdout } = await run('find', ['added', '-type', 'f', '-printf', '%n %i %p\n'], {
      cwd: mounted.directory,
    });
    const lines = stdout.trim().split('\n').sort();
    const [two, three] = lines.map((line) => line.split(' '));
    expect([two?.[2], three?.[2]]).toEqual(['added/d/two', 'added/new/three']);
    expect(two?.slice(0, 2)).toEqual(three?.slice(0, 2));
    expect(two?.[0]).toBe('2');
    await mounted.umount();
  }, 60_000);
});

describeSystem('mount --diff of Docker', ['root', 'fuse', 'docker', 'busybox', 'python', 'build'], () => {
  const temporary = temporaryForSuite();

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
    const builds = await mountDiff(temporary, ['app:1', 'app:2'], [], { root });
    expect(await listed(builds)).toEqual([
      ...['added', 'added/opt', 'added/opt/new', 'added/opt/new/file'],
      ...['changed', 'changed/a', 'changed/a/srv', 'changed/a/srv/conf'],
      ...['changed/b', 'changed/b/srv', 'changed/b/srv/conf', 'removed', 'removed/gone'],
    ]);
    expect(readFileSync(`${builds.directory}/changed/a/srv/conf`, 'utf8')).toBe('one\n');
    expect(readFileSync(`${builds.directory}/changed/b/srv/conf`, 'utf8')).toBe('two\n');
    await builds.umount();
    const web = await mountStratafs(temporary, '--diff=web', { root });
    expect(await listed(web)).toEqual([
      ...['added', 'added/srv', 'added/srv/data', 'added/srv/data/put'],
      ...['changed', 'changed/a', 'changed/b', 'removed'],
    ]);
    await web.umount();
  }, 300_000);
});
