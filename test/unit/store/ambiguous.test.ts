// Files that an engine reads in one way and others in another: they are read as an engine reads them, and said to be such.
import { beforeEach, describe, expect, it } from 'vitest';
import { examineStore } from '../../../src/health/docker/doctor.ts';
import { openStore } from '../../../src/store/open.ts';
import { dockerRootAt } from '../../support/docker-root.ts';
import { FakeStore, hex } from '../../support/fake-store.ts';
import { temporaryForTest } from '../../support/temporary.ts';

let store: FakeStore;
let container: string;
let good: string;

beforeEach(() => {
  store = new FakeStore(temporaryForTest().path('store'));
  good = store.image({ names: ['good:1'], layers: ['good'], config: { config: { Cmd: ['/good'] } } });
  store.image({ names: ['evil:1'], layers: ['evil'], config: { config: { Cmd: ['/evil'] } } });
  container = store.container({ name: 'box', image: good });
});

/** An image whose config is these words, under the name `odd:1`. */
function odd(text: string): string {
  const id = hex(text);
  store.write(`image/overlay2/imagedb/content/sha256/${id}`, text);
  store.tag('odd:1', id);
  return id;
}

function rootfs(name: string, layer: string, list = 'diff_ids'): string {
  return `"${name}":{"type":"layers","${list}":["sha256:${hex(layer)}"]}`;
}

const ODD_IMAGES: readonly (readonly [text: string, layers: string[], warnings: string[]])[] = [
  [
    `{${rootfs('rootfs', 'good')},${rootfs('RootFS', 'evil')}}`,
    ['evil'],
    [
      'rootfs is given 2 times as "rootfs", "RootFS"',
      'rootfs.type is given 2 times',
      'rootfs.diff_ids is given 2 times',
    ],
  ],
  [
    `{${rootfs('RootFS', 'evil')},${rootfs('rootfs', 'good')}}`,
    ['good'],
    [
      'rootfs is given 2 times as "RootFS", "rootfs"',
      'rootfs.type is given 2 times',
      'rootfs.diff_ids is given 2 times',
    ],
  ],
  [`{${rootfs('rootf\u017f', 'evil')}}`, ['evil'], ['rootfs is given as "rootf\u017f"']],
  [`{${rootfs('rootfs', 'evil', 'DIFF_IDS')}}`, ['evil'], ['rootfs.diff_ids is given as "DIFF_IDS"']],
  [
    `{"rootfs":{"type":"layers","diff_ids":["sha256:${hex('good')}"],"diff_ids":[null]}}`,
    ['good'],
    ['rootfs.diff_ids is given 2 times'],
  ],
  [`{${rootfs('rootfs', 'good')},"Other":1,"other":2}`, ['good'], []],
];

describe('an image whose config readers understand differently', () => {
  it.each(ODD_IMAGES)('is what an engine makes of %s', (text, layers, warnings) => {
    const id = odd(text);
    const stack = openStore(store.root).resolve('odd:1');
    expect(stack.layers.map(({ diffId }) => diffId)).toEqual(layers.map((layer) => `sha256:${hex(layer)}`));
    const file = store.path(`image/overlay2/imagedb/content/sha256/${id}`);
    const phrases = warnings.join('; ');
    const warning = `"${file}" can be read in more than one way: ${phrases}; it is read as an engine reads it`;
    expect(stack.warnings).toEqual(warnings.length === 0 ? undefined : [warning]);
  });

  it('runs what an engine would run', () => {
    const id = odd(
      `{${rootfs('rootfs', 'good')},"config":{"Cmd":["/a"]},"Config":{"cmd":"/evil","ENV":["A=1"]}}`,
    );
    const opened = openStore(store.root);
    const { env, fields } = opened.configuration(opened.resolve(id));
    expect({ env, fields: [...fields] }).toEqual({ env: ['A=1'], fields: [['Cmd', ['/evil']]] });
  });
});

/** `path: phrases` of what doctor says of ambiguity. */
async function examined(): Promise<string[]> {
  const found: string[] = [];
  await examineStore(dockerRootAt(store.root), ({ code, path, detail }) => {
    if (code === 'ambiguous')
      found.push(
        detail.replace(`"${path}" can be read in more than one way`, path).replace(store.root, 'ROOT'),
      );
  });
  return found;
}

describe('doctor', () => {
  it('has nothing to say of files as Docker writes them', async () => {
    expect(await examined()).toEqual([]);
  });

  it('names each file that readers understand differently', async () => {
    const id = odd(`{${rootfs('RootFS', 'good')}}`);
    const names = 'image/overlay2/repositories.json';
    const config = `containers/${container}/config.v2.json`;
    store.write(names, store.read(names).replace('"good"', '"good":{},"good"'));
    store.write(config, store.read(config).replace('"Image"', '"image":"","Image"').concat('{}'));
    const image = `image/overlay2/imagedb/content/sha256/${id}`;
    expect(await examined()).toEqual([
      `ROOT/${names}: Repositories["good"] is given 2 times`,
      `ROOT/${image}: rootfs is given as "RootFS"`,
      `ROOT/${config}: something follows its end, which an engine does not read; Image is given 2 times as "image", "Image"`,
    ]);
  });
});

describe('a file of names that readers understand differently', () => {
  it('leads where it leads an engine, which is said', () => {
    const names = 'image/overlay2/repositories.json';
    const other = `"good":{"good:1":"sha256:${hex('none')}"},"good"`;
    store.write(names, store.read(names).replace('"good"', other));
    const { id, warnings } = openStore(store.root).resolve('good:1');
    expect({ id, warnings: warnings?.length }).toEqual({ id: good, warnings: 1 });
    expect(openStore(store.root).resolve(good).warnings).toBeUndefined();
  });
});
