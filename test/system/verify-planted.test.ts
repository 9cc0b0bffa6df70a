// Changes planted in real stores, each in an untouched one in the same place: `verify` names every one of them, by class and place, and nothing
// besides. What was not changed is verified before.

import { chmodSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

interface Case {
  /** `root` is that of the store. */
  readonly plant: (root: string) => unknown;
  /** `severity class place`, in any order: the place is a path, or what the finding is about. */
  readonly findings: readonly string[];
}

interface Store {
  readonly name: string;
  readonly root: string;
  readonly args: readonly string[];
  readonly reference: string;
  /** Files of all layers are changed in the same way; by number, from 1 for the base. */
  readonly layer: (root: string, number: number) => string;
  readonly cases: Readonly<Record<string, Case>>;
}

function file(directory: string, path: string): string {
  return join(directory, path);
}

/** Another byte of the same length under the same times. */
function alterByte(path: string, at = 0): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function alterText(path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(path, 'latin1');
  const altered = text.replace(from, to);
  if (altered === text) throw new Error(`"${path}" has no ${from}`);
  writeFileSync(path, altered, 'latin1');
}

/** What can be done to files of any unpacked layer of `demo`, and is found of a tar that is proven. */
function treeCases(layer: Store['layer']): Readonly<Record<string, Case>> {
  return {
    'contents under the same size and time': {
      plant(root) {
        const path = file(layer(root, 1), 'etc/passwd');
        alterByte(path);
        utimesSync(path, 1700000000, 1700000000);
      },
      findings: ['tampered content etc/passwd', 'note mtime etc/passwd'],
    },
    'a file cut short': {
      plant: (root) => truncateSync(file(layer(root, 1), 'data/big'), 5),
      findings: ['tampered content data/big', 'note mtime data/big'],
    },
    'a mode': {
      plant: (root) => chmodSync(file(layer(root, 1), 'bin/tiny'), 0o4755),
      findings: ['tampered mode bin/tiny'],
    },
    'an owner': {
      plant: (root) => succeed('chown', ['1001:1000', file(layer(root, 1), 'data/big')]),
      findings: ['tampered owner data/big'],
    },
    'a file more': {
      plant: (root) => writeFileSync(file(layer(root, 2), 'etc/shadow'), 'x'),
      findings: ['tampered extra etc/shadow', 'note mtime etc'],
    },
    'a file less': {
      plant: (root) => rmSync(file(layer(root, 3), 'srv/plugins/late')),
      findings: ['tampered missing srv/plugins/late', 'note mtime srv/plugins'],
    },
    'a whiteout more': {
      plant: (root) => succeed('mknod', [file(layer(root, 3), 'bin'), 'c', '0', '0']),
      findings: ['tampered whiteout bin'],
    },
    'a whiteout less': {
      plant: (root) => rmSync(file(layer(root, 2), 'etc/motd')),
      findings: ['tampered whiteout etc/motd', 'note mtime etc'],
    },
    'an opaque mark less': {
      plant: (root) =>
        succeed('setfattr', ['-x', 'trusted.overlay.opaque', file(layer(root, 2), 'srv/plugins')]),
      findings: ['tampered whiteout srv/plugins'],
    },
    'an attribute more': {
      plant: (root) => succeed('setfattr', ['-n', 'user.x', '-v', 'y', file(layer(root, 1), 'etc/group')]),
      findings: ['tampered xattr etc/group'],
    },
    'a capability less': {
      plant: (root) => succeed('setfattr', ['-x', 'security.capability', file(layer(root, 1), 'odd/cap')]),
      findings: ['tampered xattr odd/cap'],
    },
    'a link to elsewhere': {
      async plant(root) {
        const link = file(layer(root, 1), 'odd/abs');
        await succeed('ln', ['-sfn', '/etc/shadow', link]);
      },
      findings: ['tampered link odd/abs', 'note mtime odd/abs', 'note mtime odd'],
    },
  };
}

const PODMAN_LAYERS = [
  '877501feb6e3aefb6bdd49546dc25c8a18fe0df3207a01e8a315670c62c25f21',
  '646865944f9b1a47753215a3208a5a7ac6a452ddaff90a06b63252eb8211754a',
  '43fcf5aec98fa06c2fa0bb62cd783e824054a32249ff4b0f81250af7fde3ef2e',
];
const PODMAN_LAYER = (root: string, number: number) => `${root}/overlay/${PODMAN_LAYERS[number - 1]}/diff`;
const DEMO_CONFIG = 'f309b0830f572ae35eaf122ba0186d273946b88cc8c0e26c5f61b941d7d20496';
const DEMO_MANIFEST = '96578a845e2e4fd18e3c6827e6dc4ca2087d9abb6305a43daf12d09e81babf36';
const PODMAN_IMAGE = (root: string) => `${root}/overlay-images/${DEMO_CONFIG}`;
const bigData = (name: string) => `=${Buffer.from(name).toString('base64')}`;

/** Another name of the owner, which no file has, in the headers of a tar-split; `sums` gives them their new checksums. */
function alterHeaders(path: string, sums: boolean): void {
  const lines = gunzipSync(readFileSync(path)).toString('latin1').split('\n');
  const altered = lines.map((line) => {
    const entry = JSON.parse(line || '{}') as { type?: number; payload?: string };
    const header = Buffer.from(entry.payload ?? '', 'base64');
    if (entry.type !== 2 || header.length < 512 || header[0] === 0) return line;
    const start = header.length - 512;
    header.write('eve', start + 265);
    header.fill(' ', start + 148, start + 156);
    const sum = header.subarray(start).reduce((total, byte) => total + byte, 0);
    if (sums) header.write(`${sum.toString(8).padStart(6, '0')}\0 `, start + 148);
    return JSON.stringify({ ...entry, payload: header.toString('base64') });
  });
  writeFileSync(path, gzipSync(Buffer.from(altered.join('\n'), 'latin1')));
}

const PODMAN: Store = {
  name: 'podman-5.8-root-overlay',
  root: 'root',
  args: [],
  reference: 'docker.io/library/demo:1',
  layer: PODMAN_LAYER,
  cases: {
    ...treeCases(PODMAN_LAYER),
    'a manifest': {
      plant: (root) =>
        alterText(join(PODMAN_IMAGE(root), bigData(`manifest-sha256:${DEMO_MANIFEST}`)), '"size"', '"Size"'),
      findings: ['tampered manifest'],
    },
    'the config': {
      plant: (root) =>
        alterText(join(PODMAN_IMAGE(root), bigData(`sha256:${DEMO_CONFIG}`)), '"amd64"', '"arm64"'),
      findings: ['tampered config'],
    },
    'a header in a tar-split': {
      plant: (root) => alterHeaders(`${root}/overlay-layers/${PODMAN_LAYERS[1]}.tar-split.gz`, true),
      findings: ['tampered tar-split'],
    },
    'a header in a tar-split with its checksum left': {
      plant: (root) => alterHeaders(`${root}/overlay-layers/${PODMAN_LAYERS[1]}.tar-split.gz`, false),
      findings: ['unverifiable tar-split'],
    },
    'a tar-split that is gone': {
      plant: (root) => rmSync(`${root}/overlay-layers/${PODMAN_LAYERS[2]}.tar-split.gz`),
      findings: ['unverifiable chain'],
    },
    'the digest of a layer in layers.json': {
      plant: (root) =>
        alterText(`${root}/overlay-layers/layers.json`, /("diff-digest":"sha256:)ea241f/, '$1ea2410'),
      findings: ['tampered chain'],
    },
    'the parent of a layer': {
      plant: (root) =>
        alterText(
          `${root}/overlay-layers/layers.json`,
          `"parent":"${PODMAN_LAYERS[1]}"`,
          `"parent":"${PODMAN_LAYERS[0]}"`,
        ),
      // The driver's own `lower` leads to the layer that was the parent.
      findings: ['tampered chain', 'tampered chain', 'tampered chain', 'tampered stack'],
    },
  },
};

const SNAPSHOT = (root: string, number: number) =>
  `${root}/io.containerd.snapshotter.v1.overlayfs/snapshots/${number}/fs`;
const blob = (root: string, digest: string) =>
  `${root}/io.containerd.content.v1.content/blobs/sha256/${digest}`;

/** The blob of a layer, by its number from 1, as the manifest names it. */
function layerBlob(root: string, number: number): string {
  const manifest = JSON.parse(readFileSync(blob(root, DEMO_MANIFEST), 'utf8')) as {
    readonly layers: readonly { readonly digest: string }[];
  };
  return blob(root, manifest.layers[number - 1]?.digest.replace('sha256:', '') ?? '');
}

const CONTAINERD: Store = {
  name: 'containerd-1.6',
  root: 'root',
  args: ['--namespace', 'default'],
  reference: 'demo:1',
  layer: SNAPSHOT,
  cases: {
    ...treeCases(SNAPSHOT),
    'a manifest': {
      plant: (root) => alterText(blob(root, DEMO_MANIFEST), '"size"', '"Size"'),
      findings: ['tampered manifest'],
    },
    'the config': {
      plant: (root) => alterText(blob(root, DEMO_CONFIG), '"amd64"', '"arm64"'),
      findings: ['unverifiable config'],
    },
    'a layer’s blob': {
      plant: (root) => alterByte(layerBlob(root, 1), 600),
      // The whole tree of `native` can then not be compared.
      findings: ['tampered blob', 'unverifiable blob'],
    },
    'a layer’s blob that is gone': {
      plant: (root) => rmSync(layerBlob(root, 1)),
      findings: ['unverifiable blob', 'unverifiable blob'],
    },
  },
};

const NATIVE: Store = {
  name: 'containerd-2.1-erofs-native',
  root: 'root',
  args: [],
  reference: '127.0.0.1:5917/demo:1',
  layer: (root) => `${root}/io.containerd.snapshotter.v1.native/snapshots/3`,
  cases: {
    'contents that a layer below brought': {
      plant: (root) => alterByte(file(NATIVE.layer(root, 3), 'etc/passwd')),
      findings: ['tampered content etc/passwd', 'note mtime etc/passwd'],
    },
    'a file that a layer above removed': {
      plant: (root) => writeFileSync(file(NATIVE.layer(root, 3), 'etc/motd'), 'back'),
      // The directory has another time now than the one that the tar says.
      findings: ['tampered extra etc/motd', 'note mtime etc'],
    },
    'an owner': {
      plant: (root) => succeed('chown', ['1001', file(NATIVE.layer(root, 3), 'odd/old')]),
      findings: ['tampered owner odd/old'],
    },
  },
};

const INIT = (root: string) =>
  `${root}/containerd/daemon/io.containerd.snapshotter.v1.overlayfs/snapshots/17/fs`;

/** Between the third layer and the one that `docker commit` made is one of dockerd's own, which has no record. */
const COMMITTED: Store = {
  name: 'docker-28-containerd',
  root: 'root',
  args: [],
  reference: 'committed:1',
  layer: INIT,
  cases: {
    'a file in the layer that dockerd made': {
      plant: (root) => writeFileSync(file(INIT(root), 'etc/ld.so.preload'), '/evil.so'),
      findings: ['tampered stack'],
    },
    'contents of what dockerd made empty': {
      plant: (root) => writeFileSync(file(INIT(root), 'etc/hosts'), '10.0.0.1 deb.debian.org'),
      findings: ['tampered stack'],
    },
    'a link in place of a directory of it': {
      async plant(root) {
        rmSync(file(INIT(root), 'dev'), { recursive: true });
        await succeed('ln', ['-s', '/etc', file(INIT(root), 'dev')]);
      },
      findings: ['tampered stack'],
    },
  },
};

const FORCED: Store = {
  name: 'podman-5.8-rootless-forcemask',
  root: 'fm',
  args: [],
  reference: 'demo:1',
  layer: PODMAN_LAYER,
  cases: {
    'an owner in the attribute': {
      plant: (root) => setOverride(file(PODMAN_LAYER(root, 1), 'odd/suid'), '1:0:4755:file'),
      findings: ['tampered owner odd/suid'],
    },
    'a mode in the attribute': {
      plant: (root) => setOverride(file(PODMAN_LAYER(root, 1), 'etc/passwd'), '0:0:0666:file'),
      findings: ['tampered mode etc/passwd'],
    },
    'a type in the attribute': {
      plant: (root) => setOverride(file(PODMAN_LAYER(root, 1), 'odd/fifo'), '0:0:0644:file'),
      findings: ['tampered type odd/fifo'],
    },
    'a device in the attribute': {
      plant: (root) => setOverride(file(PODMAN_LAYER(root, 1), 'odd/null'), '0:0:0666:char-8-0'),
      findings: ['tampered device odd/null'],
    },
    'the attribute gone': {
      plant: (root) =>
        succeed('setfattr', ['-x', 'user.containers.override_stat', file(PODMAN_LAYER(root, 1), 'odd/suid')]),
      findings: ['tampered mode odd/suid'],
    },
    contents: {
      plant: (root) => alterByte(file(PODMAN_LAYER(root, 2), 'app/b')),
      // Its other name comes first.
      findings: ['tampered content app/a', 'note mtime app/a'],
    },
  },
};

function setOverride(path: string, value: string): Promise<unknown> {
  return succeed('setfattr', ['-n', 'user.containers.override_stat', '-v', value, path]);
}

const MULTI_INDEX = '815bd90c48857437c3ffff16194e6ade7e37fbdf2afc66077cdc47f4bb239fce';

/** Nothing was unpacked: what is proved are the blobs. */
const BLOBS: Store = {
  name: 'containerd-2.1-blobs-only',
  root: 'root',
  args: [],
  reference: '127.0.0.1:5917/multi:1',
  layer: () => '',
  cases: {
    'the index': {
      plant: (root) => alterText(blob(root, MULTI_INDEX), '"size"', '"Size"'),
      findings: ['tampered index'],
    },
    'a manifest': {
      plant: (root) => alterText(blob(root, DEMO_MANIFEST), '"size"', '"Size"'),
      findings: ['tampered manifest'],
    },
    'the config of one platform': {
      plant: (root) => alterText(blob(root, DEMO_CONFIG), '"amd64"', '"arm64"'),
      findings: ['unverifiable config'],
    },
  },
};

const STORES = [PODMAN, CONTAINERD, NATIVE, COMMITTED, FORCED, BLOBS];

interface Line {
  readonly t: string;
  readonly verdict?: string;
  readonly severity?: string;
  readonly class?: string;
  readonly path?: string;
  readonly layer?: number;
  readonly repoDigests?: readonly string[];
}

describeSystem('verify and what is planted', ['root', 'stores', 'python', 'build'], () => {
  describe.each(STORES)('in $name', (store) => {
    const { name, args, reference, cases } = store;

    async function verified(directory: string): Promise<{ code: number | null; lines: readonly Line[] }> {
      const words = ['--root', `${directory}/${store.root}`, ...args, 'verify', '--json', reference];
      const { code, stdout } = await stratafs(words);
      return {
        code,
        lines: jsonRecords(stdout),
      };
    }

    const temporary = temporaryForSuite();
    const directory = temporary.path(name);
    let before: Awaited<ReturnType<typeof verified>> = { code: null, lines: [] };
    beforeAll(async () => {
      unpackStore(temporary, name);
      before = await verified(directory);
    });

    it('finds nothing where nothing is', () => {
      const { code, lines } = before;
      expect([code, lines.filter(({ severity }) => severity === 'tampered')]).toEqual([0, []]);
      expect(lines.find(({ t }) => t === 'image')?.repoDigests).not.toBeUndefined();
    });

    it.each(Object.entries(cases))('names %s', async (_, { plant, findings }) => {
      rmSync(directory, { recursive: true });
      unpackStore(temporary, name);
      await plant(`${directory}/${store.root}`);
      const { code, lines } = await verified(directory);
      const known = new Set(before.lines.map((line) => JSON.stringify(line)));
      const told = lines.filter((line) => line.t === 'finding' && !known.has(JSON.stringify(line)));
      const inLayer = (path: string) => (path === '/' ? '.' : path.slice(1));
      const words = told.map(({ severity, class: kind, path, layer }) => {
        const shown = path === undefined ? [] : [layer === undefined ? path : inLayer(path)];
        return [severity, kind, ...shown].join(' ');
      });
      expect(words.sort()).toEqual([...findings].sort());
      const isTampered = findings.some((finding) => finding.startsWith('tampered'));
      expect(code).toBe(isTampered ? 1 : 4);
      expect(lines.find(({ t }) => t === 'image')?.repoDigests).toBeUndefined();
    });
  });
});
