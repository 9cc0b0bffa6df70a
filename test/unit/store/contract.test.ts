// The suite of all stores on a made one, and two stores in one root. The stores of other drivers are real ones
// (test/system/store-contract.test.ts): what a daemon writes beside the layers is part of what they claim.

import { cpSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openStore, openStores } from '../../../src/store/open.ts';
import { sourceName } from '../../../src/store/source.ts';
import { FakeStore } from '../../support/fake-store.ts';
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

describeStore('of a driver that keeps whole trees', () => {
  const root = asVfs(overlayRoot('vfs'), 'instead');
  return { store: openStore(root), root };
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
