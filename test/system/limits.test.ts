// What a person can mend is told as that, with the exit code of the table, and is never "a fault of stratafs itself": limits of
// address space and of descriptors, directories that are gone, no /proc.
import { mkdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { FakeStore } from '../support/fake-store.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { runInOwnMounts } from '../support/own-mounts.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem, itSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

/** Kilobytes of address space: Node itself takes some two thirds of it. */
const ADDRESS_SPACE = 1_200_000;
const stratafs = stratafsForSuite();

describeSystem('a command', ['root', 'fuse', 'build'], () => {
  const temporary = temporaryForSuite();
  const store = new FakeStore(temporary.path('docker'));
  const point = temporary.path('mnt');
  const command = [process.execPath, BUILT_COMMAND, '--root', store.root];

  beforeAll(() => {
    store.image({ names: ['app:1'], layers: ['a', 'b', 'c'] });
    mkdirSync(point);
  });

  /** `$@` is the command, with its root; the directory is one of its own. */
  const inShell = (script: string, ...words: readonly string[]) =>
    run('sh', ['-c', script, 'sh', ...command, ...words], { cwd: temporary.directory });

  it.each([
    ['ls -R', 'app:1', '/'],
    ['timeline', 'app:1'],
    ['deleted', 'app:1'],
    ['history', 'app:1'],
    ['which', 'app:1', '/'],
    ['diff', 'app:1#1', 'app:1#2'],
    ['verify --all'],
    ['doctor'],
  ])('%s answers under a limit of address space as without', async (name, ...words) => {
    const all = [...name.split(' '), ...words];
    const limited = await inShell(`ulimit -v ${ADDRESS_SPACE}; exec "$@"`, ...all);
    expect(limited).toEqual(await stratafs(['--root', store.root, ...all], { cwd: temporary.directory }));
    expect(limited.code).toBeLessThan(5);
  });

  it('without a descriptor for its watcher makes no mount', async () => {
    const { code, stderr } = await inShell('ulimit -n 25; exec "$@"', 'mount', '-f', 'app:1', point);
    const state = 'too many open files; raise "ulimit -n"';
    expect({ code, stderr }).toEqual({
      code: 6,
      stderr: `stratafs: Cannot watch over the mount: ${state}\n`,
    });
  });

  it('that sorts says of a TMPDIR that is not there that it is not there', async () => {
    const env = { TMPDIR: '/nonexistent' };
    const { code, stderr } = await stratafs(['--root', store.root, 'timeline', 'app:1'], { env });
    const state = 'no such file or directory; set TMPDIR';
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `stratafs: Cannot sort in "/nonexistent": ${state}\n`,
    });
  });

  describe('in a directory that was removed', () => {
    const gone = 'mkdir gone; cd gone; rmdir ../gone; exec "$@"';
    it.each([
      ['mount', 6, 'it was removed, or no path leads there', ['mount', 'app:1', '.']],
      ['umount', 7, 'nothing is mounted there', ['umount', '.']],
      ['extract', 2, 'no such file or directory', ['extract', '-o', 'x', 'app:1', '/']],
      ['export', 2, 'no such file or directory', ['export', '-o', 'x', 'app:1']],
      ['a store there', 4, 'no such directory', ['--root', 'x', 'images']],
      ['a layer there', 3, 'no such directory', ['ls', 'lowerdir=x']],
    ])('%s says so', async (_, code, state, words) => {
      const outcome = await inShell(gone, ...words);
      expect(outcome).toMatchObject({ code, stderr: expect.stringMatching(/^stratafs: Cannot /m) });
      expect(outcome.stderr).toContain(state);
    });
  });

  itSystem('without /proc lists a store, and says of a mount what it lacks', ['unshare'], async () => {
    const script = `umount -l /proc; "$@" images; echo $?; "$1" "$2" umount "${point}"; echo $?`;
    const told = await runInOwnMounts(temporary, ['sh', '-c', script, 'sh', ...command]);
    const lines = told.stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^REPOSITORY/);
    expect(lines.slice(2)).toEqual(['0', '2']);
  });
});
