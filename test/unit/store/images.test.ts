import { mkdirSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../../src/store/open.ts';
import { FakeStore, hex } from '../../support/fake-store.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { shortened, troubleOf } from './trouble.ts';

const LAYERS = ['base', 'middle', 'top'];
const IMAGEDB = 'image/overlay2/imagedb/content/sha256';
const NAMES = 'image/overlay2/repositories.json';

function appStore(): { store: FakeStore; id: string; other: string } {
  const store = new FakeStore(temporaryForTest().directory);
  const id = store.image({ names: ['app:latest'], layers: LAYERS });
  const other = store.image({ names: ['other:latest'], layers: ['other'] });
  return { store, id, other };
}

function layerOf(layers: readonly string[], size: number) {
  const cacheId = FakeStore.cacheId(layers);
  return {
    source: { kind: 'directory', path: `ROOT/overlay2/${cacheId}/diff` },
    role: 'image',
    diffId: `sha256:${hex(layers.at(-1) ?? '')}`,
    chainId: `sha256:${FakeStore.chainHex(layers)}`,
    ids: { 'cache ID': cacheId },
    size,
    history: {
      created: '2024-01-02T03:04:05.678Z',
      createdBy: `RUN ${layers.at(-1)}`,
      emptyLayer: false,
    },
  };
}

describe('resolve() of an image', () => {
  it('gives its layers top first, each with what made it', () => {
    const { store, id } = appStore();
    const stack = openStore(store.root).resolve('app');
    expect(JSON.parse(shortened(JSON.stringify(stack), store.root))).toEqual({
      store: 'overlay2',
      label: 'app:latest',
      kind: 'image',
      id,
      layers: [layerOf(LAYERS, 102), layerOf(LAYERS.slice(0, 2), 101), layerOf(LAYERS.slice(0, 1), 100)],
      dataLayers: [],
      // A store that an ordinary user has made is a rootless engine's.
      dialect: process.getuid?.() === 0 ? 'trusted' : 'user',
    });
  });

  it('skips the steps of the history that made no layer', () => {
    const { store } = appStore();
    const history = [
      { created_by: 'ADD' },
      { created_by: 'ENV', empty_layer: true },
      { created_by: 'RUN', comment: 'why', empty_layer: false },
      { created_by: 'CMD', empty_layer: true },
    ];
    store.image({ names: ['h:1'], layers: ['a', 'b'], config: { history } });
    expect(
      openStore(store.root)
        .resolve('h:1')
        .layers.map((layer) => layer.history),
    ).toEqual([
      { createdBy: 'RUN', comment: 'why', emptyLayer: false },
      { createdBy: 'ADD', emptyLayer: false },
    ]);
  });

  it.each([
    ['counts another number of layers', [{ created_by: 'one' }]],
    ['is no array', { created_by: 'one' }],
    ['has steps that are none', [1, 2]],
    ['is absent', null],
  ])('has no history rather than a wrong one where it %s', (_, history) => {
    const { store } = appStore();
    store.image({ names: ['h:1'], layers: ['a', 'b'], config: { history } });
    expect(
      openStore(store.root)
        .resolve('h:1')
        .layers.map((layer) => layer.history),
    ).toEqual([undefined, undefined]);
  });

  it('reads ids with white space around them, as moby does', () => {
    const { store } = appStore();
    for (const name of ['diff', 'parent', 'cache-id', 'size']) {
      const file = FakeStore.layerFile(LAYERS, name);
      store.write(file, `${store.read(file)}\n`);
    }
    expect(openStore(store.root).resolve('app').layers[0]?.size).toBe(102);
  });

  it('takes the cache IDs that BuildKit gives', () => {
    const { store } = appStore();
    store.write(FakeStore.layerFile(LAYERS, 'cache-id'), 'm7g6ypsf2sw2qcoxxf0yw21km');
    mkdirSync(store.path('overlay2/m7g6ypsf2sw2qcoxxf0yw21km/diff'), { recursive: true });
    expect(openStore(store.root).resolve('app').layers[0]?.source).toEqual({
      kind: 'directory',
      path: store.path('overlay2/m7g6ypsf2sw2qcoxxf0yw21km/diff'),
    });
  });

  it.each([
    ['missing', undefined],
    ['not a number', 'big'],
    ['too large a number', '9'.repeat(30)],
    ['negative', '-1'],
  ])('does without a size that is %s', (_, size) => {
    const { store } = appStore();
    const file = FakeStore.layerFile(LAYERS, 'size');
    if (size === undefined) store.remove(file);
    else store.write(file, size);
    expect(
      openStore(store.root)
        .resolve('app')
        .layers.map((layer) => layer.size),
    ).toEqual([undefined, 101, 100]);
  });

  it('reads no other image', () => {
    const { store, other } = appStore();
    store.write(`${IMAGEDB}/${other}`, 'damaged');
    store.write(FakeStore.layerFile(['other'], 'diff'), 'damaged');
    expect(openStore(store.root).resolve('app').layers).toHaveLength(3);
  });

  it('refuses an image without layers', () => {
    const { store } = appStore();
    store.image({ names: ['scratch:1'], layers: [] });
    const resolve = () => openStore(store.root).resolve('scratch:1');
    expect(troubleOf(resolve, store.root)).toBe(
      'store: Cannot use image "scratch:1": it has no layers, so there is nothing to show',
    );
  });
});

describe('images()', () => {
  it('lists newest first, with names, digests and the sum of sizes', () => {
    const store = new FakeStore(temporaryForTest().directory);
    const digest = `team/app@sha256:${hex('manifest')}`;
    const old = store.image({
      names: ['b:1', 'a:2', digest],
      layers: LAYERS,
      created: '2020-01-01T00:00:00Z',
    });
    const young = store.image({ layers: ['x'], created: '2024-01-01T00:00:00+01:00' });
    const undated = store.image({ layers: ['y'], created: 'yesterday' });
    expect(openStore(store.root).images()).toEqual([
      { id: `sha256:${young}`, tags: [], digests: [], created: '2024-01-01T00:00:00+01:00', size: 100 },
      {
        id: `sha256:${old}`,
        tags: ['a:2', 'b:1'],
        digests: [digest],
        created: '2020-01-01T00:00:00Z',
        size: 303,
      },
      { id: `sha256:${undated}`, tags: [], digests: [], size: 100 },
    ]);
  });

  it('marks images without a name that others were built from', () => {
    const store = new FakeStore(temporaryForTest().directory);
    const grandparent = store.image({ names: ['named:1'], layers: ['a'] });
    const parent = store.image({ layers: ['a', 'b'], parent: grandparent });
    const child = store.image({ layers: ['a', 'b', 'c'], parent });
    const marks = openStore(store.root)
      .images()
      .map(({ id, intermediate }) => [id.slice(7), intermediate]);
    expect(new Map(marks as [string, boolean][])).toEqual(
      new Map([
        [grandparent, undefined],
        [parent, true],
        [child, undefined],
      ]),
    );
  });

  it.each([
    ['cannot be read', () => '{"Repositories":{"app'],
    ['are damaged in part', (store: FakeStore) => store.read(NAMES).replace('named:1', 'na med:1')],
  ])('marks none where the names %s', (_, damaged) => {
    const store = new FakeStore(temporaryForTest().directory);
    const parent = store.image({ names: ['named:1'], layers: ['a'] });
    store.image({ names: ['other:1'], layers: ['a', 'b'], parent });
    store.write(NAMES, damaged(store));
    const listed = openStore(store.root);
    expect(listed.images().map(({ intermediate }) => intermediate)).toEqual([undefined, undefined]);
    expect(listed.damage?.('images')).toHaveLength(1);
  });

  it('leaves out what is not named by a hash, and knows no size where one is missing', () => {
    const { store, id } = appStore();
    for (const name of ['x', '..x', `${id}-removing`, id.toUpperCase()])
      store.write(`${IMAGEDB}/${name}`, '{}');
    mkdirSync(store.path(`${IMAGEDB}/directory`));
    store.remove(FakeStore.layerFile(LAYERS, 'size'));
    const sizes = openStore(store.root)
      .images()
      .map((image) => `${image.tags} ${image.size}`);
    expect(sizes.sort()).toEqual(['app:latest undefined', 'other:latest 100']);
  });

  it('lists an image that only a name knows of', () => {
    const store = new FakeStore(temporaryForTest().directory);
    store.tag('gone:1', hex('gone'));
    const [image] = openStore(store.root).images();
    expect({ ...image, damage: shortened(image?.damage ?? '', store.root) }).toEqual({
      id: `sha256:${hex('gone')}`,
      tags: ['gone:1'],
      digests: [],
      damage: `Cannot read "ROOT/${`${IMAGEDB}/${hex('gone')}`}": no such file`,
    });
  });
});

describe('damaged names', () => {
  const FILE = `"ROOT/${NAMES}"`;
  it.each([
    ['missing', undefined, [`Cannot read ${FILE}: no such file`]],
    ['no JSON', '{"Repositories":{"app', [`Cannot parse ${FILE}: not valid JSON`]],
    ['no object', '[]', [`Cannot parse ${FILE}: not a JSON object`]],
    ['of another type', '{"Repositories":[]}', [`Cannot use ${FILE}: Repositories is not an object`]],
  ])('do not hide the images where the file is %s', (_, content, damage) => {
    const { store, id } = appStore();
    if (content === undefined) store.remove(NAMES);
    else store.write(NAMES, content);
    const opened = openStore(store.root);
    expect(opened.images().map((image) => [image.tags, image.damage])).toEqual([
      [[], undefined],
      [[], undefined],
    ]);
    expect(opened.damage?.('images').map((text) => shortened(text, store.root))).toEqual(damage);
    expect(opened.resolve(id).label).toBe(id.slice(0, 12));
    expect(opened.resolve(id.slice(0, 10)).id).toBe(id);
    // The name may well be in there, so this is not "no such image".
    expect(troubleOf(() => opened.resolve('app'), store.root)).toBe(`store: ${damage[0]}`);
  });

  it('are told one by one, and the good ones used', () => {
    const { store, id } = appStore();
    const Repositories = {
      app: {
        'app:latest': `sha256:${id}`,
        'app:bad': 'sha256:12',
        'app:none': null,
        'App:x': `sha256:${id}`,
      },
      'docker.io/library/long': { 'docker.io/library/long:1': `sha256:${id}` },
      '\u001b[31m': 7,
      nothing: null,
    };
    store.write(NAMES, JSON.stringify({ Repositories }));
    const opened = openStore(store.root);
    expect(opened.damage?.('images').map((text) => shortened(text, store.root))).toEqual([
      `Cannot use ${FILE}: the value of "app:bad" is not an image ID`,
      `Cannot use ${FILE}: the value of "app:none" is not an image ID`,
      `Cannot use ${FILE}: "App:x" is not an image name`,
      `Cannot use ${FILE}: "docker.io/library/long:1" is not an image name`,
      `Cannot use ${FILE}: the entry "\\u001b[31m" is not an object`,
      `Cannot use ${FILE}: the entry "nothing" is not an object`,
    ]);
    expect(opened.resolve('app').id).toBe(id);
  });

  it('are counted where there are many, and cut where they are long', () => {
    const { store } = appStore();
    const bad = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`A${index}${'x'.repeat(200)}`, 1]),
    );
    store.write(NAMES, JSON.stringify({ Repositories: bad }));
    const damage = openStore(store.root).damage('images');
    expect(damage).toHaveLength(21);
    expect(shortened(damage[0] ?? '', store.root)).toBe(
      `Cannot use ${FILE}: the entry "A0${'x'.repeat(78)}…" is not an object`,
    );
    expect(shortened(damage[20] ?? '', store.root)).toBe(`Cannot use ${FILE}: 30 more entries like these`);
  });

  it('none, where a store is new', () => {
    const store = new FakeStore(temporaryForTest().directory);
    rmSync(store.path('containers'), { recursive: true });
    const opened = openStore(store.root);
    expect([opened.images(), opened.containers(), opened.damage?.('images')]).toEqual([[], [], []]);
  });
});
