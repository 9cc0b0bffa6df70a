// One damage at a time on a sound store: what the doctor finds, all of it, and that it goes on.

import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examineStore } from '../../../src/health/docker/doctor.ts';
import { dockerRootAt } from '../../support/docker-root.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { jsonRecords } from '../../support/json-lines.ts';
import { type SampleRoot, writeSampleRoot } from '../../support/sample-root.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { stratafs } from '../cli/memory.ts';

async function findingsOf(root: string): Promise<string[]> {
  const lines: string[] = [];
  await examineStore(dockerRootAt(root), ({ code, path }) =>
    lines.push(`${code} ${path.slice(root.length + 1)}`),
  );
  return lines;
}

const IMAGEDB = 'image/overlay2/imagedb/content/sha256';
const LAYERDB = 'image/overlay2/layerdb';
const ORPHAN = 'ef'.repeat(32);
const ABSENT = `sha256:${'cd'.repeat(32)}`;

interface Damage {
  readonly rule: string;
  readonly act: (sample: SampleRoot) => void;
  /** TOP, MIDDLE and BASE are the layers' names in layerdb, DIR the top one's in the driver, IMAGE and OTHER the images. */
  readonly finds: readonly string[];
}

const DAMAGE: readonly Damage[] = [
  { rule: 'nothing', act: () => {}, finds: [] },
  {
    rule: 'no list of names',
    act: ({ repositories }) => unlinkSync(repositories),
    finds: ['names-unreadable image/overlay2/repositories.json'],
  },
  {
    rule: 'a list of names that is cut off',
    act: ({ repositories }) => truncateSync(repositories, 30),
    finds: ['names-unreadable image/overlay2/repositories.json'],
  },
  {
    rule: 'no directory of containers',
    act: ({ root }) => rmSync(join(root, 'containers'), { recursive: true }),
    finds: ['unlisted '],
  },
  {
    rule: 'a name that is none',
    act: ({ repositories }) => edit(repositories, 'sample/web:1.0', '../x'),
    finds: ['name-damaged image/overlay2/repositories.json'],
  },
  {
    rule: 'a tag that points nowhere',
    act: ({ repositories, imageId }) => edit(repositories, `sha256:${imageId}`, ABSENT),
    finds: ['name-dangling image/overlay2/repositories.json'],
  },
  {
    rule: 'a config that is missing',
    act: ({ config }) => unlinkSync(config),
    finds: ['name-dangling image/overlay2/repositories.json', `layer-unused ${LAYERDB}/sha256/TOP`],
  },
  {
    rule: 'a config that was changed',
    act: ({ config }) => appendFileSync(config, ' '),
    finds: [`image-damaged ${IMAGEDB}/IMAGE`, `layer-unused ${LAYERDB}/sha256/TOP`],
  },
  {
    rule: 'a config that is a link',
    act: ({ config }) => replaceByLink(config, '/etc/passwd'),
    finds: [`image-damaged ${IMAGEDB}/IMAGE`, `layer-unused ${LAYERDB}/sha256/TOP`],
  },
  {
    rule: 'a layer that is missing in layerdb',
    act: ({ layers: [top] }) => rmSync(top.record, { recursive: true }),
    finds: [`image-incomplete ${IMAGEDB}/IMAGE`, 'directory-orphan overlay2/DIR'],
  },
  {
    rule: 'a base layer that is missing',
    act: ({ layers }) => rmSync(layers[2].record, { recursive: true }),
    finds: [
      `image-incomplete ${IMAGEDB}/IMAGE`,
      `image-incomplete ${IMAGEDB}/OTHER`,
      `layer-chain ${LAYERDB}/sha256/MIDDLE`,
      'directory-orphan overlay2/LOWEST',
    ],
  },
  {
    rule: 'a diff ID that is none',
    act: ({ layers: [top] }) => writeFileSync(join(top.record, 'diff'), 'x'),
    finds: [`image-record ${IMAGEDB}/IMAGE`, `layer-damaged ${LAYERDB}/sha256/TOP`],
  },
  {
    rule: 'a diff ID that is another',
    act: ({ layers: [top] }) => writeFileSync(join(top.record, 'diff'), ABSENT),
    finds: [`image-incomplete ${IMAGEDB}/IMAGE`, `layer-chain ${LAYERDB}/sha256/TOP`],
  },
  {
    rule: 'a chain that is a cycle',
    act: ({ layers: [top, middle] }) => writeFileSync(join(middle.record, 'parent'), top.chainId),
    finds: [
      `image-incomplete ${IMAGEDB}/IMAGE`,
      `image-incomplete ${IMAGEDB}/OTHER`,
      `layer-chain ${LAYERDB}/sha256/MIDDLE`,
      `layer-chain ${LAYERDB}/sha256/MIDDLE`,
      `layer-chain ${LAYERDB}/sha256/TOP`,
      'lower-other overlay2/DIR',
      'lower-other overlay2/MIDDLEDIR',
    ],
  },
  {
    rule: 'a cache ID that leads out',
    act: ({ layers: [top] }) => writeFileSync(join(top.record, 'cache-id'), '../../../etc'),
    finds: [
      `image-incomplete ${IMAGEDB}/IMAGE`,
      `layer-damaged ${LAYERDB}/sha256/TOP`,
      'directory-orphan overlay2/DIR',
    ],
  },
  {
    rule: 'no directory with the files',
    act: ({ layers: [top] }) => rmSync(top.directory, { recursive: true }),
    finds: [
      `image-incomplete ${IMAGEDB}/IMAGE`,
      `layer-directory ${LAYERDB}/sha256/TOP`,
      'link-broken overlay2/l/LINK',
      'link-damaged overlay2/DIR',
    ],
  },
  {
    rule: 'a directory that is a link',
    act: ({ layers: [top] }) => replaceByLink(top.directory, '/etc'),
    finds: [
      `image-incomplete ${IMAGEDB}/IMAGE`,
      `layer-directory ${LAYERDB}/sha256/TOP`,
      'link-broken overlay2/l/LINK',
      'link-damaged overlay2/DIR',
    ],
  },
  {
    rule: 'a size that is none',
    act: ({ layers: [top] }) => writeFileSync(join(top.record, 'size'), 'x'),
    finds: [`layer-size ${LAYERDB}/sha256/TOP`],
  },
  {
    rule: 'no tar-split record',
    act: ({ layers: [top] }) => unlinkSync(join(top.record, 'tar-split.json.gz')),
    finds: [`tar-split ${LAYERDB}/sha256/TOP/tar-split.json.gz`],
  },
  {
    rule: 'a tar-split record that is cut off',
    act: ({ layers: [top] }) => truncateSync(join(top.record, 'tar-split.json.gz'), 60),
    finds: [`tar-split ${LAYERDB}/sha256/TOP/tar-split.json.gz`],
  },
  {
    rule: 'a removal that was not ended',
    act: ({ root }) => {
      mkdirSync(join(root, LAYERDB, `sha256/${ORPHAN}-x-removing`));
      mkdirSync(join(root, `overlay2/${ORPHAN}-removing`));
    },
    finds: [
      `layer-removing ${LAYERDB}/sha256/${ORPHAN}-x-removing`,
      `directory-orphan overlay2/${ORPHAN}-removing`,
    ],
  },
  {
    rule: 'a registration that was not ended',
    act: ({ root }) => mkdirSync(join(root, LAYERDB, 'tmp/write-set-1'), { recursive: true }),
    finds: [`layer-transaction ${LAYERDB}/tmp/write-set-1`],
  },
  {
    rule: 'a directory of no layer',
    act: ({ root }) => mkdirSync(join(root, `overlay2/${ORPHAN}/diff`), { recursive: true }),
    finds: [`directory-orphan overlay2/${ORPHAN}`],
  },
  {
    rule: 'what may be build cache, in a database that cannot be read',
    act: ({ root }) => {
      mkdirSync(join(root, `overlay2/${ORPHAN}/diff`), { recursive: true });
      mkdirSync(join(root, 'buildkit'));
      writeFileSync(join(root, 'buildkit/snapshots.db'), 'x');
    },
    finds: ['database-damaged buildkit/snapshots.db', `directory-orphan overlay2/${ORPHAN}`],
  },
  {
    rule: 'a short link that is missing',
    act: ({ root, layers: [top] }) => unlinkSync(join(root, 'overlay2/l', linkOf(top.directory))),
    finds: ['link-damaged overlay2/DIR'],
  },
  {
    rule: 'a short link that leads out',
    act: ({ root, layers: [top] }) => replaceByLink(join(root, 'overlay2/l', linkOf(top.directory)), '/etc'),
    finds: ['link-broken overlay2/l/LINK', 'link-damaged overlay2/DIR'],
  },
  {
    rule: 'a short link to another layer',
    act: ({ root, layers: [top, middle] }) =>
      replaceByLink(join(root, 'overlay2/l', linkOf(top.directory)), `../${middle.cacheId}/diff`),
    finds: ['link-damaged overlay2/DIR'],
  },
  {
    rule: 'a list of lower layers that lost one',
    act: ({ layers: [top, , base] }) =>
      writeFileSync(join(top.directory, '../lower'), `l/${linkOf(base.directory)}`),
    finds: ['lower-other overlay2/DIR'],
  },
  {
    rule: 'a list of lower layers in another order',
    act: ({ layers: [top, middle, base] }) =>
      writeFileSync(
        join(top.directory, '../lower'),
        `l/${linkOf(base.directory)}:l/${linkOf(middle.directory)}`,
      ),
    finds: ['lower-other overlay2/DIR'],
  },
  {
    rule: 'a list of lower layers that is no list of short links',
    act: ({ layers: [top, middle, base] }) =>
      writeFileSync(
        join(top.directory, '../lower'),
        `${linkOf(middle.directory)}:l/${linkOf(base.directory)}`,
      ),
    finds: ['lower-other overlay2/DIR'],
  },
  {
    rule: 'a list of lower layers with a short link that is not there',
    act: ({ layers: [top, , base] }) =>
      writeFileSync(join(top.directory, '../lower'), `l/${'A'.repeat(26)}:l/${linkOf(base.directory)}`),
    finds: ['lower-damaged overlay2/DIR'],
  },
  {
    rule: 'no list of lower layers',
    act: ({ layers: [top] }) => rmSync(join(top.directory, '../lower')),
    finds: ['lower-other overlay2/DIR'],
  },
  {
    rule: 'a short link that leads to another layer',
    act: ({ root, layers: [, middle, base] }) => {
      const link = join(root, 'overlay2/l', linkOf(middle.directory));
      unlinkSync(link);
      symlinkSync(`../${basename(join(base.directory, '..'))}/diff`, link);
    },
    finds: ['link-damaged overlay2/MIDDLEDIR', 'lower-other overlay2/DIR'],
  },
  {
    rule: 'another driver',
    act: ({ root }) => mkdirSync(join(root, 'image/vfs')),
    finds: ['store-beside image/vfs'],
  },
  {
    rule: "names that are not Docker's",
    act: ({ root }) => {
      writeFileSync(join(root, IMAGEDB, 'x\u001b[31m'), '');
      writeFileSync(join(root, 'overlay2/y'), '');
    },
    finds: [`foreign-name ${IMAGEDB}/x\u001b[31m`, 'foreign-name overlay2/y'],
  },
];

function edit(file: string, from: string, to: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
}

function setDriver(store: FakeStore, id: string, driver: string): void {
  const path = `containers/${id}/config.v2.json`;
  store.write(path, store.read(path).replace('"Driver":"overlay2"', `"Driver":"${driver}"`));
}

function replaceByLink(path: string, target: string): void {
  rmSync(path, { recursive: true });
  symlinkSync(target, path);
}

function linkOf(directory: string): string {
  return readFileSync(join(directory, '../link'), 'utf8');
}

describe('doctor', () => {
  it.each(DAMAGE)('finds $rule', async ({ act, finds }) => {
    const sample = writeSampleRoot(join(temporaryForTest().directory, 'root'));
    const [top, middle, base] = sample.layers;
    const names = new Map([
      ['MIDDLEDIR', middle.cacheId],
      ['LOWEST', base.cacheId],
      ['TOP', basename(top.record)],
      ['MIDDLE', basename(middle.record)],
      ['DIR', top.cacheId],
      ['LINK', linkOf(top.directory)],
      ['IMAGE', sample.imageId],
    ]);
    act(sample);
    const found = await findingsOf(sample.root);
    const shown = found.map((line) => {
      let text = line;
      for (const [word, id] of names) text = text.replaceAll(id, word);
      return text.replace(new RegExp(`^(image-incomplete ${IMAGEDB})/[0-9a-f]{64}$`), '$1/OTHER');
    });
    expect(shown.sort()).toEqual([...finds].sort());
  });

  it.each([
    [
      'no own layers',
      (store: FakeStore, id: string) => store.remove(`${LAYERDB}/mounts/${id}`),
      ['container-layers'],
    ],
    ['no config', (store: FakeStore, id: string) => store.remove(`containers/${id}`), ['mount-orphan']],
    [
      'a config that is no JSON',
      (store: FakeStore, id: string) => store.write(`containers/${id}/config.v2.json`, '{'),
      ['container-damaged'],
    ],
    [
      'a mount ID that is none',
      (store: FakeStore, id: string) => store.write(`${LAYERDB}/mounts/${id}/mount-id`, '..'),
      ['mount-damaged'],
    ],
    [
      'no directory of its own',
      (store: FakeStore, id: string) => {
        store.remove(`overlay2/${store.read(`${LAYERDB}/mounts/${id}/mount-id`)}`);
      },
      ['container-layers'],
    ],
    [
      'no image',
      (store: FakeStore, _: string, image: string) => {
        store.remove(`${IMAGEDB}/${image}`);
      },
      ['container-image', 'name-dangling'],
    ],
    [
      'another image',
      (store: FakeStore, id: string) =>
        store.write(`${LAYERDB}/mounts/${id}/parent`, `sha256:${FakeStore.chainHex(['a'])}`),
      ['container-image'],
    ],
    [
      "a driver that is containerd's",
      (store: FakeStore, id: string) => {
        store.remove(`${LAYERDB}/mounts/${id}`);
        setDriver(store, id, 'overlayfs');
      },
      ['container-elsewhere', 'store-beside'],
    ],
    [
      'another driver than the one that has its layers',
      (store: FakeStore, id: string) => setDriver(store, id, 'vfs'),
      ['container-driver'],
    ],
    [
      'a layer whose record lost its diff ID',
      (store: FakeStore) => store.write(FakeStore.layerFile(['a', 'b'], 'diff'), ''),
      ['image-record', 'layer-damaged'],
    ],
  ] as const)('finds a container with %s', async (_, act, finds) => {
    const store = new FakeStore(temporaryForTest().directory);
    const image = store.image({ names: ['app:1'], layers: ['a', 'b'] });
    const id = store.container({ name: 'box', image });
    const before = new Set(await findingsOf(store.root));
    act(store, id, image);
    const found = (await findingsOf(store.root)).filter((line) => !before.has(line));
    const codes = found
      .map((line) => line.replace(/ .*/, ''))
      .filter(
        (code) => !/^(?:directory|layer|link|lower)-(?!s|damaged)/.test(code) || code === 'layer-chain',
      );
    expect([...new Set(codes)].sort()).toEqual([...finds]);
  });

  it('exits with 1 where something is wrong, and with 0 where there are only notes', async () => {
    const { root, layers } = writeSampleRoot(join(temporaryForTest().directory, 'root'));
    mkdirSync(join(root, 'image/vfs'));
    const well = await stratafs(['--root', root, 'doctor']);
    expect([well.code, well.out.split('\n').at(-2)]).toEqual([0, `${root}: 0 errors, 0 warnings, 1 note`]);
    writeFileSync(join(layers[0].record, 'size'), '');
    const ill = await stratafs(['--root', root, 'doctor', '--json', '--quiet']);
    expect(JSON.parse(ill.out.split('\n')[0] ?? '')).toMatchObject({ command: 'doctor', root });
    const [store, finding, total, ...more] = jsonRecords<Record<string, string>>(ill.out);
    expect(store).toEqual({ t: 'store', kind: 'docker', store: 'overlay2' });
    expect([ill.code, finding?.severity, finding?.code, finding?.works]).toEqual([
      1,
      'warning',
      'layer-size',
      'everything',
    ]);
    const counts = { errors: 0, warnings: 1, notes: 1 };
    expect(total).toEqual({ t: 'total', ...counts });
    expect(more).toEqual([]);
    expect(ill.out).toMatch(/\{"t":"end","exit":1\}\n$/);
  });

  it('says of a healthy store, in JSON, that it was examined', async () => {
    const { root } = writeSampleRoot(join(temporaryForTest().directory, 'root'));
    const { code, out } = await stratafs(['--root', root, 'doctor', '--json']);
    const told = jsonRecords<{ t: string }>(out).map(({ t }) => t);
    expect([code, told]).toEqual([0, ['store', 'total']]);
  });

  it('shows no control character of a name', async () => {
    const { root } = writeSampleRoot(join(temporaryForTest().directory, 'root'));
    writeFileSync(join(root, IMAGEDB, 'x\u001b[31m'), '');
    for (const words of [['doctor'], ['doctor', '--json']]) {
      const { out } = await stratafs(['--root', root, ...words]);
      expect(out).toMatch(/foreign-name/);
      expect(out.replaceAll('\n', '')).toMatch(/^[\x20-\x7e]*$/);
    }
  });
});
