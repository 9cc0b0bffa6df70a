// The suite of all stores on made ones, one of each kind and form, and two stores in one root. Real ones are in
// test/system/store-contract.test.ts.
import { cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openArchiveStore, openStore, openStores } from '../../../src/store/open.ts';
import { sourceName } from '../../../src/store/source.ts';
import { bytesOfText } from '../../../src/sys/bytes.ts';
import { layoutMembers, savedMembers, tarOf } from '../../support/fake-archive.ts';
import { FakeContainerd } from '../../support/fake-containerd.ts';
import { FakePodman } from '../../support/fake-podman.ts';
import { FakeStore, hex } from '../../support/fake-store.ts';
import { describeStore } from '../../support/store-contract.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { troubleOf } from './trouble.ts';

const LAYERS = ['base', 'middle', 'top'];

function overlayRoot(driver = 'overlay2'): string {
  const store = new FakeStore(temporaryForTest().directory);
  const image = store.image({ names: ['app:1', 'app:2'], layers: LAYERS });
  store.image({ names: ['other:1'], layers: ['base'] });
  store.container({ name: 'web', image, config: { Driver: driver } });
  for (let count = 1; count <= LAYERS.length; count++) {
    const chain = LAYERS.slice(0, count);
    store.write(
      `image/overlay2/layerdb/sha256/${FakeStore.chainHex(chain)}/tar-split.json.gz`,
      gzipSync('record'),
    );
  }
  return store.root;
}

/** What of a root is overlay2's made vfs's, beside it or in its place. */
function asVfs(root: string, how: 'beside' | 'instead'): string {
  cpSync(join(root, 'image/overlay2'), join(root, 'image/vfs'), { recursive: true });
  mkdirSync(join(root, 'vfs'));
  cpSync(join(root, 'overlay2'), join(root, 'vfs/dir'), { recursive: true });
  if (how === 'instead') renameSync(join(root, 'image/overlay2'), join(root, 'gone'));
  return root;
}

describeStore('of Docker with overlay2', () => {
  const root = overlayRoot();
  return { store: openStore(root), root };
});

describeStore('of Docker with a driver that keeps whole trees', () => {
  const root = asVfs(overlayRoot('vfs'), 'instead');
  return { store: openStore(root), root };
});

describeStore("of containerd, one namespace's", () => {
  const made = new FakeContainerd(join(temporaryForTest().directory, 'root'));
  const manifest = made.image({
    names: ['docker.io/library/app:1', 'docker.io/library/app:2'],
    layers: LAYERS,
  });
  made.image({ names: ['example.com:5000/other:1'], layers: ['base'] });
  made.container({ id: 'web', image: 'docker.io/library/app:1', manifest });
  made.image({ names: ['docker.io/library/app:1'], layers: ['elsewhere'], namespace: 'k8s.io' });
  const { root } = made.write();
  return { store: openStore(root, { namespace: 'default' }), root };
});

describeStore('of Docker with the image store of containerd', () => {
  const root = temporaryForTest().directory;
  const made = new FakeContainerd(join(root, 'containerd/daemon'));
  const image = { names: ['docker.io/library/app:1', 'docker.io/library/app:2'], layers: LAYERS };
  const manifest = made.image({ ...image, namespace: 'moby' });
  const id = hex('container web');
  const layer = { namespace: 'moby', manifest, image: 'docker.io/library/app:1' };
  made.container({ ...layer, id });
  made.write();
  const config = { ID: id, Name: '/web', Image: manifest, Driver: 'overlayfs', Config: { Image: 'app:1' } };
  mkdirSync(join(root, 'containers', id), { recursive: true });
  writeFileSync(join(root, 'containers', id, 'config.v2.json'), JSON.stringify(config));
  return { store: openStore(root), root };
});

describe.each(['db.sql', 'libpod/bolt_state.db', 'none'] as const)('with the database %s', (database) => {
  describeStore('of containers-storage', () => {
    const made = new FakePodman(temporaryForTest().directory);
    const image = made.image({ names: ['docker.io/library/app:1', 'localhost/app:2'], layers: LAYERS });
    made.image({ names: ['localhost/other:1'], layers: ['base'] });
    made.container({ name: 'web', image });
    made.container({ name: 'once', image, isVolatile: true });
    const { root } = made.finish(database);
    return { store: openStore(root), root };
  });
});

describeStore('of containers-storage with an additional image store', () => {
  const root = temporaryForTest().directory;
  const shared = new FakePodman(join(root, 'shared'));
  const image = shared.image({ names: ['docker.io/library/app:1'], layers: LAYERS });
  shared.finish('none');
  const own = new FakePodman(join(root, 'own'));
  own.image({ names: ['localhost/other:1'], layers: ['own'] });
  own.container({ name: 'web', image, imageStore: shared });
  own.finish();
  return { store: openStore(own.root, { additionalRoots: [shared.root] }), root };
});

const SAVED = [
  { tags: ['app:1', 'app:2'], layers: LAYERS },
  { tags: ['other:1'], layers: ['base'] },
];

describe.each([
  ['docker save', tarOf(...savedMembers(...SAVED))],
  ['an OCI layout', tarOf(...layoutMembers(...SAVED))],
])('%s', (_form, bytes) => {
  const open = async () => {
    const root = temporaryForTest().directory;
    const path = join(root, 'images.tar');
    writeFileSync(path, bytes);
    return { store: await openArchiveStore(bytesOfText(path)), root };
  };
  describeStore('in an archive', open, { hasNoContainers: true });
});

describe('several stores in one root', () => {
  it('are listed, each thing with its store', () => {
    const root = asVfs(overlayRoot(), 'beside');
    const store = openStore(root);
    expect(store.description).toBe('docker overlay2, docker vfs');
    expect(
      store
        .images()
        .map(({ store: name, tags }) => `${name} ${tags.join()}`)
        .sort(),
    ).toEqual(['overlay2 app:1,app:2', 'overlay2 other:1', 'vfs app:1,app:2', 'vfs other:1']);
    // The container's config says whose it is: no other store lists it.
    expect(store.containers().map(({ store: name, name: called }) => `${name} ${called}`)).toEqual([
      'overlay2 web',
    ]);
  });

  it('are told apart by name where more than one has what is asked for', () => {
    const root = asVfs(overlayRoot(), 'beside');
    expect(troubleOf(() => openStore(root).resolve('app:1'), root)).toBe(
      'reference: Cannot tell what "app:1" means: 2 stores have it; say which with "--store overlay2" or "--store vfs"',
    );
    expect(openStore(root, { store: 'vfs' }).resolve('app:1').layers[0]?.holds).toBe('tree');
    expect(openStore(root).resolve('web').store).toBe('overlay2');
    expect(troubleOf(() => openStores(root, { store: 'zfs' }), root)).toBe(
      'store: Cannot open store "ROOT": it has no store "zfs"; there is "overlay2", "vfs"',
    );
  });

  it('answer for what they resolved, and say what is near in any of them', () => {
    const root = asVfs(overlayRoot(), 'beside');
    const store = openStore(root);
    const stack = openStore(root, { store: 'vfs' }).resolve('other:1');
    expect(store.configuration(stack).kind).toBe('image');
    expect(store.history(stack).map(({ createdBy }) => createdBy)).toEqual(['RUN base']);
    expect(troubleOf(() => store.resolve('othr:1'), root)).toMatch(/did you mean "other:1"/);
  });
});

it('a root of vfs alone is one store, whose layers are whole trees', () => {
  const root = asVfs(overlayRoot(), 'instead');
  const { layers } = openStore(root).resolve('app:1');
  expect(
    layers.map(({ source, holds }) => `${dirname(sourceName(source)).replace(root, '')} ${holds}`),
  ).toEqual(LAYERS.map(() => '/vfs/dir tree'));
});
