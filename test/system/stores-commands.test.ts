// Every command on every one of the real stores: its exit code, and that its answer is of the store, by the lists that the engines'
// own mounts gave. What a command cannot do with a store, it says in the words that stand here. STORES=all asks all of them, else
// one of each row of the README's table is asked.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { listOfEngine, unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

/** All that are run on every store, `mount` and `umount` on one of each engine. */
const COMMANDS = [
  ...[
    'images',
    'containers',
    'inspect',
    'ls',
    'cat',
    'stat',
    'mount',
    'umount',
    'diff',
    'manifest',
    'export',
  ],
  ...[
    'extract',
    'du',
    'history',
    'which',
    'deleted',
    'timeline',
    'verify',
    'stores',
    'df',
    'whose',
    'doctor',
  ],
] as const;

/** These refuse to be narrowed to one: namespaces share what they measure or examine. */
const OF_ALL_NAMESPACES: ReadonlySet<string> = new Set(['df', 'doctor']);

/** What is not as for all others: the exit code, and what is printed, on whichever output. */
interface Expected {
  readonly code: number;
  readonly said: RegExp;
  /** In the README's word: whether the command does a part of it, or nothing; yes where it is for what this one store holds. */
  readonly does: 'yes' | 'part' | 'no';
}

interface Sample {
  readonly store: string;
  /** Its row in the README's table: engine and place. */
  readonly row: string;
  /** Its root below the folder that it is unpacked into. */
  readonly root: string;
  /** Where such a store lies on a machine. */
  readonly place: 'docker' | 'containerd' | 'containers/storage';
  /** What `stores` says of it, a line each: kind, number of images and of containers. */
  readonly found: readonly string[];
  /** Words before the command; `DIR` is the folder. */
  readonly options?: readonly string[];
  /** The image `demo`, made of three layers. */
  readonly image: string;
  /** One that changed something. */
  readonly container?: string;
  /** A list of the image's tree; that of `demo` where it is not given. */
  readonly list?: string;
  readonly layers?: number;
  readonly but?: Readonly<Record<string, Expected>>;
}

const DEMO = 'containerd-1.6-demo';
const FULL_NAME = 'docker.io/library/demo:1';

function classic(driver: string, place: string, more: Partial<Sample> = {}): Sample {
  const found = [`docker ${driver} 2 2`];
  return {
    store: `docker-28-${driver}`,
    row: `Docker | ${place}`,
    root: 'root',
    place: 'docker',
    found,
    image: 'demo:1',
    container: 'web',
    ...more,
  };
}

function rootless(name: string, directory: string, more: Partial<Sample> = {}): Sample {
  return {
    store: `podman-5.8-rootless-${name}`,
    row: `${ROOTLESS}${name === 'vfs' ? 'vfs' : 'overlay, with fuse-overlayfs or `force_mask` too'}`,
    root: directory,
    place: 'containers/storage',
    found: ['podman overlay 1 3'],
    image: FULL_NAME,
    container: 'web',
    // A user cannot make devices.
    list: `podman-5.8-rootless-${name}-demo`,
    ...more,
  };
}

const CONTAINERD = 'containerd (29 and later)';
const KUBERNETES = 'Kubernetes, k3s, nerdctl, ctr | containerd, ';
const PODMAN = 'Podman, Buildah, CRI-O | overlay';
const ROOTLESS = 'Podman, Buildah, rootless | ';

/** A container's own layer in a driver that keeps whole trees has nothing that tells what it changed. */
const UNTOLD: Expected = {
  code: 4,
  said: /no record tells what it changed; "stratafs diff web" does/,
  does: 'part',
};
/** The whole trees of the snapshotter native are not told apart by the tars. */
const WHOLE_TREES: Expected = {
  code: 4,
  said: /it holds what the layers below hold as well, and the record/,
  does: 'no',
};

const SAMPLES: readonly Sample[] = [
  {
    store: 'containerd-1.6',
    row: `${KUBERNETES}overlayfs`,
    root: 'root',
    place: 'containerd',
    found: ['containerd 8 5'],
    options: ['--namespace', 'default'],
    image: FULL_NAME,
    container: 'c1',
    but: { doctor: { code: 1, said: /snapshot-orphan/, does: 'yes' } },
  },
  {
    store: 'containerd-1.6-discard',
    row: `${KUBERNETES}compressed layers discarded`,
    root: 'disc/root',
    place: 'containerd',
    found: ['containerd 2 0'],
    image: '127.0.0.1:5917/demo:1',
    but: { verify: { code: 4, said: /the compressed layer c33b197715d9 is not here/, does: 'no' } },
  },
  {
    store: 'containerd-2.1-erofs-native',
    row: `${KUBERNETES}native`,
    root: 'root',
    place: 'containerd',
    found: ['containerd 1 0'],
    image: '127.0.0.1:5917/demo:1',
    layers: 1,
    but: {
      ...Object.fromEntries(['which', 'deleted', 'history', 'timeline'].map((name) => [name, WHOLE_TREES])),
    },
  },
  {
    store: 'containerd-2.1-blobs-only',
    row: `${KUBERNETES}compressed layers alone`,
    root: 'root',
    place: 'containerd',
    found: ['containerd 2 0'],
    image: '127.0.0.1:5917/multi:1',
  },
  {
    store: 'docker-20-overlay',
    row: 'Docker | fuse-overlayfs, overlay',
    root: 'overlay',
    place: 'docker',
    found: ['docker overlay 2 2'],
    image: 'demo:1',
    container: 'web',
  },
  { ...classic('containerd', CONTAINERD), found: ['docker containerd 9 5'] },
  {
    ...classic('26', CONTAINERD),
    store: 'docker-26-containerd',
    found: ['docker containerd 2 1'],
    container: 'done',
  },
  {
    ...classic('two-stores', 'two stores in one data root'),
    found: ['docker containerd 1 1', 'docker overlay2 2 2'],
  },
  classic('overlay2', 'overlay2'),
  classic('fuse-overlayfs', 'fuse-overlayfs, overlay', { found: ['docker fuse-overlayfs 2 3'] }),
  classic('btrfs', 'btrfs, vfs', { but: { timeline: UNTOLD } }),
  classic('vfs', 'btrfs, vfs', { found: ['docker vfs 2 3'], but: { timeline: UNTOLD } }),
  {
    store: 'podman-4.3-root-bolt',
    row: PODMAN,
    root: 'root',
    place: 'containers/storage',
    found: ['podman overlay 1 3'],
    image: FULL_NAME,
    container: 'done',
  },
  {
    store: 'podman-5.8-root-overlay',
    row: PODMAN,
    root: 'root',
    place: 'containers/storage',
    found: ['podman overlay 3 5'],
    image: FULL_NAME,
    container: 'web',
  },
  {
    store: 'podman-5.8-additional-store',
    row: `${PODMAN}, in an additional image store`,
    root: 'extra/root',
    place: 'containers/storage',
    found: ['podman overlay 3 5'],
    options: ['--additional-root', 'DIR/ais/root'],
    image: FULL_NAME,
    container: 'onro',
    // The container that is a directory of its machine.
    but: { timeline: { code: 4, said: /rootfs/, does: 'yes' } },
  },
  {
    store: 'podman-5.8-composefs',
    row: `${PODMAN}, composefs`,
    root: 'cfs/root',
    place: 'containers/storage',
    found: ['podman overlay 1 1'],
    image: '127.0.0.1:5917/clean:1',
    container: 'c',
    but: { verify: { code: 4, said: /composefs/, does: 'part' } },
  },
  rootless('native', 'native'),
  rootless('fuse', 'fuse'),
  rootless('vfs', 'vfs', { found: ['podman vfs 1 3'], but: { timeline: UNTOLD } }),
  rootless('forcemask', 'fm', {
    // The list is of a mount program that shows the type of the file on disk.
    list: DEMO,
    found: ['podman overlay 1 1'],
    container: 'done',
  }),
];

/** Path from the root → sha256 of what is in it; of a directory or another type nothing. */
function treeOf(sample: Sample): ReadonlyMap<string, string | undefined> {
  const isClean = sample.image.includes('clean');
  return new Map(
    listOfEngine(sample.list ?? DEMO).flatMap((line): [string, string | undefined][] => {
      const [path = '', type, , , , , , , sum = ''] = line.split(' ');
      // The image `clean` is `demo` without the name that is no UTF-8.
      if (isClean && path.includes('\\351')) return [];
      return path === '.' ? [] : [[path.slice(1), type === 'f' ? sum : undefined]];
    }),
  );
}

function topNames(tree: ReadonlyMap<string, unknown>): string[] {
  return [...tree.keys()].flatMap((path) => /^\/([^/]+)$/.exec(path)?.[1] ?? []);
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function withoutNamespace(words: readonly string[]): string[] {
  return words.filter((word, i) => word !== '--namespace' && words[i - 1] !== '--namespace');
}

const ASKED =
  process.env.STORES === 'all'
    ? SAMPLES
    : [...new Map(SAMPLES.map((sample) => [sample.row, sample])).values()];

/** One of each engine is mounted: the trees of all, mounted, are those of the engines in the tests of each kind. */
const MOUNTED = new Set(new Map(ASKED.map(({ place, store }) => [place, store])).values());

describeSystem('every command on every store', ['root', 'fuse', 'stores', 'build'], () => {
  const temporary = temporaryForSuite();

  describe.each(ASKED)('$store', (sample) => {
    const { store, root, place, found, image, container, options = [], layers = 3, but = {} } = sample;
    const tree = treeOf(sample);
    const top = topNames(tree);
    const passwd = tree.get('/etc/passwd');
    let directory = '';
    let before: string[] = [];
    const ran = new Set<string>();

    beforeAll(() => {
      directory = unpackStore(temporary, store);
      mkdirSync(`${directory}/var/lib/containers`, { recursive: true });
      symlinkSync(`/${root}`, `${directory}/var/lib/${place}`);
      before = ['--root', `${directory}/${root}`, ...options.map((word) => word.replace('DIR', directory))];
    });

    /** Runs a command, and holds it to what is expected of all stores, or of this one. */
    async function tells(
      command: (typeof COMMANDS)[number],
      words: readonly string[],
      said: RegExp,
      code = 0,
    ): Promise<{ readonly stdout: string; readonly isAsAll: boolean }> {
      const globals = OF_ALL_NAMESPACES.has(command) ? withoutNamespace(before) : before;
      const { stdout, stderr, code: ended } = await stratafs([...globals, command, ...words]);
      ran.add(command);
      const own = but[command];
      expect(`${stdout}${stderr}`).toMatch(own?.said ?? said);
      expect([command, ended]).toEqual([command, own?.code ?? code]);
      if (own === undefined) expect(stderr).toBe('');
      return { stdout, isAsAll: own === undefined };
    }

    it('lists: images, containers, inspect, df, du, whose, doctor', async () => {
      const name = image.replace(/:[^:]*$/, '');
      await tells('images', [], new RegExp(`^${name} `, 'm'));
      await tells(
        'containers',
        ['-a'],
        container === undefined ? /^CONTAINER ID/ : new RegExp(` ${container} *(?:overlay2)?$`, 'm'),
      );
      const { stdout } = await tells('inspect', [image], /^Layer 1, image$/m);
      expect(stdout.match(/^Layer \d+, image$/gm)).toHaveLength(layers);
      await tells('df', [], /^(?:Layers|Content) of images +[1-9][\s\S]*^Everything /m);
      await tells('du', ['-s', image], /^[1-9]\d*\t\/$/m);
      const whose = await tells('whose', [image], /: an image sha256:/);
      // One with other platforms has their layers too.
      expect(whose.stdout.match(/^ {2}made of {4}layer \d/gm)?.length).toBeGreaterThanOrEqual(3);
      await tells('doctor', [], /: 0 errors, 0 warnings, /);
    });

    it('looks inside: ls, cat, stat, mount, umount, manifest', async () => {
      const { stdout: listed } = await tells('ls', [image, '/'], /^etc$/m);
      expect(listed.trimEnd().split('\n')).toEqual(top);
      const { stdout: read } = await tells('cat', [image, '/etc/passwd'], /^root:/);
      expect(sha256Of(Buffer.from(read, 'latin1'))).toBe(passwd);
      await tells('stat', [image, '/etc/passwd'], /\b51\b/);
      if (MOUNTED.has(store)) {
        const point = `${directory}/mounted`;
        mkdirSync(point);
        await tells('mount', [image, point], /^$/);
        const names = readdirSync(point);
        const mounted = sha256Of(readFileSync(`${point}/etc/passwd`));
        await tells('umount', [point], /^$/);
        expect([names.sort(), mounted]).toEqual([top, passwd]);
        expect(readdirSync(point)).toEqual([]);
      }
      const { stdout: manifest } = await tells('manifest', [image], /^#mtree/);
      const sums = manifest.split('\n').flatMap((line): [string, string | undefined][] => {
        const path = /^\.(\/\S+)/.exec(line)?.[1];
        return path === undefined ? [] : [[path, /sha256digest=(\w+)/.exec(line)?.[1]]];
      });
      expect(new Map(sums.toSorted())).toEqual(new Map([...tree].toSorted()));
    });

    it('compares: diff, which, deleted, history, timeline', async () => {
      // What keeps whole trees has one layer.
      if (layers === 1) await tells('diff', [image, image], /^no difference$/m);
      else if (container === undefined)
        await tells('diff', [`${image}^`, image], / \/data\/hard2 .* B3 whiteout$/m, 1);
      else await tells('diff', [container], /^ {2}\+ {2}\/\S+ .*container$/m, 1);
      await tells(
        'which',
        [image, '/etc/motd'],
        /^\/etc\/motd: not in the merged view$[\s\S]*layer 2 +image +hides/m,
      );
      await tells('deleted', [image], /^1 +2 +whiteout .* \/etc\/motd$/m);
      await tells('history', [image], /^3 .*COPY l3\.tar .*\n2 .*COPY l2\.tar [\s\S]*deleted in 3/m);
      await tells('timeline', ['--all'], /\/etc\/motd \(whiteout\)\|/);
    });

    it('copies and proves: export, extract, verify', async () => {
      const tar = `${directory}/image.tar`;
      await tells('export', [image, '-o', tar], /^$/);
      const members = (await succeed('tar', ['-tf', tar])).trimEnd().split('\n');
      expect(members).toHaveLength(tree.size);
      await tells('extract', [image, '/etc/passwd', '-o', `${directory}/out`], /^/);
      expect(sha256Of(readFileSync(`${directory}/out/etc/passwd`))).toBe(passwd);
      await tells('verify', [image], /^total +1 image, [345] layers \([345] verified\)$/m);
    });

    it('is found on its machine, and opened by the path that it has there: stores, whose', async () => {
      const { stdout, stderr, code } = await stratafs(['--host-root', directory, 'stores', '--json']);
      ran.add('stores');
      expect([stderr, code]).toEqual(['', 0]);
      const lines = jsonRecords<FoundStore>(stdout);
      expect(lines.map(({ kind, images, containers }) => `${kind} ${images} ${containers}`)).toEqual(found);
      expect(new Set(lines.map((line) => line.root))).toEqual(new Set([`${directory}/${root}`]));
      const machine = ['--host-root', directory, '--root', `/var/lib/${place}`];
      const words = options.map((word) => word.replace('DIR', ''));
      const [layer = ''] =
        /^ {2}directory +(\S+)$/m.exec((await stratafs([...before, 'inspect', image])).stdout)?.slice(1) ??
        [];
      const asked = layer === '' ? image : `${layer.slice(directory.length)}/etc`;
      const whose = await stratafs([...machine, ...words, 'whose', asked]);
      expect([whose.stderr, whose.code]).toEqual(['', 0]);
      expect(whose.stdout).toMatch(layer === '' ? /: an image / : /: a layer [\s\S]*^ {2}used by +image /m);
      const all = COMMANDS.filter((command) => MOUNTED.has(store) || !/mount$/.test(command));
      expect([...ran].sort()).toEqual(all.sort());
    });
  });
});

describe('the table of stores in the README', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const lines = readme.split('\n').filter((line) => line.startsWith('| '));
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const start = lines.findIndex((line) => line.startsWith('| engine | its images lie in |'));
  const columns = cells(lines[start] ?? '')
    .slice(2)
    .map((heading) => [...heading.matchAll(/`(\w+)`/g)].map(([, command = '']) => command));
  const rows = new Map<string, readonly string[]>();
  for (const line of lines.slice(start + 1)) {
    const [engine = '', place = '', ...answers] = cells(line);
    if (answers.length !== columns.length) break;
    rows.set(`${engine} | ${place}`, answers);
  }

  it('names every command that is run on them, once, and a row for each store', () => {
    expect(columns.flat().sort()).toEqual([...COMMANDS].sort());
    expect([...rows.keys()].sort()).toEqual([...new Set(SAMPLES.map(({ row }) => row))].sort());
  });

  it.each(SAMPLES)('says of $store what its commands do', ({ row, but = {} }) => {
    const shown = columns.map((commands) => {
      const does = commands.map((command) => but[command]?.does ?? 'yes');
      return new Set(does).size === 1 ? does[0] : 'told apart';
    });
    expect(rows.get(row)).toEqual(shown);
  });
});

interface FoundStore {
  readonly kind: string;
  readonly root: string;
  readonly images: number;
  readonly containers: number;
}
