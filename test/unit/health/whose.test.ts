// `stratafs whose` on what lies beside images and layers: build cache, volumes, pulled blobs; and on hostile records.
import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { boltFile } from '../../support/bolt-file.ts';
import { FakeStore, hex } from '../../support/fake-store.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { stratafs } from '../cli/memory.ts';

const ENTRY = '2pvffx44pk457xgnkunnvy2zi';
const COMMITTED = 'xxxykrs7r7x1k7op304jj2wx8';
const TOP = 'yy7d4l3ouuhjlmw0x8j4i3vn7';
const DISTRIBUTION = 'image/overlay2/distribution';

function storeOfAll(): FakeStore {
  const store = new FakeStore(temporaryForTest().directory);
  const image = store.image({ names: ['app:1'], layers: ['a', 'b'] });
  store.image({ names: ['more:1'], layers: ['a', 'b', 'c'] });
  store.container({
    name: 'box',
    image,
    config: {
      MountPoints: {
        '/data': { Type: 'volume', Name: 'data', Driver: 'local' },
        '/tmp': { Type: 'tmpfs' },
        '/srv': { Type: 'bind', Source: '/home' },
      },
    },
  });
  store.write('volumes/data/_data/file', '');
  const record = JSON.stringify({ Driver: 'local', Labels: { a: 'b' }, Options: { o: 'ro' } });
  store.write('volumes/metadata.db', boltFile({ volumes: { data: record } }));
  const chainId = `sha256:${FakeStore.chainHex(['a'])}`;
  for (const name of [COMMITTED, TOP]) mkdirSync(store.path(`overlay2/${name}/diff`), { recursive: true });
  store.write(
    'buildkit/snapshots.db',
    boltFile({
      [ENTRY]: { committed: COMMITTED },
      [COMMITTED]: { iscommitted: '', parent: chainId },
      [TOP]: { parent: ENTRY },
      [chainId]: {},
      '\x1b]0;x\x07': { parent: ENTRY },
      upward: { committed: '../../etc' },
    }),
  );
  const value = (of: unknown) => JSON.stringify({ value: of });
  store.write(
    'buildkit/metadata_v2.db',
    boltFile({
      _main: {
        [ENTRY]: {
          'cache.description': value('RUN one'),
          'cache.createdAt': '{"value":1700000000123456789}',
          'cache.recordType': value('regular'),
        },
        [TOP]: { 'cache.description': value(['no text']), 'cache.createdAt': 'no JSON' },
      },
    }),
  );
  for (const [layer, blob] of [
    ['a', 'blob a'],
    ['gone', 'blob gone'],
  ] as const) {
    store.write(`${DISTRIBUTION}/diffid-by-digest/sha256/${hex(blob)}`, `sha256:${hex(layer)}`);
    const origin = { Digest: `sha256:${hex(blob)}`, SourceRepository: 'docker.io/library/app' };
    store.write(
      `${DISTRIBUTION}/v2metadata-by-diffid/sha256/${hex(layer)}`,
      JSON.stringify([origin, origin]),
    );
  }
  return store;
}

/** What is printed, IDs and places in words. */
async function told(store: FakeStore, ...words: readonly string[]): Promise<string[]> {
  const { out, err } = await stratafs(['--root', store.root, 'whose', ...words]);
  const names: [string, string][] = [
    [store.root, 'ROOT'],
    ...(['a', 'b', 'c'] as const).flatMap((layer, i, all): [string, string][] => {
      const chain = all.slice(0, i + 1);
      return [
        [FakeStore.cacheId(chain), `DIR-${layer}`],
        [FakeStore.chainHex(chain).slice(0, 12), `CHAIN-${layer}`],
      ];
    }),
    [hex('mount box').slice(0, 12), 'MOUNT'],
    [hex('container box').slice(0, 12), 'BOX'],
  ];
  let text = out + err;
  for (const [id, word] of names) text = text.replaceAll(new RegExp(`${id}[0-9a-f]*`, 'g'), word);
  // What a directory takes depends on the file system.
  text = text.replaceAll(/^ +size .*\n/gm, '');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.trim().replace(/ +/g, ' ')]));
}

describe('whose', () => {
  it('tells of an entry of the build cache by its ID and by its directory', async () => {
    const store = storeOfAll();
    const expected = [
      'step RUN one',
      'type regular',
      'created 2023-11-14T22:13:20.123Z',
      `directory ROOT/overlay2/${COMMITTED}/diff`,
      'on top of layer 1 CHAIN-a ROOT/overlay2/DIR-a/diff',
      'used by cache \\033]0;x\\a',
      `used by cache ${TOP.slice(0, 12)}`,
    ];
    for (const words of [ENTRY, ENTRY.slice(0, 6), COMMITTED, `overlay2/${COMMITTED}/diff/etc`]) {
      expect((await told(store, words)).slice(1)).toEqual(expected);
    }
    expect(await told(store, TOP)).toEqual([
      `${TOP}: build cache`,
      `directory ROOT/overlay2/${TOP}/diff`,
      `on top of cache RUN one (${ENTRY.slice(0, 12)})`,
      'used by nothing',
    ]);
  });

  it('tells of a container what it is made of and what it mounts', async () => {
    expect((await told(storeOfAll(), 'box')).slice(1)).toEqual([
      'name box',
      'status created',
      'mountId MOUNT',
      expect.stringMatching(/^made from image app:1 \([0-9a-f]{12}\)$/),
      'made of upper MOUNT ROOT/overlay2/MOUNT/diff',
      'made of init MOUNT-init ROOT/overlay2/MOUNT-init/diff',
      'made of layer 2 CHAIN-b ROOT/overlay2/DIR-b/diff',
      'made of layer 1 CHAIN-a ROOT/overlay2/DIR-a/diff',
      'mounts volume data at /data ROOT/volumes/data/_data',
      'mounts bind /home at /srv',
      'mounts tmpfs at /tmp',
    ]);
  });

  it('tells of an image who was made from it', async () => {
    const users = (await told(storeOfAll(), 'app:1')).filter((line) => line.startsWith('used by'));
    expect(users).toEqual(['used by container box (BOX)', expect.stringMatching(/^used by image more:1 /)]);
  });

  it('tells of a volume by name and by path', async () => {
    const expected = [
      'driver local',
      'labels a=b',
      'options o=ro',
      'directory ROOT/volumes/data/_data',
      'used by container box (BOX) at /data',
    ];
    for (const words of ['data', 'volumes/data', 'volumes/data/_data/file']) {
      expect((await told(storeOfAll(), words)).slice(1)).toEqual(expected);
    }
  });

  it('tells of a pulled blob, and where its layer is not here any more', async () => {
    const store = storeOfAll();
    expect(await told(store, `sha256:${hex('blob gone')}`)).toEqual([
      `sha256:${hex('blob gone')}: a compressed layer that was pulled, and whose layer is not here`,
      `diffId sha256:${hex('gone')}`,
      'pulledFrom docker.io/library/app',
      'used by nothing',
    ]);
    expect((await told(store, hex('blob a')))[3]).toBe('pulledFrom docker.io/library/app');
  });

  it('makes no path of a record that holds no ID', async () => {
    expect(await told(storeOfAll(), 'upward')).toEqual(['upward: build cache', 'used by nothing']);
  });

  it('tells of a directory by its name, which is UTF-8 mostly', async () => {
    const store = storeOfAll();
    mkdirSync(store.path('overlay2/dü'));
    expect((await told(store, 'overlay2/dü'))[0]).toMatch(/ dü$/);
  });

  it('shows no control character of a record', async () => {
    const store = storeOfAll();
    for (const words of [[ENTRY], ['\x1b]0;x\x07'], ['--json', ENTRY]]) {
      const { out } = await stratafs(['--root', store.root, 'whose', ...words]);
      expect(out).toMatch(/cache/);
      expect(out.replaceAll('\n', '')).toMatch(/^[\x20-\x7e]*$/);
    }
  });
});
