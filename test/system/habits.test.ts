// What people's fingers do: words and forms of docker, cp, mount and umount, against those programs.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { BUILT_COMMAND, stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

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

  it('wants to know where to', async () => {
    const state = 'stratafs: Cannot extract to nowhere: give -o DIR, or DEST behind the paths\n';
    expect(await stratafs(['extract', `lowerdir=${layer}`, '/etc'])).toMatchObject({
      code: 2,
      stderr: state,
    });
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
    const out = await succeed('unshare', ['-m', 'sh', '-c', script, 'sh', a ?? '', b ?? '']);
    expect(out.replaceAll(/process \d+/g, 'process PID')).toBe(
      `lowerdir=${layer} on ${a}, served by process PID\nlowerdir=${layer} on ${b}, served by process PID\nended with 0\n`,
    );
  });

  it('refuse words that leave open what is meant', async () => {
    for (const words of [['umount'], ['umount', '-a', '/x'], ['mount', 'lowerdir=/']])
      expect(await stratafs(words)).toMatchObject({ code: 2, stdout: '' });
  });
});
