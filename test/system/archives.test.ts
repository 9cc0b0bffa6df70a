// Images as files that engines wrote: each is listed, every layer of it is there and is what the config says, and each command
// takes them. What the commands show of their files is the matter of other tests.
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openArchiveStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { bytesOfText } from '../../src/sys/bytes.ts';
import { unpackArchives } from '../support/real-stores.ts';
import { describeStore } from '../support/store-contract.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

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
        `Cannot use "${path('docker-save-28-incomplete.tar')}": the config "blobs/sha256/ee5318dcae7202af4d044da596e63e2f421b3907acd6bddc9a227406bc235168" of the image is not in the archive, nor is any of its 2 layers ("blobs/sha256/8d6f5d0016b36f901b897a6f93aa2fa008db443f438b747be657e16e06a71adc", "blobs/sha256/5b845de8d6e35dddf77cd9994e5ec0034de289b2a252db554e2d8c4de838b8c6")`,
      ],
    ]);
  });
});
