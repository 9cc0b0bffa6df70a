// Mounts of plain layers by an index of them: they show what mounts without one show, whatever was done to the layers since
// the index was made, or to the index itself.
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  decodeLayerDescription,
  encodeLayerDescription,
  INDEXED_DIRECTORY,
  IndexedLayer,
} from '../../src/overlay/indexed/indexed-layer.ts';
import { succeed } from '../support/command.ts';
import { mountNewDisk, unmountDisk } from '../support/loop-disk.ts';
import { lowerdirReference, mountStratafs, stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite, until } from '../support/temporary.ts';

/** Each in a directory of its own in the lower layer, of which `$top` is the same in the upper one: what is there, and what is done. */
const RULES: readonly (readonly [what: string, before: string, change: string])[] = [
  ['nothing', 'echo 1 >a; mkdir -p d/e; echo 2 >d/e/found; ln -s a l; mkfifo p', ''],
  ['a new file', 'echo 1 >a', 'echo 2 >b'],
  ['a removed file', 'echo 1 >a; echo 2 >b', 'rm a'],
  ['a renamed file', 'echo 1 >a', 'mv a b'],
  ['another file by the same name', 'echo 1 >a', 'echo 22 >c; mv c a'],
  ['a file in the place of a directory', 'mkdir a', 'rmdir a; echo 1 >a'],
  ['a directory in the place of another', 'mkdir d; echo 1 >d/a', 'mv d e; mkdir d; echo 2 >d/b'],
  ['a removed directory', 'mkdir d; echo 1 >d/a', 'rm -r d'],
  ['a file that was written to', 'echo 1 >a', 'echo 2 >>a'],
  ['a mode', 'echo 1 >a', 'chmod 604 a'],
  ['an owner', 'echo 1 >a', 'chown 7:8 a'],
  ['a time that was set', 'echo 1 >a', 'touch -d 2001-02-03 a'],
  ['a second name', 'echo 1 >a', 'ln a ../name-of-another'],
  [
    'a new file below a time that was set back',
    'mkdir d; touch -d 2001-02-03 d',
    'echo 1 >d/a; touch -d 2001-02-03 d',
  ],
  ['a metacopy mark', 'echo 1 >a', 'mark a metacopy ""'],
  ['a mark that was taken away', 'echo 1 >a; mark a metacopy ""', 'unmark a metacopy'],
  ['a whiteout', 'echo 1 >a; echo 2 >b', 'mknod "$top/a" c 0 0'],
  ['a whiteout that was removed', 'echo 1 >a; mknod "$top/a" c 0 0', 'rm "$top/a"'],
  ['a file above', 'echo 1 >a', 'echo 22 >"$top/a"'],
  ['an opaque directory', 'mkdir d "$top/d"; echo 1 >d/a; echo 2 >"$top/d/b"', 'mark "$top/d" opaque y'],
  ['a redirect', 'mkdir d "$top/e"; echo 1 >d/a', 'mark "$top/e" redirect d'],
];

const WORDS = `set -e
mark() { python3 -c 'import os,sys; os.setxattr(sys.argv[1], "trusted.overlay."+sys.argv[2], sys.argv[3].encode())' "$@"; }
unmark() { python3 -c 'import os,sys; os.removexattr(sys.argv[1], "trusted.overlay."+sys.argv[2])' "$@"; }
cd "$0"; top=$1
`;

/** Milliseconds: what changed within the last two seconds is not learnt. */
const SETTLED = 2100;

/** Every name below a directory with all that lstat says, by its path. */
function view(root: string, below = ''): string[] {
  return readdirSync(join(root, below))
    .sort()
    .flatMap((name) => {
      const path = join(below, name);
      const said = statusOf(join(root, path));
      return [`${path} ${said.text}`, ...(said.isDirectory ? view(root, path) : [])];
    });
}

function statusOf(path: string): { readonly text: string; readonly isDirectory: boolean } {
  try {
    const status = lstatSync(path, { bigint: true });
    const { mode, uid, gid, size, blocks, nlink, ino, rdev, mtimeNs, ctimeNs } = status;
    const numbers = [uid, gid, size, blocks, nlink, ino, rdev, mtimeNs, ctimeNs].join(' ');
    return { text: `${mode.toString(8)} ${numbers}`, isDirectory: status.isDirectory() };
  } catch (error) {
    return { text: String((error as NodeJS.ErrnoException).code), isDirectory: false };
  }
}

/**
 * Those that an index is believed of, but btrfs, which is below; the sizes are about the least that each can have. Handles, times and
 * what changes are each file system's own; what becomes of an index itself is asked on one.
 */
const DISKS = [
  { kind: 'ext4', size: '64M', mkfs: ['mkfs.ext4', '-q', '-b', '4096'], isWhole: true },
  { kind: 'xfs', size: '320M', mkfs: ['mkfs.xfs', '-q'], isWhole: process.env.FUZZ !== undefined },
] as const;

for (const { kind, size, mkfs, isWhole } of DISKS)
  describeSystem(`mount --index-dir on ${kind}`, ['root', 'fuse', kind, 'python', 'build'], () =>
    indexOnDisk(size, mkfs, isWhole),
  );

function indexOnDisk(size: string, mkfs: readonly [string, ...string[]], isWhole: boolean): void {
  const temporary = temporaryForSuite();
  const image = temporary.path('image');
  const disk = temporary.path('disk');
  const indexes = temporary.path('indexes');
  const layers = [`${disk}/top`, `${disk}/low`];
  const reference = lowerdirReference(layers);
  let learned: Buffer[] = [];
  /** What a mount without an index shows, until the layers change. */
  let unindexed: Awaited<ReturnType<typeof shown>>;

  /** Mounted anew, a disk has nothing in the kernel's cache but the pages of its image. */
  async function emptyCaches(): Promise<void> {
    await unmountDisk(disk);
    await succeed('mount', ['-o', 'loop', image, disk]);
  }

  async function shown(before: readonly string[] = []): Promise<{ lines: string[]; log: string }> {
    const mounted = await mountStratafs(temporary, reference, { before });
    const lines = view(mounted.directory);
    expect(await mounted.umount()).toBe(0);
    const faults = /^.*(?:metadata|metacopy|refuses|Cannot look).*\n/gm;
    return { lines, log: mounted.log().replace(faults, '') };
  }

  const shownByIndex = () => shown(['--index-dir', indexes]);
  const files = () => readdirSync(indexes).map((name) => join(indexes, name));
  const restore = () => {
    for (const [i, file] of files().entries()) writeFileSync(file, learned[i] as Buffer);
  };
  const directoryOf = (rule: number, layer: string) => `${disk}/${layer}/rule-${rule}`;

  async function onEach(script: (rule: (typeof RULES)[number]) => string): Promise<void> {
    for (const [i, rule] of RULES.entries())
      await succeed('sh', ['-c', WORDS + script(rule), directoryOf(i, 'low'), directoryOf(i, 'top')]);
  }

  async function settle(): Promise<void> {
    const last = `${disk}/low/last`;
    writeFileSync(last, '');
    await until('the layers to be older', () => Date.now() - statSync(last).ctimeMs > SETTLED);
  }

  beforeAll(async () => {
    await mountNewDisk(temporary, { image, disk }, size, mkfs);
    for (const layer of ['top', 'low'])
      for (const i of RULES.keys()) mkdirSync(directoryOf(i, layer), { recursive: true });
    await onEach(([, before]) => before);
    await settle();
    expect((await shownByIndex()).log).toBe('');
    expect(readdirSync(indexes)).toEqual(layers.map(() => expect.stringMatching(/^[0-9a-f]{64}\.tree$/)));
    expect(files().map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
    learned = files().map((file) => readFileSync(file));
    unindexed = await shown();
  });

  it('shows what one without shows, from a cache and from a disk, and writes nothing that is known', async () => {
    expect(await shownByIndex()).toEqual(unindexed);
    await emptyCaches();
    expect(await shownByIndex()).toEqual(unindexed);
    expect(files().map((file) => readFileSync(file))).toEqual(learned);
  });

  it('believes an unchanged directory to hold what the index has, and finds it on a disk by its handle', async () => {
    const key = Buffer.from(`${disk}/low`).toString('latin1');
    const known = learned.map((bytes) => decodeLayerDescription(key, bytes));
    const number = known.findIndex((description) => description !== undefined);
    const description = known[number];
    if (description === undefined) throw new Error('there is no index of the lower layer');
    description.names.write('fount', description.names.indexOf('found\0', 0, 'latin1'), 'latin1');
    writeFileSync(files()[number] as string, encodeLayerDescription(key, description));
    const names = async () =>
      (await shownByIndex()).lines.flatMap((line) => /^rule-0\/d\/e\/([a-z]+) /.exec(line)?.[1] ?? []);
    // Looked for by its name it is not there; whether it is, depends on what else the process read from a disk.
    expect(await names()).not.toContain('found');
    await emptyCaches();
    expect(await names()).toEqual(['fount']);
    restore();
    expect(await names()).toEqual(['found']);
  });

  if (isWhole) {
    const damages: readonly (readonly [
      what: string,
      damage: (first: string, second: string) => void,
      log: RegExp,
    ])[] = [
      [
        'are empty and cut',
        (first, second) => {
          writeFileSync(first, '');
          writeFileSync(second, readFileSync(second).subarray(0, -5));
        },
        /^$/,
      ],
      [
        'are no index, and one with a bit that is another',
        (first, second) => {
          writeFileSync(first, 'no index');
          const changed = readFileSync(second).map((b, i) => (i === 999 ? b ^ 4 : b));
          writeFileSync(second, changed);
        },
        /^$/,
      ],
      ['are of the same layer', (first, second) => copyFileSync(second, first), /^$/],
      [
        'others may write to',
        (first) => chmodSync(first, 0o666),
        /Ignoring an index in ".*": others than this user may have written it/,
      ],
    ];

    it.each(damages)('passes over indexes that %s, and makes them anew', async (_what, damage, log) => {
      restore();
      const [first = '', second = ''] = files();
      damage(first, second);
      const now = await shownByIndex();
      expect(now.lines).toEqual(unindexed.lines);
      expect(now.log).toMatch(log);
      expect(statSync(first).mode & 0o777).toBe(0o600);
      expect(readFileSync(first)).toHaveLength((learned[0] as Buffer).length);
      expect(readdirSync(indexes)).toHaveLength(2);
    });

    it('says what keeps an index from being read or written, and serves', async () => {
      const [file = ''] = files();
      await succeed('sh', ['-c', 'rm "$0" && ln -s nowhere "$0"', file]);
      const { lines, log } = await shownByIndex();
      expect(log).toMatch(/^stratafs: Cannot read the index directory ".*": /);
      expect(lines).toEqual(unindexed.lines);
      restore();
    });

    it('keeps a whole index when two mounts end at once', async () => {
      for (const file of files()) writeFileSync(file, '');
      const both = await Promise.all([shownByIndex(), shownByIndex()]);
      expect(both[0]).toEqual(both[1]);
      expect(files().map((file) => readFileSync(file).length)).toEqual(learned.map(({ length }) => length));
      expect((await shownByIndex()).lines).toEqual(both[0]?.lines);
    });

    it('refuses an index in a layer, and no other command makes one of directories', async () => {
      const inside = `${disk}/low/indexes`;
      const point = temporary.path('point');
      mkdirSync(point);
      const mount = await stratafs(['--index-dir', inside, 'mount', reference, point]);
      expect(mount).toMatchObject({ code: 2, stderr: expect.stringContaining('it lies inside') });
      const unused = temporary.path('unused');
      expect(await stratafs(['--index-dir', unused, 'ls', reference])).toMatchObject({ code: 0, stderr: '' });
      expect(readdirSync(temporary.path('.'))).not.toContain('unused');
    });

    it('writes to the directory that it was given, whatever has its name in the end', async () => {
      const given = temporary.path('given');
      const moved = temporary.path('moved');
      const inside = `${disk}/low/rule-0`;
      const before = readdirSync(inside);
      const mounted = await mountStratafs(temporary, reference, { before: ['--index-dir', given] });
      view(mounted.directory);
      renameSync(given, moved);
      symlinkSync(inside, given);
      expect(await mounted.umount()).toBe(0);
      expect(readdirSync(inside)).toEqual(before);
      expect(readdirSync(moved).sort()).toEqual(readdirSync(indexes).sort());
    });

    it('writes nothing once the directory that it was given lies in a layer', async () => {
      const [given, inside] = [`${disk}/given`, `${disk}/low/rule-0/given`];
      const mounted = await mountStratafs(temporary, reference, { before: ['--index-dir', given] });
      view(mounted.directory);
      renameSync(given, inside);
      expect(await mounted.umount()).toBe(0);
      expect(readdirSync(inside)).toEqual([]);
      expect(mounted.log()).toMatch(/Cannot write to ".*\/given": it lies inside the layer ".*\/low"/);
      rmdirSync(inside);
    });

    it('keeps of an older index what is there, not what is gone', async () => {
      const key = Buffer.from(`${disk}/low`).toString('latin1');
      const known = () =>
        files()
          .map((file) => decodeLayerDescription(key, readFileSync(file)))
          .flatMap((found) => (found === undefined ? [] : [new IndexedLayer(found)]))
          .flatMap((index) => {
            const count = index.directories.length / INDEXED_DIRECTORY.words;
            return Array.from({ length: count }, (_, i) => index.pathAt(i * INDEXED_DIRECTORY.words));
          })
          .filter((path) => path.startsWith('rule-0'))
          .sort();
      const passing = `${disk}/low/rule-0/passing`;
      mkdirSync(`${passing}/below`, { recursive: true });
      await settle();
      await shownByIndex();
      const all = ['rule-0', 'rule-0/d', 'rule-0/d/e', 'rule-0/passing', 'rule-0/passing/below'];
      expect(known()).toEqual(all);
      rmSync(passing, { recursive: true });
      await settle();
      const mounted = await mountStratafs(temporary, reference, { before: ['--index-dir', indexes] });
      expect(readdirSync(`${mounted.directory}/rule-0`)).not.toContain('passing');
      expect(await mounted.umount()).toBe(0);
      expect(known()).toEqual(['rule-0', 'rule-0/d', 'rule-0/d/e']);
    });
  }

  describe('when the layers have changed', () => {
    let expected: string[] = [];
    let warm: string[] = [];
    let cold: string[] = [];

    beforeAll(async () => {
      restore();
      await onEach(([, , change]) => change);
      expected = (await shown()).lines;
      warm = (await shownByIndex()).lines;
      restore();
      await emptyCaches();
      cold = (await shownByIndex()).lines;
    });

    it.each(RULES.map(([what], i) => [what, i] as const))('sees %s', (_what, i) => {
      const of = (lines: readonly string[]) =>
        lines.filter((line) => new RegExp(`^rule-${i}[/ ]`).test(line));
      expect(of(expected)).not.toEqual([]);
      expect(of(warm)).toEqual(of(expected));
      expect(of(cold)).toEqual(of(expected));
    });

    it('shows all the rest as well', () => {
      expect(warm).toEqual(expected);
      expect(cold).toEqual(expected);
    });
  });
}

describeSystem('mount --index-dir on btrfs', ['root', 'fuse', 'btrfs', 'build'], () => {
  const temporary = temporaryForSuite();

  it('shows of a subvolume and its snapshot, which have the same inode numbers, each its own file', async () => {
    const [image, disk, indexes] = ['image', 'disk', 'indexes'].map((name) => temporary.path(name)) as [
      string,
      string,
      string,
    ];
    await mountNewDisk(temporary, { image, disk }, '200M', ['mkfs.btrfs', '-q']);
    const layer = `${disk}/layer`;
    mkdirSync(`${layer}/own`, { recursive: true });
    await succeed('btrfs', ['-q', 'subvolume', 'create', `${layer}/a`]);
    mkdirSync(`${layer}/a/d`);
    writeFileSync(`${layer}/a/d/f`, 'before');
    await succeed('btrfs', ['-q', 'subvolume', 'snapshot', `${layer}/a`, `${layer}/b`]);
    writeFileSync(`${layer}/a/d/f`, 'after that');
    await until('the layer to be older', () => Date.now() - statSync(`${layer}/a/d/f`).ctimeMs > SETTLED);
    const shown = async () => {
      const mounted = await mountStratafs(temporary, lowerdirReference([layer]), {
        before: ['--index-dir', indexes],
      });
      const lines = view(mounted.directory);
      const contents = ['a', 'b'].map((name) => readFileSync(`${mounted.directory}/${name}/d/f`, 'latin1'));
      expect(await mounted.umount()).toBe(0);
      return { lines, contents, log: mounted.log() };
    };
    const learnt = await shown();
    expect(learnt).toMatchObject({ contents: ['after that', 'before'], log: '' });
    await unmountDisk(disk);
    await succeed('mount', ['-o', 'loop', image, disk]);
    expect(await shown()).toEqual(learnt);
  });
});
