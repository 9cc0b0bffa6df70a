// Where a data root is found on another machine's disk, and that no link of that disk leads to this machine's own files.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseDataRoot, dataRootAt, findDataRoots } from '../../../src/store/host-root.ts';
import { temporaryForTest } from '../../support/temporary.ts';

type Disk = Readonly<Record<string, string | { readonly link: string } | null>>;

/** Text is a file, null a directory. Answers the directory. */
function diskOf(disk: Disk): string {
  const { directory } = temporaryForTest();
  for (const [path, what] of Object.entries(disk)) {
    const at = join(directory, path);
    mkdirSync(dirname(at), { recursive: true });
    if (what === null) mkdirSync(at, { recursive: true });
    else if (typeof what === 'string') writeFileSync(at, what);
    else symlinkSync(what.link, at);
  }
  return directory;
}

const PLACES: readonly (readonly [rule: string, disk: Disk, found: readonly string[]])[] = [
  ['the usual place', { 'var/lib/docker/image': null }, ['var/lib/docker']],
  ['nothing without a store', { 'var/lib/docker/tmp': null }, []],
  [
    'the configured place first',
    { 'etc/docker/daemon.json': '{"data-root":"/srv/d"}', 'srv/d/image': null, 'var/lib/docker/image': null },
    ['srv/d', 'var/lib/docker'],
  ],
  ['the old word for it', { 'etc/docker/daemon.json': '{"graph":"/srv/d"}', 'srv/d/image': null }, ['srv/d']],
  [
    'the snap',
    { 'var/snap/docker/common/var-lib-docker/image': null },
    ['var/snap/docker/common/var-lib-docker'],
  ],
  [
    'rootless users, of passwd and of /home',
    {
      'etc/passwd': 'x:x:1:1::/var/x:/bin/sh\nbad\n',
      'var/x/.local/share/docker/image': null,
      'home/y/.local/share/docker/image': null,
    },
    ['var/x/.local/share/docker', 'home/y/.local/share/docker'],
  ],
  [
    "a rootless user's configuration",
    { 'home/y/.config/docker/daemon.json': '{"data-root":"/srv/y"}', 'srv/y/image': null },
    ['srv/y'],
  ],
  [
    'the parts of user namespaces',
    { 'var/lib/docker/100000.100000/image': null, 'var/lib/docker/image': null },
    ['var/lib/docker', 'var/lib/docker/100000.100000'],
  ],
  [
    'what absolute links lead to, on that disk',
    {
      'var/lib/docker': { link: '/data/docker' },
      'data/docker': { link: '/../../srv/d' },
      'srv/d/image': null,
    },
    ['srv/d'],
  ],
  [
    'nothing where a link leads to what only this machine has',
    { 'var/lib/docker': { link: process.cwd() } },
    [],
  ],
  [
    'one place once',
    { 'etc/docker/daemon.json': '{"data-root":"/var/lib/docker/"}', 'var/lib/docker/image': null },
    ['var/lib/docker'],
  ],
];

describe('findDataRoots()', () => {
  it.each(PLACES)('finds %s', (_, disk, expected) => {
    const host = diskOf(disk);
    const said: string[] = [];
    const found = findDataRoots(host, (damage) => said.push(damage));
    expect(found.map(({ directory }) => directory)).toEqual(expected.map((path) => join(host, path)));
    expect(said).toEqual([]);
  });

  it('tells of a configuration that cannot be used, and goes on', () => {
    const host = diskOf({ 'etc/docker/daemon.json': '{', 'var/lib/docker/image': null });
    const said: string[] = [];
    expect(chooseDataRoot(host, (message) => said.push(message))).toBe(join(host, 'var/lib/docker'));
    expect(said).toEqual([
      `Cannot parse "/etc/docker/daemon.json" of the host root "${host}": not valid JSON`,
    ]);
  });

  it.each([
    ['is not there', {}, 'no such directory'],
    ['holds no store', { 'srv/docker/other': null }, 'no store is there'],
  ])('tells of a configured root that %s', (_, disk, state) => {
    const host = diskOf({
      'etc/docker/daemon.json': '{"data-root":"/srv/docker"}',
      'var/lib/docker/image': null,
      ...disk,
    });
    const said: string[] = [];
    expect(chooseDataRoot(host, (message) => said.push(message))).toBe(join(host, 'var/lib/docker'));
    expect(said).toEqual([
      `Cannot open data root "/srv/docker" of the host root "${host}" ("data-root" in /etc/docker/daemon.json): ${state}`,
    ]);
  });

  it('says so where there is none', () => {
    const host = diskOf({ etc: null });
    expect(() => chooseDataRoot(host, () => {})).toThrow(
      `Cannot find a data root of Docker in host root "${host}"`,
    );
  });
});

describe('dataRootAt()', () => {
  it('takes a path as that machine would', () => {
    const host = diskOf({ mnt: { link: '/srv' }, 'srv/d': null });
    expect(dataRootAt(host, '/mnt/d')).toBe(join(host, 'srv/d'));
    expect(() => dataRootAt(host, '/none')).toThrow(
      `Cannot open store "/none" of the host root "${host}": no such directory`,
    );
  });
});
