// Stores that containerd 1.6 and 2.1 and Docker 26 and 28 on containerd left: their lists, and every tree that was taken from the
// engine's or the kernel's own mount. They are read through a bind mount that is read-only and keeps access times strictly. STORES=all
// compares all trees, else containers stand for their image.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { ALL_FIELDS, Oracle } from '../support/oracle.ts';
import { differingLines, listOfEngine, listOfTree, unpackStore } from '../support/real-stores.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const STORES = {
  'containerd-1.6': 'root',
  'containerd-1.6-discard': 'disc/root',
  'containerd-2.1-erofs-native': 'root',
  'containerd-2.1-blobs-only': 'root',
  'docker-26-containerd': 'root',
  'docker-28-containerd': 'root',
  'docker-28-two-stores': 'root',
} as const;
type StoreName = keyof typeof STORES;

const DEMO = 'f309b0830f57';

/** By store and words before the command: what `images` and `containers -a` say, a line each. */
const LISTS: readonly [store: StoreName, words: string, images: string, containers: string][] = [
  [
    'containerd-1.6',
    '--namespace default',
    `127.0.0.1:5917/multi:1 815bd90c4885
     127.0.0.1:5917/plain:1 19eb1705d38f
     docker.io/library/demo:1 96578a845e2e
     docker.io/library/demo:latest 96578a845e2e
     docker.io/library/multi:1 815bd90c4885
     docker.io/library/plain:1 d8cb6cf247b8
     docker.io/library/zdemo:1 6d68468173d1
     example.com:5000/team/app:v1 96578a845e2e`,
    `c1 c1 running, paused or stopped
     c2 c2 running, paused or stopped
     c3 c3 not running`,
  ],
  [
    'containerd-1.6',
    '--namespace moby',
    `docker.io/library/multi:1 815bd90c4885\n<none> 96578a845e2e`.replace('docker.io/library/', ''),
    '',
  ],
  [
    'containerd-1.6',
    '--namespace k8s.io',
    `127.0.0.1:5917/demo:1 ${DEMO}
     127.0.0.1:5917/multi:1 ${DEMO}
     docker.io/library/demo:1 ${DEMO}`,
    `14ab03f8607a web/app running
     35419057528c web ready`,
  ],
  ['containerd-1.6-discard', '', `127.0.0.1:5917/demo:1 ${DEMO}\n127.0.0.1:5917/zdemo:1 ee5318dcae72`, ''],
  ['containerd-2.1-erofs-native', '', '127.0.0.1:5917/demo:1 96578a845e2e', ''],
  [
    'containerd-2.1-blobs-only',
    '',
    '127.0.0.1:5917/multi:1 815bd90c4885\n127.0.0.1:5917/zdemo:1 6d68468173d1',
    '',
  ],
  [
    'docker-26-containerd',
    '',
    '127.0.0.1:5917/multi:1 815bd90c4885\ndemo:1 96578a845e2e',
    'a824411a9e38 done exited (0)',
  ],
  [
    'docker-28-containerd',
    '',
    `127.0.0.1:5917/multi:1 815bd90c4885 242528
     127.0.0.1:5917/zdemo:1 6d68468173d1 1113
     <none> 73e854da71e2 271981
     <none> 8eabdb3abcf6 intermediate
     built:1 941a528efccd 287357
     classic:1 877ea0fe9237 253091
     committed:1 f0d45e53ded3 271876
     demo:1 96578a845e2e 242528
     imported:1 dca76405cb2a 150981`,
    `3b2d4301e2d2 done exited (0)
     43c317b30dd1 web running
     4d4e5219e895 never created
     5f01710e7d55 ro created
     e848e4947038 paused running (paused)`,
  ],
  [
    'docker-28-two-stores',
    '',
    `127.0.0.1:5917/clean:1 fde27bad5a08 @containerd
     built:1 14f4bbd5deb2 @overlay2
     demo:1 ${DEMO} @overlay2
     example.com:5000/team/app:v1 ${DEMO} @overlay2`,
    `032edf50ed7f web exited (137) @overlay2
     4af0fafb6c58 never created @overlay2
     c983789e28e4 newone exited (0) @containerd`,
  ],
];

/** What was seen mounted, by reference; the options stand before it. */
const TREES: readonly [list: string, store: StoreName, reference: string, ...options: string[]][] = [
  ['containerd-1.6-demo', 'containerd-1.6', 'docker.io/library/demo:1', '--namespace', 'default'],
  ['containerd-1.6-zdemo', 'containerd-1.6', 'zdemo:1', '--namespace', 'default'],
  ['containerd-1.6-default-c1', 'containerd-1.6', 'default/c1'],
  ['containerd-1.6-default-c2', 'containerd-1.6', 'container:c2', '--namespace', 'default'],
  ['containerd-1.6-k8s-app', 'containerd-1.6', 'k8s.io/web/app'],
  ['docker-28-containerd-web', 'docker-28-containerd', 'web'],
  ['docker-28-containerd-paused', 'docker-28-containerd', 'paused'],
  ['docker-28-containerd-done', 'docker-28-containerd', '3b2d4301'],
  ['docker-28-containerd-built', 'docker-28-containerd', 'built:1'],
  ['docker-28-containerd-demo', 'docker-28-containerd', 'demo:1'],
  ['docker-28-containerd-committed', 'docker-28-containerd', 'committed:1'],
  ['docker-28-containerd-classic', 'docker-28-containerd', 'classic:1'],
];

/** Layers that another tree of the same store has as well, and containers that differ in their state alone. */
const OF_OTHERS: ReadonlySet<string> = new Set([
  'containerd-1.6-demo',
  'containerd-1.6-default-c2',
  'docker-28-containerd-demo',
  'docker-28-containerd-done',
  'docker-28-containerd-paused',
]);

interface ListedImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly size?: number;
  readonly intermediate?: boolean;
  readonly store?: string;
}

interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly store?: string;
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .sort();
}

describeSystem('stores of containerd', ['root', 'fuse', 'python', 'stores', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const roots = new Map<StoreName, string>();
  let before: readonly string[] = [];
  const dump = () =>
    oracle.dump(temporary.path('stores'), { fields: [...ALL_FIELDS, 'atime'], noatime: true });
  const rootOf = (store: StoreName) => roots.get(store) ?? '';

  beforeAll(async () => {
    for (const place of ['stores', 'seen']) mkdirSync(temporary.path(place));
    const below = { path: (name: string) => temporary.path(`stores/${name}`) };
    for (const store of Object.keys(STORES) as StoreName[]) unpackStore(below, store);
    await succeed('mount', ['--bind', temporary.path('stores'), temporary.path('seen')]);
    await succeed('mount', ['-o', 'remount,bind,ro,strictatime', temporary.path('seen')]);
    for (const store of Object.keys(STORES) as StoreName[]) {
      roots.set(store, temporary.path(`seen/${store}/${STORES[store]}`));
    }
    before = await dump();
  });

  async function listed<T>(store: StoreName, words: readonly string[]): Promise<T[]> {
    const { stdout, stderr, code } = await stratafs(['--root', rootOf(store), ...words, '--json']);
    expect([stderr, code]).toEqual(['', 0]);
    return jsonRecords(stdout);
  }

  it.each(LISTS)('lists what is in %s %s', async (store, options, images, containers) => {
    const words = options.split(' ').filter((word) => word !== '');
    const withSizes = /\d{4,}$/m.test(images.replace(/[0-9a-f]{12}$/gm, ''));
    const found = await listed<ListedImage>(store, [...words, 'images', '--all']);
    const imageLines = found.flatMap((image) => {
      const { id, tags, size, intermediate, store: of } = image;
      const more = intermediate ? ' intermediate' : withSizes ? ` ${size}` : '';
      const names = tags.length === 0 ? ['<none>'] : tags;
      return names.map(
        (name) =>
          `${name} ${id.replace('sha256:', '').slice(0, 12)}${more}${of === undefined ? '' : ` @${of}`}`,
      );
    });
    expect(imageLines.sort()).toEqual(linesOf(images));
    const running = await listed<ListedContainer>(store, [...words, 'containers', '--all']);
    const containerLines = running.map(
      ({ id, name, status, store: of }) =>
        `${id.slice(0, 12)} ${name} ${status}${of === undefined ? '' : ` @${of}`}`,
    );
    expect(containerLines.sort()).toEqual(linesOf(containers));
  });

  it('lists the live store of two first, and narrows to one', async () => {
    const both = await listed<ListedImage>('docker-28-two-stores', ['images']);
    expect(both.map(({ store }) => store)).toEqual(['containerd', 'overlay2', 'overlay2']);
    const { stdout } = await stratafs([
      '--root',
      rootOf('docker-28-two-stores'),
      '--store',
      'overlay2',
      'images',
      '--quiet',
    ]);
    expect(stdout.trim().split('\n')).toEqual(['14f4bbd5deb2', DEMO]);
    for (const reference of ['newone', 'web', 'demo:1', 'clean:1'.replace('clean', '127.0.0.1:5917/clean')]) {
      const { code, stderr } = await stratafs([
        '--root',
        rootOf('docker-28-two-stores'),
        'ls',
        reference,
        '/etc',
      ]);
      expect([reference, code, stderr]).toEqual([reference, 0, '']);
    }
  });

  const trees = TREES.filter(([list]) => process.env.STORES === 'all' || !OF_OTHERS.has(list));
  it.each(trees)('shows %s of %s as %s', async (list, store, reference, ...options) => {
    const mount = await mountStratafs(temporary, reference, { root: rootOf(store), args: options });
    expect(differingLines(listOfEngine(list), listOfTree(mount.directory))).toEqual([]);
    expect(await mount.umount()).toBe(0);
    expect(mount.log()).toBe('');
  });

  it.each<[store: StoreName, reference: string, said: RegExp]>([
    ['containerd-1.6', 'k8s.io/nothing', /no such image or container in the namespace "k8s\.io"/],
    [
      'containerd-1.6',
      'demo:1',
      /it could be image:default\/docker\.io\/library\/demo:1, image:k8s\.io\/docker\.io\/library\/demo:1/,
    ],
  ])('says why %s cannot show %s', async (store, reference, said) => {
    const { code, stderr } = await stratafs(['--root', rootOf(store), 'ls', reference]);
    expect(stderr).toMatch(said);
    expect(code).not.toBe(0);
  });

  it('lists all of several namespaces, each with its own, and shows what one of them alone has', async () => {
    const inRoot = async (...words: readonly string[]) =>
      await stratafs(['--root', rootOf('containerd-1.6'), ...words]);
    const lists = [await inRoot('images', '--all'), await inRoot('containers', '--all')];
    const spaces = ['default', 'k8s.io', 'moby'];
    const counts = lists.map(({ stdout }) => {
      const last = stdout.split('\n').map((line) => line.trim().split(/ +/).at(-1));
      return ['NAMESPACE', ...spaces].map((word) => last.filter((one) => one === word).length);
    });
    const alone = async (list: string, namespace: string) => {
      const { stdout } = await inRoot('--namespace', namespace, list, '--all', '--json');
      return jsonRecords<{ t: string; id: string }>(stdout).filter(({ t }) => t === list.slice(0, -1));
    };
    for (const list of ['images', 'containers']) {
      const { stdout } = await inRoot(list, '--all', '--json');
      const marked = jsonRecords<{ t: string; namespace: string }>(stdout).filter(
        ({ t }) => t === list.slice(0, -1),
      );
      const expected = [];
      for (const namespace of spaces)
        expected.push(...(await alone(list, namespace)).map(({ t, ...one }) => ({ t, namespace, ...one })));
      expect(marked).toEqual(expected);
    }
    expect(counts.map(([heading]) => heading)).toEqual([1, 1]);
    expect(counts[1]?.slice(1)).toEqual([3, 2, 0]);
    for (const reference of ['zdemo:1', 'c1', 'web/app', '14ab03f8607a', 'snapshot:c1'])
      expect([reference, (await inRoot('ls', reference, '/etc')).stderr]).toEqual([reference, '']);
  });

  it.each([
    ['multi', 'containerd', 'containerd-1.6-demo'],
    ['multi', 'podman', 'podman-5.8-root-overlay-demo'],
    ['zdemo', 'containerd', 'containerd-1.6-zdemo'],
  ])('shows the image %s, which was never unpacked, as %s would unpack it', async (name, engine, list) => {
    const reference = `127.0.0.1:5917/${name}:1`;
    const mount = await mountStratafs(temporary, reference, {
      root: rootOf('containerd-2.1-blobs-only'),
      before: engine === 'containerd' ? [] : ['--unpack-as', engine],
    });
    // The time of unpacking is nowhere in a tar.
    const isUntold = (line: string) => /^(?:\.|\.\/data) d /.test(line);
    const timeless = (lines: readonly string[]) =>
      lines.map((line) => (isUntold(line) ? line.replace(/\d+\.\d{9}/, 'TIME') : line));
    const [told, seen] = [timeless(listOfEngine(list)), timeless(listOfTree(mount.directory))];
    expect(differingLines(told, seen)).toEqual([]);
    expect(await mount.umount()).toBe(0);
    expect(mount.log()).toBe('');
  });

  it('tells of a whiteout that was never unpacked by the time of its entry', async () => {
    const root = rootOf('containerd-2.1-blobs-only');
    const { stdout } = await stratafs(['--root', root, 'which', '127.0.0.1:5917/multi:1', '/etc/motd']);
    expect(stdout).toMatch(/a whiteout of \/etc\/motd, made 2023-11-14 22:13:20/);
  });

  it('writes the tar of a layer that was never unpacked', async () => {
    const root = rootOf('containerd-2.1-blobs-only');
    for (const reference of ['127.0.0.1:5917/multi:1', '127.0.0.1:5917/zdemo:1']) {
      const inspected = await stratafs(['--root', root, 'inspect', reference, '--json']);
      const { layers } = JSON.parse(inspected.stdout) as { layers: { layer: number; diffId: string }[] };
      for (const { layer, diffId } of layers) {
        const file = temporary.path(`${layer}.tar`);
        const words = ['--root', root, 'export', reference, '--layer', String(layer), '--output', file];
        const { code, stderr } = await stratafs(words);
        expect([code, stderr]).toEqual([0, '']);
        expect(`sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`).toBe(diffId);
        rmSync(file);
      }
    }
  });

  it('changes nothing, not even an access time', async () => {
    expect(await dump()).toEqual(before);
  });
});
