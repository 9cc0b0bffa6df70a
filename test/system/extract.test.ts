// `stratafs extract`: what it copies against the kernel's mount; what lies in the destination, and what ends it halfway.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { FIELDS, LAYERS } from '../support/everything.ts';
import { mountFuseOverlayfs } from '../support/fuse-overlayfs.ts';
import { type KernelView, mountKernel } from '../support/kernel.ts';
import { directory, file, link, special, symlink } from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite, temporaryForTest, until } from '../support/temporary.ts';
import { differences, TAR_FIELDS, without } from '../support/tree.ts';
import { written } from '../support/written.ts';

const stratafs = stratafsForSuite();

const NOBODY = 65534;

describeSystem('stratafs extract', ['root', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const directories = ['top', 'lowest'].map((name) => temporary.path(name));
  const reference = `lowerdir=${directories.join(':')}`;
  const small = temporary.path('small');
  let kernel: KernelView;

  const extract = (...words: string[]) => stratafs(['extract', ...words]);
  const told = (stderr: string) => stderr.replaceAll(small, 'SMALL').split('\n').filter(Boolean);

  beforeAll(async () => {
    const steps = [...LAYERS].reverse();
    await oracle.write(directories.map((path, i) => ({ directory: path, steps: steps[i] ?? [] })));
    await oracle.write([
      {
        directory: small,
        steps: [
          file('file', 'new', { mode: 0o4755, owner: [7, 8] }),
          file('secret', 'x', { mode: 0o600 }),
          symlink('link', 'file'),
          directory('etc', { mode: 0o1777 }),
          file('etc/one', 'one'),
          link('etc/two', 'etc/one'),
          special('fifo', 'fifo'),
        ],
      },
    ]);
    kernel = await mountKernel(oracle, temporary, directories);
  });

  it('writes a tar to the standard output with -o -: what tar(1) unpacks is what is there', async () => {
    const to = temporary.path('unpacked');
    mkdirSync(to);
    const command = `node ${BUILT_COMMAND} extract lowerdir=${small} /etc /file /none -o - | tar -xpf - -C ${to}`;
    const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    expect([status, stderr.replaceAll(small, 'SMALL')]).toEqual([
      0,
      'stratafs: Cannot open "/none" in lowerdir=SMALL: no such file or directory\n',
    ]);
    const written = (await oracle.dump(small, { fields: TAR_FIELDS })).filter((line) =>
      /^\/(?:etc|file)\b/.test(line),
    );
    const unpacked = without(await oracle.dump(to, { fields: TAR_FIELDS }), '/');
    expect(differences(written, unpacked)).toBe('');
    expect(readFileSync(join(to, 'etc/two'), 'utf8')).toBe('one');
    expect(statSync(join(to, 'etc/one')).ino).toBe(statSync(join(to, 'etc/two')).ino);
  });

  it('says with -o - too which layer has what the merged view has not', async () => {
    expect(await extract('-o', '-', reference, '/gone')).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(
        /"\/gone" in .*: no such file or directory; layer 1 has it \(-o DIR --layer 1\)\n$/,
      ),
    });
  });

  it('keeps all that the kernel shows, with -p and --devices', async () => {
    const to = temporary.path('all');
    expect(await extract('-p', '--devices', '-o', to, reference, '/')).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
    const expected = without(await kernel.dump({ fields: FIELDS }), '/');
    expect(differences(expected, without(await oracle.dump(to, { fields: FIELDS }), '/'))).toBe('');
    expect(expected.length).toBe(30);
  });

  it('keeps of one layer what lies in it, but no whiteout and no mark', async () => {
    const [top = ''] = directories;
    const to = temporary.path('one-layer');
    expect(await extract('-p', '--devices', '--layer', '2', '-o', to, reference, '/')).toMatchObject({
      code: 0,
      stderr: '',
    });
    const expected = (await oracle.dump(top, { fields: FIELDS }))
      .filter((line) => !line.startsWith('/ ') && !line.startsWith('/gone '))
      .map((line) => line.replace(/ xattr:trusted\.overlay\.\S+/g, ''));
    expect(differences(expected, without(await oracle.dump(to, { fields: FIELDS }), '/'))).toBe('');
  });

  it('links names that different arguments lead to', async () => {
    const to = temporary.path('linked');
    expect(await extract('-o', to, `lowerdir=${small}`, '/etc/one', '/etc/two')).toMatchObject({ code: 0 });
    const [one, two] = ['one', 'two'].map((name) => statSync(join(to, 'etc', name)));
    expect([one?.ino, one?.nlink]).toEqual([two?.ino, 2]);
  });

  it('gives no rights away that are not asked for', async () => {
    const to = temporary.path('plain');
    const { code, stderr } = await run(
      'sh',
      ['-c', 'umask 027 && exec "$@"', 'sh', process.execPath, BUILT_COMMAND, 'extract', '-o', to].concat(
        `lowerdir=${small}`,
        '/',
      ),
    );
    expect([code, told(stderr)]).toEqual([
      0,
      ['stratafs: Cannot extract "/fifo" in lowerdir=SMALL: skipped, a fifo'],
    ]);
    const lines = await oracle.dump(to, { fields: ['mode', 'owner'] });
    expect(without(lines, '/')).toEqual([
      '/etc dir 0750 0:0',
      '/etc/one file 0640 0:0',
      '/etc/two file 0640 0:0',
      '/file file 0750 0:0',
      '/link symlink 0777 0:0',
      '/secret file 0600 0:0',
    ]);
  });

  describe('a destination in which something lies', () => {
    function trap() {
      const at = temporaryForTest();
      const [to, outside] = [at.path('to'), at.path('outside')];
      for (const path of [to, outside]) mkdirSync(path);
      writeFileSync(join(outside, 'mine'), 'mine');
      symlinkSync(join(outside, 'mine'), join(to, 'file'));
      linkSync(join(outside, 'mine'), join(to, 'secret'));
      symlinkSync(outside, join(to, 'etc'));
      mkdirSync(join(to, 'link'));
      return { to, outside, mine: () => readFileSync(join(outside, 'mine'), 'utf8') };
    }

    it('keeps it, and nothing is written through its links', async () => {
      const { to, outside, mine } = trap();
      const { code, stderr } = await extract('--devices', '-o', to, `lowerdir=${small}`, '/');
      const taken = 'something of this name is in the destination already (--overwrite replaces files)';
      expect([code, told(stderr)]).toEqual([
        2,
        [
          'stratafs: Cannot extract "/etc" in lowerdir=SMALL: the destination has something else than a directory of this name',
          `stratafs: Cannot extract "/file" in lowerdir=SMALL: ${taken}`,
          `stratafs: Cannot extract "/link" in lowerdir=SMALL: ${taken}`,
          `stratafs: Cannot extract "/secret" in lowerdir=SMALL: ${taken}`,
        ],
      ]);
      expect([mine(), readdirSync(outside), readdirSync(to).sort()]).toEqual([
        'mine',
        ['mine'],
        ['etc', 'fifo', 'file', 'link', 'secret'],
      ]);
    });

    it('gives way with --overwrite, name by name, but for directories', async () => {
      const { to, outside, mine } = trap();
      const words = ['--overwrite', '--devices', '-o', to, `lowerdir=${small}`, '/'];
      for (let i = 0; i < 2; i += 1) {
        const { code, stderr } = await extract(...words);
        expect([code, told(stderr)]).toEqual([
          2,
          [
            'stratafs: Cannot extract "/etc" in lowerdir=SMALL: the destination has something else than a directory of this name',
            'stratafs: Cannot extract "/link" in lowerdir=SMALL: the destination has a directory of this name',
          ],
        ]);
      }
      expect([mine(), readdirSync(outside), readlinkSync(join(to, 'etc')), readdirSync(to).sort()]).toEqual([
        'mine',
        ['mine'],
        outside,
        ['etc', 'fifo', 'file', 'link', 'secret'],
      ]);
      expect([lstatSync(join(to, 'file')).isFile(), readFileSync(join(to, 'file'), 'utf8')]).toEqual([
        true,
        'new',
      ]);
    });

    it('is linked to again with --overwrite', async () => {
      const to = temporaryForTest().path('to');
      const words = ['--overwrite', '-o', to, `lowerdir=${small}`, '/etc'];
      for (let i = 0; i < 2; i += 1) expect(await extract(...words)).toMatchObject({ code: 0, stderr: '' });
      expect([readdirSync(join(to, 'etc')), statSync(join(to, 'etc/two')).nlink]).toEqual([
        ['one', 'two'],
        2,
      ]);
    });
  });

  it('tells a user once what he may not keep, and lends no rights', async () => {
    const at = temporaryForTest();
    await succeed('chmod', ['755', at.directory, temporary.directory]);
    const to = at.path('to');
    mkdirSync(to, { mode: 0o777 });
    await succeed('chmod', ['777', to]);
    const { code, stderr } = await stratafs(
      ['extract', '-p', '-o', to, `lowerdir=${small}`, '/file', '/etc'],
      {
        uid: NOBODY,
      },
    );
    expect([code, told(stderr)]).toEqual([
      2,
      [
        'stratafs: Cannot keep the owner of "/file" in lowerdir=SMALL: operation not permitted',
        'stratafs: The same of 2 more: the owner: operation not permitted',
      ],
    ]);
    expect((statSync(join(to, 'file')).mode & 0o7777).toString(8)).toBe('755');
  });

  it('ends at once where the destination is full, and leaves no part of a file', async () => {
    const at = temporaryForTest();
    const to = at.path('full');
    mkdirSync(to);
    await succeed('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', to]);
    const large = at.path('large');
    await oracle.write([
      {
        directory: large,
        steps: [file('a', 'x'), file('b', 'x'.repeat(1 << 20)), file('c', 'x'.repeat(1 << 20))],
      },
    ]);
    const { code, stderr } = await extract('-o', to, `lowerdir=${large}`, '/');
    expect([code, stderr, readdirSync(to)]).toEqual([
      2,
      `stratafs: Cannot extract to "${to}": no space left on device\n`,
      ['a'],
    ]);
  });

  describeSystem('that is ended', ['fuse-overlayfs', 'fuse'], () => {
    const large = temporary.path('large');

    beforeAll(async () => {
      await oracle.write([{ directory: large, steps: [file('0', 'x'.repeat(1 << 20))] }]);
      for (let i = 1; i < 400; i += 1) copyFileSync(join(large, '0'), join(large, `${i}`));
      await succeed('sh', ['-c', 'cat [0-9]* > a-large'], { cwd: large });
    });

    async function end(to: string, files: string, signal: NodeJS.Signals): Promise<readonly unknown[]> {
      const words = [BUILT_COMMAND, 'extract', '-o', to, `lowerdir=${large}`, ...files.split(' ')];
      const child = spawn(process.execPath, words, { stdio: 'ignore' });
      temporary.owns(child.pid);
      const ended = new Promise((resolve) => child.on('exit', (_, by) => resolve(by)));
      await until('a file that grows', () => written(child.pid ?? 0, to) > 1 << 19);
      child.kill(signal);
      return [await ended, readdirSync(to).filter((name) => statSync(join(to, name)).size !== 1 << 20)];
    }

    it.each([
      ['SIGINT', { code: null, signal: 'SIGINT' }, (child: ChildProcess) => child.kill('SIGINT')],
      ['SIGTERM', { code: null, signal: 'SIGTERM' }, (child: ChildProcess) => child.kill('SIGTERM')],
      ['its reader', { code: 141, signal: null }, (child: ChildProcess) => child.stdout?.destroy()],
    ] as const)('by %s says nothing and leaves nothing with -o -', async (_, how, end) => {
      const { directory: tmp } = temporaryForTest();
      const words = [BUILT_COMMAND, 'extract', '-o', '-', `lowerdir=${large}`, '/'];
      const child = spawn(process.execPath, words, { env: { ...process.env, TMPDIR: tmp } });
      temporary.owns(child.pid);
      const said: Buffer[] = [];
      child.stderr.on('data', (bytes: Buffer) => said.push(bytes));
      const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
      await new Promise((resolve) => child.stdout.once('readable', resolve));
      end(child);
      expect([await ended, Buffer.concat(said).toString(), readdirSync(tmp)]).toEqual([how, '', []]);
    });

    it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
      'by %s leaves whole files only',
      async (signal) => {
        for (const files of ['/', '/a-large']) {
          const to = temporaryForTest().path('to');
          mkdirSync(to);
          expect(await end(to, files, signal)).toEqual([signal, []]);
        }
      },
    );

    it.each(['SIGINT', 'SIGTERM'] as const)(
      'by %s does so where every file has a name from the first',
      async (signal) => {
        const to = await mountFuseOverlayfs(temporaryForTest());
        expect(await end(to, '/a-large', signal)).toEqual([signal, []]);
      },
    );
  });
});
