// What is said of an image whose files are damaged, one case a file and a fault: the exact message, and that the other
// images go on being listed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
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

interface Damage {
  readonly rule: string;
  readonly act: (store: FakeStore, id: string) => void;
  /** After `Cannot `; `LAYER` is the top layer's directory in layerdb, `CONFIG` the image's config. */
  readonly message: string;
  /** Whether other records prove all that this one said, so that the image is shown and listed as whole. */
  readonly isProven?: true;
}

const TOP = FakeStore.layerDirectory(LAYERS);
const CONFIG_OF = (id: string) => `${IMAGEDB}/${id}`;
const CACHE = FakeStore.cacheId(LAYERS);
const PARENT = `sha256:${FakeStore.chainHex(['base', 'middle'])}`;
const DIGEST_FORM = '("sha256:" and 64 lower-case hex digits)';
const FOREIGN = `sha256:${'ab'.repeat(32)}`;

function onLayer(name: string, content: string): Damage['act'] {
  return (store) => store.write(`${TOP}/${name}`, content);
}

/** The config replaced by one whose hash is right, reached by a tag. */
function asConfig(content: string | object): Damage['act'] {
  return (store) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    store.write(CONFIG_OF(hex(text)), text);
    store.tag('app:latest', hex(text));
  };
}

const DAMAGE: Damage[] = [
  {
    rule: 'the config is missing',
    act: (store, id) => store.remove(CONFIG_OF(id)),
    message: 'read "CONFIG": no such file',
  },
  {
    rule: 'the config was altered',
    act: (store, id) => store.write(CONFIG_OF(id), `${store.read(CONFIG_OF(id))} `),
    message: 'use "CONFIG": its sha256 is HASH, not its name',
  },
  {
    rule: 'the config is a directory',
    act: (store, id) => {
      store.remove(CONFIG_OF(id));
      mkdirSync(store.path(CONFIG_OF(id)));
    },
    message: 'read "CONFIG": not a regular file',
  },
  {
    rule: 'the config is a link, even to the right bytes',
    act: (store, id) => store.replaceByLink(CONFIG_OF(id)),
    message: 'read "CONFIG": a symbolic link, which is not followed',
  },
  {
    rule: 'the config is a fifo',
    act: (store, id) => {
      store.remove(CONFIG_OF(id));
      execFileSync('mkfifo', [store.path(CONFIG_OF(id))]);
    },
    message: 'read "CONFIG": not a regular file',
  },
  {
    rule: 'the config is huge',
    act: (store, id) => truncateSync(store.path(CONFIG_OF(id)), 2 ** 30),
    message: 'read "CONFIG": larger than 16777216 bytes',
  },
  { rule: 'the config is no JSON', act: asConfig('{"rootfs":'), message: 'parse "CONFIG": not valid JSON' },
  { rule: 'the config is empty', act: asConfig(''), message: 'parse "CONFIG": it is empty' },
  { rule: 'the config is no object', act: asConfig('[]'), message: 'parse "CONFIG": not a JSON object' },
  { rule: 'the config is null', act: asConfig('null'), message: 'parse "CONFIG": not a JSON object' },
  { rule: 'rootfs is missing', act: asConfig({}), message: 'use "CONFIG": rootfs is missing' },
  {
    rule: 'rootfs is inherited',
    act: asConfig('{"__proto__":{"rootfs":{}}}'),
    message: 'use "CONFIG": rootfs is missing',
  },
  {
    rule: 'rootfs is text',
    act: asConfig({ rootfs: 'x' }),
    message: 'use "CONFIG": rootfs is not an object',
  },
  {
    rule: 'rootfs.type is missing',
    act: asConfig({ rootfs: {} }),
    message: 'use "CONFIG": rootfs.type is missing',
  },
  {
    rule: 'rootfs.type is another',
    act: asConfig({ rootfs: { type: 'layers+base' } }),
    message: 'use "CONFIG": rootfs.type is not "layers"',
  },
  {
    rule: 'diff_ids is no array',
    act: asConfig({ rootfs: { type: 'layers', diff_ids: {} } }),
    message: 'use "CONFIG": rootfs.diff_ids is not an array',
  },
  {
    rule: 'a diff ID is no string',
    act: asConfig({ rootfs: { type: 'layers', diff_ids: [FOREIGN, 7] } }),
    message: 'use "CONFIG": rootfs.diff_ids[1] is not a string',
  },
  {
    rule: 'a diff ID leads out',
    act: asConfig({ rootfs: { type: 'layers', diff_ids: ['sha256:../../../../../etc/passwd'] } }),
    message: `use "CONFIG": rootfs.diff_ids[0] is not a diff ID ${DIGEST_FORM}`,
  },
  {
    rule: 'a layer is not in layerdb',
    act: (store) => store.remove(TOP),
    message: 'find layer "LAYER": no such directory',
  },
  {
    rule: 'diff is missing',
    act: (store) => store.remove(`${TOP}/diff`),
    message: 'read "LAYER/diff": no such file',
    isProven: true,
  },
  {
    rule: 'diff is another',
    act: onLayer('diff', FOREIGN),
    message: `use "LAYER/diff": it says ${FOREIGN}, the image's config sha256:${hex('top')}`,
  },
  {
    rule: 'diff is no ID',
    act: onLayer('diff', 'x'),
    message: `use "LAYER/diff": its content is not a diff ID ${DIGEST_FORM}`,
    isProven: true,
  },
  {
    rule: 'diff is huge',
    act: (store) => writeFileSync(store.path(`${TOP}/diff`), 'x'.repeat(5000)),
    message: 'read "LAYER/diff": larger than 4096 bytes',
    isProven: true,
  },
  {
    rule: 'diff is a device',
    act: (store) => {
      store.remove(`${TOP}/diff`);
      symlinkSync('/dev/zero', store.path(`${TOP}/diff`));
    },
    message: 'read "LAYER/diff": a symbolic link, which is not followed',
    isProven: true,
  },
  {
    rule: 'parent is another',
    act: onLayer('parent', FOREIGN),
    message: `use "LAYER/parent": it says ${FOREIGN}, the image's config ${PARENT}`,
  },
  {
    rule: 'parent is missing',
    act: (store) => store.remove(`${TOP}/parent`),
    message: 'use "LAYER/parent": no such file',
    isProven: true,
  },
  {
    rule: 'parent is no ID',
    act: onLayer('parent', ''),
    message: `use "LAYER/parent": its content is not a chain ID ${DIGEST_FORM}`,
    isProven: true,
  },
  {
    rule: 'the base layer has a parent',
    act: (store) => store.write(FakeStore.layerFile(['base'], 'parent'), FOREIGN),
    message: `use "ROOT/${FakeStore.layerFile(['base'], 'parent')}": it says ${FOREIGN}, the image's config that there is none`,
  },
  {
    rule: 'cache-id is missing',
    act: (store) => store.remove(`${TOP}/cache-id`),
    message: 'read "LAYER/cache-id": no such file',
  },
  {
    rule: 'cache-id leads out',
    act: onLayer('cache-id', '../../../../../../../../etc'),
    message:
      'use "LAYER/cache-id": its content is not a cache ID (64 lower-case hex digits, or 25 of 0-9 and a-z)',
  },
  {
    rule: 'the diff directory is missing',
    act: (store) => store.remove(`overlay2/${CACHE}/diff`),
    message: `use "ROOT/overlay2/${CACHE}/diff": no such directory`,
  },
  {
    rule: 'the driver directory is missing',
    act: (store) => store.remove(`overlay2/${CACHE}`),
    message: `use "ROOT/overlay2/${CACHE}/diff": no such directory`,
  },
  {
    rule: 'the diff directory is a file',
    act: (store) => {
      store.remove(`overlay2/${CACHE}/diff`);
      store.write(`overlay2/${CACHE}/diff`, '');
    },
    message: `use "ROOT/overlay2/${CACHE}/diff": not a directory`,
  },
  {
    rule: 'the diff directory is a link',
    act: (store) => store.replaceByLink(`overlay2/${CACHE}/diff`),
    message: `use "ROOT/overlay2/${CACHE}/diff": a symbolic link, which is not followed`,
  },
  {
    rule: 'overlay2 is a link',
    act: (store) => store.replaceByLink('overlay2'),
    message: `read "ROOT/overlay2/${FakeStore.cacheId(['base'])}/diff": "ROOT/overlay2" is a symbolic link, which is not followed`,
  },
];

describe('a damaged image', () => {
  it.each(DAMAGE)(
    'is told by the file, and does not hide the others, where $rule',
    ({ act, message, isProven }) => {
      const { store, id } = appStore();
      const untouched = openStore(store.root)
        .images()
        .find(({ tags }) => tags[0] === 'app:latest')?.size;
      act(store, id);
      const opened = openStore(store.root);
      const damaged = JSON.parse(store.read(NAMES)).Repositories.app['app:latest'].slice(7);
      const hash = message.includes('HASH') ? hex(store.read(CONFIG_OF(damaged))) : '';
      const expected = `Cannot ${message}`
        .replace('CONFIG', `ROOT/${CONFIG_OF(damaged)}`)
        .replace('LAYER', `ROOT/${TOP}`)
        .replace('HASH', hash);

      expect(troubleOf(() => opened.resolve('app'), store.root)).toBe(`store: ${expected}`);
      const listed = new Map(opened.images().map((image) => [image.tags[0], image]));
      expect(shortened(listed.get('app:latest')?.damage ?? '', store.root)).toBe(isProven ? '' : expected);
      if (isProven) expect(listed.get('app:latest')?.size).toBe(untouched);
      // All images lie in a directory that is a link in the last case.
      if (!message.includes('ROOT/overlay2" is'))
        expect(listed.get('other:latest')).not.toHaveProperty('damage');
    },
  );
});

/** A line a layer, top first: `shown`, `doubt` or `missing`, and what its record was known to be. */
function marked(store: FakeStore, reference: string): string[] {
  const { layers } = openStore(store.root).resolve(reference, 'mark');
  return layers.map(({ missing, doubt, diffId }) => {
    const word = LAYERS.findLast((_, index) => diffId === `sha256:${hex(LAYERS[index] ?? '')}`) ?? '?';
    const state = missing !== undefined ? 'missing' : doubt !== undefined ? 'doubt' : 'shown';
    return `${state} ${word}`;
  });
}

const BELOW = ['shown middle', 'shown base'];

/** What is left of an image and of a container whose top layer's record is damaged. */
const LEFT: readonly [rule: string, act: (store: FakeStore) => void, image: string][] = [
  ['an empty diff', (store) => store.write(`${TOP}/diff`, ''), 'doubt top'],
  ['no diff', (store) => store.remove(`${TOP}/diff`), 'doubt top'],
  ['an empty parent', (store) => store.write(`${TOP}/parent`, ''), 'doubt top'],
  ['no parent', (store) => store.remove(`${TOP}/parent`), 'doubt top'],
  ['a huge diff', (store) => store.write(`${TOP}/diff`, 'x'.repeat(5000)), 'doubt top'],
  ['another diff', (store) => store.write(`${TOP}/diff`, FOREIGN), 'missing top'],
  ['another parent', (store) => store.write(`${TOP}/parent`, FOREIGN), 'missing top'],
  ['an empty cache-id', (store) => store.write(`${TOP}/cache-id`, ''), 'missing top'],
  ['a cache-id that leads out', (store) => store.write(`${TOP}/cache-id`, '../../etc'), 'missing top'],
  ['no record at all', (store) => store.remove(TOP), 'missing top'],
  ['no files', (store) => store.remove(`overlay2/${CACHE}`), 'missing top'],
];

describe('one damaged layer', () => {
  it.each(LEFT)('takes no sound one away: %s', (_, act, top) => {
    const { store, id } = appStore();
    store.container({ name: 'web', image: id });
    act(store);
    expect(marked(store, 'app')).toEqual([top, ...BELOW]);
    expect(marked(store, 'web').slice(2)).toEqual([top, ...BELOW]);
  });

  it('of a container whose image is gone leaves what lies above it, and what it leads to', () => {
    const { store, id } = appStore();
    store.container({ name: 'web', image: id });
    store.remove(CONFIG_OF(id));
    store.write(`${TOP}/diff`, '');
    expect(marked(store, 'web')).toEqual(['shown ?', 'shown ?', 'missing ?', ...BELOW]);
    store.write(`${TOP}/parent`, '');
    expect(marked(store, 'web')).toEqual(['shown ?', 'shown ?', 'missing ?']);
  });
});
