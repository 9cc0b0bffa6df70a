// The oracle itself: what it writes is what it tells, it notices each kind of difference, and it changes nothing.
import { readFileSync, utimesSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { mountKernel } from '../support/kernel.ts';
import * as layer from '../support/layers.ts';
import { type Field, Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences, TAR_FIELDS, without } from '../support/tree.ts';

const SECOND = 1_000_000_000n;

describeSystem('the oracle', ['root', 'overlay', 'python'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const simple: readonly Field[] = [
    'mode',
    'owner',
    'size',
    'rdev',
    'mtime',
    'identity',
    'target',
    'xattrs',
    'map',
  ];

  it('writes every kind of step, and tells it as it was asked for', async () => {
    const directory = temporary.path('kinds');
    await oracle.write([
      {
        directory,
        steps: [
          layer.directory('d', { mode: 0o1777, owner: [1, 2], mtime: -1n }),
          layer.file('d/f', 'hi', {
            mode: 0o4755,
            mtime: 2_240_524_800n * SECOND + 1n,
            xattrs: { 'user.a': 'b\xff' },
          }),
          layer.file(
            'd/hole',
            { size: 3 << 20, data: [[1 << 20, 'x']] },
            { mtime: -2_000_000_000n * SECOND },
          ),
          layer.link('d/same', 'd/f'),
          layer.symlink('l\xff', '/to \n', { owner: [7, 8], mtime: 5n }),
          layer.special('p', 'fifo', { mode: 0o600, mtime: 0n }),
          layer.special('s', 'socket', { mode: 0o755, mtime: 0n }),
          layer.device('c', 'char', [511, 1048575], { mode: 0o666, mtime: 0n }),
          layer.device('b', 'block', [0, 0], { mode: 0o660, mtime: 0n }),
          layer.whiteout('w', { mode: 0, mtime: 0n }),
          layer.opaque('d'),
          layer.change('.', { mode: 0o700, mtime: 0n }),
        ],
      },
    ]);
    expect((await oracle.dump(directory, { fields: simple })).join('\n')).toBe(
      [
        '/ dir 0700 0:0 mtime=0.000000000',
        '/b block 0660 0:0 size=0 rdev=0:0 mtime=0.000000000',
        '/c char 0666 0:0 size=0 rdev=511:1048575 mtime=0.000000000',
        '/d dir 1777 1:2 mtime=-1.999999999 xattr:trusted.overlay.opaque=y',
        '/d/f file 4755 0:0 size=2 mtime=2240524800.000000001 xattr:user.a=b\\xff data=all',
        '/d/hole file 0644 0:0 size=3145728 mtime=-2000000000.000000000 data=1048576-1052672',
        '/d/same file 4755 0:0 size=2 mtime=2240524800.000000001 same-as=/d/f xattr:user.a=b\\xff data=all',
        '/l\\xff symlink 0777 7:8 size=5 mtime=0.000000005 target=/to\\x20\\x0a',
        '/p fifo 0600 0:0 size=0 mtime=0.000000000',
        '/s socket 0755 0:0 size=0 mtime=0.000000000',
        '/w char 0000 0:0 size=0 rdev=0:0 mtime=0.000000000',
      ].join('\n'),
    );
  });

  it('walks paths longer than PATH_MAX', async () => {
    const directory = temporary.path('deep');
    const path = Array.from({ length: 30 }, (_, i) => String(i).padEnd(200, 'x')).join('/');
    await oracle.write([{ directory, steps: [layer.file(`${path}/end`, 'e')] }]);
    const lines = await oracle.dump(directory);
    expect(lines.length).toBe(32);
    const found = await oracle.lookup(directory, [`${path}/end`, `${path}/none`, `${path}/end/x`], {
      fields: ['size'],
    });
    expect(found.map((line) => line.slice(path.length + 1))).toEqual([
      '/end file size=1',
      '/none ! ENOENT',
      '/end/x ! ENOTDIR',
    ]);
  });

  it('leaves out what cannot be written when lenient, and says which', async () => {
    const steps = [layer.file('a', '1'), layer.file('a/b', '2'), layer.directory('a'), layer.link('x', 'y')];
    await expect(oracle.write([{ directory: temporary.path('strict'), steps }])).rejects.toThrow('step 1');
    expect(await oracle.write([{ directory: temporary.path('lenient'), steps }], { lenient: true })).toEqual([
      [1, 2, 3],
    ]);
  });

  it('mounts 500 layers, and names with a colon, as the kernel would merge them', async () => {
    const layers = Array.from({ length: 500 }, (_, i) => temporary.path('many', `l:,\\${i}`));
    await oracle.write(
      layers.map((directory, i) => ({
        directory,
        steps: [layer.file(`f${i}`), layer.file('top', String(i))],
      })),
    );
    const view = await mountKernel(oracle, temporary, layers);
    const lines = await view.dump({ fields: ['size'] });
    expect(lines.length).toBe(502);
    expect(lines).toContain('/top file size=1');
    await view.umount();
  });

  it('says why the kernel refuses a mount', async () => {
    const only = temporary.path('only');
    await oracle.write([{ directory: only, steps: [] }]);
    await expect(
      oracle.mount({ target: temporary.path('refused'), layers: [only, only] }),
    ).rejects.toMatchObject({
      errno: 'ELOOP',
    });
  });

  it('shows a single layer below an empty one, without its root', async () => {
    const only = temporary.path('single');
    await oracle.write([{ directory: only, steps: [layer.file('f', 'x'), layer.whiteout('w')] }]);
    const view = await mountKernel(oracle, temporary, [only]);
    expect((await view.dump({ fields: ['size'] })).join('\n')).toBe('/f file size=1');
  });

  it('looks as another user', async () => {
    const directory = temporary.path('user');
    const xattrs = { 'trusted.a': '1', 'user.b': '2' };
    await oracle.write([{ directory, steps: [layer.change('.', { xattrs })] }]);
    await run('chmod', ['755', temporary.directory]);
    expect(await oracle.dump(directory, { fields: ['xattrs'], uid: 1000 })).toEqual(['/ dir xattr:user.b=2']);
    expect(await oracle.dump(directory, { fields: ['xattrs'] })).toEqual([
      '/ dir xattr:trusted.a=1 xattr:user.b=2',
    ]);
  });

  describe('noatime', () => {
    const directory = temporary.path('atimes');
    const all: readonly Field[] = ['atime', 'ctime', 'mtime', 'sha256', 'target', 'ino'];

    beforeAll(async () => {
      await oracle.write([
        {
          directory,
          steps: [layer.file('d/f', 'x', { atime: 1n, mtime: 2n }), layer.symlink('l', 't', { atime: 1n })],
        },
      ]);
    });

    it('looks without changing an access time', async () => {
      const before = await oracle.dump(directory, { fields: all, noatime: true });
      expect(await oracle.dump(directory, { fields: all, noatime: true })).toEqual(before);
    });

    it('notices a read, and a change of an access time alone', async () => {
      const before = await oracle.dump(directory, { fields: all, noatime: true });
      readFileSync(`${directory}/d/f`);
      const after = await oracle.dump(directory, { fields: all, noatime: true });
      expect(differences(before, after)).toContain('/d/f file');
      utimesSync(`${directory}/d`, 0, 0);
      expect(differences(after, await oracle.dump(directory, { fields: all, noatime: true }))).toContain(
        '/d dir',
      );
    });
  });

  it('tells a tar archive as it tells the tree the archive was made of', async () => {
    const directory = temporary.path('tarred');
    await oracle.write([
      {
        directory,
        steps: [
          layer.file('z', 'same'),
          layer.link('a', 'z'),
          layer.file('hole', { size: 1 << 20, data: [[8192, 'x']] }, { mtime: -5n * SECOND }),
          layer.file('\xff\n', '1'),
          layer.symlink('l', '\xfe'),
          layer.special('p', 'fifo'),
          layer.device('c', 'char', [5, 1]),
          layer.directory('d', { mode: 0o2755, owner: [4_000_000_000, 65534] }),
        ],
      },
    ]);
    const archive = temporary.path('t.tar');
    await run('tar', ['--format=posix', '--numeric-owner', '-cf', archive, '-C', directory, '.']);
    const tree = await oracle.dump(directory, { fields: TAR_FIELDS });
    expect(differences(tree, await oracle.tar(archive))).toBe('');
  });
});

describeSystem(
  'fuse-overlayfs beside the kernel',
  ['root', 'overlay', 'python', 'fuse', 'fuse-overlayfs'],
  () => {
    const temporary = temporaryForSuite();
    const oracle = new Oracle(temporary);

    it('is told apart where it is known to differ, and only there', async () => {
      const [top, bottom] = [temporary.path('top'), temporary.path('bottom')];
      await oracle.write([
        { directory: top, steps: [layer.file('new'), layer.whiteout('gone'), layer.file('.wh.aufs')] },
        { directory: bottom, steps: [layer.file('old/f', 'x'), layer.file('gone'), layer.file('aufs', 'y')] },
      ]);
      const kernel = await mountKernel(oracle, temporary, [top, bottom]);
      const target = temporary.path('other');
      await oracle.write([{ directory: target, steps: [] }]);
      await run('fuse-overlayfs', ['-o', `lowerdir=${top}:${bottom},noacl`, target]);
      const fields: readonly Field[] = ['mode', 'owner', 'size', 'mtime', 'ctime', 'ino', 'sha256'];
      const [expected, actual] = [await kernel.dump({ fields }), await oracle.dump(target, { fields })];
      expect(
        differences(expected, actual)
          .split('\n')
          .map((line) => line.split(' ').slice(0, 3).join(' ')),
      ).toEqual(['- /.wh.aufs file', '- /aufs file', '(6 names expected,']);
      expect(differences(without(expected, '/.wh.aufs', '/aufs'), actual)).toBe('');
    });
  },
);
