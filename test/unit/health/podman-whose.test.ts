// `stratafs whose` on a made store of Podman: images, containers, pods, volumes and layers, by name, ID and path.
import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type FakeDatabase, FakePodman } from '../../support/fake-podman.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { stratafs } from '../cli/memory.ts';

interface Made {
  readonly store: FakePodman;
  readonly ids: Readonly<Record<'IMAGE' | 'WEB' | 'INFRA' | 'PLAIN' | 'POD', string>>;
}

/** A container in a pod that mounts one of each kind, one of a directory, and a volume of another driver. */
function storeOfAll(database: FakeDatabase = 'db.sql'): Made {
  const store = new FakePodman(temporaryForTest().directory);
  const names = ['docker.io/library/app:1', 'localhost/app:2'];
  const image = store.image({ names, layers: ['a', 'b'] });
  const pod = store.pod('group');
  const mounts = [
    { destination: '/etc/app', type: 'bind', source: '/srv/app' },
    { destination: '/t', type: 'tmpfs', source: 'tmpfs' },
    { destination: '/proc', type: 'proc', source: 'proc' },
  ];
  const web = store.container({
    name: 'web',
    image,
    pod,
    state: 3,
    config: {
      namedVolumes: [
        { volumeName: 'data', dest: '/data' },
        { volumeName: 'far', dest: '/far' },
      ],
      ctrImageVolumes: [{ source: 'localhost/app:2', dest: '/image' }],
      overlayVolumes: [{ source: '/srv/below', dest: '/over' }],
      userVolumes: ['/data', '/etc/app', '/t', '/gone'],
      spec: { mounts },
    },
  });
  const infra = store.container({ name: 'group-infra', image, pod });
  const plain = store.container({ name: 'plain', image, config: { rootfs: '/srv/tree' } });
  store.volume('data', { labels: { a: 'b' }, volumeOptions: { o: 'size=1m', type: 'tmpfs' } });
  store.write('volumes/data/_data/file', 'x');
  return {
    store: store.finish(database),
    ids: { IMAGE: image, WEB: web, INFRA: infra, PLAIN: plain, POD: pod },
  };
}

/** What is printed, IDs in words, without sizes and layers. */
async function told({ store, ids }: Made, ...words: readonly string[]): Promise<string[]> {
  const { out, err } = await stratafs(['--root', store.root, 'whose', ...words]);
  let text = `${out}${err}`.replaceAll(store.root, 'ROOT').replaceAll(/^ +(?:size|made of) .*\n/gm, '');
  for (const [word, id] of Object.entries(ids))
    text = text.replaceAll(new RegExp(`${id.slice(0, 12)}[0-9a-f]*`, 'g'), word);
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.trim().replace(/ +/g, ' ')]));
}

describe.each<FakeDatabase>(['db.sql', 'libpod/bolt_state.db'])('whose of Podman, by its %s', (database) => {
  it('tells of a container its state, the image as it was named, and what it mounts', async () => {
    const made = storeOfAll(database);
    const expected = [
      'name group/web',
      'status running',
      'pod group',
      'made from image made-from (IMAGE)',
      'mounts volume data at /data ROOT/volumes/data/_data',
      'mounts bind /srv/app at /etc/app',
      'mounts volume far at /far',
      'mounts bind at /gone',
      'mounts image localhost/app:2 at /image',
      'mounts bind /srv/below at /over',
      'mounts tmpfs at /t',
    ];
    for (const words of ['web', 'container:web', 'group/web', made.ids.WEB, made.ids.WEB.slice(0, 7)])
      expect((await told(made, words)).slice(1)).toEqual(expected);
    const metadata = `overlay-containers/${made.ids.WEB}/userdata/config.json`;
    expect((await told(made, metadata)).slice(1)).toEqual(expected);
    expect((await told(made, 'plain')).slice(1)).toEqual([
      'name plain',
      'status exited (0)',
      'rootfs /srv/tree',
      'made from image /srv/tree (IMAGE)',
    ]);
  });

  it('tells of a volume its record and its containers, also of one that has no directory', async () => {
    const made = storeOfAll(database);
    for (const words of ['data', 'volumes/data', 'volumes/data/_data/file'])
      expect((await told(made, words)).slice(1)).toEqual([
        'driver local',
        'labels a=b',
        'options o=size=1m type=tmpfs',
        'directory ROOT/volumes/data/_data',
        'used by container group/web (WEB) at /data',
      ]);
    expect(await told(made, 'far')).toEqual(['far: a volume', 'used by container group/web (WEB) at /far']);
    mkdirSync(made.store.path('volumes/unknown'));
    expect(await told(made, 'unknown')).toEqual([
      'unknown: a volume',
      'directory ROOT/volumes/unknown',
      'used by nothing',
    ]);
  });

  it('tells of a pod its containers, by name and ID', async () => {
    const made = storeOfAll(database);
    for (const words of ['group', made.ids.POD, made.ids.POD.slice(0, 9)])
      expect((await told(made, words)).slice(1)).toEqual([
        'name group',
        'used by container group/web (WEB)',
        'used by container group/group-infra (INFRA)',
      ]);
  });

  it('tells of an image all names, and of a layer who has it, by name and path', async () => {
    const made = storeOfAll(database);
    const users = [
      'used by container group/web (WEB)',
      'used by container group/group-infra (INFRA)',
      'used by container plain (PLAIN)',
    ];
    for (const words of [
      'app:1',
      'app:2',
      'localhost/app:2',
      made.ids.IMAGE,
      `overlay-images/${made.ids.IMAGE}`,
    ])
      expect((await told(made, words)).slice(1)).toEqual([
        'names docker.io/library/app:1 localhost/app:2',
        ...users,
      ]);
    const base = String(made.store.lists.layers[0]?.id);
    const link = base.slice(0, 26).toUpperCase();
    for (const words of [base, base.slice(0, 8), `overlay/${base}/diff/etc`, `overlay/l/${link}`]) {
      const [first, ...lines] = await told(made, words);
      expect(first).toMatch(/: a layer/);
      expect(lines.filter((line) => line.startsWith('used by'))).toEqual([
        'used by image docker.io/library/app:1 +1 name (IMAGE), layer 1',
        ...users.map((line) => `${line}, layer 1`),
      ]);
    }
  });

  it('offers what people type for a name that is none', async () => {
    const made = storeOfAll(database);
    const hints = await Promise.all(
      ['ap:2', 'dat', 'grup', 'nothing-like-it'].map(async (words) => (await told(made, words))[0]),
    );
    expect(hints.map((line) => /did you mean .*\?$/.exec(line ?? '')?.[0])).toEqual([
      'did you mean "app:2"?',
      'did you mean "data"?',
      'did you mean "group"?',
      undefined,
    ]);
  });
});
