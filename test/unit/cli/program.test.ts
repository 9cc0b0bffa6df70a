import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT_TABLE } from '../../../src/cli/exit.ts';
import { version } from '../../../src/cli/version.ts';
import { stratafs } from './memory.ts';

describe('stratafs', () => {
  it('prints its version', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(version()).toBe(manifest.version);
    for (const words of [['--root', '/x', '--version'], ['-V']])
      expect(await stratafs(words)).toMatchObject({ code: 0, out: `${version()}\n`, err: '' });
  });

  it('names every command, the examples and the exit codes in --help', async () => {
    const { code, out, err } = await stratafs(['--help']);
    expect([code, err]).toEqual([0, '']);
    for (const command of [
      'images',
      'containers',
      'inspect',
      'ls',
      'cat',
      'stat',
      'mount',
      'umount',
      'help',
    ]) {
      expect(out).toMatch(new RegExp(`^  ${command}( \\S+)* {2,}\\S`, 'm'));
    }
    expect(out).toMatch(/^ {2}stratafs mount nginx:latest \/mnt /m);
    for (const [codeNumber, meaning] of EXIT_TABLE) expect(out).toContain(`${codeNumber}  ${meaning}\n`);
  });

  it('prints its help on the error output and ends with 2 when there is no command', async () => {
    const { code, out, err } = await stratafs([]);
    expect([code, out, err.split('\n')[0]]).toEqual([2, '', 'Usage: stratafs [options] <command>']);
  });

  it.each([[['ls', '--help']], [['help', 'ls']], [['--root', '/x', 'ls', '--help']]])(
    'explains one command: %j',
    async (words) => {
      const { code, out } = await stratafs(words);
      expect([code, out.split('\n')[0]]).toEqual([0, 'Usage: stratafs ls [options] <ref> [path...]']);
      expect(out).toMatch(/^ {2}--root <dir> +the root of a store: Docker's data root, /m);
    },
  );

  it.each<[words: string[], message: string]>([
    [['lss', 'x'], "unknown command 'lss' (Did you mean ls?)"],
    [['\x1b[2J'], "unknown command '\\033[2J'"],
    [['help', 'lss'], "unknown command 'lss' (Did you mean ls?)"],
    [['--root', 'help', 'help', 'zzzzzz'], "unknown command 'zzzzzz'"],
    [['ls'], "missing required argument 'ref'"],
    [['cat', 'x'], "missing required argument 'path'"],
    [['mount', '-f', 'x'], "missing required argument 'dir'"],
    [['mount', '-f', '--all'], "missing required argument 'dir'"],
    [['mount', '-f', '--all', 'x', 'y'], "too many arguments for 'mount --all'. Expected 1 argument."],
    [['mount', '-f', 'x', 'y', 'z'], "too many arguments for 'mount'. Expected 2 arguments but got 3."],
    [['mount', '-f', '--all', '--layers', 'x'], '--layers is for one reference, not for --all'],
    [
      ['mount', '-f', '--layers', '-o', 'provenance', 'x', 'y'],
      'Cannot use "-o provenance": more than one stack is shown, and a file that several share has no one layer',
    ],
    [
      ['mount', '-f', '--all', '--driver', 'fuse-native', 'x'],
      'Cannot use "--driver fuse-native": more than one stack is shown, and libfuse 2 has no word for a file that several share',
    ],
    [['mount', '-f', '--diff', 'a'], "missing required argument 'dir'"],
    [['mount', '-f', '--diff', 'a', '--all', 'x'], '--diff is not for --all'],
    [['mount', '-f', '--diff', 'a', '--layers', 'b', 'x'], '--diff is not for --layers'],
    [['mount', '-f', '--exclude', '*.pyc', 'a', 'x'], '--exclude is for --diff'],
    [['ls', '--lnog', 'x'], "unknown option '--lnog' (Did you mean --long?)"],
    [
      ['images', 'x'],
      'Cannot list "x": images takes no reference; it lists all; "stratafs inspect x" tells of one',
    ],
    [['stores', 'x'], "too many arguments for 'stores'. Expected 0 arguments but got 1."],
    [['--root'], "option '--root <dir>' argument missing"],
    [['inspect', '--root'], "option '--root <dir>' argument missing"],
  ])('refuses %j in one line and ends with 2', async (words, message) => {
    expect(await stratafs(words)).toMatchObject({ code: 2, out: '', err: `stratafs: ${message}\n` });
  });

  it.each([[['--root', '/nonexistent', 'images']], [['images', '--root=/nonexistent']]])(
    'takes --root before and after the command: %j',
    async (words) => {
      expect(await stratafs(words)).toMatchObject({
        code: 4,
        out: '',
        err: 'stratafs: Cannot open "/nonexistent": no such directory\n',
      });
    },
  );

  it('takes a lowerdir= reference without any store', async () => {
    expect(await stratafs(['--root', '/nonexistent', 'inspect', 'lowerdir=/usr/bin'])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining('directory   /usr/bin\n'),
    });
  });

  it('reports a layer that is not there', async () => {
    const { code, err } = await stratafs(['ls', 'lowerdir=/nonexistent']);
    expect([code, err]).toEqual([3, 'stratafs: Cannot use layer "/nonexistent": no such directory\n']);
  });
});
