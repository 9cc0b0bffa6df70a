// `stratafs export`: the merged tree against what GNU tar makes of it, the kernel and `docker export`; a layer against
// `docker save`.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { FIELDS, LAYERS } from '../support/everything.ts';
import { mountFuseOverlayfs } from '../support/fuse-overlayfs.ts';
import { mountKernel } from '../support/kernel.ts';
import { file, special } from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite, temporaryForTest, until } from '../support/temporary.ts';
import { differences, TAR_FIELDS, without } from '../support/tree.ts';
import { written } from '../support/written.ts';

const stratafs = stratafsForSuite();

describeSystem('stratafs export', ['root', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const directories = ['top', 'lowest'].map((name) => temporary.path(name));
  const reference = `lowerdir=${directories.join(':')}`;

  beforeAll(async () => {
    const steps = [...LAYERS].reverse();
    await oracle.write(directories.map((path, i) => ({ directory: path, steps: steps[i] ?? [] })));
  });

  it('gives GNU tar the tree that the kernel shows, holes included', async () => {
    const tar = temporary.path('merged.tar');
    expect(await stratafs(['export', reference, '-o', tar])).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
    const unpacked = temporary.path('unpacked');
    mkdirSync(unpacked);
    await succeed('tar', [
      '--numeric-owner',
      '-p',
      '--xattrs',
      '--xattrs-include=*',
      '-xf',
      tar,
      '-C',
      unpacked,
    ]);
    const kernel = await mountKernel(oracle, temporary, directories);
    const below = (lines: readonly string[]) => lines.filter((line) => !line.startsWith('/ '));
    expect(below(await oracle.dump(unpacked, { fields: FIELDS }))).toEqual(
      below(await kernel.dump({ fields: FIELDS })),
    );
  });

  it('gives Python what the kernel shows, as far as it can tell', async () => {
    const tar = temporary.path('for-python.tar');
    await stratafs(['export', reference, '-o', tar]);
    const kernel = await mountKernel(oracle, temporary, directories);
    const expected = without(await kernel.dump({ fields: TAR_FIELDS }), '/');
    expect(differences(expected, await oracle.tar(tar))).toBe('');
  });

  describeSystem('read by bsdtar', ['bsdtar'], () => {
    /** libarchive wants ACLs as text, decodes no name of an attribute, and adds the fraction of a negative time. */
    const OTHERWISE = /^\/before .*| xattr:(?:system\.posix_acl|user\.a)\S*/g;

    it('is the tree that the kernel shows, but for what it reads otherwise than GNU tar', async () => {
      const tar = temporary.path('for-bsdtar.tar');
      await stratafs(['export', reference, '-o', tar]);
      const unpacked = temporary.path('by-bsdtar');
      mkdirSync(unpacked);
      await succeed('bsdtar', ['--numeric-owner', '-xpf', tar, '-C', unpacked]);
      const kernel = await mountKernel(oracle, temporary, directories);
      const dump = async (path: string) =>
        without(await oracle.dump(path, { fields: FIELDS, omitUnlookable: true }), '/').map((line) =>
          line.replace(OTHERWISE, ''),
        );
      expect(differences(await dump(kernel.directory), await dump(unpacked))).toBe('');
    });
  });

  it('holds a file of more than 8 GiB, most of it hole, in little room', async () => {
    const path = temporary.path('with-huge');
    const GIB = 2 ** 30;
    const huge = file('huge', { size: 9 * GIB, data: [[8.5 * GIB, 'x'.repeat(4096)]] });
    await oracle.write([{ directory: path, steps: [huge] }]);
    const tar = temporary.path('huge.tar');
    expect(await stratafs(['export', `lowerdir=${path}`, '-o', tar])).toMatchObject({ code: 0, stderr: '' });
    expect(statSync(tar).size).toBeLessThan(20_000);
    const fields = ['size', 'map'] as const;
    const expected = without(await oracle.dump(path, { fields }), '/');
    const unpacked = temporary.path('huge-unpacked');
    mkdirSync(unpacked);
    await succeed('tar', ['-xf', tar, '-C', unpacked]);
    expect(without(await oracle.dump(unpacked, { fields }), '/')).toEqual(expected);
    expect(expected[0]).toContain(`size=${9 * GIB}`);
    const listed = await succeed('python3', [
      '-c',
      `import tarfile; print(tarfile.open('${tar}').getmembers()[0].size)`,
    ]);
    expect(listed).toBe(`${9 * GIB}\n`);
  });

  it('gives the same bytes every time, to a pipe as to a file', async () => {
    const files = ['once.tar', 'twice.tar'].map((name) => temporary.path(name));
    await stratafs(['export', reference, '-o', files[0] ?? '']);
    await stratafs(['export', reference], { stdoutFile: files[1] ?? '' });
    const hashes = files.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
    expect(hashes[0]).toBe(hashes[1]);
  });

  it('leaves a socket out and says so', async () => {
    const path = temporary.path('with-socket');
    await oracle.write([{ directory: path, steps: [special('socket', 'socket'), file('file', 'x')] }]);
    const tar = temporary.path('socket.tar');
    const { code, stderr } = await stratafs(['export', `lowerdir=${path}`, '-o', tar]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `stratafs: Cannot export "socket" in lowerdir=${path}: a tar cannot hold a socket\n`,
    });
    expect(await succeed('tar', ['-tf', tar])).toBe('file\n');
  });

  it('does not write over a file', async () => {
    const there = temporary.path('there.tar');
    writeFileSync(there, 'mine');
    expect(await stratafs(['export', reference, '-o', there])).toMatchObject({ code: 2 });
    expect(readFileSync(there, 'utf8')).toBe('mine');
  });

  describeSystem('that is ended', ['fuse', 'fuse-overlayfs'], () => {
    const large = temporary.path('many-large');

    beforeAll(async () => {
      await oracle.write([{ directory: large, steps: [file('large', 'x'.repeat(1 << 20))] }]);
      for (let i = 0; i < 400; i++) copyFileSync(join(large, 'large'), join(large, `copy-${i}`));
    });

    async function end(to: string, signal: NodeJS.Signals): Promise<readonly unknown[]> {
      const words = [BUILT_COMMAND, 'export', `lowerdir=${large}`, '-o', join(to, 'x.tar')];
      const child = spawn(process.execPath, words, { stdio: 'ignore' });
      temporary.owns(child.pid);
      const ended = new Promise((resolve) => child.on('exit', (_, by) => resolve(by)));
      await until('a file that grows', () => written(child.pid ?? 0, to) > 1 << 20);
      child.kill(signal);
      return [await ended, readdirSync(to)];
    }

    it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('leaves no half of a file at %s', async (signal) => {
      const to = temporary.path(`to-${signal}`);
      mkdirSync(to);
      expect(await end(to, signal)).toEqual([signal, []]);
    });

    it.each(['SIGINT', 'SIGTERM'] as const)(
      'leaves none at %s where every file has a name from the first',
      async (signal) => {
        const to = await mountFuseOverlayfs(temporaryForTest());
        expect(await end(to, signal)).toEqual([signal, []]);
      },
    );
  });

  it('has no tar of a plain directory', async () => {
    expect(await stratafs(['export', '--layer', '1', reference])).toMatchObject({ code: 2, stdout: '' });
  });
});

describeSystem('stratafs export of a store', ['root', 'docker', 'busybox', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const engine = new Engine(temporary);
  const saved = temporary.path('saved');
  let exported = '';
  let middleLayer = '';

  beforeAll(async () => {
    await engine.start();
    await engine.importBusybox('base');
    await engine.build(
      'app',
      'FROM base\nRUN rm /bin/tail && echo text > /etc/text && ln /etc/text /etc/same && echo text > /etc/plain && mknod /dev/x c 1 3\n' +
        'RUN rm -r /tmp && mkdir /tmp && touch -d "2001-02-03 04:05" /tmp/file && chown 7:8 /tmp/file',
    );
    await engine.docker(['create', '--name', 'box', 'app', '/bin/sh']);
    exported = await engine.exportContainer('box');
    await engine.docker(['save', '-o', temporary.path('saved.tar'), 'app']);
    middleLayer = (await engine.layersOf('app', 'image'))[1] ?? '';
    await engine.stop();
    mkdirSync(saved);
    await succeed('tar', ['-xf', temporary.path('saved.tar'), '-C', saved]);
  });

  it('equals docker export', async () => {
    const tar = temporary.path('box.tar');
    expect(await stratafs(['--root', engine.dataRoot, 'export', 'box', '-o', tar])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await oracle.tar(tar)).toEqual(await oracle.tar(exported));
    const order = async (path: string) => (await succeed('tar', ['-tf', path])).split('\n').filter(Boolean);
    expect(new Set(await order(tar))).toEqual(new Set(await order(exported)));
  });

  it("gives each layer's own tar, byte for byte that of docker save", async () => {
    const [manifest] = JSON.parse(readFileSync(join(saved, 'manifest.json'), 'utf8')) as {
      Layers: string[];
    }[];
    const layers = manifest?.Layers ?? [];
    expect(layers).toHaveLength(3);
    for (const [index, path] of layers.entries()) {
      const tar = temporary.path(`layer-${index + 1}.tar`);
      const outcome = await stratafs([
        '--root',
        engine.dataRoot,
        'export',
        'app',
        '--layer',
        `${index + 1}`,
        '-o',
        tar,
      ]);
      expect(outcome).toMatchObject({ code: 0, stderr: '' });
      expect(await run('cmp', [tar, join(saved, path)])).toMatchObject({ code: 0, stdout: '' });
    }
  });

  it.each(['0', '4', '1.0', 'x'])('has no layer %s', async (layer) => {
    const outcome = await stratafs(['--root', engine.dataRoot, 'export', 'app', '--layer', layer]);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain('has layers 1 to 3');
  });

  const CHANGES: readonly [name: string, change: (path: string) => void, state: string][] = [
    ['changed in place', (path) => writeFileSync(path, 'TEXT\n'), 'its hash is another one'],
    ['longer', (path) => writeFileSync(path, 'longer text\n'), '"etc/plain" has another size than recorded'],
    ['missing', (path) => rmSync(path), '"etc/plain" cannot be read: no such file or directory'],
  ];

  it.each(CHANGES)('leaves no tar of a layer in which a file is %s', async (name, change, state) => {
    const root = temporary.path(`copy, ${name}`);
    await succeed('cp', ['-a', engine.dataRoot, root]);
    change(join(root, middleLayer.slice(engine.dataRoot.length), 'etc/plain'));
    const tar = temporary.path('changed.tar');
    const outcome = await stratafs(['--root', root, 'export', 'app', '--layer', '2', '-o', tar]);
    expect({ code: outcome.code, left: existsSync(tar) }).toEqual({ code: 4, left: false });
    expect(outcome.stderr).toContain(state);
  });

  describeSystem('--metadata tar-split', ['rsync'], () => {
    it('takes from tar-split what a copy has lost', async () => {
      const root = temporary.path('lossy');
      await succeed('cp', ['-a', engine.dataRoot, root]);
      // Neither owners, modes, times, attributes, hard links nor devices, so no whiteouts either.
      rmSync(join(root, 'overlay2'), { recursive: true });
      await succeed('rsync', ['-r', '--links', join(engine.dataRoot, 'overlay2'), root]);
      const [whole, plain, recorded] = ['whole.tar', 'plain.tar', 'recorded.tar'].map((name) =>
        temporary.path(name),
      );
      await stratafs(['--root', engine.dataRoot, 'export', 'app', '-o', whole ?? '']);
      await stratafs(['--root', root, 'export', 'app', '-o', plain ?? '']);
      const args = ['--root', root, 'export', '--metadata', 'tar-split', 'app', '-o', recorded ?? ''];
      expect(await stratafs(args)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
      expect(await oracle.tar(recorded ?? '')).toEqual(await oracle.tar(whole ?? ''));
      expect(await run('cmp', [recorded ?? '', whole ?? ''])).toMatchObject({ code: 0, stdout: '' });
      expect(await oracle.tar(plain ?? '')).not.toEqual(await oracle.tar(whole ?? ''));
    });
  });
});
