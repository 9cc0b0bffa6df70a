// `doctor` and `df` on real stores of containerd, Docker and Podman: nothing is found on untouched ones but what is known of them,
// the sums are those of du(1), and each fault planted in a store of Podman's is told.
import {
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DiskUsage, PlaceUsage } from '../../src/health/disk-usage.ts';
import { diskUsageOf, healthOf, ownersOf } from '../../src/health/open.ts';
import type { StorePart } from '../../src/health/part.ts';
import { THIS_MACHINE, withMachine } from '../../src/store/machine/machine.ts';
import { openStore } from '../../src/store/open.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { attempt, Trouble } from '../../src/sys/errors.ts';
import { succeed } from '../support/command.ts';
import { unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

/** Store, its root in the archive, and what is known to be found in it, notes on the time of a lease left out. */
const STORES: readonly (readonly [store: string, root: string, codes: readonly string[]])[] = [
  ['containerd-1.6', 'root', ['ingest', 'snapshot-orphan', 'snapshot-orphan']],
  ['containerd-1.6-discard', 'disc/root', ['image-content', 'image-content']],
  ['containerd-2.1-blobs-only', 'root', Array<string>(4).fill('image-not-unpacked')],
  ['containerd-2.1-erofs-native', 'root', ['snapshotter-unread']],
  ['docker-26-containerd', 'root', []],
  ['docker-28-containerd', 'root', ['image-content']],
  ['docker-28-two-stores', 'root', ['directory-cache', 'directory-cache']],
  ['docker-28-overlay2', 'root', ['directory-cache', 'directory-cache']],
  ['docker-28-btrfs', 'root', ['directory-cache', 'directory-cache']],
  ['docker-28-fuse-overlayfs', 'root', ['directory-cache', 'directory-cache']],
  ['docker-28-vfs', 'root', ['directory-cache', 'directory-cache']],
  ['docker-20-overlay', 'overlay', []],
  ['podman-4.3-root-bolt', 'root', []],
  ['podman-5.8-root-overlay', 'root', ['image-former-name']],
  ['podman-5.8-composefs', 'cfs/root', []],
  ['podman-5.8-rootless-native', 'native', []],
  ['podman-5.8-rootless-fuse', 'fuse', []],
  ['podman-5.8-rootless-vfs', 'vfs', []],
  ['podman-5.8-rootless-forcemask', 'fm', []],
];

const LAYER = '43fcf5aec98fa06c2fa0bb62cd783e824054a32249ff4b0f81250af7fde3ef2e';
const BASE = '877501feb6e3aefb6bdd49546dc25c8a18fe0df3207a01e8a315670c62c25f21';
const MIDDLE = '646865944f9b1a47753215a3208a5a7ac6a452ddaff90a06b63252eb8211754a';
const OTHER = '088af6f7cc0f527b8a121b1b7c2b77be0d31658a807c7363c2f62e4e245c6426';
const IMAGE = 'f309b0830f572ae35eaf122ba0186d273946b88cc8c0e26c5f61b941d7d20496';
const LISTS = 'overlay-layers/layers.json';

async function codesOf(root: string): Promise<string[]> {
  const health = healthOf(openStore(root));
  const stores = health.map(({ store }) => store);
  const codes: string[] = [];
  for (const each of health) await each.examine(({ code }) => codes.push(code), stores);
  return codes.filter((code) => code !== 'lease-expired').sort();
}

interface Layer {
  readonly id: string;
  parent?: string;
  flags?: object;
}

/** Rewrites `layers.json`. */
function layers(root: string, change: (all: Layer[]) => Layer[]): void {
  const all = JSON.parse(readFileSync(join(root, LISTS), 'utf8')) as Layer[];
  writeFileSync(join(root, LISTS), JSON.stringify(change(all)));
}

/** Each with the codes that it adds, the other findings being those of the untouched store. */
const PLANTED: readonly (readonly [
  fault: string,
  plant: (root: string) => void,
  codes: readonly string[],
])[] = [
  ['layers.json that is cut off', (root) => truncateSync(join(root, LISTS), 300), ['list-unreadable']],
  ['images.json that is a directory', replaced('overlay-images/images.json'), ['list-unreadable']],
  ['containers.json that leads elsewhere', linked('overlay-containers/containers.json'), ['list-unreadable']],
  [
    'a layer without a record',
    (root) => layers(root, (all) => all.filter(({ id }) => id !== OTHER)),
    ['layer-orphan'],
  ],
  [
    'a record without a layer',
    (root) => rmSync(join(root, 'overlay', LAYER), { recursive: true }),
    ['layer-directory'],
  ],
  ['a layer that is a link', replacedByLink, ['layer-directory']],
  ['a parent that is not there', parent(LAYER, '0'.repeat(64)), ['layer-chain']],
  ['parents in a cycle', parent(BASE, LAYER), ['layer-chain']],
  ['an ID that leads out of the store', parent(LAYER, '../../../../etc'), ['record-damaged']],
  [
    'a layer that was not written to its end',
    (root) =>
      layers(root, (all) =>
        all.map((one) => (one.id === OTHER ? { ...one, flags: { incomplete: true } } : one)),
      ),
    ['layer-incomplete'],
  ],
  [
    'a record of a tar that is gone',
    (root) => unlinkSync(join(root, `overlay-layers/${LAYER}.tar-split.gz`)),
    ['tar-split'],
  ],
  [
    'a short link that is gone',
    (root) => unlinkSync(join(root, `overlay/l/${link(root, LAYER)}`)),
    ['link-damaged', 'lower-damaged'],
  ],
  [
    'a short link that leads to another layer',
    (root) => {
      const path = join(root, `overlay/l/${link(root, MIDDLE)}`);
      unlinkSync(path);
      symlinkSync(`../${OTHER}/diff`, path);
    },
    ['link-damaged', 'lower-other'],
  ],
  [
    'a list of layers below that is of others',
    (root) => writeFileSync(join(root, `overlay/${LAYER}/lower`), `l/${link(root, OTHER)}`),
    ['lower-other'],
  ],
  [
    'a list of layers below that is nonsense',
    (root) => writeFileSync(join(root, `overlay/${LAYER}/lower`), '../../etc'),
    ['lower-other'],
  ],
  ['a list of layers below that ends too soon', lower((entries) => entries.slice(0, 1)), ['lower-other']],
  [
    'a list of layers below with one too many',
    lower((entries) => [...entries, ...entries.slice(0, 1)]),
    ['lower-other'],
  ],
  [
    'a list of layers below whose last is another',
    (root) => lower((entries) => [...entries.slice(0, -1), `l/${link(root, OTHER)}`])(root),
    ['lower-other'],
  ],
  [
    'a list of layers below that names a link that is not there',
    lower((entries) => [...entries.slice(0, -1), `l/${'A'.repeat(26)}`]),
    ['lower-damaged'],
  ],
  [
    'a short link further down that leads out of the store',
    (root) => {
      const path = join(root, `overlay/l/${link(root, BASE)}`);
      unlinkSync(path);
      symlinkSync('/etc', path);
    },
    ['link-damaged', 'lower-other'],
  ],
  ['a config that was changed', (root) => changeConfig(root), ['image-damaged']],
  ['what a pull left', (root) => mkdirSync(join(root, 'overlay/tempdirs/temp-dir-1')), ['unfinished']],
  [
    'a directory of no container',
    (root) => mkdirSync(join(root, `overlay-containers/${'ab'.repeat(32)}`)),
    ['container-left'],
  ],
  ['a database that is damaged', (root) => truncateSync(join(root, 'db.sql'), 5000), ['database-damaged']],
];

function replaced(path: string): (root: string) => void {
  return (root) => {
    unlinkSync(join(root, path));
    mkdirSync(join(root, path));
  };
}

function linked(path: string): (root: string) => void {
  return (root) => {
    unlinkSync(join(root, path));
    symlinkSync('/etc/passwd', join(root, path));
  };
}

function replacedByLink(root: string): void {
  rmSync(join(root, 'overlay', LAYER, 'diff'), { recursive: true });
  symlinkSync('/etc', join(root, 'overlay', LAYER, 'diff'));
}

function parent(of: string, to: string): (root: string) => void {
  return (root) => layers(root, (all) => all.map((one) => (one.id === of ? { ...one, parent: to } : one)));
}

function lower(change: (entries: string[]) => string[]): (root: string) => void {
  return (root) => {
    const path = join(root, 'overlay', LAYER, 'lower');
    writeFileSync(path, change(readFileSync(path, 'utf8').split(':')).join(':'));
  };
}

function link(root: string, layer: string): string {
  return readFileSync(join(root, 'overlay', layer, 'link'), 'utf8');
}

/** Places that `whose` has no answer for, or another than `df`. */
function unanswered(root: string, places: readonly PlaceUsage[], usage: DiskUsage): string[] {
  const owners = ownersOf(openStore(root));
  const engines = ['records', 'unfinished', 'beside', 'other'];
  return withMachine(THIS_MACHINE, (machine) =>
    places.flatMap(({ kind, path }) => {
      const answer = attempt(() => owners.of(asBytes(usage.shown(path) || '.'), machine));
      if (answer instanceof Trouble) return [answer.message];
      const fits = answer.every((part) => !engines.includes(kind) || isAnswer(part, kind));
      return fits ? [] : [`${path} is ${kind}, not ${answer.map((part) => part.kind).join(' ')}`];
    }),
  );
}

/** What is being fetched or unpacked is told by its record, where it has one. */
function isAnswer(part: StorePart, kind: string): boolean {
  return part.kind === kind || (kind === 'unfinished' && ['ingest', 'snapshot'].includes(part.kind));
}

/** The data of an image are named by the base64 of `sha256:…`. */
function changeConfig(root: string): void {
  const name = `=${Buffer.from(`sha256:${IMAGE}`).toString('base64')}`;
  writeFileSync(join(root, `overlay-images/${IMAGE}/${name}`), '{}');
}

describeSystem('the health of real stores', ['root', 'stores'], () => {
  const temporary = temporaryForSuite();

  it.each(STORES)(
    '%s: doctor finds what is known, df adds up to du -x, and whose knows what df names',
    async (store, path, known) => {
      const root = join(unpackStore(temporary, store), path);
      expect(await codesOf(root)).toEqual(known);
      const usage = diskUsageOf(openStore(root));
      try {
        for (const _ of usage.survey.walk());
        const places = usage.places();
        const sum = places.reduce((total, { allocated }) => total + allocated, 0);
        expect(sum).toBe(Number.parseInt(await succeed('du', ['-xs', '--block-size=1', root]), 10));
        expect(places.filter(({ kind }) => kind === 'other')).toEqual([]);
        expect(unanswered(root, places, usage)).toEqual([]);
      } finally {
        usage.survey.close();
      }
    },
  );

  it('tells of an additional image store too: nothing is found in either, and the sums are those of both', async () => {
    const directory = unpackStore(temporary, 'podman-5.8-additional-store');
    const roots = ['extra/root', 'ais/root'].map((name) => join(directory, name));
    const [root = '', additional = ''] = roots;
    const store = openStore(root, { additionalRoots: [additional] });
    const codes: string[] = [];
    for (const each of healthOf(store)) await each.examine(({ code }) => codes.push(code), [each.store]);
    expect(codes).toEqual([]);
    const usage = diskUsageOf(store);
    try {
      for (const _ of usage.survey.walk());
      const places = usage.places();
      for (const each of roots) {
        const own = places.filter(({ path }) => path === each || path.startsWith(`${each}/`));
        const sum = own.reduce((total, { allocated }) => total + allocated, 0);
        expect(sum).toBe(Number.parseInt(await succeed('du', ['-xs', '--block-size=1', each]), 10));
      }
      const of = (label: string) =>
        places.filter(({ kind, users }) => kind === 'layer' && users.some((user) => user.label === label));
      const below = of('docker.io/library/demo:1').map(({ path }) => path.startsWith(`${additional}/`));
      expect(below).toEqual([true, true, true]);
    } finally {
      usage.survey.close();
    }
  });

  describe('a store of Podman with a fault', () => {
    let untouched = '';
    let known: readonly string[] = [];

    beforeAll(async () => {
      mkdirSync(temporary.path('untouched'));
      const beside = { path: (name: string) => temporary.path(`untouched/${name}`) };
      untouched = join(unpackStore(beside, 'podman-5.8-root-overlay'), 'root');
      known = await codesOf(untouched);
    });

    it.each(PLANTED)('tells of %s', async (fault, plant, codes) => {
      const root = temporary.path(fault.replaceAll(/[^a-z]/g, '-'));
      await succeed('cp', ['-a', untouched, root]);
      plant(root);
      const found = await codesOf(root);
      expect(found).toEqual(expect.arrayContaining([...codes]));
      // All else that is found follows from it, and something does not follow from nothing.
      expect(found.length).toBeGreaterThan(known.filter((code) => found.includes(code)).length);
    });

    it('has verify tell of an engine that would stack other layers', async () => {
      const stacked = (root: string) =>
        [...openStore(root).claims('web')].flatMap(({ claims, chains }) =>
          [...claims, ...chains.flat().flatMap((layer) => layer.claims)].filter(
            ({ about }) => about === 'stack',
          ),
        );
      expect(stacked(untouched)).toEqual([]);
      const root = temporary.path('stacked');
      await succeed('cp', ['-a', untouched, root]);
      writeFileSync(join(root, `overlay/${LAYER}/lower`), `l/${link(root, OTHER)}`);
      expect(stacked(root)).toEqual([expect.objectContaining({ expected: MIDDLE, found: OTHER })]);
    });
  });
});
