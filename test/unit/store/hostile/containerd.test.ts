// Whatever the files of a containerd hold: an answer or a Trouble that names the file, in bounded steps, and never a path outside of
// the root. FUZZ says how many times the usual number of tries is made; SEED begins other ones.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, it } from 'vitest';
import { asBytes } from '../../../../src/sys/bytes.ts';
import {
  alteredBolt,
  alteredBytes,
  alteredJson,
  alteredPages,
  eachSample,
  tries,
} from '../../../support/altered.ts';
import { FakeContainerd, OVERLAYFS } from '../../../support/fake-containerd.ts';
import { askStore } from '../../../support/hostile-store.ts';
import { Steps } from '../../../support/steps.ts';
import { temporaryForSuite } from '../../../support/temporary.ts';

const META = 'io.containerd.metadata.v1.bolt/meta.db';
const ROWS = `${OVERLAYFS}/metadata.db`;
const POD = 'ab'.repeat(32);
const SANDBOX = 'cd'.repeat(32);
const STATUS = `io.containerd.grpc.v1.cri/containers/${POD}/status`;

const STATUS_JSON = {
  Version: 'v1',
  Pid: 7,
  StartedAt: 1_700_000_000_000_000_000,
  FinishedAt: 0,
  ExitCode: 0,
};
const CRI_JSON = {
  Version: 'v1',
  Metadata: {
    ...{ ID: POD, Name: 'app_web_shop_u_2', SandboxID: SANDBOX, ImageRef: `sha256:${'0'.repeat(64)}` },
    Config: {
      metadata: { name: 'app', attempt: 2 },
      image: { image: 'docker.io/library/pod:1' },
      mounts: [{ container_path: '/data', host_path: '/srv' }],
    },
  },
};
const SPEC_JSON = {
  process: { args: ['sh', '-c', 'two words'] },
  mounts: [{ destination: '/data', type: 'bind', source: '/srv' }],
};

interface Given {
  readonly cri?: unknown;
  readonly spec?: unknown;
}

function sampleRoot(directory: string, { cri = CRI_JSON, spec = SPEC_JSON }: Given = {}): FakeContainerd {
  const root = new FakeContainerd(directory);
  const app = root.image({
    names: ['docker.io/library/app:1', 'docker.io/library/app:2'],
    layers: ['a', 'b'],
  });
  const arm = root.manifest({
    ...{ names: [], layers: ['arm'], unpacked: false },
    platform: { os: 'linux', architecture: 'arm64' },
  });
  root.name(
    'docker.io/library/multi:1',
    root.index([
      [app, 'linux/amd64'],
      [arm, 'linux/arm64/v8'],
    ]),
  );
  root.image({ names: ['docker.io/library/packed:1'], layers: ['packed', 'up'], unpacked: false });
  root.container({ id: 'c1', image: 'docker.io/library/app:1', manifest: app, spec: spec as object });
  root.snapshot('/mnt/view', { kind: 1, parent: root.chain(app)[1] ?? '' });
  root.bucket('default', 'leases')['a-lease'] = {
    labels: { 'containerd.io/gc.expire': '2030-01-01T00:00:00Z' },
    snapshots: { overlayfs: { '/mnt/view': '' } },
  };
  root.bucket('default', 'content', 'ingests')['a-fetch'] = { ref: 'default/9/a-fetch' };
  const labels = { 'io.cri-containerd.image': 'managed' };
  const pod = root.image({
    ...{ names: ['docker.io/library/pod:1'], layers: ['a', 'pod'], namespace: 'k8s.io', labels },
  });
  const kube = (kind: string) => ({
    'io.cri-containerd.kind': kind,
    'io.kubernetes.pod.name': 'web',
    'io.kubernetes.pod.namespace': 'shop',
    'io.kubernetes.pod.uid': 'u',
    ...(kind === 'container' ? { 'io.kubernetes.container.name': 'app' } : {}),
  });
  const container = { image: 'docker.io/library/pod:1', manifest: pod, namespace: 'k8s.io' };
  root.container({
    ...{ ...container, id: POD, labels: kube('container') },
    extensions: { 'io.cri-containerd.container.metadata': cri as object },
  });
  root.container({
    ...{ ...container, id: SANDBOX, labels: kube('sandbox') },
    extensions: { 'io.cri-containerd.sandbox.metadata': { Version: 'v1', Metadata: { ID: SANDBOX } } },
  });
  const status = join(directory, STATUS);
  mkdirSync(join(status, '..'), { recursive: true });
  writeFileSync(status, JSON.stringify(STATUS_JSON));
  return root.write();
}

const REFERENCES = {
  default: ['docker.io/library/app:1', 'multi:1', 'packed:1', 'c1', 'snapshot:/mnt/view', 'nothing'],
  'k8s.io': ['docker.io/library/pod:1', 'web/app', POD.slice(0, 12), 'shop/web', 'nothing'],
} as const;
type Namespace = keyof typeof REFERENCES;
const NAMESPACES = Object.keys(REFERENCES) as Namespace[];

describe('a root of containerd with one file altered', () => {
  const temporary = temporaryForSuite();
  const steps = new Steps();
  let root: FakeContainerd;
  /** What a whole one takes. */
  let usual = 0;

  const ask = (namespace: Namespace, more: readonly string[] = []) =>
    askStore(root.root, [...REFERENCES[namespace], ...more], { namespace: asBytes(namespace) });

  beforeAll(async () => {
    root = sampleRoot(temporary.path('root'));
    for (const namespace of NAMESPACES) usual = Math.max(usual, await steps.count(() => ask(namespace)));
  });

  /** No damage may make much more of it: a page is read once a question, a cycle is followed once. */
  const bounded = (act: () => Promise<unknown>) => steps.count(act, 10 * usual);

  /** Puts each of the samples in place of a file, asks, and puts the file back. */
  async function withEach(path: string, contents: fc.Arbitrary<Uint8Array>, count: number): Promise<void> {
    const [place, kept] = [join(root.root, path), temporary.path('kept')];
    copyFileSync(place, kept);
    try {
      await eachSample(
        fc.tuple(contents, fc.constantFrom(...NAMESPACES)),
        count,
        async ([bytes, namespace]) => {
          writeFileSync(place, bytes);
          await bounded(() => ask(namespace));
        },
      );
    } finally {
      copyFileSync(kept, place);
    }
  }

  const bytesOf = (path: string) => readFileSync(join(root.root, path));

  it.each([META, ROWS])('answers or says why, whatever bytes are in %s', async (path) => {
    await withEach(path, fc.oneof(alteredBytes(bytesOf(path)), alteredPages(bytesOf(path), 4096)), tries(3));
  });

  it.each([META, ROWS])('answers or says why, whatever keys and values are in %s', async (path) => {
    await withEach(path, alteredBolt(bytesOf(path)), tries(3));
  });

  it('answers or says why, whatever bytes are in the status of a container', async () => {
    const json = alteredJson(STATUS_JSON).map(textOf);
    await withEach(STATUS, fc.oneof(json.map(Buffer.from), alteredBytes(bytesOf(STATUS))), tries(3));
  });

  const contentOf = (digest: string): unknown => JSON.parse(readFileSync(root.blobPath(digest), 'utf8'));
  const targetOf = (name: string) => {
    const { target } = root.bucket('default', 'images', `docker.io/library/${name}`);
    return String((target as { readonly digest: string }).digest);
  };

  it.each(['a manifest', 'an index', 'a config'])(
    'answers or says why, whatever %s holds whose hash is right',
    async (what) => {
      const manifest = contentOf(targetOf('app:1')) as { readonly config: { readonly digest: string } };
      const whole =
        what === 'an index'
          ? contentOf(targetOf('multi:1'))
          : what === 'a manifest'
            ? manifest
            : contentOf(manifest.config.digest);
      const known = new Set(Object.keys(root.bucket('default', 'content', 'blob')));
      await eachSample(alteredJson(whole).map(textOf), tries(3), async (text) => {
        const digests = [root.blob(text)];
        if (what === 'a config')
          digests.unshift(
            root.blob(textOf({ ...manifest, config: { ...manifest.config, digest: digests[0] } })),
          );
        root.name('docker.io/library/hostile:1', digests[0] ?? '');
        root.write();
        await bounded(() => ask('default', ['hostile:1']));
        for (const digest of digests) if (!known.has(digest)) root.forget(digest);
      });
      delete root.bucket('default', 'images')['docker.io/library/hostile:1'];
      root.write();
    },
  );

  it.each(['cri', 'spec'] as const)(
    'answers or says why, whatever the %s of a container says',
    async (part) => {
      const whole = part === 'cri' ? CRI_JSON : SPEC_JSON;
      let number = 0;
      await eachSample(alteredJson(whole), tries(3), async (altered) => {
        const { root: other } = sampleRoot(temporary.path(`made-${number++}`), { [part]: altered });
        const namespace = part === 'cri' ? 'k8s.io' : 'default';
        await bounded(() => askStore(other, REFERENCES[namespace], { namespace: asBytes(namespace) }));
        rmSync(other, { recursive: true });
      });
    },
  );
});

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
