// What --platform asks for of stores whose images have one platform each: the same answer from each kind.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openArchiveStore, openStore } from '../../../src/store/open.ts';
import type { Store } from '../../../src/store/store.ts';
import { bytesOfText } from '../../../src/sys/bytes.ts';
import { savedMembers, tarOf } from '../../support/fake-archive.ts';
import { FakeContainerd } from '../../support/fake-containerd.ts';
import { FakePodman } from '../../support/fake-podman.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { troubleOf } from './trouble.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };

function docker(config: object = AMD64): string {
  const store = new FakeStore(temporaryForTest().directory);
  const image = store.image({ names: ['app:1'], layers: ['base', 'top'], config });
  store.container({ name: 'web', image });
  return store.root;
}

function podman(): string {
  const made = new FakePodman(temporaryForTest().directory);
  const image = made.image({ names: ['localhost/app:1'], layers: ['base', 'top'] });
  made.container({ name: 'web', image });
  return made.finish().root;
}

function containerd(): string {
  const made = new FakeContainerd(join(temporaryForTest().directory, 'root'));
  const name = 'docker.io/library/app:1';
  const manifest = made.image({ names: [name], layers: ['base', 'top'] });
  made.container({ id: 'web', image: name, manifest });
  return made.write().root;
}

const KINDS: [string, () => string][] = [
  ['Docker', docker],
  ['Podman', podman],
  ['containerd', containerd],
];

const listed = (store: Store) => store.images().map(({ tags }) => tags.join());

describe.each(KINDS)('--platform on a store of %s', (_, make) => {
  it('refuses an image for another, and says for which it is', () => {
    expect(troubleOf(() => openStore(make(), { platform: 'linux/arm64' }).resolve('app:1'))).toMatch(
      /^reference: Cannot use "\S*app:1": it is for linux\/amd64, not for linux\/arm64$/,
    );
  });

  it('takes one that is for it', () => {
    const store = openStore(make(), { platform: 'amd64' });
    expect([store.resolve('app:1').layers.length, listed(store).length]).toEqual([2, 1]);
  });

  it('refuses a word that is none', () => {
    expect(troubleOf(() => openStore(make(), { platform: 'bogus' }))).toBe(
      'usage: Cannot understand platform "bogus": write OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT',
    );
  });
});

describe.each(KINDS)('--platform on a store of %s', (_, make) => {
  it('leaves images for others out of the list, and no container', () => {
    const store = openStore(make(), { platform: 'linux/arm64' });
    expect([listed(store), store.containers().map(({ name }) => name)]).toEqual([[], ['web']]);
    expect(store.resolve('web').kind).toBe('container');
  });

  it('verifies none for another', () => {
    const store = openStore(make(), { platform: 'linux/arm64' });
    expect(troubleOf(() => [...store.claims('app:1')])).toMatch(/: it is for linux\/amd64, not for/);
    expect([...store.claims('web')].length).toBe(1);
  });
});

describe('--platform', () => {
  it.each([
    ['no platform', { os: undefined }, 'linux/arm64', 'no trouble'],
    ['no architecture', { os: 'linux' }, 'linux/arm64', 'no trouble'],
    ['no architecture, and another system', { os: 'windows' }, 'linux/arm64', 'it is for windows/'],
    ['a variant', { os: 'linux', architecture: 'arm', variant: 'v6' }, 'arm', 'no trouble'],
    [
      'no variant',
      { os: 'linux', architecture: 'arm' },
      'arm/v6',
      'it is for linux/arm, not for linux/arm/v6',
    ],
  ])('compares with what a config says: %s', (_, config, platform, expected) => {
    const store = openStore(docker(config), { platform });
    expect(troubleOf(() => store.resolve('app:1'))).toContain(expected);
  });

  it('refuses what docker save wrote for another', async () => {
    const archive = join(temporaryForTest().directory, 'app.tar');
    writeFileSync(archive, tarOf(...savedMembers({ tags: ['app:1'], layers: ['base'] })));
    const store = await openArchiveStore(bytesOfText(archive), { platform: 'linux/arm64' });
    expect(troubleOf(() => store.resolve('app:1'))).toBe(
      'reference: Cannot use "app:1": it is for linux/amd64, not for linux/arm64',
    );
  });
});
