// `stratafs report --store --out DIR`: the parts are what the commands print, their sums are right, and what was cut off, refused or
// had no room never passes for a whole report. A real store of each sort is reported, and every one in test:soak.

import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeSampleStore } from '../../scripts/sample-store.ts';
import { succeed } from '../support/command.ts';
import { FakeStore } from '../support/fake-store.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { storesFolder, unpackArchives, unpackStore } from '../support/real-stores.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite, until } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const PARTS = [
  'SHA256SUMS',
  'containers.jsonl',
  'deleted.jsonl',
  'health.jsonl',
  'images.jsonl',
  'layers.jsonl',
  'manifests',
  'manifests.jsonl',
  'report.html',
  'run.json',
  'timeline.body',
  'usage.jsonl',
  'verify.jsonl',
  'volumes.jsonl',
];

type JsonRecord = Record<string, unknown>;

/** The records of a part of JSON lines, which must be whole and as its schema has it. */
function recordsIn(out: string, name: string): JsonRecord[] {
  return jsonRecords<JsonRecord>(readFileSync(join(out, `${name}.jsonl`), 'utf8'));
}

/** How a part of JSON lines begins and ends. */
function endsOf(out: string, name: string): JsonRecord[] {
  const lines = readFileSync(join(out, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  return [lines.at(0) ?? '', lines.at(-1) ?? ''].map((line) => JSON.parse(line) as JsonRecord);
}

/** By the name of the part. */
function exitsOf(out: string, ...names: readonly string[]): JsonRecord {
  return Object.fromEntries(names.map((name) => [name, endsOf(out, name)[1]?.exit]));
}

interface Run {
  readonly root: string;
  readonly commandLine: string;
  readonly done: readonly { readonly part: string; readonly state: string }[];
  readonly told: readonly string[];
  readonly hostRoot?: string;
  readonly others: readonly string[];
}

function runOf(out: string): Run {
  return JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as Run;
}

describeSystem('the parts of a report on a store', ['root', 'build', 'stores', 'tmpfs'], () => {
  const temporary = temporaryForSuite();
  const root = () => temporary.path('docker-28-overlay2/root');
  const out = temporary.path('case');
  const part = (name: string) => readFileSync(join(out, name), 'utf8');
  const print = async (...words: string[]) => {
    const { stdout } = await stratafs(['--root', root(), ...words]);
    return Buffer.from(stdout, 'latin1').toString('utf8');
  };

  beforeAll(async () => {
    unpackStore(temporary, 'docker-28-overlay2');
    const made = await stratafs(['--root', root(), 'report', '--store', '--verify', '--out', out]);
    expect([made.code, made.stderr]).toEqual([0, '']);
    const [, sum] = /^([0-9a-f]{64}) {2}.*\/SHA256SUMS\n$/.exec(made.stdout) ?? [];
    expect(await succeed('sha256sum', [join(out, 'SHA256SUMS')])).toContain(sum);
  });

  it('are all there, and sha256sum proves each', async () => {
    expect(readdirSync(out).sort()).toEqual(PARTS);
    const lines = (await succeed('sha256sum', ['-c', 'SHA256SUMS'], { cwd: out })).trimEnd().split('\n');
    const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(lines.map((line) => line.replace(/: OK$/, '')).sort()).toEqual(
      files
        .map(({ parentPath, name }) => join(parentPath, name).slice(out.length + 1))
        .filter((name) => name !== 'SHA256SUMS')
        .sort(),
    );
  });

  it.each<[part: string, command: string[]]>([
    ['images.jsonl', ['images', '--all', '--json']],
    ['containers.jsonl', ['containers', '--all', '--json']],
    ['usage.jsonl', ['df', '--json']],
    ['health.jsonl', ['doctor', '--json']],
    ['verify.jsonl', ['verify', '--all', '--json']],
    ['timeline.body', ['timeline', '--all']],
  ])('%s is what the command prints, header and end too', async (name, words) => {
    expect(part(name)).toBe(await print(...words));
    expect(part(name).length).toBeGreaterThan(300);
  });

  it.each(['deleted', 'layers', 'manifests', 'volumes'])(
    '%s.jsonl is of the report, and says which part it is',
    (name) => {
      expect(endsOf(out, name)).toEqual([
        {
          t: 'header',
          v: 1,
          tool: expect.stringMatching(/^stratafs \d/),
          command: 'report',
          root: root(),
          part: name,
        },
        { t: 'end', exit: 0 },
      ]);
      // This store has no volumes.
      expect(recordsIn(out, name).length > 0).toBe(name !== 'volumes');
    },
  );

  it('deleted.jsonl has of each image and container what deleted tells of it', async () => {
    const all = recordsIn(out, 'deleted');
    for (const name of ['demo:1', 'built:1', 'web', 'never']) {
      const records = jsonRecords<{ path: string; type: string }>(await print('deleted', '--json', name));
      const told = records.map(({ path, type }) => `${type} ${path}`);
      const own = all.filter(({ refs }) => (refs as string[]).includes(name));
      expect([name, own.map(({ path, type }) => `${type} ${path}`).sort()]).toEqual([name, told.sort()]);
      expect(told.length).toBeGreaterThan(5);
    }
  });

  it('manifests are those of manifest, and manifests.jsonl says whose', async () => {
    const all = recordsIn(out, 'manifests');
    expect(all.map(({ ref }) => ref).sort()).toEqual(['built:1', 'demo:1', 'never', 'web']);
    for (const { file, ref, names } of all) {
      const text = readFileSync(join(out, String(file)), 'latin1');
      expect(text).toBe((await stratafs(['--root', root(), 'manifest', String(ref)])).stdout);
      expect(text.split('\n').filter((line) => line.startsWith('.'))).toHaveLength(Number(names));
      expect(text).toContain('sha256digest=');
    }
  });

  it('layers.jsonl has each layer once, with all that have it and its verdict', async () => {
    const layers = recordsIn(out, 'layers');
    const { layers: demo } = JSON.parse(await print('inspect', '--json', 'demo:1'));
    for (const { diffId, directory } of demo as { diffId: string; directory: string }[]) {
      const [only, ...others] = layers.filter((one) => one.diffId === diffId);
      expect([only?.name, only?.verdict, others]).toEqual([directory, 'verified', []]);
      const users = only?.users as { name: string }[];
      expect(users.map(({ name }) => name).sort()).toEqual(['built:1', 'demo:1', 'never', 'web']);
    }
    const own = layers.filter(({ kind }) => kind === 'upper');
    expect(own.map(({ verdict }) => verdict)).toEqual(['unverifiable', 'unverifiable']);
  });

  it('run.json says how it was made and what was done', () => {
    const run = runOf(out);
    expect(run).toMatchObject({ root: root(), isLive: false, told: [] });
    expect(run.commandLine).toBe(`stratafs --root ${root()} report --store --verify --out ${out}`);
    expect(run.done.map(({ state }) => state)).toEqual(Array(8).fill('done'));
  });

  it('are the same bytes at the same time, and but for the time at another', async () => {
    const made = async (time: string) => {
      rmSync(temporary.path('again'), { recursive: true, force: true });
      const words = ['--root', root(), 'report', '--store', '--out', 'again'];
      await stratafs(words, { cwd: temporary.directory, env: { SOURCE_DATE_EPOCH: time } });
      return readFileSync(temporary.path('again/SHA256SUMS'), 'utf8');
    };
    const [first, second, other] = [
      await made('1700000000'),
      await made('1700000000'),
      await made('1700000001'),
    ];
    expect(first).toBe(second);
    const differing = first.split('\n').filter((line) => !other.includes(line));
    expect(differing.map((line) => line.slice(66))).toEqual(['report.html', 'run.json']);
    expect(readFileSync(temporary.path('again/report.html'), 'utf8')).toContain('2023-11-14 22:13:21Z');
  });

  it('without --verify read no contents, and say so, in a directory that was there and empty', async () => {
    const place = temporary.path('unread');
    mkdirSync(place);
    expect((await stratafs(['--root', root(), 'report', '--store', '--out', `${place}/`])).code).toBe(0);
    expect(readdirSync(place).sort()).toEqual(PARTS.filter((name) => name !== 'verify.jsonl'));
    const [manifest = ''] = readdirSync(join(place, 'manifests'));
    expect(readFileSync(join(place, 'manifests', manifest), 'latin1')).not.toContain('sha256digest');
    expect(runOf(place).done).toContainEqual(
      expect.objectContaining({ part: 'Verification', state: 'not done' }),
    );
  });

  describe('the directory', () => {
    it.each<[what: string, words: string[], said: RegExp]>([
      ['that is not empty', ['--out', 'FULL'], /it is not empty: it has "mine"/],
      ['that is a file', ['--out', 'FULL/mine'], /not a directory/],
      ['whose parent is not there', ['--out', 'NONE/case'], /no such file or directory/],
      ['inside the store', ['--out', 'STORE/case'], /it lies inside the store/],
      ['inside the store, by a link', ['--out', 'LINK/case'], /it lies inside the store/],
      ['and a file as well', ['--out', 'case2', '-o', 'x.html'], /give either -o FILE or --out DIR/],
      ['of one image', ['demo:1', '--out', 'case2'], /"--out" and "--verify" are for --store/],
    ])('%s is refused', async (_, words, said) => {
      const full = temporary.path('full');
      mkdirSync(full, { recursive: true });
      writeFileSync(join(full, 'mine'), 'mine');
      if (!existsSync(temporary.path('link'))) symlinkSync(root(), temporary.path('link'));
      const places = {
        FULL: full,
        NONE: temporary.path('none'),
        STORE: root(),
        LINK: temporary.path('link'),
      };
      const told = words.map((word) =>
        Object.entries(places).reduce((text, [key, place]) => text.replace(key, place), word),
      );
      const before = readdirSync(root()).sort();
      const store = words[0] === 'demo:1' ? [] : ['--store'];
      const { code, stderr } = await stratafs(['--root', root(), 'report', ...store, ...told], {
        cwd: temporary.directory,
      });
      expect([code, stderr]).toEqual([2, expect.stringMatching(said)]);
      expect([readdirSync(full), existsSync(temporary.path('case2')), readdirSync(root()).sort()]).toEqual([
        ['mine'],
        false,
        before,
      ]);
    });

    it('is left as it was where the disk is full, which is said', async () => {
      const disk = temporary.path('disk');
      mkdirSync(disk);
      await succeed('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]);
      for (const place of [disk, join(disk, 'new')]) {
        const { code, stderr } = await stratafs(['--root', root(), 'report', '--store', '--out', place]);
        expect([code, stderr]).toEqual([
          2,
          expect.stringMatching(/^stratafs: Cannot write ".*": no space left on device/),
        ]);
        expect(readdirSync(disk)).toEqual([]);
      }
    });
  });

  describe('of a store that takes long', () => {
    const store = new FakeStore(temporary.path('slow'));
    const place = temporary.path('slow-case');
    const start = () => {
      const words = ['--root', store.root, 'report', '--store', '--out', place];
      const child = spawn(process.execPath, [BUILT_COMMAND, ...words], { stdio: 'ignore' });
      temporary.owns(child.pid);
      const ended = new Promise<NodeJS.Signals | null>((resolve) =>
        child.on('close', (_, signal) => resolve(signal)),
      );
      return { child, ended };
    };
    const isAtManifests = () =>
      existsSync(place) &&
      readdirSync(place, { recursive: true }).some((name) => String(name).endsWith('.mtree'));

    beforeAll(() => {
      // What is most of the work is each image's manifest.
      const images = [...Array(30).keys()].map((i) => ['base', `layer ${i}`]);
      for (const [i, layers] of images.entries()) store.image({ names: [`slow:${i}`], layers });
      for (const layers of [['base'], ...images])
        mkdirSync(store.path(`overlay2/${FakeStore.cacheId(layers)}/diff`), { recursive: true });
      const base = store.path(`overlay2/${FakeStore.cacheId(['base'])}/diff`);
      for (let i = 0; i < 1000; i++) writeFileSync(join(base, String(i)), '');
    });

    it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('leaves nothing by %s', async (signal) => {
      const { child, ended } = start();
      await until('the manifests are written', isAtManifests);
      child.kill(signal);
      expect([await ended, existsSync(place)]).toEqual([signal, false]);
    });

    it('leaves by SIGKILL what no one takes for a report, and the next run says what it is', async () => {
      const { child, ended } = start();
      await until('the manifests are written', isAtManifests);
      child.kill('SIGKILL');
      await ended;
      const [left = '', ...others] = readdirSync(place);
      expect([left, others]).toEqual([expect.stringMatching(/^\.stratafs-\d+-\d+\.partial$/), []]);
      expect(readdirSync(join(place, left))).not.toContain('SHA256SUMS');
      const { code, stderr } = await stratafs(['--root', store.root, 'report', '--store', '--out', place]);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(`what an interrupted report left: "${left}"`),
      ]);
    });
  });

  it("of another machine's disk say what else is there, and is not reported", async () => {
    const host = temporary.path('host');
    mkdirSync(join(host, 'var/lib'), { recursive: true });
    writeSampleStore(join(host, 'var/lib/docker'));
    mkdirSync(join(host, 'var/lib/containers/storage/overlay-images'), { recursive: true });
    mkdirSync(join(host, 'var/lib/containers/storage/overlay-layers'), { recursive: true });
    writeFileSync(join(host, 'var/lib/containers/storage/overlay-images/images.json'), '[]');
    writeFileSync(join(host, 'var/lib/containers/storage/overlay-layers/layers.json'), '[]');
    const found = await stratafs(['--host-root', host, 'stores', '--json']);
    const roots = jsonRecords<{ root: string }>(found.stdout).map(({ root }) => root);
    expect(roots[0]).toBe(join(host, 'var/lib/docker'));
    expect(roots.length).toBeGreaterThan(1);
    const place = temporary.path('host-case');
    const named = ['--host-root', host, '--root', '/var/lib/docker'];
    await stratafs([...named, 'report', '--store', '--out', place]);
    const run = runOf(place);
    expect([run.hostRoot, run.root]).toEqual([host, roots[0]]);
    expect(run.others).toEqual(roots.slice(1).map((directory) => expect.stringContaining(directory)));
    expect(readFileSync(join(place, 'report.html'), 'utf8')).toContain(
      `Not in this report: the store &quot;${roots[1]}`,
    );
  });

  it('have names that any file system takes, whatever the images are called', async () => {
    const store = new FakeStore(temporary.path('named'));
    const long = `registry.example.com:5000/${'long/'.repeat(40)}app`;
    const first = store.image({ names: [`${long}:1`], layers: ['a'] });
    store.image({ names: [`${long}:2`], layers: ['b'] });
    store.container({ name: '..', image: first });
    store.container({ name: '../../evil\n$(x)', image: first });
    for (const layers of [['a'], ['b']])
      mkdirSync(store.path(`overlay2/${FakeStore.cacheId(layers)}/diff`), { recursive: true });
    const place = temporary.path('named-case');
    await stratafs(['--root', store.root, 'report', '--store', '--out', place]);
    const names = readdirSync(join(place, 'manifests'));
    expect(names).toHaveLength(4);
    for (const name of names) expect(name).toMatch(/^(image|container)-[\w.-]{1,110}\.mtree$/);
    await succeed('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: place });
    expect(existsSync(temporary.path('evil'))).toBe(false);
  });

  it('of a store that is damaged are made of what is left, and name what is not', async () => {
    const damaged = temporary.path('damaged');
    writeSampleStore(damaged);
    const [layer = ''] = readdirSync(join(damaged, 'overlay2')).filter((name) => name !== 'l');
    rmSync(join(damaged, 'overlay2', layer), { recursive: true });
    writeFileSync(join(damaged, 'image/overlay2/repositories.json'), '{"Repositories":');
    const place = temporary.path('damaged-case');
    const words = ['--root', damaged, 'report', '--store', '--verify', '--out', place];
    const { code, stderr } = await stratafs(words);
    expect([code, stderr]).toEqual([4, expect.stringContaining('repositories.json')]);
    await succeed('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: place });
    const { told, done } = runOf(place);
    expect(told.join('\n')).toContain('repositories.json');
    expect(done).toContainEqual(expect.objectContaining({ state: 'in part' }));
    expect(recordsIn(place, 'health').at(-1)).toMatchObject({ t: 'total' });
    const names = ['images', 'containers', 'health', 'deleted', 'layers', 'manifests', 'volumes'];
    const exits = exitsOf(place, ...names);
    expect(exits).toEqual({
      images: 4,
      containers: 4,
      health: 1,
      deleted: 4,
      layers: 4,
      manifests: 4,
      volumes: 4,
    });
    for (const [name, words] of [
      ['images', ['images', '--all']],
      ['containers', ['containers', '--all']],
      ['usage', ['df']],
      ['health', ['doctor']],
    ] as const) {
      const { stdout, code: own } = await stratafs(['--root', damaged, ...words, '--json']);
      expect([name, readFileSync(join(place, `${name}.jsonl`), 'latin1')]).toEqual([name, stdout]);
      expect(endsOf(place, name)[1]).toEqual({ t: 'end', exit: own });
    }
  });

  it('of a store that lacks a layer have no manifest of what had it, and say why', async () => {
    const lacking = temporary.path('lacking');
    const store = new FakeStore(lacking);
    const image = store.image({ names: ['gone:1'], layers: ['a', 'gone', 'b'] });
    store.image({ names: ['whole:1'], layers: ['a'] });
    store.container({ name: 'web', image });
    const diffs = [['a'], ['a', 'gone', 'b']];
    for (const layers of diffs)
      mkdirSync(store.path(`overlay2/${FakeStore.cacheId(layers)}/diff`), { recursive: true });
    const gone = store.path(`overlay2/${FakeStore.cacheId(['a', 'gone'])}/diff`);
    rmSync(gone, { recursive: true, force: true });
    const place = temporary.path('lacking-case');
    const words = ['--root', lacking, 'report', '--store', '--verify', '--out', place];
    const { code, stderr } = await stratafs(words);
    expect([code, stderr]).toEqual([4, expect.not.stringContaining('Cannot read "/"')]);
    const lines = recordsIn(place, 'manifests');
    expect(exitsOf(place, 'manifests', 'deleted', 'images')).toEqual({ manifests: 4, deleted: 4, images: 4 });
    const told = lines.map(({ ref, file, names, error }) => [ref, file !== undefined, names, error]);
    const refused = (name: string) =>
      expect.stringMatching(`^Cannot use "${gone}": no such directory; it is layer 2 of "${name}"`);
    expect(told).toEqual([
      ['whole:1', true, 1, undefined],
      ['gone:1', false, undefined, refused('gone:1')],
      ['web', false, undefined, refused('web')],
    ]);
    expect(readdirSync(join(place, 'manifests'))).toHaveLength(1);
    const states = runOf(place).done.map(({ part, state }) => `${part}: ${state}`);
    expect(states).toEqual(
      expect.arrayContaining(['Timeline: in part', 'Deleted things: in part', 'Manifests: in part']),
    );
  });

  it('of layers that cannot be read whole say in each manifest how much is not in it', async () => {
    const unread = temporary.path('unread-store');
    const store = new FakeStore(unread);
    store.image({ names: ['shut:1'], layers: ['a'] });
    const diff = store.path(`overlay2/${FakeStore.cacheId(['a'])}/diff`);
    mkdirSync(join(diff, 'shut'), { recursive: true });
    mkdirSync(join(diff, 'open'));
    const place = temporary.path('unread-case');
    chmodSync(join(diff, 'shut'), 0o700);
    chmodSync(temporary.directory, 0o755);
    mkdirSync(place);
    chownSync(place, 65534, 65534);
    const words = ['--root', unread, 'report', '--store', '--out', place];
    const { code, stderr } = await stratafs(words, { uid: 65534 });
    expect([code, stderr]).toEqual([5, expect.stringContaining('Cannot read "/shut" in shut:1: permission')]);
    const [line] = recordsIn(place, 'manifests');
    expect(line).toMatchObject({ t: 'manifest', ref: 'shut:1', unread: 1 });
    expect(exitsOf(place, 'manifests', 'deleted', 'images')).toEqual({ manifests: 5, deleted: 0, images: 0 });
    const text = readFileSync(join(place, String(line?.file)), 'latin1');
    expect(text.trimEnd().split('\n').at(-1)).toBe('# not whole: 1 that could not be read');
  });
});

/** Where the root lies in what is unpacked, and words before the command. */
const STORES: Readonly<Record<string, readonly [root: string, ...words: string[]]>> = {
  'containerd-1.6': ['root'],
  'containerd-1.6-discard': ['disc/root'],
  'containerd-2.1-blobs-only': ['root'],
  'containerd-2.1-erofs-native': ['root'],
  'docker-20-overlay': ['overlay'],
  'docker-26-containerd': ['root'],
  'docker-28-btrfs': ['root'],
  'docker-28-containerd': ['root'],
  'docker-28-fuse-overlayfs': ['root'],
  'docker-28-overlay2': ['root'],
  'docker-28-two-stores': ['root'],
  'docker-28-vfs': ['root'],
  'podman-4.3-root-bolt': ['root'],
  'podman-5.8-additional-store': ['extra/root', '--additional-root', 'DIR/ais/root'],
  'podman-5.8-composefs': ['cfs/root'],
  'podman-5.8-root-overlay': ['root'],
  'podman-5.8-rootless-forcemask': ['fm'],
  'podman-5.8-rootless-fuse': ['fuse'],
  'podman-5.8-rootless-native': ['native'],
  'podman-5.8-rootless-vfs': ['vfs'],
};

/** Of these another has the same kind, driver and form of records; what their layers have is asked in other tests. */
const LIKE_OTHERS: ReadonlySet<string> = new Set([
  'containerd-1.6-discard',
  'docker-26-containerd',
  'docker-28-fuse-overlayfs',
  // The parts of a report on this one are looked at one by one.
  'docker-28-overlay2',
  'docker-28-vfs',
  'podman-5.8-rootless-fuse',
  'podman-5.8-rootless-native',
  'podman-5.8-rootless-vfs',
]);

/** Every one of them is reported where `REPORTS=all`. */
const ALL = process.env.REPORTS === 'all';

describeSystem('a report on a real store', ['root', 'build', 'stores'], () => {
  const temporary = temporaryForSuite();

  async function report(root: string, words: readonly string[], out: string) {
    const { code, stderr } = await stratafs([
      ...['--root', root, ...words],
      ...['report', '--store', '--verify', '--out', out],
    ]);
    expect([code === 0 || code === 4, stderr]).toEqual([true, expect.not.stringContaining('fault of')]);
    await succeed('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: out });
    // What was told stands in the report too.
    const told = stderr
      .split('\n')
      .filter(Boolean)
      .map((line) => line.replace('stratafs: ', ''));
    expect(runOf(out).told.map((line) => Buffer.from(line).toString('latin1'))).toEqual(told);
    expect(code === 0 ? told.filter((line) => /^Cannot/.test(line)) : []).toEqual([]);
    for (const part of readdirSync(out))
      if (part.endsWith('.jsonl')) recordsIn(out, part.replace('.jsonl', ''));
    return { verified: recordsIn(out, 'verify'), out };
  }

  /** Of a store, once: more than one test looks at it. */
  const ofStore = new Map<string, ReturnType<typeof report>>();
  function reportOf(name: string): ReturnType<typeof report> {
    const known = ofStore.get(name);
    if (known !== undefined) return known;
    const [root = '', ...words] = STORES[name] ?? [];
    const directory = unpackStore(temporary, name);
    const inside = words.map((word) => word.replace('DIR', directory));
    const made = report(join(directory, root), inside, temporary.path(`${name}-case`)).finally(() =>
      rmSync(directory, { recursive: true }),
    );
    ofStore.set(name, made);
    return made;
  }

  it('is made of every one that is here', () => {
    const there = readdirSync(storesFolder() ?? '').flatMap(
      (name) => /^(.*)\.tar\.gz$/.exec(name)?.[1] ?? [],
    );
    expect(there.filter((name) => name !== 'archives' && !(name in STORES))).toEqual([]);
  });

  it.each(Object.keys(STORES).filter((name) => ALL || !LIKE_OTHERS.has(name)))('%s', async (name) => {
    const { verified, out } = await reportOf(name);
    expect(recordsIn(out, 'images').length).toBeGreaterThan(0);
    // Every image has a verdict, which its page tells.
    expect(verified.filter(({ t }) => t === 'image').length).toBeGreaterThanOrEqual(1);
    const html = readFileSync(join(out, 'report.html'), 'utf8');
    const images = html.slice(html.indexOf('id="images"'), html.indexOf('id="containers"'));
    expect(images).not.toContain('not verified');
  });

  it('has each image everywhere, intermediate ones too, and says that of containers not all is proven', async () => {
    const { out } = await reportOf('docker-28-containerd');
    const part = (name: string) => recordsIn(out, name);
    const images = part('images');
    expect(images.filter(({ intermediate }) => intermediate)).toHaveLength(1);
    const ids = images.map(({ id }) => id).sort();
    const ofImages = (all: Record<string, unknown>[]) =>
      [...new Set(all.flatMap(({ kind, id }) => (kind === 'image' ? [id] : [])))].sort();
    expect(ofImages(part('manifests'))).toEqual(ids);
    expect(ofImages(part('layers').flatMap(({ users }) => users as Record<string, unknown>[]))).toEqual(ids);
    const html = readFileSync(join(out, 'report.html'), 'utf8');
    const [, rows = ''] = /data-table="images".*?<tbody>(.*?)<\/tbody>/s.exec(html) ?? [];
    expect(rows.match(/<tr>/g)).toHaveLength(ids.length);
    const figures = [...html.matchAll(/<span class="figure (\w+)">(.*?)<\/span><span class="of">(.*?)</g)];
    const told = figures.map(([, look, value, name]) => `${look}: ${value} ${name}`);
    expect(told).toContain(`plain: ${ids.length} images`);
    expect(told).toContain('doubt: ! images verified containers unverifiable');
    expect(html).not.toContain('Nothing wrong was found');
    expect(html).toContain('5 containers: nothing records what containers changed');
  });

  it('and of every archive of images', async () => {
    const directory = unpackArchives(temporary);
    for (const name of readdirSync(directory)) {
      const place = temporary.path(`${name}-case`);
      await report(join(directory, name), [], place);
    }
  });
});
