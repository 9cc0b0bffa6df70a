// Real stores of Podman, Buildah and the kernel's view of them: lists as Podman prints them, trees as its own mounts show them,
// every layer proved. Where our tree differs, it is because the mount program shows less than is there; each such line is named.
// STORES=all compares all trees, else of each store those that show all of its layers.

import { truncateSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { differingLines, listOfEngine, listOfTree, unpackStore } from '../support/real-stores.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { type Temporary, temporaryForSuite, temporaryForTest } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

interface RealStore {
  readonly name: string;
  /** Below the folder it is unpacked into. */
  readonly root: string;
  readonly options?: (directory: string) => readonly string[];
  /** `ID name…`. */
  readonly images: readonly string[];
  /** `ID name status`. */
  readonly containers: readonly string[];
  /** Reference → list of the engine's own mount. */
  readonly trees: Readonly<Record<string, string>>;
  /** How many layers are proved. */
  readonly layers: number;
}

const DEMO = 'f309b0830f57';
const DEMO_NAMES = `${DEMO} docker.io/library/demo:1`;
const BOTH_NAMES = `${DEMO} docker.io/library/demo:1 example.com:5000/team/app:v1`;

function rootless(variant: string, containers: readonly string[]): RealStore {
  const name = `podman-5.8-rootless-${variant}`;
  return {
    name,
    root: variant,
    images: [BOTH_NAMES],
    containers,
    trees: { 'demo:1': `${name}-demo`, done: `${name}-done`, web: `${name}-web` },
    layers: 3,
  };
}

const STORES: readonly RealStore[] = [
  {
    name: 'podman-5.8-root-overlay',
    root: 'root',
    images: [
      '628c77141d88 127.0.0.1:5917/multi:1',
      'ee5318dcae72 127.0.0.1:5917/zdemo:1',
      `${DEMO} 127.0.0.1:5917/demo:1 docker.io/library/demo:1 example.com:5000/team/app:v1`,
    ],
    containers: [
      '666c4de8526b never created',
      '6cee2537b8f2 done exited (0)',
      '713d3cfa55f5 web paused',
      'dae217a64f10 d4ff1192265f-infra running',
      'f776b0a6fd77 inpod running',
    ],
    trees: { 'demo:1': 'podman-5.8-root-overlay-demo', web: 'podman-5.8-root-overlay-web' },
    layers: 4,
  },
  {
    name: 'podman-4.3-root-bolt',
    root: 'root',
    images: [BOTH_NAMES],
    containers: ['8a2c08d77b04 never created', 'a33bc9be9ac7 done created', 'df765e62aae7 inpod created'],
    trees: { done: 'podman-4.3-root-bolt-done' },
    layers: 3,
  },
  {
    name: 'podman-5.8-additional-store',
    root: 'extra/root',
    options: (directory) => ['--additional-root', `${directory}/ais/root`],
    images: ['37fa1c49d94d localhost/built:1', '9e42d4484ae5', 'a35ef40d96a7', DEMO_NAMES],
    containers: [
      '0c91d376d797 wc buildah',
      '121607a336de vol running',
      '501643e91c6d rootfs created',
      '5e7556371307 mapped created',
      '8992b17a7b33 onro exited (0)',
    ],
    trees: {},
    layers: 5,
  },
  rootless('native', [
    '0d1a64f80397 never created',
    '2e4dfed5c246 done exited (0)',
    'e404d97f9c17 web running',
  ]),
  rootless('vfs', ['75c2d9676525 done exited (0)', 'a4b488ce7961 never created', 'b9b03943ea15 web running']),
  {
    name: 'podman-5.8-rootless-forcemask',
    root: 'fm',
    images: [DEMO_NAMES],
    containers: ['6a4ccbedda34 done exited (0)'],
    trees: {
      'demo:1': 'podman-5.8-rootless-forcemask-demo',
      done: 'podman-5.8-rootless-forcemask-done',
    },
    layers: 3,
  },
  rootless('fuse', [
    '5a44eeb93df7 web running',
    '8b0357a73ad7 never created',
    'fd0a56f0044e done exited (0)',
  ]),
];

/** What fuse-overlayfs shows otherwise than it is: a file whose other name is hidden has one link. */
const FEWER_LINKS = ['./app/b', './data/hard1'];
/** fuse-overlayfs 1.14, which made the lists, shows a file where the type was forced to be one; 1.15 and later show the type. */
const FORCED_TYPES = ['./odd/fifo', './odd/null'];

const COMPOSEFS_DIFFERENCES = ['.', './data', './odd/caf\\351'];

function knownDifferences(list: string): string[] {
  if (list.includes('forcemask')) return [...FEWER_LINKS, ...FORCED_TYPES];
  return list.includes('rootless-fuse') ? FEWER_LINKS : [];
}

describeSystem('real stores of Podman', ['root', 'fuse', 'stores', 'python', 'build'], () => {
  const suite = temporaryForSuite();
  const unpacked = new Map<string, string>();

  function argsOf({ name, root, options }: RealStore): string[] {
    const directory = unpacked.get(name) ?? unpackStore(suite, name);
    unpacked.set(name, directory);
    return ['--root', `${directory}/${root}`, ...(options?.(directory) ?? [])];
  }

  it.each(STORES)('lists images and containers of $name', async (store) => {
    // Without -a Podman hides images that only others stand on.
    const images = await jsonLines([...argsOf(store), 'images', '-a', '--json']);
    const containers = await jsonLines([...argsOf(store), 'containers', '--all', '--json']);
    const short = (id: unknown) => String(id).replace('sha256:', '').slice(0, 12);
    const tags = ({ tags: names }: Item) => (names as string[]).toSorted().map((name) => ` ${name}`);
    expect(images.map((image) => short(image.id) + tags(image).join('')).sort()).toEqual(store.images);
    expect(containers.map(({ id, name, status }) => `${short(id)} ${name} ${status}`).sort()).toEqual(
      store.containers,
    );
    expect([...images, ...containers].map(({ damage }) => damage).filter(Boolean)).toEqual([]);
  });

  it.each(STORES)('proves every layer of $name', async (store) => {
    const { code, stdout, stderr } = await stratafs([...argsOf(store), 'verify', '--all', '--json']);
    // A container's own layers have no record.
    expect([code, stderr]).toEqual([store.containers.length === 0 ? 0 : 4, '']);
    const told = jsonRecords<Item>(stdout);
    const containers = told
      .filter(({ t }) => t === 'container')
      .map(({ container }) => String(container).slice(0, 12));
    expect(containers.sort()).toEqual(store.containers.map((words) => words.slice(0, 12)));
    const lines = told.filter(({ t, recorded }) => t === 'layer' && recorded !== false);
    expect(new Set(lines.map((line) => line.verdict))).toEqual(new Set(['verified']));
    expect(new Set(lines.map((line) => line.chainId)).size).toBe(store.layers);
  });

  it('shows layers of composefs as their tars have them, not as Podman mounts them', async () => {
    const temporary = temporaryForTest();
    const composefs = unpackStore(temporary, 'podman-5.8-composefs');
    const args = ['--root', `${composefs}/cfs/root`];
    const differing = differingLines(
      await treeOf(temporary, args, 'clean:1'),
      // The same image, but for one name, as another store has it.
      listOfEngine('podman-5.8-root-overlay-demo'),
    );
    // A directory that the tar only implies has the time of its unpacking, which no record tells; the root as well.
    expect(new Set(differing.map(pathOfLine))).toEqual(new Set(COMPOSEFS_DIFFERENCES));
    expect(differing.filter((line) => line.startsWith('-') && line.includes('.wh.'))).toEqual([]);
    const added = await stratafs([...args, 'cat', '46b5af5e12bf', '/x']);
    expect([added.code, added.stdout]).toEqual([0, '1\n']);
    const diff = await stratafs([...args, 'diff', '--name-status', '46b5af5e12bf']);
    expect([diff.code, diff.stdout.split('\n')]).toEqual([1, expect.arrayContaining(['A\t/x'])]);
    const which = await stratafs([...args, 'which', 'clean:1', '/etc/hostname']);
    expect([which.code, which.stdout.includes('2')]).toEqual([0, true]);
  });

  it('proves what layers of composefs hold, and says that the image which Podman mounts is not read', async () => {
    const composefs = unpackStore(temporaryForTest(), 'podman-5.8-composefs');
    const root = `${composefs}/cfs/root`;
    const verified = async () => {
      const { code, stdout } = await stratafs(['--root', root, 'verify', '--json', 'clean:1']);
      const layers = jsonRecords<Item>(stdout).filter(({ t }) => t === 'layer');
      return [code, ...layers.map(({ sha256 }) => sha256)];
    };
    expect(await verified()).toEqual([4, 'right', 'right', 'right']);
    const layer = `${root}/overlay/c62982ffab94571388ea65edf5c4bc042cbfe6cde7547f40ed228de160cf8f33`;
    const tar = await stratafs(['--root', root, 'export', '--layer', '1', 'clean:1'], {
      stdoutFile: `${composefs}/1.tar`,
    });
    expect(tar.code).toBe(0);
    expect(await succeed('sha256sum', [`${composefs}/1.tar`])).toContain('c62982ffab94571388ea65edf5c4bc04');
    // /etc/hostname of the base.
    writeFileSync(
      `${layer}/diff/f3/4848ca92665c342abd5816c9e3eda0e82180671195362bcd0080544a3bc2ac`,
      'evil\n',
    );
    expect(await verified()).toEqual([1, 'wrong', 'right', 'right']);
    truncateSync(`${layer.replace('/overlay/', '/overlay-layers/')}.tar-split.gz`, 100);
    expect(await verified()).toEqual([4, 'not made', 'right', 'right']);
  });

  it('finds the additional image store that storage.conf names', async () => {
    const host = unpackStore(temporaryForTest(), 'podman-5.8-additional-store');
    await succeed('mkdir', ['-p', `${host}/w`, `${host}/etc/containers`]);
    for (const name of ['ais', 'extra']) await succeed('ln', ['-s', `/${name}`, `${host}/w/${name}`]);
    await succeed('cp', [`${host}/extra/extra.conf`, `${host}/etc/containers/storage.conf`]);
    const [store] = await jsonLines(['--host-root', host, 'stores', '--json']);
    expect(store).toMatchObject({
      kind: 'podman overlay',
      root: `${host}/extra/root`,
      images: 4,
      containers: 5,
    });
    const { code, stdout } = await stratafs(['--host-root', host, 'cat', 'onro', '/x']);
    expect([code, stdout]).toEqual([0, '1\n']);
    const lost = await stratafs(['--root', `${host}/extra/root`, 'ls', 'onro', '/']);
    expect(lost.code).toBe(4);
    expect(lost.stderr).toContain('name that with --additional-root');
  });

  it('shows owners by the machine’s own subuid where the store tells of root alone, and says so', async () => {
    const host = unpackStore(temporaryForTest(), 'podman-5.8-rootless-forcemask');
    const home = `${host}/home/ann/.local/share/containers`;
    await succeed('mkdir', ['-p', home, `${host}/etc`]);
    await succeed('mv', [`${host}/fm`, `${home}/storage`]);
    writeFileSync(`${host}/etc/passwd`, 'ann:x:4242:4242::/home/ann:/bin/sh\n');
    for (const file of ['subuid', 'subgid']) writeFileSync(`${host}/etc/${file}`, 'ann:100000:65536\n');
    const inspected = async () => (await stratafs(['--host-root', host, 'inspect', 'done'])).stdout;
    const told = 'users and groups 0 is 4242, 1-65536 are 100000-165535; all others 65534';
    expect(await inspected()).toContain(
      `Owners:    ${told} (the owner of the store, and /etc/subuid and /etc/subgid of "${host}")`,
    );
    const json = (await stratafs(['--host-root', host, 'inspect', '--json', 'done'])).stdout;
    const [upper] = (JSON.parse(json) as { layers: Item[] }).layers;
    const file = `${upper?.directory}/new-file`;
    writeFileSync(file, '');
    await succeed('chown', ['100032:100032', file]);
    const stat = await stratafs(['--host-root', host, 'ls', '-l', 'done', '/']);
    expect(stat.stdout).toMatch(/ 33 +33 .* new-file\n/);
    for (const name of ['subuid', 'subgid']) writeFileSync(`${host}/etc/${name}`, '');
    expect(await inspected()).toContain(
      'users and groups 0 is 4242; all others 65534 (the owner of the store)',
    );
    const unmapped = await stratafs(['--host-root', host, 'ls', '-l', 'done', '/']);
    expect(unmapped.stdout).toMatch(/ 65534 +65534 .* new-file\n/);
  });

  it('compares configurations in the store as it was opened for the trees', async () => {
    const store = unpackStore(temporaryForTest(), 'podman-5.8-additional-store');
    const args = ['--root', `${store}/extra/root`, '--additional-root', `${store}/ais/root`];
    const { code, stdout, stderr } = await stratafs([...args, 'diff', '--config', '--json', 'onro']);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain('"path":"/x"');
    expect(stdout).toContain('"t":"config"');
  });

  const trees = STORES.flatMap((store) =>
    Object.entries(store.trees)
      .filter(([name]) => process.env.STORES === 'all' || name === (store.trees.web ? 'web' : 'done'))
      .map(([reference, list]) => ({ store, reference, list })),
  );
  it.each(trees)('shows the tree of $list', async ({ store, reference, list }) => {
    const temporary = temporaryForTest();
    const found = await treeOf(temporary, argsOf(store), reference);
    const differing = differingLines(found, listOfEngine(list));
    const known = knownDifferences(list);
    expect(new Set(differing.map(pathOfLine))).toEqual(new Set(known));
    // Nothing but the number of links may differ in those.
    const linked = differing.filter((line) => FEWER_LINKS.includes(pathOfLine(line)));
    expect(new Set(linked.map((line) => withoutLinks(line.slice(1)))).size).toBe(linked.length / 2);
  });
});

type Item = Readonly<Record<string, unknown>>;

async function jsonLines(args: readonly string[]): Promise<Item[]> {
  const { code, stdout, stderr } = await stratafs(args);
  if (code !== 0) throw new Error(`stratafs ${args.join(' ')}: ${code}\n${stderr}`);
  return jsonRecords(stdout);
}

async function treeOf(temporary: Temporary, args: readonly string[], reference: string): Promise<string[]> {
  const [, root, ...others] = args;
  const mount = await mountStratafs(temporary, reference, {
    ...(root === undefined ? {} : { root }),
    before: others,
  });
  const lines = listOfTree(mount.directory);
  await mount.umount();
  return lines;
}

function pathOfLine(line: string): string {
  return line.slice(1).split(' ')[0] ?? '';
}

/** The eighth word of a line. */
function withoutLinks(line: string): string {
  return line.split(' ').toSpliced(7, 1).join(' ');
}
