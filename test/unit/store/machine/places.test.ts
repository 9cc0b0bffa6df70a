// Where a data root is found on another machine's disk, and that no link of that disk leads to this machine's own files.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseRoot, findRoots, namedRoot, rootAt } from '../../../../src/store/machine/places.ts';
import { FakeContainerd } from '../../../support/fake-containerd.ts';
import { FakePodman } from '../../../support/fake-podman.ts';
import { FakeStore } from '../../../support/fake-store.ts';
import { temporaryForTest } from '../../../support/temporary.ts';

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

/** What is left of a store of Podman that never had anything. */
const PODMAN = { 'overlay-layers/layers.json': '[]' };

function podmanAt(root: string): Disk {
  return Object.fromEntries(Object.entries(PODMAN).map(([path, text]) => [`${root}/${path}`, text]));
}

const PLACES: readonly (readonly [rule: string, disk: Disk, found: readonly string[]])[] = [
  ['the usual place', { 'var/lib/docker/image/overlay2': null }, ['var/lib/docker']],
  ['nothing without a store', { 'var/lib/docker/tmp': null }, []],
  [
    'the configured place first',
    {
      'etc/docker/daemon.json': '{"data-root":"/srv/d"}',
      'srv/d/image/overlay2': null,
      'var/lib/docker/image/overlay2': null,
    },
    ['srv/d', 'var/lib/docker'],
  ],
  [
    'the old word for it',
    { 'etc/docker/daemon.json': '{"graph":"/srv/d"}', 'srv/d/image/overlay2': null },
    ['srv/d'],
  ],
  [
    'the snap',
    { 'var/snap/docker/common/var-lib-docker/image/overlay2': null },
    ['var/snap/docker/common/var-lib-docker'],
  ],
  [
    'rootless users, of passwd and of /home',
    {
      'etc/passwd': 'x:x:1:1::/var/x:/bin/sh\nbad\n',
      'var/x/.local/share/docker/image/overlay2': null,
      'home/y/.local/share/docker/image/overlay2': null,
    },
    ['var/x/.local/share/docker', 'home/y/.local/share/docker'],
  ],
  [
    "a rootless user's configuration",
    { 'home/y/.config/docker/daemon.json': '{"data-root":"/srv/y"}', 'srv/y/image/overlay2': null },
    ['srv/y'],
  ],
  [
    'the parts of user namespaces',
    { 'var/lib/docker/100000.100000/image/overlay2': null, 'var/lib/docker/image/overlay2': null },
    ['var/lib/docker', 'var/lib/docker/100000.100000'],
  ],
  [
    'what absolute links lead to, on that disk',
    {
      'var/lib/docker': { link: '/data/docker' },
      'data/docker': { link: '/../../srv/d' },
      'srv/d/image/overlay2': null,
    },
    ['srv/d'],
  ],
  [
    'nothing where a link leads to what only this machine has',
    { 'var/lib/docker': { link: process.cwd() } },
    [],
  ],
  [
    "Podman's usual place, root's and a user's",
    { ...podmanAt('var/lib/containers/storage'), ...podmanAt('home/y/.local/share/containers/storage') },
    ['var/lib/containers/storage', 'home/y/.local/share/containers/storage'],
  ],
  [
    "Podman's configured place, the machine's own word before the distribution's",
    {
      'usr/share/containers/storage.conf':
        '[storage]\ngraphroot = "/srv/a"\nrootless_storage_path = "/srv/$USER"\n',
      'etc/containers/storage.conf': '[storage]\ngraphroot = "/srv/b"\n',
      ...podmanAt('srv/a'),
      ...podmanAt('srv/b'),
      ...podmanAt('srv/y'),
      'home/y': null,
    },
    ['srv/b', 'srv/y'],
  ],
  [
    "a user's own storage.conf",
    {
      'home/y/.config/containers/storage.conf': '[storage]\ngraphroot = "$HOME/pods"\n',
      ...podmanAt('home/y/pods'),
    },
    ['home/y/pods'],
  ],
  [
    "CRI-O's root",
    { 'etc/crio/crio.conf': '[crio]\nroot = "/srv/crio"\n', ...podmanAt('srv/crio') },
    ['srv/crio'],
  ],
  [
    "Docker's before Podman's, the system's before a user's",
    {
      'var/lib/docker/image/overlay2': null,
      ...podmanAt('var/lib/containers/storage'),
      'home/y/.local/share/docker/image/overlay2': null,
    },
    ['var/lib/docker', 'var/lib/containers/storage', 'home/y/.local/share/docker'],
  ],
  [
    'one place once',
    { 'etc/docker/daemon.json': '{"data-root":"/var/lib/docker/"}', 'var/lib/docker/image/overlay2': null },
    ['var/lib/docker'],
  ],
];

describe('findRoots()', () => {
  it.each(PLACES)('finds %s', (_, disk, expected) => {
    const host = diskOf(disk);
    const said: string[] = [];
    const found = findRoots(host, (damage) => said.push(damage));
    expect(found.map(({ directory }) => directory)).toEqual(expected.map((path) => join(host, path)));
    expect(said).toEqual([]);
  });

  it('tells of a configuration that cannot be used, and goes on', () => {
    const host = diskOf({ 'etc/docker/daemon.json': '{', 'var/lib/docker/image/overlay2': null });
    const said: string[] = [];
    expect(chooseRoot(host, 0, (message) => said.push(message))).toBe(join(host, 'var/lib/docker'));
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
      'var/lib/docker/image/overlay2': null,
      ...disk,
    });
    const said: string[] = [];
    expect(chooseRoot(host, 0, (message) => said.push(message))).toBe(join(host, 'var/lib/docker'));
    expect(said).toEqual([
      `Cannot open store "/srv/docker" of the host root "${host}" ("data-root" in /etc/docker/daemon.json): ${state}`,
    ]);
  });

  it("is Docker's where its containerd lies beside it, used or not", () => {
    const host = diskOf({ 'var/lib': null });
    const docker = new FakeStore(join(host, 'var/lib/docker'));
    docker.image({ names: ['demo:1'], layers: ['base'] });
    const containerd = new FakeContainerd(join(host, 'var/lib/containerd')).write();
    expect(chooseRoot(host, 0, () => {})).toBe(docker.root);
    containerd.image({ names: ['docker.io/library/other:1'], layers: ['other'] });
    containerd.write();
    expect(chooseRoot(host, 0, () => {})).toBe(docker.root);
  });

  it('is one that holds something before one that holds nothing', () => {
    const host = diskOf({ 'var/lib/docker/image/overlay2': null });
    new FakeContainerd(join(host, 'var/lib/containerd')).write();
    expect(chooseRoot(host, 0, () => {})).toBe(join(host, 'var/lib/docker'));
    const podman = new FakePodman(join(host, 'var/lib/containers/storage'));
    podman.image({ names: ['localhost/demo:1'], layers: ['base'] });
    podman.finish();
    expect(chooseRoot(host, 0, () => {})).toBe(podman.root);
  });

  it('tells of a storage.conf that cannot be used, and goes on', () => {
    const host = diskOf({
      'etc/containers/storage.conf': '[storage',
      ...podmanAt('var/lib/containers/storage'),
    });
    const said: string[] = [];
    expect(chooseRoot(host, 0, (message) => said.push(message))).toBe(
      join(host, 'var/lib/containers/storage'),
    );
    expect(said).toEqual(['Cannot parse "/etc/containers/storage.conf": line 1 is not valid TOML']);
  });

  it('says so where there is none, with what is there instead', () => {
    const host = diskOf({ 'var/lib/containers/storage/zfs-layers': null });
    expect(() => chooseRoot(host, 0, () => {})).toThrow(
      new RegExp(
        `; found instead: "${host}/var/lib/containers/storage" .unreadable; a usual place.; name one with --root`,
      ),
    );
  });

  it('says so where there is none', () => {
    const host = diskOf({ etc: null });
    expect(() => chooseRoot(host, 0, () => {})).toThrow(
      new RegExp(
        `Cannot find a store in host root "${host}": nothing is at (?:"/[^"]+", )*"/var/lib/docker", .*; name one with --root`,
      ),
    );
  });
});

describe('rootAt()', () => {
  it('takes a path as that machine would', () => {
    const host = diskOf({ mnt: { link: '/srv' }, 'srv/d': null });
    expect(rootAt(host, '/mnt/d')).toBe(join(host, 'srv/d'));
    expect(() => rootAt(host, '/none')).toThrow(
      `Cannot open store "/none" of the host root "${host}": no such directory`,
    );
    expect(() => rootAt(host, '/none', 'STRATAFS_ROOT')).toThrow(
      `Cannot open store "/none" of the host root "${host}" (STRATAFS_ROOT): no such directory`,
    );
  });

  it('says what a path of this machine would be on that one, where it is there', () => {
    const host = diskOf({ 'srv/d': null });
    const refused = `Cannot open store "${host}/srv/d" of the host root "${host}" (--root): no such directory`;
    expect(() => rootAt(host, `${host}/srv/d`, '--root')).toThrow(`${refused}; did you mean "/srv/d"?`);
    expect(() => namedRoot(host, relative('.', join(host, 'srv/d')), '--root')).toThrow(
      /: no such directory; did you mean "\/srv\/d"\?$/,
    );
    expect(() => rootAt(host, `${host}/srv/x`)).toThrow(/: no such directory$/);
  });
});

describe('namedRoot()', () => {
  it('answers one root with its stores, and says where there is none', () => {
    const host = diskOf({ ...podmanAt('srv/p'), 'srv/empty': null });
    const { directory, why, stores } = namedRoot(host, '/srv/p', '--root');
    expect({ directory, why }).toEqual({ directory: join(host, 'srv/p'), why: '--root' });
    expect(stores).toHaveLength(1);
    expect(() => namedRoot(host, '/srv/empty', '--root')).toThrow(
      'Cannot open store "/srv/empty": no store is there',
    );
    expect(() => namedRoot(host, '/none', '--root')).toThrow('Cannot open store "/none": no such directory');
  });
});
