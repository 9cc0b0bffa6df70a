import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../../src/store/open.ts';
import { isRootless } from '../../../src/store/owner.ts';
import { FakeStore, hex } from '../../support/fake-store.ts';
import { itSystem } from '../../support/system.ts';
import { type Temporary, temporaryForTest } from '../../support/temporary.ts';
import { troubleOf } from './trouble.ts';

/** Empty directories and files (names that end in a slash or not) below the root. */
function plant(temporary: Temporary, paths: readonly string[]): void {
  const store = new FakeStore(temporary.path('unused'));
  for (const path of paths) {
    if (path.endsWith('/')) mkdirSync(temporary.path('root', path), { recursive: true });
    else store.write(`../root/${path}`, '');
  }
}

const DEVICES = [`image/devicemapper/layerdb/sha256/${hex('x')}/`];
const EMPTY = ['image/overlay2/imagedb/content/sha256/', 'image/overlay2/layerdb/sha256/'];
const SNAPSHOTS = 'io.containerd.snapshotter.v1.overlayfs/metadata.db';
const META = 'io.containerd.metadata.v1.bolt/meta.db';

describe('openStore()', () => {
  it('opens a data root of Docker, through a link too', () => {
    const temporary = temporaryForTest();
    const store = new FakeStore(temporary.path('real'));
    store.image({ names: ['a:1'], layers: ['x'] });
    symlinkSync('real', temporary.path('link'));
    const { description, directory } = openStore(temporary.path('link'));
    expect({ description, directory }).toEqual({
      description: 'docker overlay2',
      directory: temporary.path('real'),
    });
  });

  it.each([
    ['one without any image', EMPTY],
    [
      'one without any image, with the containerd that every daemon starts',
      [...EMPTY, `containerd/daemon/${META}`],
    ],
    [
      'one with leftovers of other drivers',
      [...EMPTY, `image/overlay2/layerdb/sha256/${hex('x')}/`, ...DEVICES],
    ],
    [
      'one with leftovers of containerd',
      [...EMPTY, `image/overlay2/layerdb/sha256/${hex('x')}/`, `containerd/daemon/${SNAPSHOTS}`],
    ],
  ])('opens %s', (_, paths) => {
    const temporary = temporaryForTest();
    plant(temporary, paths);
    expect(openStore(temporary.path('root')).description).toBe('docker overlay2');
  });

  it.each([
    [
      'an empty directory',
      ['x/'],
      'no store is there, of Docker, containerd, Podman or CRI-O, and no OCI layout',
    ],
    ['a directory above one', ['docker/image/overlay2/'], 'no store is there, but "ROOT/docker" may be one'],
    [
      'a directory above one of another name',
      ['copy/image/overlay2/', 'a/b/'],
      'no store is there, but "ROOT/copy" may be one',
    ],
    ["a disk's root", ['var/lib/docker/image/'], 'no store is there, but "ROOT/var/lib/docker" may be one'],
    [
      'another driver',
      DEVICES,
      'its layers are in the format of the graph driver "devicemapper"; only "overlay2", "fuse-overlayfs", "btrfs", "overlay", "vfs" can be read',
    ],
    [
      'other drivers beside an empty overlay2',
      [...EMPTY, ...DEVICES, `image/zfs/imagedb/content/sha256/${hex('y')}`],
      'its layers are in the format of the graph driver "devicemapper", "zfs"; only "overlay2", "fuse-overlayfs", "btrfs", "overlay", "vfs" can be read',
    ],
    [
      'an empty other driver',
      ['image/zfs/layerdb/'],
      'it has no image of a graph driver that can be read (found: zfs)',
    ],
    [
      "Docker on the system's containerd",
      ['containers/', 'rootfs/overlayfs/'],
      'Docker keeps its images in containerd here, whose root is another directory (usually "/var/lib/containerd"); name it with --containerd-root',
    ],
    [
      "a driver of Podman's that has no directories",
      ['zfs-layers/'],
      'its layers are in the format of containers-storage\'s driver "zfs"; only "overlay", "vfs" can be read',
    ],
    [
      'userns-remap',
      ['100000.100000/image/', '231072.231072/image/'],
      'it is divided by user namespace (userns-remap); name one part with --root: "ROOT/100000.100000", "ROOT/231072.231072"',
    ],
  ])('says what it finds in place of Docker: %s', (_, paths, state) => {
    const temporary = temporaryForTest();
    plant(temporary, paths);
    const root = temporary.path('root');
    expect(troubleOf(() => openStore(root), root)).toBe(`store: Cannot open store "ROOT": ${state}`);
  });

  it.each([
    [
      "Docker's containerd",
      [`containerd/daemon/${META}`, `containerd/daemon/${SNAPSHOTS}`, 'containers/'],
      'containerd/daemon/',
    ],
    [
      'the same beside an empty overlay2',
      [...EMPTY, `containerd/daemon/${META}`, `containerd/daemon/${SNAPSHOTS}`],
      'containerd/daemon/',
    ],
    ['containerd itself', [META, SNAPSHOTS], ''],
  ])('says what is wrong with the database of %s', (_, paths, place) => {
    const temporary = temporaryForTest();
    plant(temporary, paths);
    const root = temporary.path('root');
    expect(troubleOf(() => openStore(root).images(), root)).toBe(
      `store: Cannot read "ROOT/${place}${META}": it is empty`,
    );
  });

  it.each([
    ['is not there', 'missing', 'no such directory'],
    ['is a file', 'root/file', 'not a directory'],
    ['lies below a file', 'root/file/x', 'not a directory'],
  ])('refuses a root that %s', (_, path, state) => {
    const temporary = temporaryForTest();
    plant(temporary, ['file']);
    const root = temporary.path(path);
    expect(troubleOf(() => openStore(root), root)).toBe(`store: Cannot open "ROOT": ${state}`);
  });

  it.each(['image', 'image/overlay2', 'image/overlay2/imagedb', 'image/overlay2/imagedb/content'])(
    'does not follow a link at %s',
    (path) => {
      const store = new FakeStore(temporaryForTest().directory);
      store.image({ names: ['a:1'], layers: ['x'] });
      store.replaceByLink(path);
      const link = `"ROOT/${path}" is a symbolic link, which is not followed`;
      expect(troubleOf(() => openStore(store.root), store.root)).toBe(
        `store: Cannot list "ROOT/image/overlay2/imagedb/content/sha256": ${link}`,
      );
    },
  );
});

describe('a store of another user', () => {
  /** Runs with the effective user 4242, who owns nothing here. */
  function asSomeone<T>(act: () => T): T {
    process.setegid?.(4242);
    process.seteuid?.(4242);
    try {
      return act();
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
    }
  }

  itSystem('that may not be searched is told by the directory, its owner and what to do', ['root'], () => {
    const temporary = temporaryForTest();
    chmodSync(temporary.directory, 0o755);
    const store = new FakeStore(temporary.path('root'));
    store.image({ names: ['a:1'], layers: ['x'] });
    const open = () => asSomeone(() => troubleOf(() => openStore(store.root), store.root));
    chmodSync(store.path('image'), 0o700);
    const what = 'store: Cannot list "ROOT/image/overlay2/imagedb/content/sha256"';
    const then = 'run as root, or as the user who owns it';
    expect(open()).toBe(`${what}: permission denied at "ROOT/image" (owner 0, mode 0700); ${then}`);
    chmodSync(store.root, 0o710);
    expect(open()).toBe(`${what}: permission denied at "ROOT" (owner 0, mode 0710); ${then}`);
    chmodSync(temporary.directory, 0o700);
    expect(open()).toBe(
      'store: Cannot open "ROOT": permission denied; run as root, or as the user who owns it',
    );
  });

  itSystem('whose files may not be read is told by the file', ['root'], () => {
    const temporary = temporaryForTest();
    chmodSync(temporary.directory, 0o755);
    const store = new FakeStore(temporary.path('root'));
    const id = store.image({ names: ['a:1'], layers: ['x'] });
    const resolve = () => asSomeone(() => troubleOf(() => openStore(store.root).resolve('a:1'), store.root));
    // Someone who is not the owner may not use O_NOATIME; it reads all the same.
    expect(resolve()).toBe('no trouble');
    const config = `image/overlay2/imagedb/content/sha256/${id}`;
    chmodSync(store.path(config), 0o600);
    expect(resolve()).toBe(
      `store: Cannot read "ROOT/${config}": permission denied; run as root, or as the user who owns it`,
    );
  });

  itSystem('who ran the daemon in a user namespace has the dialect user', ['root'], () => {
    const store = new FakeStore(temporaryForTest().directory);
    store.image({ names: ['a:1'], layers: ['x'] });
    expect(openStore(store.root).resolve('a:1').dialect).toBe('trusted');
    chownSync(store.path('image/overlay2'), 4242, 4242);
    expect(openStore(store.root).resolve('a:1').dialect).toBe('user');
  });
});

describe('isRootless()', () => {
  const WHOLE = '         0          0 4294967295\n';
  it.each([
    ["root's, seen by all", 0, WHOLE, false],
    ["a user's, seen by all", 1000, WHOLE, true],
    ["a user's, seen in that user's namespace", 0, '0 1000 1\n1 100000 65536\n', true],
    ["root's, seen in a user's namespace", 65534, '0 1000 1\n', false],
    ["root's, seen in a namespace of root that keeps ids", 0, '0 0 65536\n', false],
    ['of a shifted id', 5, '0 1000 1\n1 100000 65536\n', true],
  ])('tells a store that is %s', (_, uid, map, expected) => {
    expect(isRootless(uid, map)).toBe(expected);
  });
});
