// Real stores of Docker's graph drivers: each lists, shows, verifies and compares what the engine that made it said.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { listOfEngine, listOfTree, unpackStore } from '../support/real-stores.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';

const stratafs = stratafsForSuite();

/** The column of links in a list. */
const LINKS = 7;

interface RealStore {
  readonly name: string;
  readonly driver: string;
  /** Directory of the data root in the archive. */
  readonly root: string;
  readonly images: readonly string[];
  readonly containers: readonly string[];
  /** What `diff web` tells, letters and paths. */
  readonly changes: readonly string[];
  /** What `which web /etc/motd` tells first, or why it cannot. */
  readonly motd: string;
}

const DEMO = ['demo:1 f309b0830f57', 'example.com:5000/team/app:v1 f309b0830f57'];
const CHANGES = [
  '- /app/a',
  '+ /etc/motd',
  'm /srv/plugins',
  '- /srv/plugins/auth-2',
  '- /srv/plugins/late',
  '+ /srv/plugins/own',
  '- /top',
  '+ /top2',
];
const UNTOLD = 'a copy of all below it, and no record tells what it changed; "stratafs diff web" does';

const STORES: readonly RealStore[] = [
  {
    name: 'docker-28-overlay2',
    driver: 'overlay2',
    root: 'root',
    images: ['built:1 14f4bbd5deb2', ...DEMO],
    containers: ['never Created', 'web Up'],
    changes: CHANGES,
    motd: '/etc/motd: layer 5',
  },
  {
    name: 'docker-28-vfs',
    driver: 'vfs',
    root: 'root',
    images: ['built:1 8e0eaac35387', ...DEMO],
    containers: ['gifted_tesla Created', 'never Created', 'web Up'],
    changes: CHANGES,
    motd: UNTOLD,
  },
  {
    name: 'docker-28-fuse-overlayfs',
    driver: 'fuse-overlayfs',
    root: 'root',
    images: ['built:1 0cbe6d589032', ...DEMO],
    containers: ['great_darwin Created', 'never Created', 'web Up'],
    changes: CHANGES,
    motd: '/etc/motd: layer 5',
  },
  {
    name: 'docker-28-btrfs',
    driver: 'btrfs',
    root: 'root',
    images: ['built:1 37d6d086c3d6', ...DEMO],
    containers: ['never Created', 'web Up'],
    changes: CHANGES,
    motd: UNTOLD,
  },
  {
    name: 'docker-20-overlay',
    driver: 'overlay',
    root: 'overlay',
    images: ['built:1 a02646766140', 'demo:1 f309b0830f57'],
    containers: ['compassionate_lamarr Exited', 'web Up'],
    changes: CHANGES,
    motd: '/etc/motd: layer 4',
  },
];

/** Mount points that the engine makes in a container; this driver copies them into the container's own layer. */
const ENGINE_MADE = /^(?:. )?\/(?:\.dockerenv|dev(?:\/|$)|etc\/(?:hostname|hosts|mtab|resolv\.conf)$)/;

describeSystem('a real store of the graph driver', ['root', 'fuse', 'python', 'build', 'stores'], () => {
  for (const store of STORES) describeStore(store);
});

function describeStore(store: RealStore): void {
  const { name, driver } = store;
  const temporary = temporaryForSuite();
  let root = '';
  beforeAll(() => {
    root = join(unpackStore(temporary, name), store.root);
  });
  const output = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await stratafs(['--root', root, ...args]);
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
    return stdout;
  };

  it(`${driver} lists the images and containers that the engine listed`, async () => {
    const images = (await output('images')).split('\n').slice(1).filter(Boolean);
    const shown = images.map((line) => line.replace(/^(\S+) +(\S+) +(\S+) .*$/, '$1:$2 $3'));
    expect(shown.sort()).toEqual([...store.images].sort());
    const containers = (await output('containers')).split('\n').slice(1).filter(Boolean);
    const status = containers.map((line) => {
      const words = line.split(/ {2,}/);
      // Nothing is at work in a copy.
      return `${words.at(-1)} ${words[4]?.replace(/^Was up,?/, 'Up').split(' ')[0]}`;
    });
    expect(status.sort()).toEqual([...store.containers].sort());
  });

  it(`${driver} shows a container as the engine's own mount did`, async () => {
    const mount = await mountStratafs(temporary, 'web', { root, args: ['-o', 'suid,dev'] });
    const found = listOfTree(mount.directory);
    await mount.umount();
    const expected = listOfEngine(`${name}-web`);
    expect(expected.length).toBeGreaterThan(40);
    if (driver !== 'fuse-overlayfs') expect(differences(expected, found)).toBe('');
    else {
      // It counts the links that it has seen a name of (fuse-overlayfs 1.14, main.c); the kernel counts those on disk.
      expect(differences(withoutColumn(expected, LINKS), withoutColumn(found, LINKS))).toBe('');
      expect(found.filter((line) => !expected.includes(line)).map((line) => line.split(' ')[LINKS])).toEqual([
        '2',
        '2',
      ]);
    }
  });

  it(`${driver} verifies every layer`, async () => {
    const told = jsonRecords<{ t: string; verdict?: string; severity?: string }>(
      await output('verify', 'built:1', 'demo:1', '--json'),
    );
    const verdicts = told.flatMap(({ t, verdict }) => (verdict === undefined ? [] : [`${t} ${verdict}`]));
    expect(new Set(verdicts)).toEqual(new Set(['layer verified', 'image verified']));
    expect(verdicts).toHaveLength(9);
    expect(told.filter(({ severity }) => severity === 'tampered' || severity === 'unverifiable')).toEqual([]);
  });

  it(`${driver} measures the growth from image to image, as history tells each of them`, async () => {
    type Sums = Record<'stored' | 'shown' | 'hidden', { readonly bytes: number }>;
    const historyOf = async (image: string) => {
      const sums = jsonRecords<Partial<Sums>>(await output('history', '--json', image));
      const total = (key: keyof Sums) => sums.reduce((sum, row) => sum + (row[key]?.bytes ?? 0), 0);
      return { stored: total('stored'), shown: total('shown'), hidden: total('hidden') };
    };
    const diff = ['--root', root, 'diff', '--json', '--summary', 'demo:1', 'built:1'];
    const { stderr, stdout } = await stratafs(diff);
    expect(stderr).toBe('');
    interface Grown {
      readonly growth: Record<'a' | 'b', unknown> & {
        readonly layers: readonly { readonly stored: number }[];
      };
    }
    const [{ growth }] = jsonRecords(stdout, 'summary') as [Grown];
    const [a, b] = [await historyOf('demo:1'), await historyOf('built:1')];
    expect({ a: growth.a, b: growth.b }).toEqual({ a, b });
    // The rows of the layers add up to it.
    expect(growth.layers.reduce((sum, { stored }) => sum + stored, 0)).toBe(b.stored - a.stored);
    expect(b.stored).toBeGreaterThan(a.stored);
  });

  it(`${driver} finds what was changed in a file that lies in several layers' directories`, async () => {
    const { layers } = JSON.parse(await output('inspect', '--json', 'demo:1')) as {
      layers: readonly { readonly directory: string }[];
    };
    const [top, , base] = layers.map(({ directory }) => directory);
    // Of a driver that keeps whole trees the top has a copy; what is shown is that one.
    const place = [top, base].find((directory) => readdirSync(`${directory}`).includes('etc')) ?? '';
    const file = join(place, 'etc/passwd');
    const before = readFileSync(file);
    writeFileSync(file, Buffer.from(before).fill('x', 0, 1));
    const { code, stdout } = await stratafs(['--root', root, 'verify', 'demo:1']);
    writeFileSync(file, before);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^tampered +demo:1 layer \d {2}content {2}etc\/passwd: /m);
  });

  it(`${driver} tells what a container changed`, async () => {
    const { stdout } = await stratafs(['--root', root, 'diff', 'web', '--json']);
    const changes = jsonRecords<{ path: string; op: string }>(stdout, 'change')
      .map(({ path, op }) => `${LETTERS[op]} ${path}`)
      .filter((line) => driver !== 'overlay' || !ENGINE_MADE.test(line));
    expect(changes).toEqual(store.changes);
  });

  it(`${driver} tells what each layer of an image did, from the directories or their records`, async () => {
    const paths = jsonRecords<{ path: string; layer: number }>(await output('deleted', '--json', 'demo:1'));
    expect(paths.map(({ layer, path }) => `${layer} ${path}`)).toEqual([
      '1 /data/hard2',
      '1 /etc/motd',
      '2 /gone',
      '1 /srv/plugins/auth',
      '1 /srv/plugins/cache',
      '1 /srv/plugins/deep',
      '1 /sw/dir-to-file',
      '1 /sw/file-to-dir',
    ]);
    expect((await output('ls', '-R', 'demo:1#3', '/')).replaceAll(/\s+/g, ' ')).toBe(
      '/: app data srv top /app: a /data: /srv: plugins /srv/plugins: late ',
    );
    expect(await output('which', 'demo:1', '/data/hard1')).toMatch(/^\/data\/hard1: layer 1\n/);
    const { stdout, stderr } = await stratafs(['--root', root, 'which', 'web', '/etc/motd']);
    expect(stdout + stderr).toContain(store.motd);
  });
}

const LETTERS: Readonly<Record<string, string>> = { add: '+', remove: '-', modify: 'm' };

function withoutColumn(lines: readonly string[], column: number): string[] {
  const hidden = (line: string) => line.split(' ').map((word, i) => (i === column ? '-' : word));
  return lines.map((line) => hidden(line).join(' '));
}
