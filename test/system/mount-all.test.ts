// `mount --all` of a real store of Docker: images and containers that share their layers. The kernel's own mounts say what each
// must show; what they share must be read once. ALL_IMAGES sets how many.

import { spawn } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { mountKernel } from '../support/kernel.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { ALL_FIELDS, Oracle } from '../support/oracle.ts';
import { mountStratafs, type StratafsMount } from '../support/stratafs.ts';
import { describeSystem, itSystem } from '../support/system.ts';
import { temporaryForSuite, until } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';

const stratafs = stratafsForSuite();

const IMAGES = Number(process.env.ALL_IMAGES ?? 12);
const CONTAINERS = Math.ceil(IMAGES / 4);
/** A directory has an inode number of its own in each image, and what is not one may be in several. */
const FIELDS = ALL_FIELDS.filter((field) => !['ino', 'd_ino', 'dev', 'identity', 'dots'].includes(field));
const SHARED_FILES = 120;
const SHARED_BYTES = 24_000;

interface Built {
  readonly path: string;
  readonly reference: string;
  readonly kind: 'image' | 'container';
}

describeSystem('mount --all', ['root', 'fuse', 'overlay', 'docker', 'busybox', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const engine = new Engine(temporary);
  const built: Built[] = [];
  let mounted: StratafsMount;

  beforeAll(async () => {
    const base = temporary.path('base');
    for (const part of ['usr/lib', 'usr/share', 'etc']) mkdirSync(`${base}/${part}`, { recursive: true });
    await succeed('python3', [
      '-c',
      'import os,sys\n' +
        `for i in range(${SHARED_FILES}):\n` +
        `  d="%s/usr/lib/d%d" % (sys.argv[1], i % 17); os.makedirs(d, exist_ok=True)\n` +
        `  open("%s/f%d" % (d, i), "wb").write((b"%d shared word " % i * 4000)[:${SHARED_BYTES}])\n` +
        'os.link(sys.argv[1]+"/usr/lib/d0/f0", sys.argv[1]+"/usr/lib/d1/linked")\n',
      base,
    ]);
    await engine.start();
    await engine.importBusybox('base:1', { into: base });
    const image = async (tag: string, from: string, steps: readonly string[], files = {}) => {
      await engine.build(tag, [`FROM ${from}`, ...steps].join('\n'), files);
      const colon = tag.lastIndexOf(':');
      built.push({
        path: `images/${tag.slice(0, colon)}/${tag.slice(colon + 1)}`,
        reference: tag,
        kind: 'image',
      });
    };
    for (let i = 0; i < 4; i++) {
      await image(`registry.local:5000/team/base${i}:v1`, 'base:1', [
        `RUN rm -r /usr/lib/d${i} && echo ${i} >/usr/lib/d9/f9 && mkdir -p /opt/${i} && rm -r /usr/share && mkdir /usr/share`,
      ]);
    }
    for (let i = 4; i < IMAGES; i++) {
      const from = i % 5 === 4 ? 'base:1' : `registry.local:5000/team/base${i % 5}:v1`;
      await image(`app/${i}:latest`, from, [`COPY own /`], {
        'own/usr/lib/d5/own': `the own file of ${i}\n`,
        [`own/etc/own${i}`]: `the own file of ${i}\n`,
      });
    }
    for (let i = 0; i < CONTAINERS; i++) {
      const name = `web${i}`;
      await engine.docker(['create', '--network', 'none', '--name', name, `app/${9 + i}:latest`, 'true']);
      await engine.docker(['cp', `${base}/usr/lib/d3/f3`, `${name}:/etc/copied`]);
      built.push({ path: `containers/${name}`, reference: name, kind: 'container' });
    }
    mounted = await mountStratafs(temporary, '--all', { root: engine.dataRoot });
  }, 600_000);

  const at = (path: string) => `${mounted.directory}/${path}`;

  it('has every image and container by name and by ID, every layer by chain ID, and what the commands print', async () => {
    expect((await readdir(mounted.directory)).sort()).toEqual([
      ...['.stratafs', 'by-id', 'containers', 'images', 'layers'],
    ]);
    for (const { path } of built) expect(lstatSync(at(path)).isDirectory()).toBe(true);
    const root = ['--root', engine.dataRoot];
    const images = (await stratafs([...root, 'images', '--json'])).stdout;
    expect(await readFile(at('.stratafs/images.json'), 'utf8')).toBe(images);
    expect(await readFile(at('.stratafs/containers.json'), 'utf8')).toBe(
      (await stratafs([...root, 'containers', '--json'])).stdout,
    );
    expect(await readFile(at('.stratafs/health.txt'), 'utf8')).toBe(
      (await stratafs([...root, 'doctor'])).stdout,
    );
    const listed = jsonRecords<{ readonly id: string }>(images);
    const [first] = listed;
    const id = first?.id.replace('sha256:', '') ?? '';
    expect(await readdir(at(`by-id/${id}`))).toContain('usr');
    expect(await readFile(at(`.stratafs/by-id/${id}/inspect.json`), 'utf8')).toBe(
      (await stratafs([...root, 'inspect', '--json', `image:${id}`])).stdout,
    );
    const chains = new Set<string>();
    for (const { id: image } of listed) {
      const { layers } = JSON.parse((await stratafs([...root, 'inspect', '--json', image])).stdout) as {
        readonly layers: readonly { readonly chainId: string }[];
      };
      for (const { chainId } of layers) chains.add(chainId.replace('sha256:', ''));
    }
    expect(new Set(await readdir(at('layers/sha256')))).toEqual(chains);
  });

  it('shows each as the kernel mounts it, while all others are walked', async () => {
    const walker = spawn('sh', ['-c', 'while :; do find "$0" -newermt 2100-01-01; done', mounted.directory], {
      stdio: 'ignore',
      detached: true,
    });
    temporary.owns(walker.pid);
    try {
      for (const { path, reference, kind } of built) {
        const view = await mountKernel(oracle, temporary, await engine.layersOf(reference, kind));
        const expected = await view.dump({ fields: FIELDS });
        const actual = await oracle.dump(at(path), { fields: FIELDS });
        await view.umount();
        expect({ path, difference: differences(expected, actual) }).toEqual({ path, difference: '' });
      }
    } finally {
      if (walker.pid !== undefined) process.kill(-walker.pid, 'SIGKILL');
    }
  });

  it('shows a layer alone as the kernel shows it alone, with its step beside it', async () => {
    const { path, reference } = built[5] as Built;
    const layers = (await engine.layersOf(reference, 'image')).toReversed();
    const names = await readdir(at(`${path}.layers`));
    expect(names.filter((name) => !name.endsWith('.step')).sort()).toEqual(layers.map((_, i) => `${i + 1}`));
    for (const [i, layer] of layers.entries()) {
      const view = await mountKernel(oracle, temporary, [layer]);
      const expected = await view.dump({ fields: FIELDS });
      const actual = (await oracle.dump(at(`${path}.layers/${i + 1}`), { fields: FIELDS })).slice(1);
      await view.umount();
      expect(differences(expected, actual)).toBe('');
    }
    expect(await readFile(at(`${path}.layers/${layers.length}.step`), 'utf8')).toContain('COPY dir');
  });

  it('gives every directory an inode number of its own, and a file of a shared layer one in all images', async () => {
    const seen = (await succeed('find', [at('images'), at('containers'), '-printf', '%y %i\n'])).split('\n');
    const directories = seen.filter((line) => line.startsWith('d '));
    expect(new Set(directories).size).toBe(directories.length);
    const numbers = built.map(({ path }) => lstatSync(at(`${path}/usr/lib/d10/f10`), { bigint: true }).ino);
    expect(new Set(numbers).size).toBe(1);
    const found = await succeed('find', [
      at('images/app'),
      '-xdev',
      '-path',
      '*/latest/*',
      '-inum',
      `${numbers[0]}`,
    ]);
    expect(found.trimEnd().split('\n').length).toBe(IMAGES - 4);
    const listed = (await succeed('ls', ['-ai', at('images/app/4')])).split('\n');
    const named = (await succeed('stat', ['-c', '%i', at('images/app/4/latest')])).trim();
    expect(listed.find((line) => line.endsWith(' latest'))?.trim()).toBe(`${named} latest`);
  });

  it('reads what images share once from the disk', async () => {
    const fresh = await mountStratafs(temporary, '--all', {
      root: engine.dataRoot,
      args: ['--data', 'cached'],
    });
    await succeed('python3', [
      '-c',
      'import os,sys\n' +
        'for d,_,fs in os.walk(sys.argv[1]):\n' +
        '  for f in fs:\n' +
        '    p=os.path.join(d,f)\n' +
        '    if os.path.isfile(p) and not os.path.islink(p):\n' +
        '      h=os.open(p,os.O_RDONLY); os.fsync(h); os.posix_fadvise(h,0,0,os.POSIX_FADV_DONTNEED); os.close(h)\n',
      `${engine.dataRoot}/overlay2`,
    ]);
    const before = readBytes(fresh.pid);
    for (const { path } of built) {
      await succeed('sh', ['-c', 'cat "$0"/usr/lib/*/f* | wc -c', `${fresh.directory}/${path}`]);
    }
    const read = readBytes(fresh.pid) - before;
    const once = SHARED_FILES * SHARED_BYTES;
    // Names are read too, and a page more of each file than it has; each time would be as many times as much as there are images.
    expect(read).toBeGreaterThan(once / 2);
    expect(read).toBeLessThan(once * 4);
    await fresh.umount();
  });

  itSystem('lets grep, find, tar and rsync go over all of it', ['search', 'rsync'], async () => {
    const all = ['images', 'containers', 'by-id'].map(at);
    const found = (await succeed('find', [...all, '-name', 'f10'])).trimEnd().split('\n');
    const grepped = await succeed('grep', ['-rl', '^10 shared word', ...all]);
    expect(grepped.trimEnd().split('\n').length).toBe(found.length);
    const archive = (
      await succeed('sh', ['-c', 'tar cf - "$@" 2>/dev/null | tar tf - | grep -c /f10$', 'sh', ...all])
    ).trim();
    expect(Number(archive)).toBe(found.length);
    const copy = temporary.path('copy');
    await succeed('rsync', ['-a', `${at('containers')}/`, copy]);
    expect(
      differences(
        await oracle.dump(at('containers'), { fields: COPIED }),
        await oracle.dump(copy, { fields: COPIED }),
      ),
    ).toBe('');
    const [first, second] = [built[10], built[11]] as [Built, Built];
    const view = await mountKernel(oracle, temporary, await engine.layersOf(first.reference, 'image'));
    const sums = async (...paths: string[]) =>
      (await succeed('du', ['-s', '-B1', ...paths])).match(/^\d+/gm)?.map(Number) ?? [];
    expect(await sums(at(first.path))).toEqual(await sums(view.directory));
    // What two have in common is counted with each, as it has one link.
    const [one = 0] = await sums(at(first.path), at(second.path));
    expect(await sums(at(first.path))).toEqual([one]);
    await view.umount();
  });

  it('walks all of it with 64 descriptors, and with memory for a part of it only', async () => {
    const expected = (await succeed('find', [at('images'), at('containers'), at('layers')])).split(
      '\n',
    ).length;
    const small = await mountStratafs(temporary, '--all', {
      root: engine.dataRoot,
      args: ['--memory', '30kB'],
      by: ['prlimit', '--nofile=64'],
    });
    const parts = ['images', 'containers', 'layers'].map((part) => `${small.directory}/${part}`);
    for (let round = 0; round < 2; round++) {
      expect((await succeed('find', parts)).split('\n').length).toBe(expected);
    }
    expect(readdirSync(`/proc/${small.pid}/fd`).length).toBeLessThanOrEqual(64);
    const { path, reference } = built[6] as Built;
    const view = await mountKernel(oracle, temporary, await engine.layersOf(reference, 'image'));
    expect(
      differences(
        await view.dump({ fields: FIELDS }),
        await oracle.dump(`${small.directory}/${path}`, { fields: FIELDS }),
      ),
    ).toBe('');
    await view.umount();
    expect(await small.umount()).toBe(0);
  });

  describe('of a store that changes', () => {
    it('has a new image within seconds, and a removed one no more: ESTALE for who is inside', async () => {
      const before = lstatSync(at('images')).mtimeMs;
      await engine.docker(['tag', 'app/4:latest', 'new/one:2']);
      await until('the new name', () => readdirSync(at('images')).includes('new'));
      expect(readdirSync(at('images/new'))).toEqual(['one']);
      expect(lstatSync(at('images')).mtimeMs).toBeGreaterThan(before);
      const inside = spawn(
        'sh',
        [
          '-c',
          'cd "$0" && echo in && read x; ls . 2>&1; cat usr/lib/d10/f10 2>&1 | head -c 20',
          at('images/new/one/2'),
        ],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      );
      temporary.owns(inside.pid);
      let said = '';
      inside.stdout.on('data', (block: Buffer) => {
        said += block.toString();
      });
      await until('the shell inside', () => said.startsWith('in'));
      await engine.docker(['rmi', 'new/one:2']);
      await until('the end of the name', () => !readdirSync(at('images')).includes('new'));
      inside.stdin.end('\n');
      await new Promise((resolve) => inside.on('close', resolve));
      expect(said).toContain('Stale file handle');
      expect((await run('ls', [at('images/new/one/2')])).stderr).toContain('No such file');
    });

    it('goes on when images come and go while it is walked', async () => {
      const walk = run('sh', [
        '-c',
        'for i in 1 2 3; do find "$0/images/app" -type f -exec cat {} + | wc -c; done',
        mounted.directory,
      ]);
      for (let i = 0; i < 6; i++) {
        await engine.docker(['tag', 'base:1', `passing/by:${i}`]);
        await run('ls', [at('images')]);
        await engine.docker(['rmi', `passing/by:${i}`]);
      }
      const { code, stdout, stderr } = await walk;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(new Set(stdout.trimEnd().split('\n')).size).toBe(1);
    });

    it('follows a running container, and what it was stopped as', async () => {
      await engine.docker([
        'run',
        '-d',
        '--network',
        'none',
        '--name',
        'busy',
        'base:1',
        'sh',
        '-c',
        'i=0; while :; do i=$((i+1)); echo $i >/etc/now; sleep 0.2; done',
      ]);
      await until('the container', () => readdirSync(at('containers')).includes('busy'));
      const now = () => Number(readFileSync(at('containers/busy/etc/now'), 'utf8'));
      await until('its file', () => readdirSync(at('containers/busy/etc')).includes('now'));
      const first = now();
      await until('a change', () => now() > first);
      await engine.docker(['kill', 'busy']);
      const upper = (await engine.layersOf('busy', 'container'))[0];
      await until(
        'its last state',
        () =>
          readFileSync(`${upper}/etc/now`, 'utf8') === readFileSync(at('containers/busy/etc/now'), 'utf8'),
      );
      await engine.docker(['rm', 'busy']);
      await until('its end', () => !readdirSync(at('containers')).includes('busy'));
    });
  });

  it('goes on beside an image that is damaged, whose directory says why', async () => {
    const copy = temporary.path('damaged');
    await engine.stop();
    await succeed('cp', ['-a', engine.dataRoot, copy]);
    const { reference } = built[8] as Built;
    const inspected = JSON.parse(
      (await stratafs(['--root', copy, 'inspect', '--json', reference])).stdout,
    ) as {
      readonly layers: readonly { readonly directory: string }[];
    };
    await succeed('rm', ['-r', inspected.layers[0]?.directory ?? '/nowhere']);
    const damaged = await mountStratafs(temporary, '--all', { root: copy });
    const path = `${damaged.directory}/${(built[8] as Built).path}`;
    expect(await readdir(path)).toEqual(['.damage']);
    const told = await stratafs(['--root', copy, 'ls', reference]);
    const [damage = ''] = (await readFile(`${path}/.damage`, 'utf8')).split('; it is');
    expect(damage).toContain('no such directory');
    expect(told.stderr).toContain(damage);
    expect(await readdir(`${damaged.directory}/${(built[9] as Built).path}`)).toContain('usr');
    expect(await readdir(`${path}.layers`)).toContain('1.step');
    expect(await readdir(`${path}.layers/1`)).toContain('usr');
    expect(await damaged.umount()).toBe(0);
  });
});

const COPIED = ['mode', 'owner', 'size', 'mtime', 'target', 'xattrs', 'sha256'] as const;

/** Bytes that a process had read from disks. */
function readBytes(pid: number): number {
  return Number(/^read_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1]);
}
