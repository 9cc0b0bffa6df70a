// `stratafs whose` on a made containerd, with a Docker's data root before it, and on a root in which two of Docker's stores are.
import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { boltFile } from '../../support/bolt-file.ts';
import { FakeContainerd } from '../../support/fake-containerd.ts';
import { FakeStore, hex } from '../../support/fake-store.ts';
import { jsonRecords } from '../../support/json-lines.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { stratafs } from '../cli/memory.ts';

const OVERLAYFS = 'io.containerd.snapshotter.v1.overlayfs';
const BOX = 'ab'.repeat(32);

/** What is printed, without sizes; `root` and the beginnings of `ids` in words. */
async function told(root: string, ids: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const { out, err } = await stratafs(['--root', root, 'whose', ...words]);
  let text = `${out}${err}`.replaceAll(root, 'ROOT').replaceAll(/^ +(?:size|names|manifests) .*\n/gm, '');
  for (const [word, id] of Object.entries(ids))
    text = text.replaceAll(
      new RegExp(`(?:sha256:)?${id.replace('sha256:', '').slice(0, 12)}[0-9a-f]*`, 'g'),
      word,
    );
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.trim().replace(/ +/g, ' ')]));
}

describe('whose of containerd', () => {
  it('tells of containers, layers, blobs and snapshots in all namespaces', async () => {
    const fake = new FakeContainerd(temporaryForTest().directory);
    const image = { names: ['docker.io/library/app:1', 'docker.io/library/app:2'], layers: ['a', 'b'] };
    const manifest = fake.image(image);
    fake.image({ ...image, namespace: 'k8s.io', layers: ['a'] });
    fake.container({ id: 'box', image: 'docker.io/library/app:1', manifest });
    const [base = '', top = ''] = fake.chain(manifest);
    fake.write();
    const ids = { MANIFEST: manifest, BASE: base, TOP: top };
    const directory = (id: number) => `ROOT/${OVERLAYFS}/snapshots/${id}/fs`;
    expect((await told(fake.root, ids, 'box')).slice(1)).toEqual([
      'name default/box',
      'status not running',
      'namespace default',
      'made from image docker.io/library/app:1 (MANIFEST)',
      `made of upper box ${directory(4)}`,
      `made of layer 2 TOP ${directory(2)}`,
      `made of layer 1 BASE ${directory(1)}`,
    ]);
    const layer = [
      'snapshot 2',
      'snapshotter overlayfs',
      'state committed',
      'namespace default',
      `directory ${directory(2)}`,
      `made of layer BASE ${directory(1)}`,
      'used by image default/docker.io/library/app:1 +1 name (MANIFEST), layer 2',
      'used by container default/box (box), layer 2',
    ];
    for (const words of [top, `${OVERLAYFS}/snapshots/2/fs/etc`, 'snapshot:overlayfs/2'])
      expect((await told(fake.root, ids, words)).slice(1)).toEqual(layer);
    const blob = `io.containerd.content.v1.content/blobs/sha256/${manifest.slice('sha256:'.length)}`;
    expect((await told(fake.root, ids, blob)).slice(1)).toEqual([
      'is manifest',
      'namespaces default',
      expect.stringMatching(/^directory ROOT\/io\.containerd\.content/),
      'used by image default/docker.io/library/app:1 +1 name (MANIFEST)',
    ]);
    const both = await told(fake.root, ids, 'app:1');
    expect(both.filter((line) => line.startsWith('namespace '))).toEqual([
      'namespace default',
      'namespace k8s.io',
    ]);
    expect(await told(fake.root, ids, 'bax')).toEqual([
      expect.stringMatching(/nothing in the store has this name, ID or path; did you mean "box"\?$/),
    ]);
  });

  it('tells of a container whose tree is a directory of its machine, and finds nothing wrong with it', async () => {
    const fake = new FakeContainerd(temporaryForTest().directory);
    const manifest = fake.image({ names: ['docker.io/library/app:1'], layers: ['a'] });
    const spec = { root: { path: '/srv/tree' } };
    fake.container({ id: 'plain', image: '', manifest, spec, isDirectory: true });
    fake.write();
    expect((await told(fake.root, {}, 'plain')).slice(1)).toEqual([
      'name plain',
      'status not running',
      'rootfs /srv/tree',
      'namespace default',
    ]);
    const run = async (...words: string[]) => await stratafs(['--root', fake.root, ...words]);
    const doctor = await run('doctor');
    expect([doctor.code, doctor.out, doctor.err]).toEqual([
      0,
      `${fake.root}: 0 errors, 0 warnings, 0 notes\n`,
      '',
    ]);
    const listed = await run('containers', '--json');
    expect([listed.err, jsonRecords(listed.out)]).toEqual([
      '',
      [expect.objectContaining({ id: 'plain', image: '/srv/tree', status: 'not running' })],
    ]);
    const state = 'it has no layers: its tree is the directory "/srv/tree" of its machine (--rootfs)';
    expect((await run('ls', 'plain')).err).toBe(`stratafs: Cannot show container "plain": ${state}\n`);
    const verified = await run('verify', 'plain');
    expect([verified.code, verified.out]).toEqual([4, expect.stringContaining(state)]);
  });

  it('tells of each volume and container once in a root with two stores, also of volumes without a directory', async () => {
    const store = new FakeStore(temporaryForTest().directory);
    const old = store.image({ names: ['old:1'], layers: ['o'] });
    store.container({ name: 'classic', image: old });
    const daemon = store.path('containerd/daemon');
    mkdirSync(daemon, { recursive: true });
    const fake = new FakeContainerd(daemon);
    const manifest = fake.image({
      names: ['docker.io/library/app:1'],
      layers: ['a'],
      namespace: 'moby',
    });
    fake.snapshot(BOX, { kind: 2, parent: fake.chain(manifest)[0] ?? '', namespace: 'moby' });
    fake.write();
    const mounts = {
      '/data': { Type: 'volume', Name: 'data', Driver: 'local', Destination: '/data' },
      '/far': { Type: 'volume', Name: 'far', Driver: 'nfs', Destination: '/far' },
    };
    const config = {
      ...{ ID: BOX, Name: '/box', Driver: 'overlayfs', Image: manifest, MountPoints: mounts },
      Config: { Image: 'app:1' },
    };
    store.write(`containers/${BOX}/config.v2.json`, JSON.stringify(config));
    store.write('volumes/data/_data/file', '');
    const record = { Driver: 'nfs', Labels: {}, Options: { share: 'x' } };
    store.write('volumes/metadata.db', boltFile({ volumes: { kept: JSON.stringify(record) } }));
    const ids = { BOX, CLASSIC: hex('container classic'), MANIFEST: manifest };
    const count = async (words: string) => {
      const lines = await told(store.root, ids, words);
      return lines.filter((line) => line.startsWith(`${words}:`)).length;
    };
    const counts = await Promise.all(['data', 'far', 'kept', 'box', 'classic', 'volumes/data'].map(count));
    expect(counts).toEqual([1, 1, 1, 1, 1, 1]);
    expect((await told(store.root, ids, 'box')).slice(1)).toEqual([
      'name box',
      'status created',
      'namespace moby',
      'made from image app:1 (MANIFEST)',
      `made of upper BOX ROOT/containerd/daemon/${OVERLAYFS}/snapshots/2/fs`,
      expect.stringMatching(/^made of layer 1 [0-9a-f]{12} ROOT\/containerd\/daemon\//),
      'mounts volume data at /data ROOT/volumes/data/_data',
      'mounts volume far at /far',
    ]);
    expect((await told(store.root, ids, 'classic'))[2]).toBe('status created');
    expect(await told(store.root, ids, 'kept')).toEqual([
      'kept: a volume',
      'driver nfs',
      'options share=x',
      'used by nothing',
    ]);
  });
});
