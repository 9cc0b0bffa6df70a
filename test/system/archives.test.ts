// Images as files that engines wrote: each is listed, every layer of it is there and is what the config says, and each command
// takes them. What the commands show of their files is the matter of other tests.

import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openArchiveStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { bytesOfText } from '../../src/sys/bytes.ts';
import { FakeStore } from '../support/fake-store.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import {
  differingLines,
  listOfEngine,
  listOfTree,
  unpackArchives,
  unpackStore,
} from '../support/real-stores.ts';
import { describeStore } from '../support/store-contract.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

/** Each archive, and what is in it: names, the beginning of the ID, layers. */
const ARCHIVES: Readonly<Record<string, readonly string[]>> = {
  'docker-save-20.tar': ['built:1 a02646766140 4', 'demo:1 f309b0830f57 3'],
  'docker-save-28-overlay2.tar': ['built:1 14f4bbd5deb2 4', 'demo:1 f309b0830f57 3'],
  'docker-save-28-containerd.tar': ['built:1 361d7c8c266f 5', 'demo:1 f309b0830f57 3'],
  'bx-docker.tar': ['bx:docker 224a9b2902c6 4'],
  'bx-zstd.tar': ['bx:zstd 224a9b2902c6 4'],
  'podman-docker-archive.tar': ['demo:1 f309b0830f57 3'],
  'podman-multi.tar': ['127.0.0.1:5917/zdemo:1 ee5318dcae72 2', 'demo:1 f309b0830f57 3'],
  'podman-oci-archive.tar': ['demo:1 f309b0830f57 3'],
  'podman-docker-dir': [' f309b0830f57 3'],
  'oci-zstd.tar': ['zdemo:1 ee5318dcae72 2'],
  'zstd-chunked.tar': ['chunked:1 b7bf13c837d0 3'],
  'oci-multi.tar': [
    'multi:1 62a1401ef483 2 linux/s390x',
    'multi:1 628c77141d88 1 linux/arm64',
    'multi:1 f309b0830f57 3 linux/amd64',
  ],
  'oci-multi-dir': [
    '1 62a1401ef483 2 linux/s390x',
    '1 628c77141d88 1 linux/arm64',
    '1 f309b0830f57 3 linux/amd64',
  ],
};

describeSystem('archives of images', ['root', 'stores'], () => {
  const temporary = temporaryForSuite();
  let folder = '';
  const stores = new Map<string, Store>();
  const path = (name: string) => join(folder, name);
  const open = (name: string) => openArchiveStore(bytesOfText(path(name)));

  beforeAll(async () => {
    folder = unpackArchives(temporary);
    for (const name of Object.keys(ARCHIVES)) stores.set(name, await open(name));
  });

  for (const [name, images] of Object.entries(ARCHIVES)) {
    const opened = () => stores.get(name) as Store;
    it(`${name} is listed with all that is in it`, () => {
      const store = opened();
      const listed = store.images().map(({ id, tags, platform }) => {
        const { layers } = store.resolve(id, 'mark');
        return `${tags.join()} ${id.slice(7, 19)} ${layers.length}${platform === undefined ? '' : ` ${platform}`}`;
      });
      expect(listed.sort()).toEqual([...images].sort());
    });

    describeStore(name, () => ({ store: opened(), root: folder }), { hasNoContainers: true });
  }

  it('names the layers that an archive lacks, and shows the rest', async () => {
    const store = await open('multi-one-platform-missing.tar');
    const amd64 = store.images().find(({ platform }) => platform === 'linux/amd64');
    const absent = `the layer ea241f63c4af is not in the archive ("${path('multi-one-platform-missing.tar')}:blobs/sha256/548c1097de29afe46fa763bc3dccbd66a59d95b1041774b1cbd82b931dd4566b")`;
    expect(amd64?.damage).toMatch(
      /: 1 of 3 layers cannot be read: the layer ea241f63c4af is not in the archive/,
    );
    expect(store.resolve('multi:1', 'mark').layers.map(({ missing }) => missing)).toEqual([
      undefined,
      absent,
      undefined,
    ]);
    expect(() => store.resolve('multi:1')).toThrow(absent);
    const incomplete = await open('docker-save-28-incomplete.tar');
    expect(incomplete.images().map(({ id, damage }) => [id.slice(7, 19), damage])).toEqual([
      [
        'ee5318dcae72',
        `Cannot use "${path('docker-save-28-incomplete.tar')}": the config "blobs/sha256/ee5318dcae7202af4d044da596e63e2f421b3907acd6bddc9a227406bc235168" of the image is not in the archive, nor any of its 2 layers ("blobs/sha256/8d6f5d0016b36f901b897a6f93aa2fa008db443f438b747be657e16e06a71adc", "blobs/sha256/5b845de8d6e35dddf77cd9994e5ec0034de289b2a252db554e2d8c4de838b8c6")`,
      ],
    ]);
  });

  /** Images as their engines unpack them: the reference, the engine's own list of the tree, `--unpack-as`. */
  const TREES: readonly (readonly [reference: string, list: string, as?: string])[] = [
    ['oci:FOLDER/oci-multi-dir', 'containerd-1.6-demo'],
    ['FOLDER/oci-multi.tar', 'containerd-1.6-demo'],
    ['oci-archive:FOLDER/podman-oci-archive.tar', 'containerd-1.6-demo'],
    ['FOLDER/oci-zstd.tar', 'containerd-1.6-zdemo'],
    ['docker-archive:FOLDER/docker-save-20.tar:demo:1', 'containerd-1.6-demo', 'containerd'],
    ['FOLDER/docker-save-28-overlay2.tar:demo:1', 'containerd-1.6-demo', 'containerd'],
    ['FOLDER/docker-save-28-containerd.tar:built:1', 'docker-28-containerd-built', 'containerd'],
    ['FOLDER/podman-multi.tar:demo:1', 'podman-5.8-root-overlay-demo', 'podman'],
    ['dir:FOLDER/podman-docker-dir', 'podman-5.8-root-overlay-demo'],
  ];

  /** Read as others of them are; with `STORES=all` these too. */
  const OF_OTHERS = new Set([
    'oci-archive:FOLDER/podman-oci-archive.tar',
    'FOLDER/docker-save-28-overlay2.tar:demo:1',
  ]);

  for (const [reference, list, as] of TREES) {
    if (process.env.STORES !== 'all' && OF_OTHERS.has(reference)) continue;
    it(`${reference} is the tree ${list}`, async () => {
      const before = as === undefined ? [] : ['--unpack-as', as];
      const mount = await mountStratafs(temporary, reference.replace('FOLDER', folder), { before });
      try {
        const lines = [listOfEngine(list), listOfTree(mount.directory)].map((each) =>
          each.map(withoutOwnTime),
        );
        expect(differingLines(lines[0] ?? [], lines[1] ?? [])).toEqual([]);
      } finally {
        await mount.umount();
      }
    });
  }

  it('what docker save wrote is unpacked as docker load does: what a layer implies is of root', async () => {
    const [old, layout] = [`${path('docker-save-20.tar')}:demo:1`, `oci:${path('oci-multi-dir')}`];
    const { stdout, code } = await stratafs(['diff', '--itemize', old, layout]);
    expect([stdout.trim(), code]).toEqual([expect.stringMatching(/^\.d\S*og\S* data\/?$/), 1]);
    const same = await stratafs(['--unpack-as', 'containerd', 'diff', old, layout]);
    expect(same).toMatchObject({ code: 0 });
  });

  it('every archive that is whole is verified, an altered layer is named, and one that is cut off is still listed', async () => {
    const { stdout, code } = await stratafs(['verify', path('docker-save-28-containerd.tar')]);
    expect([stdout.split('\n').at(-2), code]).toEqual(['total         2 images, 5 layers (5 verified)', 0]);
    const whole = readFileSync(path('docker-save-20.tar'));
    const altered = temporary.path('altered.tar');
    const bytes = Buffer.from(whole);
    bytes.write('ROOT', whole.indexOf('root:x:'));
    writeFileSync(altered, bytes);
    const told = await stratafs(['verify', altered]);
    expect([told.code, told.stdout]).toEqual([
      1,
      expect.stringMatching(/tampered +built:1 layer 1 .*\n(?:.*\n)*verified +built:1 layer 2 /),
    ]);
    const cut = temporary.path('cut.tar');
    // Its index.json comes first, the config last.
    const zstd = readFileSync(path('oci-zstd.tar'));
    writeFileSync(cut, zstd.subarray(0, zstd.indexOf('8d6f5d0016b3', zstd.indexOf('6d68468173d1')) + 1000));
    const listed = await stratafs(['--root', cut, 'images']);
    expect(listed.stdout).toMatch(/^zdemo +1 +ee5318dcae72 +N\/A +damaged$/m);
    expect(listed.stderr).toMatch(
      /"blobs\/sha256\/ee5318dcae72\w+" of the image is not in the archive, nor 1 of its 2 layers \(\S+\); "\S+" cannot be read after its member "\S+": it is cut off/,
    );
  });

  it('without its config has the blobs of its layers proven, and says that their diff IDs cannot be known', async () => {
    const layout = temporary.path('without-config');
    cpSync(path('oci-multi-dir'), layout, { recursive: true });
    const blob = (digest: string) => join(layout, 'blobs/sha256', digest.slice('sha256:'.length));
    const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Described;
    const [index] = read(join(layout, 'index.json')).manifests;
    const ours = read(blob(index?.digest ?? '')).manifests.find(
      (one) => one.platform?.architecture === 'amd64',
    );
    const { config, layers } = read(blob(ours?.digest ?? ''));
    rmSync(blob(config.digest));
    const verdicts = async () => {
      const words = ['--platform', 'linux/amd64', 'verify', '--json', `oci:${layout}`];
      const { stdout, code } = await stratafs(words);
      const findings = jsonRecords<Found>(stdout, 'finding').filter(({ layer }) => layer !== undefined);
      const told = findings.map(({ layer, severity, message }) => [layer, severity, message]);
      return { told, verdicts: jsonRecords<Found>(stdout, 'layer').map(({ verdict }) => verdict), code };
    };
    const proven = layers.map(({ digest }, at) => [
      at + 1,
      'unverifiable',
      `the layer is what its digest names, ${digest}; the diff ID of its tar cannot be known, as no config of its image can be used`,
    ]);
    const first = await verdicts();
    expect(first).toEqual({ told: proven, verdicts: layers.map(() => 'unverifiable'), code: 4 });
    const [base, ...others] = layers.map(({ digest }) => blob(digest));
    const bytes = readFileSync(base ?? '');
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    writeFileSync(base ?? '', bytes);
    rmSync(others.at(-1) ?? '');
    const second = await verdicts();
    expect(second.verdicts).toEqual(['tampered', ...others.map(() => 'unverifiable')]);
    expect(second.told).toEqual([
      [1, 'tampered', 'the compressed layer is not the one that its digest names'],
      ...proven.slice(1, -1),
      [layers.length, 'unverifiable', expect.stringMatching(/^the layer ".*" is not in the archive$/)],
    ]);
    expect(second.code).toBe(1);
  });

  it('one of which a copy was altered under the same digests differs from the copy, whichever is read first', async () => {
    const whole = path('docker-save-28-overlay2.tar');
    const altered = temporary.path('same-digests.tar');
    const bytes = readFileSync(whole);
    bytes.write('ROOT', bytes.indexOf('root:x:'));
    writeFileSync(altered, bytes);
    for (const sides of [
      [whole, altered],
      [altered, whole],
    ]) {
      for (const before of [[], ['--index-dir', temporary.path('indexes-of-diff')]]) {
        const words = [...before, 'diff', '--name-status', ...sides.map((side) => `${side}:demo:1`)];
        expect(await stratafs(words)).toMatchObject({ code: 1, stdout: 'M\t/etc/passwd\n', stderr: '' });
      }
    }
    const other = `${path('docker-save-20.tar')}:demo:1`;
    const { stdout } = await stratafs(['diff', '--json', `${whole}:demo:1`, other]);
    expect(JSON.parse(stdout.split('\n', 1)[0] ?? '')).toMatchObject({ sharedLayers: 3 });
  });

  it('and a store share layers that one engine would unpack alike, where --trust-ids says so', async () => {
    const store = join(unpackStore(temporary, 'docker-28-overlay2'), 'root');
    const archive = `${path('docker-save-28-overlay2.tar')}:built:1`;
    const diff = async (...words: string[]) => {
      const { stdout, code } = await stratafs(['--root', store, 'diff', '--json', ...words]);
      const header = JSON.parse(stdout.split('\n', 1)[0] ?? '') as Told;
      const [summary] = jsonRecords<Told>(stdout, 'summary');
      return [code, header.sharedLayers, summary?.cost?.names === 0];
    };
    expect(await diff('built:1', archive)).toEqual([0, 0, false]);
    // What a step of a build wrote where it lies was never unpacked.
    expect(await diff('--trust-ids', 'built:1', archive)).toEqual([0, 3, false]);
    expect(await diff('--trust-ids', archive, 'demo:1')).toEqual([1, 3, false]);
    expect(await diff('--trust-ids', archive.replace('built', 'demo'), 'demo:1')).toEqual([0, 3, true]);
    const otherRules = await stratafs([
      ...['--root', store, '--unpack-as', 'containerd'],
      ...['diff', '--json', '--trust-ids', archive, 'built:1'],
    ]);
    expect(JSON.parse(otherRules.stdout.split('\n', 1)[0] ?? '')).toMatchObject({ sharedLayers: 0 });
  });

  it('changes neither a file nor its times, and works where nothing can be written', async () => {
    const bound = temporary.path('bound');
    mkdirSync(bound);
    run('mount', ['--bind', folder, bound]);
    try {
      run('mount', ['-o', 'remount,ro,bind', bound]);
      const times = () =>
        ['docker-save-20.tar', 'oci-multi-dir/index.json'].map((name) => {
          const { atimeNs, mtimeNs, ctimeNs } = statSync(path(name), { bigint: true });
          return [atimeNs, mtimeNs, ctimeNs];
        });
      const before = times();
      for (const reference of [`${bound}/docker-save-20.tar:demo:1`, `oci:${bound}/oci-multi-dir`]) {
        for (const words of [
          ['ls', reference, '/'],
          ['verify', reference],
          ['history', reference],
        ]) {
          expect((await stratafs(words)).code).toBe(0);
        }
      }
      expect(times()).toEqual(before);
    } finally {
      // The commands' process has it open.
      run('umount', ['-l', bound]);
    }
  });

  it('as a root is told by "stores" to be one, and what is damaged in it once', async () => {
    const { stdout, code } = await stratafs(['--root', path('oci-zstd.tar'), 'stores', '--json']);
    const record = {
      ...{ kind: 'OCI layout, a tar', root: path('oci-zstd.tar'), why: '--root' },
      ...{ images: 1, containers: 0, live: false },
    };
    expect([jsonRecords(stdout), code]).toEqual([[expect.objectContaining(record)], 0]);
    const { stderr } = await stratafs(['--root', path('docker-save-28-incomplete.tar'), 'images']);
    expect(stderr).toMatch(/^stratafs: Cannot use image "127\.0\.0\.1:5917\/zdemo:1": "\S+": the config /);
  });

  it('a word that means a file and an image is asked for again, and one that means a file alone is told', async () => {
    const store = new FakeStore(temporary.path('docker'));
    const image = store.image({ names: ['app.tar:1'], layers: ['base'] });
    expect(image).toBeDefined();
    const cwd = temporary.path('work');
    mkdirSync(cwd);
    copyFileSync(path('podman-oci-archive.tar'), join(cwd, 'app.tar'));
    copyFileSync(path('podman-oci-archive.tar'), join(cwd, 'demo'));
    const stderrOf = async (reference: string) =>
      (await stratafs(['--root', store.root, 'ls', reference, '/'], { cwd })).stderr;
    expect(await stderrOf('app.tar:1')).toMatch(
      /Cannot tell what "app.tar:1" means: "app.tar" is a file here, .* write "\.\/app.tar:1" or "image:app.tar:1"/,
    );
    expect(await stderrOf('app.tar:demo:1')).toBe('');
    expect(await stderrOf('./app.tar')).toBe('');
    expect(await stderrOf('demo')).toMatch(/no such image or container.*\("\.\/demo" is a file here\)/);
    expect(await stratafs(['ls', './nothing.tar'], { cwd })).toMatchObject({
      ...{ code: 4, stderr: 'stratafs: Cannot open archive "./nothing.tar": no such file\n' },
    });
    const absent = /\(and there is no file "nothing.tar" here\)\n$/;
    expect(await stderrOf('nothing.tar')).toMatch(absent);
    expect(await stderrOf('nothing.tar:demo:1#2')).toMatch(absent);
    expect(await stderrOf('nothing')).not.toMatch(/no file/);
    const elsewhere = await stratafs(['--root', temporary.path('no-store'), 'ls', 'nothing.tar', '/'], {
      cwd,
    });
    expect(elsewhere.stderr).toMatch(/^stratafs: Cannot open .*no such directory/);
    expect(elsewhere.stderr).toMatch(absent);
  });
});

interface Described {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
  readonly manifests: readonly {
    readonly digest: string;
    readonly platform?: { readonly architecture: string };
  }[];
}

interface Found {
  readonly layer?: number;
  readonly severity: string;
  readonly message: string;
  readonly verdict: string;
}

interface Told {
  readonly sharedLayers?: number;
  readonly cost?: { readonly names: number };
}

/** Directories that only a layer's tar implies were made when the engine unpacked it. */
function withoutOwnTime(line: string): string {
  return line.replace(/^(\.|\.\/data) (d \d+ \d+ \d+ -) \S+/, '$1 $2');
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
