// What the doctor finds beside images and layers: build cache, volumes, files of containers, origins, databases.
import { mkdirSync, truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { examineStore } from '../../../src/health/docker/doctor.ts';
import { type BoltTree, boltFile, damageNewestMeta } from '../../support/bolt-file.ts';
import { dockerRootAt } from '../../support/docker-root.ts';
import { FakeStore, hex } from '../../support/fake-store.ts';
import { temporaryForTest } from '../../support/temporary.ts';

const DISTRIBUTION = 'image/overlay2/distribution';
const ENTRY = '2pvffx44pk457xgnkunnvy2zi';
const COMMITTED = 'xxxykrs7r7x1k7op304jj2wx8';
const VOLUME = 'volumes/data';

interface Sound {
  readonly store: FakeStore;
  readonly image: string;
  readonly container: string;
  /** Chain ID of the layer `a`. */
  readonly chainId: string;
  readonly box: string;
}

/** A store with a container that has run, a volume that it mounts, a pulled layer, and a build step in the cache. */
function soundStore(): Sound {
  const store = new FakeStore(temporaryForTest().directory);
  const image = store.image({ names: ['app:1'], layers: ['a', 'b'] });
  const id = hex('container box');
  const box = `containers/${id}`;
  const container = store.container({
    name: 'box',
    image,
    config: {
      LogPath: `/var/lib/docker/${box}/${id}-json.log`,
      HostsPath: `/var/lib/docker/${box}/hosts`,
      ResolvConfPath: '/etc/elsewhere/resolv.conf',
      HostnamePath: '',
      MountPoints: {
        '/data': { Type: 'volume', Name: 'data', Driver: 'local', Destination: '/data', RW: true },
        '/nfs': { Type: 'volume', Name: 'far', Driver: 'nfs', Destination: '/nfs' },
        '/host': { Type: 'bind', Source: '/srv', Destination: '/host' },
      },
    },
  });
  for (const name of [`${id}-json.log`, 'hosts']) store.write(`${box}/${name}`, '');
  store.write(`${box}/hostconfig.json`, '{}');
  store.write(`${VOLUME}/_data/file`, '');
  volumes(store, { data: { Name: 'data', Driver: 'local' } });
  const chainId = `sha256:${FakeStore.chainHex(['a'])}`;
  for (const directory of [COMMITTED, 'l'])
    mkdirSync(store.path(`overlay2/${directory}/diff`), { recursive: true });
  cache(store, {
    [ENTRY]: { committed: COMMITTED },
    [COMMITTED]: { iscommitted: '', parent: chainId },
    f7r0zv8covw6ojljknis4oo00: { chainid: chainId },
    [chainId]: {},
  });
  origin(store, 'a', ['blob a']);
  store.write(`${DISTRIBUTION}/diffid-by-digest/sha256/${hex('blob a')}`, `sha256:${hex('a')}`);
  return { store, image, container, chainId, box };
}

function cache(store: FakeStore, snapshots: BoltTree): void {
  store.write('buildkit/snapshots.db', boltFile(snapshots));
  const step = { 'cache.description': JSON.stringify({ value: 'RUN \u001b[31m' }) };
  store.write('buildkit/metadata_v2.db', boltFile({ _main: { [ENTRY]: step } }));
}

function volumes(store: FakeStore, records: Readonly<Record<string, object>>): void {
  const values = Object.entries(records).map(([name, record]) => [name, JSON.stringify(record)]);
  store.write('volumes/metadata.db', boltFile({ volumes: Object.fromEntries(values) }));
}

function origin(store: FakeStore, layer: string, blobs: readonly string[]): void {
  const origins = blobs.map((blob) => ({
    Digest: `sha256:${hex(blob)}`,
    SourceRepository: 'docker.io/library/app',
  }));
  store.write(`${DISTRIBUTION}/v2metadata-by-diffid/sha256/${hex(layer)}`, JSON.stringify(origins));
}

/** `code path: detail`, IDs in words; without what no fake store has: links of the driver, and tar-split. */
async function findingsOf({ store, box }: Sound): Promise<string[]> {
  const words = new Map([
    [store.root, 'ROOT'],
    [hex('blob a'), 'BLOB-A'],
    [hex('blob x'), 'BLOB-X'],
    [hex('a'), 'DIFF-A'],
    [hex('b'), 'DIFF-B'],
    [box, 'BOX'],
    [hex('container box'), 'ID'],
  ]);
  const lines: string[] = [];
  await examineStore(dockerRootAt(store.root), ({ code, path, detail }) => {
    if (/^(?:link|lower|tar-split)/.test(code)) return;
    let line = `${code} ${path.slice(store.root.length + 1)}: ${detail}`;
    for (const [text, word] of words) line = line.replaceAll(text, word);
    lines.push(line);
  });
  return lines.filter((line) => !line.includes('overlay2/l: '));
}

const SOUND = `directory-cache overlay2/${COMMITTED}: the entry ${ENTRY.slice(0, 12)}, "RUN \u001b[31m"`;

const DAMAGE: readonly [rule: string, act: (sound: Sound) => void, ...finds: string[]][] = [
  ['nothing but a note on the cache', () => {}, SOUND],
  [
    'a cache entry without its files',
    ({ store }) => store.remove(`overlay2/${COMMITTED}`),
    `cache-incomplete buildkit/snapshots.db: the entry ${ENTRY.slice(0, 12)}, "RUN \u001b[31m": no directory "${COMMITTED}"`,
  ],
  [
    'a cache entry whose layer is gone',
    ({ store }) => cache(store, { [ENTRY]: { committed: COMMITTED, chainid: `sha256:${hex('b')}` } }),
    SOUND,
    `cache-incomplete buildkit/snapshots.db: the entry ${ENTRY.slice(0, 12)}, "RUN \u001b[31m": no record in layerdb of sha256:DIFF-B`,
  ],
  [
    'a directory that only a damaged database would tell of',
    ({ store }) => store.write('buildkit/snapshots.db', 'x'),
    'database-damaged buildkit/snapshots.db: Cannot read "ROOT/buildkit/snapshots.db": not a bolt database, or both of its meta pages (0 and 1) are damaged (it holds: which directories are build cache)',
    `directory-orphan overlay2/${COMMITTED}: no record in layerdb has this ID; it may be build cache, whose records cannot be read`,
  ],
  [
    'a database that is cut off',
    ({ store }) => truncateSync(store.path('buildkit/metadata_v2.db'), 4 * 4096),
    'database-damaged buildkit/metadata_v2.db: Cannot read "ROOT/buildkit/metadata_v2.db": the file ends before or within page 6 (it holds: what the entries of the build cache are)',
    `directory-cache overlay2/${COMMITTED}: the entry ${ENTRY.slice(0, 12)}`,
  ],
  [
    'the newest meta page of a database with a wrong checksum',
    ({ store }) => damageNewestMeta(store.path('buildkit/metadata_v2.db')),
    'database-older buildkit/metadata_v2.db: Cannot show the newest state of "ROOT/buildkit/metadata_v2.db": its meta page 1, the newest (transaction 7), is damaged, so an older state (transaction 6) is shown (it holds: what the entries of the build cache are)',
    SOUND,
  ],
  [
    'a layer that only the cache holds',
    ({ store, chainId }) => {
      store.image({ layers: ['c'] });
      store.write(
        'buildkit/snapshots.db',
        boltFile({
          [ENTRY]: { committed: COMMITTED, parent: `sha256:${hex('c')}` },
          x: { chainid: chainId },
        }),
      );
      for (const id of ['c']) store.remove(`image/overlay2/imagedb/content/sha256/${imageOf(store, id)}`);
    },
    SOUND,
    `layer-cache image/overlay2/layerdb/sha256/${hex('c')}: the layer ${hex('c').slice(0, 12)}`,
  ],
  [
    'a volume without its contents',
    ({ store }) => store.remove(`${VOLUME}/_data`),
    SOUND,
    `volume-damaged ${VOLUME}: Cannot use "ROOT/${VOLUME}/_data": no such directory`,
  ],
  [
    'options of a volume that are no JSON',
    ({ store }) => store.write(`${VOLUME}/opts.json`, '{'),
    SOUND,
    `volume-damaged ${VOLUME}: Cannot parse "ROOT/${VOLUME}/opts.json": not valid JSON`,
  ],
  [
    'a volume that is gone',
    ({ store }) => store.remove(VOLUME),
    SOUND,
    'volume-missing BOX/config.v2.json: "data", mounted by box at "/data"',
    'volume-record volumes/metadata.db: no directory of the volume "data"',
  ],
  [
    'a volume that nobody mounts, and names that are no volumes',
    ({ store }) => {
      store.write('volumes/other/_data/x', '');
      store.write('volumes/file', '');
    },
    SOUND,
    'foreign-name volumes/file: the name "file"',
    'volume-unused volumes/other: the volume "other"',
  ],
  [
    'a volume that only a damaged container may mount',
    ({ store, box }) => store.write(`${box}/config.v2.json`, '{'),
    SOUND,
    'container-damaged BOX/config.v2.json: Cannot parse "ROOT/BOX/config.v2.json": not valid JSON',
    'volume-unused volumes/data: the volume "data"; a container whose config cannot be read may mount it',
  ],
  [
    'a record of a volume that is no JSON',
    ({ store }) => store.write('volumes/metadata.db', boltFile({ volumes: { data: 'x' } })),
    SOUND,
    'volume-record volumes/metadata.db: Cannot parse "ROOT/volumes/metadata.db" at "data": not valid JSON',
  ],
  [
    'a log that is gone',
    ({ store, box }) => store.remove(`${box}/${hex('container box')}-json.log`),
    SOUND,
    'container-file BOX/ID-json.log: no such file',
  ],
  [
    'a file of a container that is a link',
    ({ store, box }) => store.replaceByLink(`${box}/hosts`),
    SOUND,
    'container-file BOX/hosts: not a regular file, but: link',
  ],
  [
    'no settings of a container',
    ({ store, box }) => store.remove(`${box}/hostconfig.json`),
    SOUND,
    'container-file BOX/hostconfig.json: Cannot read "ROOT/BOX/hostconfig.json": no such file',
  ],
  [
    'a checkpoint with nothing in it',
    ({ store, box }) => {
      store.write(`${box}/checkpoints/good/core.img`, '');
      mkdirSync(store.path(`${box}/checkpoints/bad`));
    },
    SOUND,
    'checkpoint-damaged BOX/checkpoints/bad: nothing is in it',
  ],
  [
    'an origin that its blob does not know',
    ({ store }) => origin(store, 'a', ['blob a', 'blob x']),
    SOUND,
    `distribution ${DISTRIBUTION}/v2metadata-by-diffid/sha256/DIFF-A: it names the blob "sha256:BLOB-X", whose own entry is not there`,
  ],
  [
    'a blob that two layers claim',
    ({ store }) => origin(store, 'b', ['blob a']),
    SOUND,
    `distribution ${DISTRIBUTION}/v2metadata-by-diffid/sha256/DIFF-B: it names the blob "sha256:BLOB-A", whose own entry says sha256:DIFF-A`,
  ],
  [
    'a blob that its layer does not name',
    ({ store }) =>
      store.write(`${DISTRIBUTION}/diffid-by-digest/sha256/${hex('blob x')}`, `sha256:${hex('a')}`),
    SOUND,
    `distribution ${DISTRIBUTION}/diffid-by-digest/sha256/BLOB-X: sha256:DIFF-A does not name this blob`,
  ],
  [
    'damaged origins',
    ({ store }) => {
      store.write(`${DISTRIBUTION}/diffid-by-digest/sha256/${hex('blob a')}`, '../x');
      store.write(`${DISTRIBUTION}/v2metadata-by-diffid/sha256/${hex('a')}`, '{}');
    },
    SOUND,
    `distribution ${DISTRIBUTION}/diffid-by-digest/sha256/BLOB-A: Cannot use "ROOT/${DISTRIBUTION}/diffid-by-digest/sha256/BLOB-A": its content is not a diff ID ("sha256:" and 64 lower-case hex digits)`,
    `distribution ${DISTRIBUTION}/v2metadata-by-diffid/sha256/DIFF-A: Cannot parse "ROOT/${DISTRIBUTION}/v2metadata-by-diffid/sha256/DIFF-A": not a JSON array`,
  ],
  [
    'an image that was pulled once',
    ({ store }) => {
      origin(store, 'gone', ['blob x']);
      store.write(`${DISTRIBUTION}/diffid-by-digest/sha256/${hex('blob x')}`, `sha256:${hex('gone')}`);
    },
    SOUND,
    `pulled-before ${DISTRIBUTION}: 1 blob of layers that are not here; "whose" tells of a blob by its digest`,
  ],
];

/** The image of one layer. */
function imageOf(store: FakeStore, layer: string): string {
  return store.image({ layers: [layer] });
}

describe('doctor', () => {
  it.each(DAMAGE)('finds %s', async (_, act, ...finds) => {
    const sound = soundStore();
    act(sound);
    expect((await findingsOf(sound)).sort()).toEqual([...finds].sort());
  });
});
