import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONTAINERD } from '../../../../src/store/containerd/kind.ts';
import { StoreFiles } from '../../../../src/store/files.ts';
import type { OpenOptions } from '../../../../src/store/kind.ts';
import type { Store } from '../../../../src/store/store.ts';
import { asBytes, type ByteString } from '../../../../src/sys/bytes.ts';
import { FakeContainerd, OVERLAYFS } from '../../../support/fake-containerd.ts';
import { temporaryForTest } from '../../../support/temporary.ts';
import { shortened, troubleOf } from '../trouble.ts';

function fake(): FakeContainerd {
  return new FakeContainerd(join(temporaryForTest().directory, 'root'));
}

function open({ root }: FakeContainerd, options: OpenOptions = {}): Store {
  const [store] = CONTAINERD.open(new StoreFiles(asBytes(root) as ByteString), options);
  if (store === undefined) throw new Error('no store');
  return store;
}

/** Top first: role and snapshot of each layer. */
function layersOf(store: Store, reference: string): string {
  return store
    .resolve(reference)
    .layers.map(({ role, ids }) => `${role} ${ids?.snapshot}`)
    .join(', ');
}

/** As CRI does with `discard_unpacked_layers`. */
function discardLayers(root: FakeContainerd, manifest: string): void {
  const { layers } = JSON.parse(readFileSync(root.blobPath(manifest), 'utf8')) as {
    layers: { digest: string }[];
  };
  for (const { digest } of layers) rmSync(root.blobPath(digest), { force: true });
}

const short = (digest: string) => digest.replace('sha256:', '').slice(0, 12);

describe('ContainerdStore', () => {
  it('lists one image with all of its names, newest first', () => {
    const root = fake();
    const old = root.image({
      names: ['docker.io/library/a:1', 'docker.io/library/a:2'],
      layers: ['x'],
      created: '2020-01-01T00:00:00Z',
    });
    const young = root.image({ names: ['example.com:5000/b:1'], layers: ['x', 'y'] });
    const images = open(root.write()).images();
    expect(images.map(({ id, tags, digests }) => [id, tags, digests])).toEqual([
      [young, ['example.com:5000/b:1'], [`example.com:5000/b@${young}`]],
      [old, ['docker.io/library/a:1', 'docker.io/library/a:2'], [`docker.io/library/a@${old}`]],
    ]);
  });

  it('finds an image by its full and its familiar name, by name and digest, and by the beginning of its ID', () => {
    const root = fake();
    const id = root.image({ names: ['docker.io/library/a:latest'], layers: ['x', 'y'] });
    const store = open(root.write());
    for (const reference of [
      'docker.io/library/a:latest',
      'a',
      `a@${id}`,
      id,
      short(id),
      `image:${short(id)}`,
    ]) {
      expect([reference, layersOf(store, reference)]).toEqual([reference, 'image 2, image 1']);
    }
  });

  it('follows the parents of snapshots and not the list of diff IDs', () => {
    const root = fake();
    const base = root.manifest({ names: [], layers: ['x'] });
    const init = root.snapshot('build-init', { kind: 3, parent: root.chain(base)[0] ?? '' });
    const manifest = root.manifest({ names: [], layers: ['x', 'y'], unpacked: false });
    root.snapshot(root.chain(manifest)[1] ?? '', { kind: 3, parent: 'build-init' });
    root.name('docker.io/library/a:1', manifest);
    expect([init.endsWith('/2/fs'), layersOf(open(root.write()), 'a:1')]).toEqual([
      true,
      'image 3, engine 2, image 1',
    ]);
  });

  it('leaves the own directory of a view out, as the engine does when it mounts one', () => {
    const root = fake();
    const manifest = root.image({ names: ['docker.io/library/a:1'], layers: ['x', 'y'] });
    root.snapshot('/mnt/here', { kind: 1, parent: root.chain(manifest)[1] ?? '' });
    expect(layersOf(open(root.write()), 'snapshot:/mnt/here')).toBe('image 2, image 1');
  });

  it('takes the namespace from a reference, from the options, or where there is only one', () => {
    const root = fake();
    root.image({ names: ['docker.io/library/a:1'], layers: ['x'] });
    root.image({ names: ['docker.io/library/a:1'], layers: ['x', 'y'], namespace: 'k8s.io' });
    root.write();
    expect(layersOf(open(root, { namespace: 'k8s.io' }), 'a:1')).toBe('image 3, image 2');
    expect(layersOf(open(root), 'k8s.io/a:1')).toBe('image 3, image 2');
    expect(layersOf(open(root), 'image:default/a:1')).toBe('image 1');
    const several = '"default" (1 image, 0 containers), "k8s.io" (1 image, 0 containers)';
    const meta = 'ROOT/io.containerd.metadata.v1.bolt/meta.db';
    const listed = open(root)
      .images()
      .map(({ namespace, tags }) => `${namespace} ${tags}`);
    expect(listed).toEqual(['default docker.io/library/a:1', 'k8s.io docker.io/library/a:1']);
    expect(open(root, { namespace: 'k8s.io' }).images()[0]).not.toHaveProperty('namespace');
    expect(troubleOf(() => open(root, { namespace: 'nope' }).images(), root.root)).toBe(
      `reference: Cannot find namespace "nope" in "${meta}": there is ${several}`,
    );
  });

  it('looks in all namespaces where none is said, and lists them where several have it', () => {
    const root = fake();
    const first = root.image({ names: ['docker.io/library/a:1'], layers: ['x'] });
    const second = { names: ['docker.io/library/a:1'], layers: ['x', 'y'], namespace: 'k8s.io' };
    root.image(second);
    root.image({ names: ['docker.io/library/bravo:1'], layers: ['x', 'y', 'z'], namespace: 'k8s.io' });
    root.container({ id: 'box', image: 'docker.io/library/a:1', manifest: first });
    // The beginning of an ID in one namespace is a name in another.
    const short = first.slice('sha256:'.length, 'sha256:'.length + 8);
    root.container({ id: short, image: second.names[0] ?? '', manifest: first, namespace: 'k8s.io' });
    root.snapshot('work', { kind: 2, namespace: 'k8s.io' });
    const store = open(root.write());
    const found = ['bravo:1', 'box', 'container:box', short, 'snapshot:work', 'k8s.io/snapshot:work'].map(
      (words) => layersOf(store, words),
    );
    const upper = 'upper 5, image 1';
    expect([found, layersOf(store, `image:${short}`)]).toEqual([
      ['image 4, image 3, image 2', upper, upper, 'upper 6, image 2', 'upper 7', 'upper 7'],
      'image 1',
    ]);
    const cannot = 'reference: Cannot tell what "a:1" means: it could be';
    expect(troubleOf(() => store.resolve('a:1'))).toBe(
      `${cannot} image:default/docker.io/library/a:1, image:k8s.io/docker.io/library/a:1`,
    );
    expect(layersOf(store, 'image:k8s.io/docker.io/library/a:1')).toMatch(/^image \d, image \d$/);
    expect(troubleOf(() => store.resolve('brvo:1'))).toBe(
      'reference: Cannot find "brvo:1": no such image or container in the namespaces "default", "k8s.io"; did you mean "bravo:1"?',
    );
    expect(troubleOf(() => store.resolve('snapshot:none'))).toMatch(
      /^reference: Cannot find "snapshot:none": no such snapshot; there are (?:"[^"]+", )*"work"(?:, "[^"]+")*$/,
    );
  });

  it('does not guess whether a namespace or a registry is meant', () => {
    const root = fake();
    root.image({ names: ['k8s.io/pause:3'], layers: ['x'], namespace: 'default' });
    root.image({ names: ['docker.io/library/pause:3'], layers: ['x', 'y'], namespace: 'k8s.io' });
    root.write();
    const store = open(root, { namespace: 'default' });
    expect(troubleOf(() => store.resolve('k8s.io/pause:3'))).toBe(
      'reference: Cannot tell what "k8s.io/pause:3" means: it could be a name in "default", or "pause:3" in the namespace "k8s.io"; say which with --namespace',
    );
  });

  it('takes the image of an index that is for the platform, and says which there are', () => {
    const root = fake();
    const arm = root.manifest({
      names: [],
      layers: ['arm'],
      platform: { os: 'linux', architecture: 'arm64' },
    });
    const s390x = root.manifest({
      names: [],
      layers: ['s390x', 'top'],
      platform: { os: 'linux', architecture: 's390x' },
    });
    root.name(
      'docker.io/library/multi:1',
      root.index([
        [arm, 'linux/arm64/v8'],
        [s390x, 'linux/s390x'],
        [`sha256:${'0'.repeat(64)}`, 'linux/amd64'],
      ]),
    );
    root.write();
    expect(layersOf(open(root, { platform: 's390x' }), 'multi:1')).toBe('image 3, image 2');
    expect(troubleOf(() => open(root, { platform: 'linux/riscv64' }).resolve('multi:1'))).toMatch(
      /^reference: Cannot use "docker.io\/library\/multi:1": it has no image for linux\/riscv64; here are: linux\/arm64, linux\/s390x$/,
    );
    expect(troubleOf(() => open(root, { platform: 'amd64' }).resolve('multi:1'))).toMatch(
      /it has no image for linux\/amd64; here are:/,
    );
    root.image({ names: ['docker.io/library/one:1'], layers: ['one'], unpacked: false });
    expect(troubleOf(() => open(root.write(), { platform: 'linux/riscv64' }).resolve('one:1'))).toMatch(
      /^reference: Cannot use "docker.io\/library\/one:1": it is for .*, not for linux\/riscv64$/,
    );
  });

  it('shows an image that was not unpacked by its compressed layers, and says which is not here', () => {
    const root = fake();
    root.image({ names: ['docker.io/library/a:1'], layers: ['x', 'y'], unpacked: false });
    const store = open(root.write());
    expect(store.images().map(({ tags, damage }) => [tags, damage])).toEqual([
      [['docker.io/library/a:1'], undefined],
    ]);
    const blobs: string[] = [];
    const layers = () =>
      store.resolve('a:1', 'mark').layers.map(({ source, missing }) => {
        if (source.kind !== 'tar') return source.kind;
        blobs.push(source.name);
        const place = source.below === undefined ? 'lowest' : 'on others';
        return `${source.engine} ${place} ${source.size > 0} ${missing?.replace(/"[^"]*"|[0-9a-f]{12}/g, '…')}`;
      });
    expect(layers()).toEqual(['containerd on others true undefined', 'containerd lowest true undefined']);
    rmSync(blobs[0] ?? '');
    expect(layers()).toEqual([
      'containerd on others true Cannot read …: the compressed layer … is not here',
      'containerd lowest true undefined',
    ]);
    rmSync(blobs[1] ?? '');
    expect(troubleOf(() => store.resolve('a:1'))).toBe(
      'store: Cannot show image "docker.io/library/a:1": it was not unpacked in the namespace "default" (linux/amd64), and none of its 2 compressed layers is here',
    );
  });

  it('refuses snapshotters that keep no files, by name', () => {
    const root = fake();
    const manifest = root.image({ names: ['docker.io/library/a:1'], layers: ['x'] });
    const snapshots = root.bucket('default', 'snapshots');
    snapshots.stargz = snapshots.overlayfs ?? {};
    delete snapshots.overlayfs;
    discardLayers(root, manifest);
    const store = open(root.write());
    expect(store.images().map(({ id, damage }) => [id, damage])).toEqual([[manifest, undefined]]);
    expect(
      shortened(
        troubleOf(() => store.resolve('a:1')),
        root.root,
      ),
    ).toBe(
      'store: Cannot show files of the snapshotter "stargz": it mounts layers that it fetches while they are read, so none of them need be here; lists, inspect, history and "verify" of compressed layers go on working',
    );
  });

  it('shows a container of whose record nothing is left, by its ID', () => {
    const root = fake();
    const manifest = root.image({ names: ['docker.io/library/a:1'], layers: ['x'] });
    const id = 'ab'.repeat(32);
    root.snapshot(id, { kind: 2, parent: root.chain(manifest)[0] ?? '' });
    const store = open(root.write());
    for (const reference of [id, id.slice(0, 12), `container:${id}`]) {
      expect(layersOf(store, reference)).toBe('upper 2, image 1');
    }
  });

  it('tells the diff IDs of a container whose image is gone by what its blobs were unpacked to', () => {
    const root = fake();
    const manifest = root.image({ names: ['docker.io/library/a:1'], layers: ['x', 'y'] });
    root.container({ id: 'c1', image: 'docker.io/library/a:1', manifest });
    const diffIds = (store: Store) => store.resolve('c1').layers.map(({ diffId }) => diffId);
    const whole = diffIds(open(root.write()));
    delete root.bucket('default', 'images')['docker.io/library/a:1'];
    rmSync(root.blobPath(manifest));
    expect(diffIds(open(root.write()))).toEqual(whole);
    expect(whole.filter((diffId) => diffId !== undefined)).toHaveLength(2);
  });

  it('names what a snapshotter keeps where it is one of the directories here', () => {
    const root = fake();
    const manifest = root.image({ names: ['docker.io/library/a:1'], layers: ['x'] });
    expect(manifest).toMatch(/^sha256:/);
    const snapshots = root.bucket('default', 'snapshots');
    snapshots.erofs = snapshots.overlayfs ?? {};
    delete snapshots.overlayfs;
    mkdirSync(join(root.root, 'io.containerd.snapshotter.v1.erofs'));
    root.write();
    discardLayers(root, manifest);
    const trouble = troubleOf(() => open(root.write()).resolve('a:1'), root.root);
    expect(trouble).toBe(
      'store: Cannot show files of the snapshotter "erofs": it keeps layers as EROFS images, not as files (below "ROOT/io.containerd.snapshotter.v1.erofs"); lists, inspect, history and "verify" of compressed layers go on working',
    );
  });
});

describe('ContainerdStore with CRI', () => {
  function pod(): FakeContainerd {
    const root = fake();
    const labels = { 'io.cri-containerd.image': 'managed' };
    const manifest = root.image({
      names: ['docker.io/library/a:1'],
      layers: ['x'],
      namespace: 'k8s.io',
      labels,
    });
    root.name(`docker.io/library/a@${manifest}`, manifest, { namespace: 'k8s.io', labels });
    const config = Object.keys(root.bucket('k8s.io', 'content', 'blob'));
    expect(config).toHaveLength(3);
    for (const attempt of [0, 1]) container(root, manifest, `c${attempt}`, 'app', 'web', attempt);
    container(root, manifest, 'pause', '', 'web', 0);
    container(root, manifest, 'other', 'app', 'api', 0);
    return root.write();
  }

  function container(
    root: FakeContainerd,
    manifest: string,
    id: string,
    name: string,
    podName: string,
    attempt: number,
  ): void {
    const kind = name === '' ? 'sandbox' : 'container';
    root.container({
      id,
      image: 'docker.io/library/a:1',
      manifest,
      namespace: 'k8s.io',
      labels: {
        'io.cri-containerd.kind': kind,
        'io.kubernetes.pod.name': podName,
        'io.kubernetes.pod.namespace': 'shop',
        'io.kubernetes.pod.uid': `uid-${podName}`,
        ...(name === '' ? {} : { 'io.kubernetes.container.name': name }),
      },
      extensions: {
        [`io.cri-containerd.${kind}.metadata`]: {
          Version: 'v1',
          Metadata: {
            ID: id,
            Name: `${name}_${podName}_${attempt}`,
            Config: { metadata: { name, attempt }, mounts: [{ container_path: '/data' }] },
          },
        },
      },
      spec: { process: { args: ['/bin/app', 'a b'] } },
    });
  }

  it('gives images the ID of their config, and tags and digests as CRI keeps them', () => {
    const root = pod();
    const [image] = open(root).images();
    const [, config = ''] =
      /"config":\{[^}]*"digest":"(sha256:[0-9a-f]{64})"/.exec(String(blobTexts(root))) ?? [];
    expect([image?.id, image?.tags, image?.digests.length]).toEqual([config, ['docker.io/library/a:1'], 1]);
  });

  function blobTexts(root: FakeContainerd): string[] {
    return Object.keys(root.bucket('k8s.io', 'content', 'blob')).map((name) =>
      readFileSync(root.blobPath(name), 'latin1'),
    );
  }

  it('calls containers by pod and name, and means the latest attempt', () => {
    const store = open(pod());
    expect(store.containers().map(({ id, name, infra, command }) => [id, name, infra, command])).toEqual([
      ['c0', 'app_web_0', undefined, "/bin/app 'a b'"],
      ['c1', 'web/app', undefined, "/bin/app 'a b'"],
      ['other', 'api/app', undefined, "/bin/app 'a b'"],
      ['pause', 'web', true, "/bin/app 'a b'"],
    ]);
    expect(store.resolve('web/app').id).toBe('c1');
    expect(store.resolve('shop/web/app').id).toBe('c1');
    expect(store.resolve('app_web_0').id).toBe('c0');
    expect(store.resolve('c0').mountPoints).toEqual(['/data']);
    expect(troubleOf(() => store.resolve('app'))).toBe(
      'reference: Cannot tell what "app" means: it could be container:c1, container:other',
    );
  });

  it('says as much of what they do as the disk tells', () => {
    const root = pod();
    const status = (id: string, words: object) => {
      const directory = join(root.root, 'io.containerd.grpc.v1.cri/containers', id);
      mkdirSync(directory, { recursive: true });
      const text = JSON.stringify({ Version: 'v1', ...words }).replace(/"#(\d+)"/g, '$1');
      writeFileSync(join(directory, 'status'), text);
    };
    status('c0', {
      StartedAt: '#1795803624008994285',
      FinishedAt: '#1795803625008994286',
      ExitCode: 137,
      Message: '"StartedAt":5',
    });
    status('c1', { StartedAt: '#1795803624008994285', FinishedAt: 0 });
    status('other', { StartedAt: 0, FinishedAt: 0 });
    mkdirSync(join(root.root, 'io.containerd.runtime.v2.task/k8s.io/pause'), { recursive: true });
    const said = open(root).containers();
    expect(
      said.map(({ id, status: words, startedAt, finishedAt }) => [id, words, startedAt, finishedAt]),
    ).toEqual([
      ['c0', 'exited (137)', '2026-11-27T18:20:24.008994285Z', '2026-11-27T18:20:25.008994286Z'],
      ['c1', 'running', '2026-11-27T18:20:24.008994285Z', undefined],
      ['other', 'created', undefined, undefined],
      ['pause', 'ready', undefined, undefined],
    ]);
    expect(open(root).resolve('c1').layers[0]?.live).toBe(true);
    expect(open(root).resolve('c0').layers[0]?.live).toBeUndefined();
  });
});

describe('a damaged root of containerd', () => {
  function sound(): FakeContainerd {
    const root = fake();
    const manifest = root.image({ names: ['docker.io/library/a:1'], layers: ['x', 'y'] });
    root.container({ id: 'c1', image: 'docker.io/library/a:1', manifest });
    return root;
  }

  it.each<[string, (root: FakeContainerd) => void, string]>([
    [
      'parents in a circle',
      (root) => root.alterSnapshot('c1', { parent: root.nameOfSnapshot('c1') }),
      'store: Cannot read "ROOT/io.containerd.snapshotter.v1.overlayfs/metadata.db": the parents of its snapshot "default/3/c1" form a cycle',
    ],
    [
      'a parent that is not there',
      (root) => root.alterSnapshot('c1', { parent: 'default/9/../../etc' }),
      'store: Cannot read "ROOT/io.containerd.snapshotter.v1.overlayfs/metadata.db": it has no snapshot "default/9/../../etc"',
    ],
    [
      'a kind that there is not',
      (root) => root.alterSnapshot('c1', { kind: 7 }),
      'store: Cannot read "ROOT/io.containerd.snapshotter.v1.overlayfs/metadata.db": its snapshot "default/3/c1" is damaged: its kind is none of 1, 2 and 3',
    ],
    [
      'a gigantic number of a directory',
      (root) => root.alterSnapshot('c1', { id: Number.MAX_SAFE_INTEGER }),
      `store: Cannot use "ROOT/io.containerd.snapshotter.v1.overlayfs/snapshots/${Number.MAX_SAFE_INTEGER}/fs": no such directory`,
    ],
  ])('names %s', (_, damage, expected) => {
    const root = sound();
    damage(root);
    expect(troubleOf(() => open(root.write()).resolve('c1'), root.root)).toBe(expected);
  });

  it('does not follow a link in the place of a layer', () => {
    const root = sound().write();
    const place = join(root.root, OVERLAYFS, 'snapshots/3/fs');
    rmSync(place, { recursive: true });
    symlinkSync('/etc', place);
    expect(troubleOf(() => open(root).resolve('c1'), root.root)).toBe(
      'store: Cannot use "ROOT/io.containerd.snapshotter.v1.overlayfs/snapshots/3/fs": a symbolic link, which is not followed',
    );
  });

  it('does not believe a blob that is not what its name says', () => {
    const root = sound().write();
    const target = open(root).images()[0]?.id ?? '';
    writeFileSync(root.blobPath(target), '{}');
    const [image] = open(root).images();
    expect(shortened(image?.damage ?? '', root.root)).toMatch(
      /^Cannot use "ROOT\/io\.containerd\.content.*": its sha256 is [0-9a-f]{64}, not its name$/,
    );
    expect(layersOf(open(root), 'c1')).toBe('upper 3, image 2, image 1');
  });

  it('tells of names that lead to no digest, and goes on', () => {
    const root = sound();
    root.name('docker.io/library/b:1', 'sha256:../../../etc/passwd');
    const store = open(root.write());
    expect(store.images()).toHaveLength(1);
    expect(store.damage('images').map((sentence) => shortened(sentence, root.root))).toEqual([
      'Cannot read "ROOT/io.containerd.metadata.v1.bolt/meta.db": the image "docker.io/library/b:1" leads to "sha256:../../../etc/passwd", which is not a digest ("sha256:" and 64 hex digits)',
    ]);
  });

  it.each<[what: string, damage: (root: FakeContainerd) => void, images: number, of: string]>([
    [
      'a value for the record of an image',
      (root) => breakAt(root, 'images', 'docker.io/library/a:1'),
      0,
      'images',
    ],
    ['a value for all images', (root) => breakAt(root, 'images'), 0, 'images'],
    ['a value for the record of a container', (root) => breakAt(root, 'containers', 'c1'), 1, 'containers'],
    ['a value for a snapshotter', (root) => breakAt(root, 'snapshots', 'overlayfs'), 1, 'containers'],
    ['a value for the record of a blob', (root) => breakAt(root, 'content', 'blob', BLOB), 1, 'images'],
  ])('tells of %s', (_, damage, images, of) => {
    const root = sound();
    root.bucket('default', 'content', 'blob')[BLOB] = {};
    damage(root);
    const store = open(root.write(), { namespace: 'default' });
    expect(store.images()).toHaveLength(images);
    expect(shortened(store.damage(of as 'images').join(), root.root)).toMatch(
      /^Cannot read "ROOT\/io\.containerd\.metadata\.v1\.bolt\/meta\.db": "[^"]+" is a value and no bucket, so nothing is known of it$/,
    );
  });

  it('of which a record was taken out still shows or names what is left', () => {
    const lose = (...path: readonly string[]) => {
      const root = sound();
      const [last = '', ...others] = [...path].reverse();
      delete root.bucket('default', ...others.reverse())[last];
      const store = open(root.write(), { namespace: 'default' });
      const said = (reference: string) =>
        shortened(
          troubleOf(() => store.resolve(reference)),
          root.root,
        );
      return { store, said };
    };
    const image = lose('images', 'docker.io/library/a:1');
    expect(layersOf(image.store, 'c1')).toBe('upper 3, image 2, image 1');
    const container = lose('containers', 'c1');
    expect(container.store.containers()).toEqual([]);
    expect(layersOf(container.store, 'c1')).toBe('upper 3, image 2, image 1');
    const snapshot = lose('snapshots', 'overlayfs', 'c1');
    const gone =
      'Cannot read "ROOT/io.containerd.metadata.v1.bolt/meta.db": it has no snapshot "c1" of "overlayfs"';
    expect(snapshot.said('c1')).toBe(`store: ${gone}`);
    expect(snapshot.store.containers().map(({ id }) => id)).toEqual(['c1']);
    expect(layersOf(snapshot.store, 'a:1')).toBe('image 2, image 1');
  });

  it('tells of two snapshots that claim one directory', () => {
    const root = sound();
    root.container({
      id: 'c2',
      image: 'docker.io/library/a:1',
      manifest: open(root.write()).images()[0]?.id ?? '',
    });
    const doubts = () =>
      open(root.write())
        .resolve('c1')
        .doubts?.map((one) => shortened(one, root.root));
    expect(doubts()).toBeUndefined();
    root.alterSnapshot('c1', { id: 4 });
    expect(doubts()).toEqual([
      'Cannot trust "ROOT/io.containerd.snapshotter.v1.overlayfs/metadata.db": its snapshots "default/3/c1" and "default/4/c2" claim one directory (4)',
    ]);
  });

  it('is told in messages that stay short, whatever its keys are', () => {
    const root = sound();
    const long = 'x'.repeat(30_000);
    root.alterSnapshot('c1', { parent: long });
    root.bucket('default', 'containers')[long] = { image: long, snapshotter: 'overlayfs', snapshotKey: long };
    const store = open(root.write());
    const damage = store.containers().map((container) => container.damage ?? '');
    expect(damage.map((message) => message.length > 50 && message.length < 1000)).toEqual([true, true]);
    expect(troubleOf(() => store.resolve('c1')).length).toBeLessThan(1000);
  });
});

const BLOB = `sha256:${'ab'.repeat(32)}`;

/** Puts a value in the place of a bucket. */
function breakAt(root: FakeContainerd, ...path: readonly string[]): void {
  const [last = '', ...others] = [...path].reverse();
  root.bucket('default', ...others.reverse())[last] = 'a value';
}
