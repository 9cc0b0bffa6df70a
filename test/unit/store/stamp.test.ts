// What tells that the lists of a store may be others: after each thing that an engine does it is another, and after none it is not.
import { appendFileSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../../src/store/open.ts';
import { layoutMembers } from '../../support/fake-archive.ts';
import { FakeContainerd } from '../../support/fake-containerd.ts';
import { FakePodman } from '../../support/fake-podman.ts';
import { FakeStore, hex } from '../../support/fake-store.ts';
import { temporaryForTest } from '../../support/temporary.ts';

const ID = hex('container web');

function docker(root: string): void {
  const store = new FakeStore(root);
  const image = store.image({ names: ['app:1'], layers: ['base'] });
  store.container({ name: 'web', image });
}

function podman(root: string): void {
  const made = new FakePodman(root);
  const image = made.image({ names: ['localhost/app:1'], layers: ['base'] });
  made.container({ name: 'web', image });
  made.finish();
}

function containerd(root: string): void {
  const made = new FakeContainerd(root);
  const manifest = made.image({ names: ['docker.io/library/app:1'], layers: ['base'] });
  made.container({ id: 'web', image: 'docker.io/library/app:1', manifest });
  made.write();
}

function layout(root: string): void {
  for (const { name, contents = '' } of layoutMembers({ tags: ['app:1'], layers: ['base'] })) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(join(root, name), contents);
  }
}

describe('Store.stamp()', () => {
  it.each([
    ['a name', docker, 'image/overlay2/repositories.json'],
    ['an image', docker, 'image/overlay2/imagedb/content/sha256/'],
    ['a layer', docker, 'image/overlay2/layerdb/sha256/'],
    ['a layer whose directory is gone', docker, 'overlay2/'],
    ['a container', docker, 'containers/'],
    ['what became of a container', docker, `containers/${ID}/config.v2.json`],
    ['a name', podman, 'overlay-images/images.json'],
    ['a layer', podman, 'overlay-layers/layers.json'],
    ['a layer whose directory is gone', podman, 'overlay/'],
    ['a container', podman, 'overlay-containers/containers.json'],
    ['a container that does not outlive a boot', podman, 'overlay-containers/volatile-containers.json'],
    ['what became of a container', podman, 'db.sql'],
    ['what became of a container, not written into the database yet', podman, 'db.sql-wal'],
    ['a name', containerd, 'io.containerd.metadata.v1.bolt/meta.db'],
    ['a snapshot', containerd, 'io.containerd.snapshotter.v1.overlayfs/metadata.db'],
    ['a blob', containerd, 'io.containerd.content.v1.content/blobs/sha256/'],
    ['a task', containerd, 'io.containerd.runtime.v2.task/default/'],
    ['an image', layout, 'index.json'],
    ['a blob', layout, 'blobs/sha256/'],
  ])('tells of %s: %o', (_, make, path) => {
    const { directory: root } = temporaryForTest();
    make(root);
    const isDirectory = path.endsWith('/');
    if (isDirectory) mkdirSync(join(root, path), { recursive: true });
    const store = openStore(root);
    const before = store.stamp();
    expect(store.stamp()).toBe(before);
    store.images();
    expect(store.stamp()).toBe(before);
    if (isDirectory) utimesSync(join(root, path), 1, 1);
    else appendFileSync(join(root, path), ' ');
    expect(store.stamp()).not.toBe(before);
  });
});
