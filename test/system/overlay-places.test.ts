// Where a mount may stand: on layers by the hundred, on several file systems, on layers with mounts inside; below bind
// mounts and further overlays; and paths deeper than PATH_MAX.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Agreement, commanded } from '../support/agreement.ts';
import { succeed } from '../support/command.ts';
import { mountKernel } from '../support/kernel.ts';
import {
  directory,
  file,
  link,
  metacopy,
  type Operation,
  redirect,
  type Step,
  symlink,
  whiteout,
} from '../support/layers.ts';
import { ALL_FIELDS, type Field, Oracle } from '../support/oracle.ts';
import { lowerdirReference, mountStratafs, type StratafsMount } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';

describeSystem('a mount', ['root', 'overlay', 'fuse', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const agreement = new Agreement(oracle, temporary);

  async function written(name: string, layers: readonly (readonly Step[])[]): Promise<string[]> {
    const directories = layers.map((_, layer) => temporary.path(name, String(layer)));
    await oracle.write(directories.map((each, layer) => ({ directory: each, steps: layers[layer] ?? [] })));
    return directories;
  }

  const SMALL: readonly (readonly Step[])[] = [
    [file('a/top', 'top'), whiteout('a/gone'), directory('new'), redirect('new', 'old'), whiteout('old')],
    [
      file('a/gone', 'x'),
      file('a/low', 'low', { mode: 0o4755, owner: [7, 8] }),
      file('old/moved', 'moved'),
      symlink('l', 'a/low'),
    ],
    [file('a/low2', 'low'), link('a/twin', 'a/low2'), file('old/more', 'more')],
  ];

  async function mounted(layers: readonly string[], ...args: string[]): Promise<StratafsMount> {
    return mountStratafs(temporary, lowerdirReference(layers), { args });
  }

  it.each([1, 500])('of %d layers is as the kernel shows them', async (count) => {
    const layers = Array.from({ length: count }, (_, i): Step[] => [
      file(`only-${i}`, String(i)),
      directory(`shared/${i % 7}`),
      file(`shared/${i % 7}/${i % 50}`, String(i)),
      ...(i % 3 === 1 ? [whiteout(`only-${i + 1}`)] : []),
      ...(i % 5 === 2 ? [whiteout(`shared/${(i + 1) % 7}`)] : []),
    ]);
    const stack = {
      layers: await written(`of-${count}`, layers),
      lookups: ['/shared/3/9', '/only-2', '/none'],
    };
    expect(await agreement.differences(stack, commanded(temporary))).toBe('');
  });

  it('of paths deeper than PATH_MAX is as the kernel shows them', async () => {
    const deep = (layer: number) =>
      Array.from({ length: 30 }, (_, i) => `${i}`.padEnd(200, `${i % 3 === 0 ? layer : 'x'}`));
    const path = deep(0).join('/');
    const layers = [
      [file(`${path}/top`, 't'), symlink(`${path}/link`, 'top')],
      [file(`${path}/low`, 'l'), whiteout(`${deep(0).slice(0, 25).join('/')}/gone`)],
      [file(`${deep(0).slice(0, 25).join('/')}/gone/x`), file(`${path}/lowest`)],
    ];
    const lookups = [`/${path}/low`, `/${path}/none`, `/${deep(0).slice(0, 26).join('/')}`];
    const stack = { layers: await written('deep', layers), lookups };
    expect(await agreement.differences(stack, commanded(temporary))).toBe('');
  });

  it('shows what lies under a mount inside a layer, made before it or after', async () => {
    const layers = await written('covered', [
      [file('a/b/own', 'x'), directory('c')],
      [file('a/b/low', 'y'), file('c/low', 'z')],
    ]);
    const cover = async (path: string) => {
      await succeed('mount', ['-t', 'tmpfs', 'none', path]);
      await succeed('touch', [`${path}/foreign`]);
      temporary.undo(async () => void (await succeed('umount', [path])));
    };
    const kernel = await mountKernel(oracle, temporary, layers);
    await cover(`${layers[0]}/a/b`);
    const mount = await mounted(layers);
    await cover(`${layers[1]}/c`);
    await cover(`${layers[1]}/a`);
    const expected = await kernel.dump();
    expect(differences(expected, await oracle.dump(mount.directory))).toBe('');
    expect(expected.map((line) => line.split(' ')[0])).toEqual([
      '/',
      '/a',
      '/a/b',
      '/a/b/low',
      '/a/b/own',
      '/c',
      '/c/low',
    ]);
  });

  it('shows objects with more attributes than one list can hold, and lists what it cannot look up', async () => {
    const place = temporary.path('attributes');
    mkdirSync(place, { recursive: true });
    await succeed('mount', ['-t', 'tmpfs', 'none', place]);
    temporary.undo(async () => void (await succeed('umount', [place])));
    // 300 names of 248 bytes: XATTR_LIST_MAX is 65536.
    const xattrs = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`trusted.${String(i).padStart(240, '0')}`, 'x']),
    );
    const layers = [`${place}/top`, `${place}/low`];
    const steps = [
      [file('file', 'x', { xattrs }), directory('merged', { xattrs }), file('stub', 'x'), metacopy('stub')],
      [file('merged/low', 'low')],
    ];
    await oracle.write(layers.map((each, i) => ({ directory: each, steps: steps[i] ?? [] })));
    const kernel = await mountKernel(oracle, temporary, layers);
    const mount = await mounted(layers);
    const seen = (at: string) => [
      readdirSync(at),
      readdirSync(`${at}/merged`),
      readFileSync(`${at}/file`, 'utf8'),
    ];
    expect(seen(kernel.directory)).toEqual([['file', 'merged', 'stub'], ['low'], 'x']);
    expect(seen(mount.directory)).toEqual(seen(kernel.directory));
  });

  it('of several file systems gives no two files one inode number', async () => {
    const places = ['one', 'two'].map((name) => temporary.path('tmpfs', name));
    for (const place of places) {
      mkdirSync(place, { recursive: true });
      await succeed('mount', ['-t', 'tmpfs', 'none', place]);
      temporary.undo(async () => void (await succeed('umount', [place])));
    }
    const steps = (prefix: string): Step[] => [
      ...Array.from({ length: 50 }, (_, i) => file(`${prefix}-${i}`, String(i))),
      directory('merged'),
      file(`merged/${prefix}`, prefix),
      link(`${prefix}-twin`, `${prefix}-3`),
      directory(`${prefix}-directory/below`),
    ];
    const layers = [...places.map((place) => `${place}/layer`), temporary.path('third')];
    await oracle.write(layers.map((each, i) => ({ directory: each, steps: steps(`layer${i}`) })));
    const inodes = async (place: string) =>
      (await oracle.dump(place, { fields: ['ino'] })).map((line) => line.split('ino=')[1]);
    const [one = [], two = []] = await Promise.all(layers.slice(0, 2).map(inodes));
    expect(one.filter((inode) => two.includes(inode)).length).toBeGreaterThan(40);

    const kernel = await mountKernel(oracle, temporary, layers);
    const mount = await mounted(layers);
    // Link counts of directories on tmpfs and the numbers themselves are the kernel's own affair here.
    const fields = ALL_FIELDS.filter((field) => !['ino', 'dev', 'd_ino'].includes(field));
    const expected = await kernel.dump({ fields });
    expect(differences(expected, await oracle.dump(mount.directory, { fields }))).toBe('');
    const seen = await oracle.dump(mount.directory, { fields: ['identity', 'd_ino', 'dev'] });
    expect(seen.filter((line) => line.includes('='))).toEqual(
      [0, 1, 2].map((i) => `/layer${i}-twin file same-as=/layer${i}-3`),
    );
  });

  it('can be bound elsewhere, whole or in part', async () => {
    const mount = await mounted(await written('bound', SMALL));
    for (const part of ['', '/a', '/new']) {
      const place = temporary.path(`bound${part.replace('/', '-')}`);
      mkdirSync(place, { recursive: true });
      await succeed('mount', ['--bind', `${mount.directory}${part}`, place]);
      const expected = await oracle.dump(`${mount.directory}${part}`);
      expect(differences(expected, await oracle.dump(place))).toBe('');
      expect(expected.length).toBeGreaterThan(2);
      await succeed('umount', [place]);
    }
    expect(await mount.umount()).toBe(0);
  });

  describe('with an overlay of the kernel on top', () => {
    const ON_TOP: readonly Step[] = [file('a/above', 'above'), whiteout('l'), whiteout('a/low')];
    const CHANGES: readonly Operation[] = [
      { do: 'write', path: 'a/low', at: 1, data: 'changed' },
      { do: 'chmod', path: 'new/moved', mode: 0o600 },
      { do: 'remove', path: 'a/top' },
      { do: 'rename', from: 'a/low2', to: 'renamed' },
      { do: 'mkdir', path: 'made' },
      { do: 'link', path: 'made/linked', to: 'new/more' },
      { do: 'remove', path: 'l' },
      { do: 'setxattr', path: 'a', name: 'user.x', value: 'y' },
      { do: 'chown', path: 'a', uid: 5, gid: 6 },
      { do: 'remake', path: 'new' },
    ];

    it('shows it as it shows its own', async () => {
      const layers = await written('below', SMALL);
      const [above = ''] = await written('above', [ON_TOP]);
      const below = [
        (await mountKernel(oracle, temporary, layers)).directory,
        (await mounted(layers)).directory,
      ];
      const fields = ALL_FIELDS.filter((field) => !['ino', 'dev'].includes(field));
      const [expected = [], actual = []] = await eachOf(below, async (lower) => {
        const view = await mountKernel(oracle, temporary, [above, lower]);
        const lines = await view.dump({ fields });
        await view.umount();
        return lines;
      });
      expect(expected.length).toBe(9);
      expect(differences(expected, actual)).toBe('');
    });

    it('takes changes as on its own', async () => {
      const layers = await written('written-below', SMALL);
      const below = [
        (await mountKernel(oracle, temporary, layers)).directory,
        (await mounted(layers)).directory,
      ];
      const fields: readonly Field[] = [
        'mode',
        'owner',
        'size',
        'nlink',
        'identity',
        'target',
        'xattrs',
        'sha256',
      ];
      const [expected = [], actual = []] = await eachOf(below, async (lower, i) => {
        const [upperdir = '', workdir = '', target = ''] = ['upper', 'work', 'mount'].map((name) =>
          temporary.path(`changed-${i}`, name),
        );
        for (const path of [upperdir, workdir]) mkdirSync(path, { recursive: true });
        await oracle.mount({ target, layers: [lower], options: { upperdir, workdir } });
        const failed = await oracle.change(target, CHANGES);
        const lines = await oracle.dump(target, { fields, omitUnlookable: true });
        const after = await oracle.dump(lower, { fields, omitUnlookable: true });
        await oracle.umount(target);
        return [`failed: ${failed.join(' ')}`, ...lines, 'below:', ...after];
      });
      expect(expected[0]).toBe('failed: ');
      expect(differences(expected, actual)).toBe('');
    });
  });
});

async function eachOf<T, R>(
  values: readonly T[],
  answer: (value: T, index: number) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = [];
  for (const [i, value] of values.entries()) answers.push(await answer(value, i));
  return answers;
}
