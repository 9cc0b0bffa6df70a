// Whatever the files of a store hold: an answer or a Trouble, soon, and never a path outside the root.

import { copyFileSync, truncateSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Layer } from '../../../../src/store/layer-stack.ts';
import { openStore } from '../../../../src/store/open.ts';
import { sourceName } from '../../../../src/store/source.ts';
import { alteredBytes, alteredJson, tries } from '../../../support/altered.ts';
import { expectBelow } from '../../../support/bounds.ts';
import { FakeStore, hex } from '../../../support/fake-store.ts';
import { temporaryForSuite, temporaryForTest } from '../../../support/temporary.ts';
import { troubleOf } from '../trouble.ts';

const LAYERS = ['base', 'top'];

function sampleStore(root: string): { store: FakeStore; image: string; container: string } {
  const store = new FakeStore(root);
  const image = store.image({ names: ['app:latest', `app@sha256:${hex('m')}`], layers: LAYERS });
  const container = store.container({ name: 'web', image, state: { StartedAt: '2024-03-01T00:00:00Z' } });
  return { store, image, container };
}

/** Asks everything there is to ask. Only a Trouble may be thrown; all layers must lie in the store. */
function askAll(store: FakeStore, references: readonly string[]): void {
  const start = performance.now();
  const layers: Layer[] = [];
  for (const reference of references) {
    troubleOf(() => layers.push(...openStore(store.root).resolve(reference).layers));
  }
  troubleOf(() => openStore(store.root).images());
  troubleOf(() => openStore(store.root).containers());
  troubleOf(() => openStore(store.root).damage('images'));
  for (const { source } of layers) {
    const path = sourceName(source);
    expect(path).toMatch(/\/overlay2\/[0-9a-z]{25,64}(?:-init)?\/diff$/);
    expect(path.startsWith(`${store.root}/overlay2/`)).toBe(true);
  }
  expectBelow(5000, performance.now() - start);
}

describe('a store with one file altered', { timeout: 600_000 }, () => {
  const temporary = temporaryForSuite();
  const { store, image, container } = sampleStore(temporary.path('store'));
  const config = `image/overlay2/imagedb/content/sha256/${image}`;
  const names = 'image/overlay2/repositories.json';
  const containerConfig = `containers/${container}/config.v2.json`;
  const references = ['app', image, image.slice(0, 5), 'web', container, 'container:web', 'nothing'];

  /** Runs the property on one file, and puts it back. */
  function withEach(
    path: string,
    contents: fc.Arbitrary<string | Uint8Array>,
    more: readonly string[] = [],
  ): void {
    copyFileSync(store.path(path), temporary.path('kept'));
    try {
      fc.assert(
        fc.property(contents, (content) => {
          store.write(path, content);
          askAll(store, [...references, ...more]);
        }),
        { numRuns: tries(10) },
      );
    } finally {
      copyFileSync(temporary.path('kept'), store.path(path));
    }
  }

  it.each([
    ['repositories.json', names],
    ['config.v2.json', containerConfig],
  ])('answers or says why, whatever JSON is in %s', (_, path) => {
    withEach(
      path,
      alteredJson(JSON.parse(store.read(path))).map((value) => JSON.stringify(value) ?? ''),
    );
  });

  it('answers or says why, whatever an image config holds whose hash is right', () => {
    fc.assert(
      fc.property(alteredJson(JSON.parse(store.read(config))), (value) => {
        const text = JSON.stringify(value) ?? '';
        const path = `image/overlay2/imagedb/content/sha256/${hex(text)}`;
        store.write(path, text);
        askAll(store, [hex(text)]);
        if (path !== config) store.remove(path);
      }),
      { numRuns: tries(10) },
    );
  });

  it.each([
    names,
    containerConfig,
    config,
    ...['diff', 'parent', 'cache-id', 'size'].map((name) => FakeStore.layerFile(LAYERS, name)),
    ...['mount-id', 'init-id', 'parent'].map((name) => `image/overlay2/layerdb/mounts/${container}/${name}`),
  ])('answers or says why, whatever bytes are in %s', (path) => {
    withEach(path, alteredBytes(Buffer.from(store.read(path))));
  });
});

describe('a store made to exhaust', () => {
  function resolveConfig(config: object): { trouble: string; seconds: number } {
    const { store } = sampleStore(temporaryForTest().directory);
    const text = JSON.stringify(config);
    store.write(`image/overlay2/imagedb/content/sha256/${hex(text)}`, text);
    const start = performance.now();
    const trouble = troubleOf(() => openStore(store.root).resolve(hex(text)), store.root);
    return { trouble, seconds: (performance.now() - start) / 1000 };
  }

  it('by 100,000 layers is refused at the first that is not there', () => {
    const diff_ids = Array.from({ length: 100_000 }, () => `sha256:${'ab'.repeat(32)}`);
    const { trouble, seconds } = resolveConfig({ rootfs: { type: 'layers', diff_ids } });
    expect(trouble).toBe(
      `store: Cannot find layer "ROOT/image/overlay2/layerdb/sha256/${'ab'.repeat(32)}": no such directory`,
    );
    expectBelow(5, seconds);
  });

  it('by a million brackets is refused', () => {
    const { store } = sampleStore(temporaryForTest().directory);
    const text = '['.repeat(1_000_000);
    store.write(`image/overlay2/imagedb/content/sha256/${hex(text)}`, text);
    expect(troubleOf(() => openStore(store.root).resolve(hex(text)), store.root)).toBe(
      `store: Cannot parse "ROOT/image/overlay2/imagedb/content/sha256/${hex(text)}": not valid JSON`,
    );
  });

  it('by a gigabyte of JSON is refused unread', () => {
    const { store, image } = sampleStore(temporaryForTest().directory);
    const names = 'image/overlay2/repositories.json';
    const config = `image/overlay2/imagedb/content/sha256/${image}`;
    for (const path of [config, names]) truncateSync(store.path(path), 2 ** 30);
    const before = process.memoryUsage().rss;
    expect(
      [image, 'app'].map((reference) =>
        troubleOf(() => openStore(store.root).resolve(reference), store.root),
      ),
    ).toEqual([
      `store: Cannot read "ROOT/${config}": larger than 16777216 bytes`,
      `store: Cannot read "ROOT/${names}": larger than 16777216 bytes`,
    ]);
    expectBelow(100 << 20, process.memoryUsage().rss - before);
  });

  it('by 100,000 bad names is told in a few lines', () => {
    const { store } = sampleStore(temporaryForTest().directory);
    const bad = Array.from({ length: 100_000 }, (_, index) => `"${index}":0`).join();
    store.write('image/overlay2/repositories.json', `{"Repositories":{"a":{${bad}}}}`);
    const start = performance.now();
    expect(openStore(store.root).damage('images')).toHaveLength(21);
    expectBelow(20_000, performance.now() - start);
  });
});
