// What people's fingers do: words and forms of docker, cp, mount and umount, against those programs.
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { runInOwnMounts } from '../support/own-mounts.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();
const SCRIPT = BUILT_COMMAND.replace(/main\.js$/, 'stratafs.sh');

describeSystem('stratafs extract REF PATH DEST', ['search', 'build'], () => {
  const temporary = temporaryForSuite();
  let layer: string;
  beforeAll(() => {
    layer = temporary.path('layer');
    mkdirSync(`${layer}/etc/conf.d`, { recursive: true });
    writeFileSync(`${layer}/etc/one`, '1');
    writeFileSync(`${layer}/etc/conf.d/two`, '2');
  });

  const listing = (directory: string) => succeed('find', [directory, '-printf', '%P %y %s\n']);

  // cp -r has docker cp's rules.
  it.each<[sources: string, to: string]>([
    ['/etc/one', 'there'],
    ['/etc/one', 'there/new'],
    ['/etc', 'there'],
    ['/etc', 'new'],
    ['/etc/.', 'there'],
    ['/etc/.', 'new'],
    ['/etc/one /etc/conf.d', 'there'],
    ['/etc/one', 'none/new'],
    ['/etc', 'file'],
    ['/etc/one /etc/conf.d', 'new'],
    ['/etc/one', 'new/'],
  ])('puts %s to %s where cp does', async (sources, to) => {
    const [ours, theirs] = ['ours', 'theirs'].map((name) => {
      const place = temporary.path(name);
      rmSync(place, { recursive: true, force: true });
      mkdirSync(`${place}/there`, { recursive: true });
      writeFileSync(`${place}/file`, 'taken');
      return place;
    });
    const paths = sources.split(' ');
    const mine = await stratafs(['extract', `lowerdir=${layer}`, ...paths, `${ours}/${to}`]);
    const cp = await run('cp', ['-r', ...paths.map((path) => layer + path), `${theirs}/${to}`]);
    expect([mine.code === 0, mine.stderr === '']).toEqual([cp.code === 0, cp.code === 0]);
    expect(await listing(`${ours}`)).toBe(await listing(`${theirs}`));
  });

  it('writes a tar to -, by the names that docker cp has', async () => {
    const command = `node ${BUILT_COMMAND} cp lowerdir=${layer} /etc/conf.d - | tar tf -`;
    expect(await succeed('sh', ['-c', command])).toBe('conf.d/\nconf.d/two\n');
  });

  it('tells of a failure by the path in the image, and overwrites when it is told to', async () => {
    const to = temporary.path('taken');
    writeFileSync(to, 'taken');
    const words = ['cp', `lowerdir=${layer}`, '/etc/one', to];
    const { code, stderr } = await stratafs(words);
    expect([code, stderr]).toEqual([
      2,
      `stratafs: Cannot extract "/etc/one" in lowerdir=${layer}: something of this name is in the destination already (--overwrite replaces files)\n`,
    ]);
    expect(readFileSync(to, 'utf8')).toBe('taken');
    expect(await stratafs([...words, '--overwrite'])).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(to, 'utf8')).toBe('1');
  });

  // cp -H follows links that are named, as docker cp -L does.
  it.each(['/etc/file', '/etc/dir', '/etc/chain', '/etc/absolute'])(
    'follows the link %s with -L where cp does',
    async (path) => {
      const image = temporary.path('linked');
      const [ours, theirs, tar] = ['ours', 'theirs', 'tar'].map((name) => temporary.path(`followed-${name}`));
      for (const place of [image, ours, theirs, tar]) {
        rmSync(place ?? '', { recursive: true, force: true });
        mkdirSync(`${place}`);
      }
      mkdirSync(`${image}/etc/real/below`, { recursive: true });
      writeFileSync(`${image}/etc/real/one`, '1');
      symlinkSync('one', `${image}/etc/real/below/stays`);
      symlinkSync('real/one', `${image}/etc/file`);
      symlinkSync('real', `${image}/etc/dir`);
      symlinkSync('dir', `${image}/etc/chain`);
      // In the image "/" is its root.
      symlinkSync('/etc/real', `${image}/etc/absolute`);
      const source = path === '/etc/absolute' ? '/etc/dir' : path;
      await succeed('cp', ['-rH', image + source, `${theirs}/${path.slice(5)}`]);
      const words = ['cp', '-L', `lowerdir=${image}`, path];
      expect(await stratafs([...words, `${ours}`])).toMatchObject({ code: 0, stdout: '', stderr: '' });
      expect(await listing(`${ours}`)).toBe(await listing(`${theirs}`));
      await succeed('sh', ['-c', `node ${BUILT_COMMAND} ${words.join(' ')} - | tar xf - -C ${tar}`]);
      expect(await listing(`${tar}`)).toBe(await listing(`${theirs}`));
    },
  );

  it('follows no link out of the image, with -L', async () => {
    const image = temporary.path('out');
    mkdirSync(`${image}/etc`, { recursive: true });
    writeFileSync(temporary.path('secret'), 'of this machine');
    symlinkSync(temporary.path('secret'), `${image}/etc/absolute`);
    symlinkSync(`${'../'.repeat(40)}${temporary.path('secret')}`, `${image}/etc/relative`);
    for (const path of ['/etc/absolute', '/etc/relative']) {
      const to = temporary.path('got');
      const { code, stderr } = await stratafs(['cp', '-L', `lowerdir=${image}`, path, to]);
      expect(code).toBe(5);
      expect(stderr).toMatch(`Cannot open "${path}" in lowerdir=${image}: `);
      expect(existsSync(to)).toBe(false);
    }
  });

  it('refuses -L of one layer', async () => {
    const state = 'Cannot use "--follow-link" with "--layer": what a link leads to may be in another layer';
    const words = ['cp', '-L', '--layer', '1', `lowerdir=${layer}`, '/etc/one', temporary.path('none')];
    expect(await stratafs(words)).toMatchObject({ code: 2, stdout: '', stderr: `stratafs: ${state}\n` });
  });

  it('wants to know where to', async () => {
    const state = 'stratafs: Cannot extract to nowhere: give -o DIR, or DEST behind the paths\n';
    expect(await stratafs(['extract', `lowerdir=${layer}`, '/etc'])).toMatchObject({
      code: 2,
      stderr: state,
    });
  });
});

describeSystem('stratafs cp -a', ['root', 'build'], () => {
  const temporary = temporaryForSuite();

  it('keeps owners, modes, times and devices as cp -a does', async () => {
    const layer = temporary.path('layer');
    mkdirSync(`${layer}/d`, { recursive: true });
    writeFileSync(`${layer}/d/file`, '1');
    chownSync(`${layer}/d/file`, 1234, 4321);
    chmodSync(`${layer}/d/file`, 0o6751);
    lchownSync(`${layer}/d`, 7, 8);
    await succeed('mkfifo', ['-m', '0604', `${layer}/d/fifo`]);
    await succeed('mknod', ['-m', '0660', `${layer}/d/null`, 'c', '1', '3']);
    for (const name of ['ours', 'theirs', 'plain']) mkdirSync(temporary.path(name));
    const words = [`lowerdir=${layer}`, '/d'];
    expect(await stratafs(['cp', '-a', ...words, temporary.path('ours')])).toMatchObject({
      code: 0,
      stderr: '',
    });
    await succeed('cp', ['-a', `${layer}/d`, temporary.path('theirs')]);
    const told = (name: string) =>
      succeed('sh', [
        '-c',
        'cd "$1" && find d -printf "%p %y %m %U:%G %T@\n" | sort',
        'sh',
        temporary.path(name),
      ]);
    expect(await told('ours')).toBe(await told('theirs'));
    await stratafs(['cp', ...words, temporary.path('plain')]);
    expect(await told('plain')).not.toContain('1234:4321');
  });
});

describeSystem('stratafs mount and umount without a directory', ['root', 'fuse', 'unshare', 'build'], () => {
  const temporary = temporaryForSuite();

  it('list all mounts of ours, and undo them', async () => {
    const layer = temporary.path('layer');
    mkdirSync(layer, { recursive: true });
    const [a, b] = [temporary.path('a b'), temporary.path('c')];
    for (const directory of [a, b]) mkdirSync(directory);
    // In a namespace of its own, where only these two are left of ours.
    const script = `
      awk '$3 == "fuse.stratafs" { print $2 }' /proc/mounts | while read -r point; do umount -l "$(printf %b "$point")"; done
      for to in "$1" "$2"; do sh ${SCRIPT} mount lowerdir=${layer} "$to" || exit 9; done
      sh ${SCRIPT} mount
      sh ${SCRIPT} umount -a
      echo "ended with $?"
      sh ${SCRIPT} mount
      sh ${SCRIPT} umount --all`;
    const { stdout, code } = await runInOwnMounts(temporary, ['sh', '-c', script, 'sh', a ?? '', b ?? '']);
    expect(code).toBe(0);
    expect(stdout.replaceAll(/process \d+/g, 'process PID')).toBe(
      `lowerdir=${layer} on ${a}, served by process PID\nlowerdir=${layer} on ${b}, served by process PID\nended with 0\n`,
    );
  });

  it('refuse words that leave open what is meant', async () => {
    for (const words of [['umount'], ['umount', '-a', '/x'], ['mount', 'lowerdir=/']])
      expect(await stratafs(words)).toMatchObject({ code: 2, stdout: '' });
  });
});
