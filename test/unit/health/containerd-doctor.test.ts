// What the doctor finds in a root of containerd: one fault planted at a time in a store in which there is none.
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { healthOf } from '../../../src/health/open.ts';
import { openStore } from '../../../src/store/open.ts';
import { damageNewestMeta } from '../../support/bolt-file.ts';
import { FakeContainerd, goTime, OVERLAYFS } from '../../support/fake-containerd.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { stratafs } from '../cli/memory.ts';

const META = 'io.containerd.metadata.v1.bolt/meta.db';
const CONTENT = 'io.containerd.content.v1.content';
const CRI = 'io.containerd.grpc.v1.cri';
const POD = 'ab'.repeat(32);
const APP = 'cd'.repeat(32);

interface Sound {
  readonly fake: FakeContainerd;
  /** Digest of the manifest of `docker.io/library/app:1`, and its chain. */
  readonly manifest: string;
  readonly chain: readonly string[];
}

/** Two namespaces that share content: a container in one, a pod of Kubernetes in the other. */
function soundStore(): Sound {
  const fake = new FakeContainerd(temporaryForTest().directory);
  const image = { names: ['docker.io/library/app:1'], layers: ['a', 'b'] };
  const manifest = fake.image(image);
  fake.container({ id: 'box', image: 'docker.io/library/app:1', manifest });
  fake.image({ ...image, namespace: 'k8s.io', labels: { 'io.cri-containerd.image': 'managed' } });
  pod(fake, manifest, POD, 'sandbox');
  pod(fake, manifest, APP, 'container');
  mkdirSync(join(fake.root, `${CRI}/containers/${APP}`), { recursive: true });
  mkdirSync(join(fake.root, `${CRI}/sandboxes/${POD}`), { recursive: true });
  return { fake, manifest, chain: fake.chain(manifest) };
}

function pod(fake: FakeContainerd, manifest: string, id: string, kind: 'sandbox' | 'container'): void {
  fake.container({
    id,
    image: 'docker.io/library/app:1',
    manifest,
    namespace: 'k8s.io',
    labels: { 'io.cri-containerd.kind': kind, 'io.kubernetes.pod.name': 'web' },
    extensions: {
      [`io.cri-containerd.${kind}.metadata`]: {
        Version: 'v1',
        Metadata: { ID: id, Name: kind, ...(kind === 'container' ? { SandboxID: POD } : {}) },
      },
    },
  });
}

/** `code  path: detail` of each finding, paths below the root. */
async function findings({ root }: FakeContainerd): Promise<string[]> {
  const lines: string[] = [];
  for (const health of healthOf(openStore(root))) {
    await health.examine(
      ({ code, path, detail }) => lines.push(`${code}  ${path.replace(`${root}/`, '')}: ${detail}`),
      [health.store],
    );
  }
  return lines.map((line) => line.replaceAll(`${root}/`, '')).sort();
}

describe('doctor of containerd', () => {
  it('finds nothing where nothing is wrong', async () => {
    expect(await findings(soundStore().fake.write())).toEqual([]);
  });

  const snapshots = `${OVERLAYFS}/snapshots`;
  const planted: readonly (readonly [
    fault: string,
    plant: (sound: Sound) => void,
    codes: readonly string[],
  ])[] = [
    [
      'a blob that is gone',
      ({ fake, manifest }) => rmSync(fake.blobPath(manifest)),
      [
        'blob-missing',
        'blob-missing',
        'container-image',
        'container-image',
        'container-image',
        'image-target',
        'image-target',
      ],
    ],
    [
      'a blob of another size and content',
      ({ fake, manifest }) => truncateSync(fake.blobPath(manifest), 7),
      [
        'blob-size',
        'blob-size',
        'container-image',
        'container-image',
        'container-image',
        'image-damaged',
        'image-damaged',
      ],
    ],
    [
      'a blob without a record',
      ({ fake }) => writeFileSync(fake.blobPath('ef'.repeat(32)), 'x'),
      ['blob-orphan'],
    ],
    ['a blob that nothing leads to', ({ fake }) => void fake.blob('nobody has it'), ['blob-unreferenced']],
    [
      'a name among the blobs that is none',
      ({ fake }) => symlinkSync('/etc', fake.blobPath('link')),
      ['foreign-name'],
    ],
    [
      'an image whose target is not a digest',
      ({ fake }) => fake.name('docker.io/library/odd:1', '../../etc/passwd'),
      ['image-name'],
    ],
    [
      'an image that was not unpacked',
      ({ fake }) => void fake.image({ names: ['docker.io/library/new:1'], layers: ['n'], unpacked: false }),
      ['image-not-unpacked'],
    ],
    [
      'an image without its labels',
      ({ fake, manifest }) => {
        const record = fake.bucket('default', 'content', 'blob', manifest);
        record.labels = {};
      },
      ['image-unprotected'],
    ],
    [
      'a snapshot without a directory',
      ({ fake }) => rmSync(join(fake.root, snapshots, '1'), { recursive: true }),
      ['container-snapshot', 'snapshot-directory'],
    ],
    [
      'a directory that is a link',
      ({ fake }) => {
        rmSync(join(fake.root, snapshots, '1/fs'), { recursive: true });
        symlinkSync('/etc', join(fake.root, snapshots, '1/fs'));
      },
      ['container-snapshot', 'snapshot-directory'],
    ],
    [
      'what a removal and a crash left',
      ({ fake }) => {
        for (const name of ['rm-5', 'new-123', '99'])
          mkdirSync(join(fake.root, snapshots, name, 'fs'), { recursive: true });
      },
      ['snapshot-orphan', 'snapshot-orphan', 'snapshot-orphan'],
    ],
    [
      'a snapshot of a lost record',
      ({ fake }) => {
        delete fake.bucket('default', 'snapshots', 'overlayfs').box;
      },
      ['container-snapshot', 'snapshot-unrecorded'],
    ],
    [
      'a chain that is interrupted',
      ({ fake, chain }) => fake.alterSnapshot(chain[1] ?? '', { parent: 'default/77/nobody' }),
      [
        'container-snapshot',
        'container-snapshot',
        'container-snapshot',
        'image-not-unpacked',
        'image-not-unpacked',
        'snapshot-chain',
        'snapshot-chain',
        'snapshot-parent',
        'snapshot-parent',
      ],
    ],
    [
      'a cycle of parents',
      ({ fake, chain }) => {
        for (const key of chain) fake.alterSnapshot(key, { parent: fake.nameOfSnapshot(chain[1] ?? '') });
      },
      [
        ...['container-snapshot', 'container-snapshot', 'container-snapshot'],
        ...['image-not-unpacked', 'image-not-unpacked', 'snapshot-chain'],
        ...['snapshot-parent', 'snapshot-parent', 'snapshot-parent', 'snapshot-parent'],
      ],
    ],
    [
      'two snapshots of one directory',
      ({ fake }) => fake.alterSnapshot('box', { id: 1 }),
      ['snapshot-orphan', 'snapshot-shared'],
    ],
    [
      'a snapshot of no kind',
      ({ fake }) => fake.alterSnapshot('box', { kind: 9 }),
      ['container-snapshot', 'snapshot-damaged', 'snapshot-orphan'],
    ],
    [
      'an image that was removed',
      ({ fake }) => {
        delete fake.bucket('default', 'images')['docker.io/library/app:1'];
      },
      [...Array<string>(4).fill('blob-unreferenced'), 'container-image'],
    ],
    [
      'a sandbox that is gone',
      ({ fake }) => {
        delete fake.bucket('k8s.io', 'containers')[POD];
      },
      ['container-lost', 'container-sandbox', 'pod-left', 'snapshot-unreferenced'],
    ],
    [
      'a task without a container',
      ({ fake }) =>
        mkdirSync(join(fake.root, 'io.containerd.runtime.v2.task/default/gone'), { recursive: true }),
      ['task-left'],
    ],
    [
      'an ingest with a record, and one without',
      ({ fake }) => {
        for (const ref of ['default/1/known', 'default/2/unknown']) {
          const directory = join(fake.root, CONTENT, 'ingest', ref.slice(10));
          mkdirSync(directory, { recursive: true });
          writeFileSync(join(directory, 'ref'), ref);
        }
        const { known, gone } = { known: { ref: 'default/1/known' }, gone: { ref: 'default/3/gone' } };
        Object.assign(fake.bucket('default', 'content', 'ingests'), { known, gone });
      },
      ['ingest', 'ingest-orphan', 'ingest-record'],
    ],
    [
      'a lease that has ended, and one that keeps nothing that is there',
      ({ fake, manifest }) => {
        const old = { labels: { 'containerd.io/gc.expire': '2001-01-01T00:00:00Z' }, createdat: goTime(9e8) };
        const lost = { content: { [`sha256:${'0'.repeat(64)}`]: '', [manifest]: '' } };
        Object.assign(fake.bucket('default', 'leases'), { old, lost });
      },
      ['lease-dangling', 'lease-expired'],
    ],
  ];

  it.each(planted)('finds %s', async (_, plant, codes) => {
    const sound = soundStore();
    plant(sound);
    const found = await findings(sound.fake.write());
    expect(found.map((line) => line.split('  ')[0])).toEqual(codes);
  });

  it.each([META, `${OVERLAYFS}/metadata.db`])('goes on where %s is damaged', async (database) => {
    const { fake } = soundStore();
    fake.write();
    truncateSync(join(fake.root, database), 5000);
    const found = await findings(fake);
    expect(found.join('\n')).toContain(`Cannot read "${database}"`);
    expect(found.join('\n')).not.toContain('snapshot-orphan');
  });

  it.each([META, `${OVERLAYFS}/metadata.db`])(
    'says that %s shows an older state where its newest meta page is damaged',
    async (database) => {
      const { fake } = soundStore();
      fake.write();
      damageNewestMeta(join(fake.root, database));
      const detail = `Cannot show the newest state of "${fake.root}/${database}": its meta page 1, the newest (transaction 7), is damaged, so an older state (transaction 6) is shown`;
      // What is found tells paths below the root; lists tell them whole.
      expect(await findings(fake)).toEqual([
        `database-older  ${database}: ${detail.replace(`${fake.root}/`, '')}`,
      ]);
      const store = openStore(fake.root);
      expect([store.damage('images'), store.damage('containers')]).toEqual([[detail], [detail]]);
      for (const command of ['images', 'containers', 'stores']) {
        const { code, err } = await stratafs(['--root', fake.root, command]);
        expect([command, code, err]).toEqual([command, 4, expect.stringContaining(detail)]);
        expect(err.split(detail)).toHaveLength(2);
      }
      // What is shown is right for its time, so that the exit code is another's to say.
      for (const words of ['inspect box', 'history box', 'verify box', 'diff box', 'df', 'du', 'whose box']) {
        const { err } = await stratafs(['--root', fake.root, ...words.split(' ')]);
        expect([words, err.split(`stratafs: Warning: ${detail}\n`).length]).toEqual([words, 2]);
      }
    },
  );

  it('says what is missing, and where', async () => {
    const sound = soundStore();
    rmSync(join(sound.fake.root, snapshots, '2'), { recursive: true });
    const missing = `Cannot use "${snapshots}/2/fs": no such directory`;
    expect(await findings(sound.fake.write())).toEqual([
      `container-snapshot  ${META}: "default/box": ${missing}`,
      `snapshot-directory  ${snapshots}/2/fs: "default/2/${sound.chain[1]}": ${missing}`,
    ]);
  });
});
