// A store that was looked at has the access times it had, those of its symbolic links too, which O_NOATIME does not cover.
import { lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { FakeStore } from '../support/fake-store.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { describeSystem } from '../support/system.ts';
import { type Temporary, temporaryForTest } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const SHORT = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

interface Disk {
  readonly host: string;
  readonly root: string;
  /** A link to the root, by which it may be named. */
  readonly named: string;
  /** A directory on another disk. */
  readonly elsewhere: string;
  /** A short link of the driver. */
  readonly link: string;
  /** All access times, by path. */
  accessTimes(): Promise<readonly string[]>;
}

/** A host's disk on which `/var/lib/docker` is a link, all of it last read before it was last changed. */
async function agedDisk(temporary: Temporary): Promise<Disk> {
  const host = temporary.path('host');
  mkdirSync(join(host, 'var/lib'), { recursive: true });
  const root = join(host, 'data/docker');
  symlinkSync('/data/docker', join(host, 'var/lib/docker'));
  const named = join(host, 'named');
  symlinkSync('data/docker', named);
  const store = new FakeStore(root);
  store.container({ name: 'web', image: store.image({ names: ['app:1'], layers: ['a'] }) });
  const [directory = ''] = readdirSync(store.path('overlay2')).filter((name) => name !== 'l');
  const link = store.path(`overlay2/l/${SHORT}`);
  symlinkSync(`../${directory}/diff`, link);
  symlinkSync('/elsewhere', store.path(`overlay2/l/${SHORT.toLowerCase()}`));
  // The link that the root is named by is read by whoever follows it, as by the shell.
  const all = readdirSync(host, { recursive: true }) as string[];
  const paths = ['.', ...all.filter((path) => !/^named(?:\/|$)/.test(path))].sort();
  await succeed('touch', ['-h', '-a', '-d', '2001-02-03', ...paths.map((path) => join(host, path))]);
  const accessTimes = async () => paths.map((path) => `${path} ${lstatSync(join(host, path)).atimeMs}`);
  const elsewhere = temporary.path('elsewhere');
  mkdirSync(elsewhere);
  return { host, root, named, elsewhere, link, accessTimes };
}

describeSystem('the access times of a store', ['root', 'fuse', 'build'], () => {
  it.each<[string, (disk: Disk) => readonly string[]]>([
    ['doctor', ({ root }) => ['--root', root, 'doctor']],
    ['whose, of a short link', ({ root, link }) => ['--root', root, 'whose', link]],
    ['whose, of a path through a short link', ({ root, link }) => ['--root', root, 'whose', `${link}/etc`]],
    ['whose, by the name of a short link', ({ root }) => ['--root', root, 'whose', SHORT]],
    ['ls of a layer named by its short link', ({ link }) => ['ls', `lowerdir=${link}`]],
    ...[
      'images',
      'containers',
      'doctor',
      'verify app:1',
      'ls app:1 /',
      'timeline app:1',
      'history app:1',
      'which app:1 /',
    ].map((words): [string, (disk: Disk) => readonly string[]] => [
      `${words}, by a link to the store`,
      ({ named }) => ['--root', named, ...words.split(' ')],
    ]),
    [
      'extract, by a link',
      ({ named, elsewhere }) => ['--root', named, 'extract', '-o', `${elsewhere}/x`, 'app:1', '/'],
    ],
    [
      'export, by a link',
      ({ named, elsewhere }) => ['--root', named, 'export', '-o', `${elsewhere}/x`, 'app:1'],
    ],
    ['export of a container, by a link', ({ named }) => ['--root', named, 'export', 'web']],
    ['mount, by a link', ({ named, elsewhere }) => ['--root', named, 'mount', 'app:1', elsewhere]],
    ['mount where it may not be, by a link', ({ named, root }) => ['--root', named, 'mount', 'app:1', root]],
    ['whose, by a link', ({ named, root }) => ['--root', named, 'whose', `${root}/overlay2`]],
    ['diff, by a link', ({ named }) => ['--root', named, 'diff', 'app:1', 'web']],
    ['images of a host root', ({ host }) => ['--host-root', host, 'images']],
  ])('stay under %s', async (_, words) => {
    const disk = await agedDisk(temporaryForTest());
    const before = await disk.accessTimes();
    const { stderr } = await stratafs(words(disk));
    expect(stderr).not.toMatch(/internal|TypeError|^usage/m);
    expect(await disk.accessTimes()).toEqual(before);
    readlinkSync(disk.link);
    const after = await disk.accessTimes();
    expect(after, 'the file system keeps no access times, so this test shows nothing').not.toEqual(before);
  });
});
