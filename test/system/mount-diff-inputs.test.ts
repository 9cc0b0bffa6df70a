// `mount --diff` of all that can be compared: stores of every kind, archives, another machine's disk, a container that runs.
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { DiffMount, type Sides } from '../support/diff-mount.ts';
import { FakeStore } from '../support/fake-store.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { unpackArchives, unpackStore } from '../support/real-stores.ts';
import { BUILT_COMMAND, isMounted, lowerdirReference, serversOf, stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

interface Sample {
  readonly store: string;
  readonly root: string;
  readonly image: string;
  readonly container: string;
  readonly seldom?: boolean;
  /** Words before the command; `DIR` is the folder that the store is unpacked into. */
  readonly before?: readonly string[];
}

/** Of another store here, or of a test below, the layers are written in the same way: with FUZZ. */
const seldom = true;

/** Of each kind of store one, with a container that was made from the image. */
const SAMPLES: readonly Sample[] = [
  { seldom, store: 'docker-28-overlay2', root: 'root', image: 'demo:1', container: 'web' },
  { store: 'docker-28-vfs', root: 'root', image: 'demo:1', container: 'web' },
  { seldom, store: 'docker-28-fuse-overlayfs', root: 'root', image: 'demo:1', container: 'web' },
  { seldom, store: 'docker-28-btrfs', root: 'root', image: 'demo:1', container: 'web' },
  { store: 'docker-20-overlay', root: 'overlay', image: 'demo:1', container: 'web' },
  { store: 'docker-28-containerd', root: 'root', image: 'demo:1', container: 'web' },
  { store: 'docker-28-two-stores', root: 'root', image: 'demo:1', container: 'newone' },
  ...[{ store: 'containerd-1.6', root: 'root', before: ['--namespace', 'default'] }].map((of) => ({
    ...of,
    ...{ image: 'docker.io/library/demo:1', container: 'c1' },
  })),
  {
    seldom,
    store: 'podman-5.8-root-overlay',
    root: 'root',
    image: 'docker.io/library/demo:1',
    container: 'web',
  },
  { store: 'podman-4.3-root-bolt', root: 'root', image: 'docker.io/library/demo:1', container: 'done' },
  { store: 'podman-5.8-composefs', root: 'cfs/root', image: '127.0.0.1:5917/clean:1', container: 'c' },
  { store: 'podman-5.8-rootless-native', root: 'native', image: 'demo:1', container: 'web' },
  { store: 'podman-5.8-rootless-fuse', root: 'fuse', image: 'demo:1', container: 'web' },
  { seldom, store: 'podman-5.8-rootless-vfs', root: 'vfs', image: 'demo:1', container: 'web' },
  { store: 'podman-5.8-rootless-forcemask', root: 'fm', image: 'demo:1', container: 'done' },
  {
    ...{ store: 'podman-5.8-additional-store', root: 'extra/root', image: 'docker.io/library/demo:1' },
    ...{ container: 'onro', before: ['--additional-root', 'DIR/ais/root'] },
  },
];

function usual<T extends { readonly seldom?: boolean }>(all: readonly T[]): readonly T[] {
  return all.filter((each) => !each.seldom || process.env.FUZZ !== undefined);
}

describeSystem('mount --diff of real stores', ['root', 'fuse', 'stores', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const diffMount = new DiffMount(temporary, stratafsForSuite());

  it.each(usual(SAMPLES))('shows of $store what $container changed', async (sample) => {
    const { store, image, container, before = [] } = sample;
    const directory = unpackStore(temporary, store);
    const options = {
      root: `${directory}/${sample.root}`,
      before: before.map((word) => word.replace('DIR', directory)),
      copied: [image, container] as const,
    };
    expect(await diffMount.check([container], [], options)).toBeGreaterThan(0);
  });

  it('shows what the records of both sides say, with --metadata', async () => {
    const root = `${unpackStore({ path: (name) => temporary.path(`recorded-${name}`) }, 'podman-5.8-rootless-forcemask')}/fm`;
    const record = ['--metadata', 'record'];
    const options = { root, copiedWith: record };
    expect(await diffMount.check(['demo:1#1', 'demo:1'], record, options)).toBeGreaterThan(4);
  });

  it('finds both on the disk of another machine, with --host-root', async () => {
    const disk = temporary.path('disk');
    mkdirSync(`${disk}/var/lib`, { recursive: true });
    const unpacked = unpackStore({ path: (name) => temporary.path('disk', name) }, 'docker-28-overlay2');
    renameSync(`${unpacked}/root`, `${disk}/var/lib/docker`);
    const options = { before: ['--host-root', disk], copied: ['demo:1', 'web'] as const };
    expect(await diffMount.check(['web'], [], options)).toBeGreaterThan(4);
  });

  it('compares stores in two roots', async () => {
    const [first, second] = ['docker-28-overlay2', 'docker-28-vfs'].map(
      (name) => `${unpackStore({ path: (each) => temporary.path(`two-${each}`) }, name)}/root`,
    ) as [string, string];
    const mounted = await diffMount.mount(['web#1', 'demo:1'], ['--root-b', second], { root: first });
    const told = await stratafs([
      '--root',
      first,
      'diff',
      '--name-only',
      '--root-b',
      second,
      'web#1',
      'demo:1',
    ]);
    const { stdout } = await run('find', ['added', '-type', 'f', '-printf', '/%P\n'], {
      cwd: mounted.directory,
    });
    expect(stdout.split('\n').filter(Boolean).length).toBeGreaterThan(4);
    for (const path of stdout.split('\n').filter(Boolean)) expect(told.stdout).toContain(path.split('/')[1]);
    expect(await mounted.umount()).toBe(0);
  });
});

describeSystem('mount --diff of archives', ['root', 'fuse', 'stores', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const diffMount = new DiffMount(temporary, stratafsForSuite());
  let archives = '';

  beforeAll(() => {
    archives = unpackArchives(temporary);
  });

  const PAIRS: readonly {
    readonly a: string;
    readonly b: string;
    readonly before?: readonly string[];
    readonly seldom?: boolean;
  }[] = [
    { a: 'docker-save-28-overlay2.tar:demo:1', b: 'docker-save-28-overlay2.tar:built:1' },
    { seldom, a: 'podman-oci-archive.tar', b: 'docker-save-28-containerd.tar:built:1' },
    { a: 'docker-save-20.tar:demo:1#1', b: 'podman-oci-archive.tar' },
    { seldom, a: 'oci-multi.tar#1', b: 'oci-multi.tar', before: ['--platform', 'linux/amd64'] },
    { a: 'lowerdir=', b: 'oci-multi.tar', before: ['--platform', 'linux/arm64'] },
    { a: 'podman-docker-archive.tar#1', b: 'podman-docker-archive.tar', before: ['--unpack-as', 'podman'] },
  ];

  it.each(usual(PAIRS))('shows what differs between $a and $b', async ({ a, b, before = [] }) => {
    const sideA = a === 'lowerdir=' ? `${a}${archives}` : `${archives}/${a}`;
    const sides: Sides = [sideA, `${archives}/${b}`];
    expect(await diffMount.check(sides, [], { before })).toBeGreaterThan(2);
  });

  it('shows what differs between an archive and a store', async () => {
    const root = `${unpackStore(temporary, 'docker-28-overlay2')}/root`;
    const sides: Sides = [`${archives}/docker-save-28-overlay2.tar:demo:1`, 'web'];
    expect(await diffMount.check(sides, ['-M'], { root })).toBeGreaterThan(4);
  });

  it('answers what the file system of the archive has, which is kept clear', async () => {
    const disk = temporary.path('disk');
    mkdirSync(disk);
    await succeed('mount', ['-t', 'tmpfs', '-o', 'size=7m', 'tmpfs', disk]);
    temporary.undo(async () => {
      await succeed('umount', ['-l', disk]);
    });
    const archive = `${disk}/image.tar`;
    copyFileSync(`${archives}/podman-docker-archive.tar`, archive);
    const mounted = await diffMount.mount([`${archive}#1`, archive]);
    const { blocks, bsize } = statfsSync(disk);
    expect(statfsSync(mounted.directory)).toMatchObject({ blocks, bsize });
    expect(await mounted.umount()).toBe(0);
    const at = temporary.path('at');
    mkdirSync(at);
    const refused = await stratafs(['mount', '--log', archive, '--diff', `${archive}#1`, archive, at]);
    expect(`${refused.code} ${refused.stderr}`).toBe(
      `2 stratafs: Cannot write to "${archive}": it lies inside the archive "${archive}"\n`,
    );
  });
});

describeSystem('mount --diff', ['root', 'fuse', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const diffMount = new DiffMount(temporary, stratafsForSuite());
  const [base, top] = [temporary.path('base'), temporary.path('top')];
  const sides: Sides = [lowerdirReference([base]), lowerdirReference([top, base])];

  beforeAll(async () => {
    await diffMount.oracle.write([
      {
        directory: base,
        steps: [
          layer.file('stub', 'data of the file below\n'),
          layer.file('changed', 'one\n'),
          layer.file('large', 'a'.repeat(3 << 20)),
        ],
      },
      {
        directory: top,
        steps: [
          ...[
            layer.file('stub', '?'.repeat('data of the file below\n'.length), {
              mode: 0o600,
              xattrs: { 'user.x': '1' },
            }),
            layer.metacopy('stub'),
          ],
          layer.file('changed', 'two\n'),
          layer.file('large', `${'a'.repeat(3 << 20)}b`),
          layer.file('new/open', 'open\n', { mode: 0o644 }),
          layer.file('new/secret', 'secret\n', { mode: 0o600 }),
        ],
      },
    ]);
    chmodSync(temporary.directory, 0o755);
  });

  it.each(['passthrough', 'small', 'large'])(
    'reads of a stack with metacopy what is below, with --data %s',
    async (data) => {
      const options = { before: ['--overlay', 'metacopy=on'], args: ['--data', data] };
      expect(await diffMount.check(sides, [], options)).toBe(3 + 3 + 3);
    },
  );

  it('lets other users in where that was asked for, as far as the modes let them', async () => {
    const read = async (args: readonly string[], name: string) => {
      const mounted = await diffMount.mount(sides, [], {
        before: ['--overlay', 'metacopy=on'],
        args,
      });
      const { code, stdout } = await run('cat', [`${mounted.directory}/${name}`], { uid: 1000 });
      expect(await mounted.umount()).toBe(0);
      return `${code} ${stdout}`;
    };
    expect(await read([], 'added/new/open')).toBe('1 ');
    expect(await read(['--allow-other'], 'added/new/open')).toBe('0 open\n');
    expect(await read(['--allow-other'], 'added/new/secret')).toBe('1 ');
    expect(await read(['--allow-other'], '.stratafs/diff.txt')).toContain('+  /new');
  });
});

describeSystem('mount --diff of large trees', ['root', 'fuse', 'build'], () => {
  const temporary = temporaryForSuite();
  const at = temporary.path('at');
  const memory = temporary.path('memory');
  const names = ['first', 'second'].map((name) => `${memory}/${name}`);
  const sides = names.map((name) => `lowerdir=${name}`);

  beforeAll(async () => {
    for (const directory of [at, memory]) mkdirSync(directory);
    // So many files are made at once in memory alone.
    await succeed('mount', ['-t', 'tmpfs', 'tmpfs', memory]);
    temporary.undo(async () => {
      await succeed('umount', ['-l', memory]);
    });
    for (const directory of names) mkdirSync(directory);
    for (const directory of names)
      await succeed('sh', ['-c', 'seq 21000 | xargs touch', directory], { cwd: directory });
    writeFileSync(`${names[0]}/7`, 'one\n');
    writeFileSync(`${names[1]}/7`, 'two\n');
    writeFileSync(`${names[1]}/new \xff`, 'new\n');
  });

  it('is served by a process that has begun anew, without the memory of the comparison', async () => {
    const told = await stratafs(['diff', '--json', ...sides]);
    const mounted = await stratafs(['mount', '--diff', ...sides, at]);
    expect(mounted).toMatchObject({ code: 0, stderr: '' });
    const [server, ...others] = serversOf(at);
    expect(others).toEqual([]);
    expect(readFileSync(`/proc/${server}/environ`, 'latin1')).toContain('\0STRATAFS_COMPARED=');
    const { stdout } = await run('grep', ['-r', '.', 'added', 'removed', 'changed'], { cwd: at });
    expect(Buffer.from(stdout, 'latin1').toString().split('\n').sort()).toEqual(
      ['', 'added/new \xff:new', 'changed/a/7:one', 'changed/b/7:two'].sort(),
    );
    const timeless = (text: string) => text.replace(/"ms":\d+/, '');
    const json = await run('cat', [`${at}/.stratafs/diff.json`]);
    expect(timeless(json.stdout)).toBe(timeless(told.stdout));
    expect((await stratafs(['umount', at])).code).toBe(0);
    expect(isMounted(at)).toBe(false);
  });

  it.each([
    ['nothing can be kept for another process', { TMPDIR: '/none' }],
    ['somebody else set its variable', { STRATAFS_COMPARED: '0,1,2' }],
  ])('is served where %s', async (_, env) => {
    expect(await stratafs(['mount', '--diff', ...sides, at], { env })).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(`${at}/changed/b/7`, 'latin1')).toBe('two\n');
    expect((await stratafs(['umount', at])).code).toBe(0);
  });

  it('is refused where what was compared is something else by then', async () => {
    const { code, stderr } = await run('sh', [
      '-c',
      'file=$(mktemp) && exec 7<>"$file" 8<>"$file" 9<>"$file" && rm "$file" && STRATAFS_COMPARED=7,8,9 exec "$@"',
      ...['sh', process.execPath, BUILT_COMMAND, 'mount', '-f', '--diff', ...sides, at],
    ]);
    expect(`${code} ${stderr}`).toBe(
      `4 stratafs: Cannot mount "diff ${sides[0]} ${sides[1]}": what it means changed while it was compared; try again\n`,
    );
    expect(isMounted(at)).toBe(false);
  });
});

describeSystem('mount --diff of a container that runs', ['root', 'fuse', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const diffMount = new DiffMount(temporary);

  it('shows the names that were compared as they are now, and no others', async () => {
    const store = new FakeStore(temporary.path('root'));
    const image = store.image({ names: ['app:1'], layers: ['low'] });
    store.write(`overlay2/${FakeStore.cacheId(['low'])}/diff/etc/conf`, 'one\n');
    const id = store.container({ name: 'live', image, state: { Running: true } });
    const mountId = store.read(`image/overlay2/layerdb/mounts/${id}/mount-id`);
    const upper = store.path(`overlay2/${mountId}/diff`);
    const write = (path: string, text: string) => {
      mkdirSync(`${upper}/${path.slice(0, path.lastIndexOf('/'))}`, { recursive: true });
      writeFileSync(`${upper}/${path}`, text);
    };
    write('etc/conf', 'two\n');
    write('etc/added', 'added\n');
    write('etc/replaced', 'four\n');
    write('new/first', 'first\n');
    const options = { root: store.root, copied: ['app:1', 'live'] as const };
    const { mounted } = (await diffMount.checkMounted(['live'], [], options)) ?? {};
    if (mounted === undefined) throw new Error('the container cannot be compared');
    write('etc/conf', 'three\n');
    write('etc/later', 'later\n');
    write('new/second', 'second\n');
    rmSync(`${upper}/etc/added`);
    write('etc/replacing', 'five\n');
    renameSync(`${upper}/etc/replacing`, `${upper}/etc/replaced`);
    const shown = async () => {
      const options = { cwd: mounted.directory };
      const { stdout } = await run(
        'sh',
        ['-c', 'cd "$0" && find added changed/b -type f | sort | xargs grep -H .', mounted.directory],
        options,
      );
      return stdout;
    };
    await expect
      .poll(shown, { timeout: 30_000 })
      .toBe('added/etc/replaced:five\nadded/new/first:first\nchanged/b/etc/conf:three\n');
    expect((await run('cat', [`${mounted.directory}/.stratafs/diff.txt`])).stdout).toContain('/etc/added');
    expect(await mounted.umount()).toBe(0);
    expect(mounted.log()).not.toContain('fault');
  });
});
