// `mount --volumes`: what engines mount in a container is in place, as the kernel shows it that has the same stack and binds; nothing that
// a record says leads out of what is shown.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { mountKernel } from '../support/kernel.ts';
import { device, directory, file, link, opaque, special, symlink, whiteout } from '../support/layers.ts';
import { ALL_FIELDS, Oracle } from '../support/oracle.ts';
import { mountStratafs, stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite, until } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';

/** Devices and inode numbers of what is mounted are its own only for the kernel. */
const FIELDS = ALL_FIELDS.filter((field) => !['ino', 'd_ino', 'dev', 'identity', 'dots'].includes(field));

describeSystem('mount --volumes', ['root', 'fuse', 'overlay', 'docker', 'busybox', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const engine = new Engine(temporary);
  const host = temporary.path('host');
  let id = '';

  beforeAll(async () => {
    const base = temporary.path('base');
    mkdirSync(`${base}/var`, { recursive: true });
    mkdirSync(`${base}/run`);
    symlinkSync('/run', `${base}/var/run`);
    symlinkSync('../../../../..', `${base}/up`);
    mkdirSync(`${base}/data`);
    writeFileSync(`${base}/data/of-the-image`, 'covered');
    await engine.start();
    await engine.importBusybox('base:1', { into: base });
    await oracle.write([
      {
        directory: `${host}/bound`,
        steps: [
          directory('deep', { mode: 0o1777, owner: [7, 8] }),
          file('deep/file', 'x'.repeat(5000), { mode: 0o4755, xattrs: { 'user.note': 'a' } }),
          link('deep/again', 'deep/file'),
          symlink('absolute', '/etc/passwd'),
          special('fifo', 'fifo', { mode: 0o600 }),
          device('char', 'char', [10, 200]),
          file('.wh.nothing', 'is hidden here'),
          whiteout('no-mark'),
          directory('opaque'),
          opaque('opaque'),
          file('odd\xff\n', 'bytes'),
        ],
      },
    ]);
    writeFileSync(`${host}/app.conf`, 'the conf of the host\n');
    const volumes = ['-v', 'data:/data', '-v', 'inner:/data/sub/inner'];
    const binds = ['-v', `${host}/bound:/srv/bound`, '-v', `${host}/app.conf:/etc/app.conf:ro`];
    const linked = ['-v', `${host}/bound:/var/run/app`, '-v', `${host}/bound:/up/climbed`];
    const all = [...volumes, ...binds, ...linked, '--tmpfs', '/scratch'];
    const words = ['--network', 'none', ...all];
    id = (
      await engine.docker(['run', '-d', ...words, '--name', 'web', 'base:1', 'sh', '-c', 'sleep 1000'])
    ).trim();
    await engine.docker([
      'exec',
      'web',
      'sh',
      '-c',
      'echo in a volume >/data/file; echo 1 >/data/sub/inner/f',
    ]);
    await engine.docker(['kill', 'web']);
    await engine.docker(['create', ...words, '-v', 'data:/made/up/deep', '--name', 'new', 'base:1', 'true']);
  });

  it('shows a container as the kernel does that has its binds, alone and among all', async () => {
    const view = await mountKernel(oracle, temporary, await engine.layersOf('web', 'container'));
    const volume = (name: string) => `${engine.dataRoot}/volumes/${name}/_data`;
    const own = `${engine.dataRoot}/containers/${id}`;
    const bound: [source: string, at: string][] = [
      [volume('data'), '/data'],
      [volume('inner'), '/data/sub/inner'],
      [`${host}/bound`, '/srv/bound'],
      [`${host}/app.conf`, '/etc/app.conf'],
      [`${host}/bound`, '/run/app'],
      [`${host}/bound`, '/climbed'],
      ...['hostname', 'hosts', 'resolv.conf'].map((name): [string, string] => [
        `${own}/${name}`,
        `/etc/${name}`,
      ]),
    ];
    for (const [source, at] of bound) {
      await succeed('mount', ['--bind', source, view.directory + at]);
      temporary.undo(async () => {
        await run('umount', [view.directory + at]);
      });
    }
    const withoutTmpfs = (lines: readonly string[]) => lines.filter((line) => !line.startsWith('/scratch'));
    const expected = withoutTmpfs(await view.dump({ fields: FIELDS }));
    const all = await mountStratafs(temporary, '--all', { root: engine.dataRoot, args: ['--volumes'] });
    const one = await mountStratafs(temporary, 'web', { root: engine.dataRoot, args: ['--volumes'] });
    for (const shown of [`${all.directory}/containers/web`, `${all.directory}/by-id/${id}`, one.directory]) {
      for (let round = 0; round < 2; round++) {
        const actual = withoutTmpfs(await oracle.dump(shown, { fields: FIELDS }));
        expect(differences(expected, actual)).toBe('');
      }
      expect(readdirSync(`${shown}/scratch`)).toEqual([]);
    }
    expect(readFileSync(`${one.directory}/data/file`, 'utf8')).toBe('in a volume\n');
    expect((await run('touch', [`${one.directory}/data/file`])).stderr).toContain('Read-only');
    for (const [, at] of bound.toReversed()) await succeed('umount', [view.directory + at]);
    await view.umount();
    expect(await one.umount()).toBe(0);
    expect(await all.umount()).toBe(0);
    expect(one.log() + all.log()).not.toContain('fault of stratafs');
  });

  it('has the directories that the engine would have made, and without --volumes none of all this', async () => {
    const mounted = await mountStratafs(temporary, 'new', { root: engine.dataRoot, args: ['--volumes'] });
    expect(readFileSync(`${mounted.directory}/made/up/deep/file`, 'utf8')).toBe('in a volume\n');
    expect(readFileSync(`${mounted.directory}/run/app/deep/file`, 'utf8')).toHaveLength(5000);
    expect(readdirSync(`${mounted.directory}/made`)).toEqual(['up']);
    expect(readdirSync(`${mounted.directory}/data/sub/inner`)).toEqual(['f']);
    expect(readlinkSync(`${mounted.directory}/srv/bound/absolute`)).toBe('/etc/passwd');
    const found = await succeed('find', [`${mounted.directory}/made`, '-printf', '%y %P\n']);
    // Docker copies what the image has there into a volume that is new.
    expect(found.trimEnd().split('\n').sort()).toEqual([
      ...['d ', 'd up', 'd up/deep', 'd up/deep/sub', 'd up/deep/sub/inner'],
      ...['f up/deep/file', 'f up/deep/of-the-image'],
    ]);
    expect(await mounted.umount()).toBe(0);
    const bare = await mountStratafs(temporary, 'new', { root: engine.dataRoot });
    expect(readdirSync(bare.directory)).not.toContain('made');
    expect(readdirSync(`${bare.directory}/data`)).toEqual(['of-the-image']);
    expect(await bare.umount()).toBe(0);
  });

  it('follows what changes in a volume, and a file that is put in the place of a bound one', async () => {
    const mounted = await mountStratafs(temporary, 'web', { root: engine.dataRoot, args: ['--volumes'] });
    const conf = `${mounted.directory}/etc/app.conf`;
    expect(readFileSync(conf, 'utf8')).toBe('the conf of the host\n');
    writeFileSync(`${host}/app.conf.new`, 'another conf, and longer than the first\n');
    await succeed('mv', [`${host}/app.conf.new`, `${host}/app.conf`]);
    writeFileSync(`${host}/bound/new`, 'new');
    await until(
      'the other file',
      () => readFileSync(conf, 'utf8') === 'another conf, and longer than the first\n',
    );
    expect(readFileSync(`${mounted.directory}/srv/bound/new`, 'utf8')).toBe('new');
    expect(statSync(conf).isFile()).toBe(true);
    expect(await mounted.umount()).toBe(0);
  });

  it('says of a copied store which disk is wanted, takes paths below that alone, and obeys no record that leads out', async () => {
    await engine.stop();
    const disk = temporary.path('disk');
    const copy = `${disk}/var/lib/docker`;
    mkdirSync(`${disk}/var/lib`, { recursive: true });
    await succeed('cp', ['-a', engine.dataRoot, copy]);
    mkdirSync(`${disk}${host}`, { recursive: true });
    symlinkSync('/secret', `${disk}${host}/bound`);
    mkdirSync(`${disk}/secret`);
    writeFileSync(`${disk}/secret/of-that-disk`, '');
    const path = `${copy}/containers/${id}/config.v2.json`;
    const config = JSON.parse(readFileSync(path, 'utf8')) as { MountPoints: Record<string, object> };
    const mount = (more: object) => ({ Type: 'bind', Name: '', Driver: '', RW: true, Source: '/', ...more });
    config.MountPoints = {
      ...config.MountPoints,
      '/a': mount({ Destination: '/a', Source: '../../../../etc' }),
      '../../escape': mount({ Destination: '../../escape', Source: '/secret' }),
      '/../../b': mount({ Destination: '/../../b', Source: '/../../secret' }),
      '/c': mount({ Destination: '/c', Type: 'volume', Name: 'linked', Driver: 'local' }),
      '/d': mount({ Destination: '/d', Type: 'volume', Name: '../../..', Driver: 'local', Source: '' }),
      '/': mount({ Destination: '/', Source: '/secret' }),
    };
    writeFileSync(path, JSON.stringify(config));
    mkdirSync(`${copy}/volumes/linked`);
    symlinkSync('/etc', `${copy}/volumes/linked/_data`);
    const mounted = await mountStratafs(temporary, 'web', { root: copy, args: ['--volumes'] });
    const damage = (at: string, shown = mounted.directory) => readFileSync(`${shown}${at}/.damage`, 'utf8');
    expect(damage('/srv/bound')).toContain('name its disk with --host-root ("/" is this machine)');
    expect(damage('/a')).toContain('its source "../../../../etc" is no absolute path');
    expect(damage('/c')).toContain('is a link, which is not followed');
    expect(damage('/d')).toContain('its source "" is no absolute path');
    expect(readFileSync(`${mounted.directory}/data/file`, 'utf8')).toBe('in a volume\n');
    expect(readFileSync(`${mounted.directory}/etc/hosts`, 'utf8')).toContain('localhost');
    expect(readdirSync(mounted.directory)).not.toContain('escape');
    expect(mounted.log()).toContain('Cannot show what is mounted at "../../escape": it is no absolute path');
    expect(mounted.log()).toContain('Cannot show what is mounted at "/": it is the root');
    expect(mounted.log()).toMatch(
      /^stratafs: Warning: "web" is shown without what is mounted at "[^"]+"(, "[^"]+"){2} and \d+ more; of /m,
    );
    expect(await mounted.umount()).toBe(0);
    const found = await mountStratafs(temporary, 'web', {
      root: '/var/lib/docker',
      before: ['--host-root', disk],
      args: ['--volumes'],
    });
    expect(readdirSync(`${found.directory}/srv/bound`)).toEqual(['of-that-disk']);
    expect(readdirSync(`${found.directory}/b`)).toEqual(['of-that-disk']);
    expect(damage('/etc/app.conf', found.directory)).toContain('no such file or directory');
    expect(await found.umount()).toBe(0);
    const here = await mountStratafs(temporary, 'web', {
      root: copy,
      before: ['--host-root', '/'],
      args: ['--volumes'],
    });
    expect(readdirSync(`${here.directory}/srv/bound`)).toContain('deep');
    expect(await here.umount()).toBe(0);
  });

  it('is refused for an image, which has nothing mounted in it', async () => {
    const { stderr, code } = await stratafs([
      '--root',
      engine.dataRoot,
      'mount',
      '--volumes',
      'base:1',
      host,
    ]);
    expect({ stderr, code }).toEqual({
      stderr: 'stratafs: Cannot show "base:1" with volumes: it is an image, and --volumes is of containers\n',
      code: 2,
    });
  });

  it('refuses what would have the server wait for itself', async () => {
    const { stderr, code } = await stratafs([
      '--root',
      engine.dataRoot,
      '--host-root',
      '/',
      'mount',
      '--volumes',
      'web',
      host,
    ]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    temporary.undo(async () => {
      await stratafs(['umount', host]);
    });
    expect(readFileSync(`${host}/srv/bound/.damage`, 'utf8')).toContain('a mount of stratafs is in the way');
    expect(readFileSync(`${host}/data/file`, 'utf8')).toBe('in a volume\n');
    expect((await stratafs(['umount', host])).code).toBe(0);
  });
});
