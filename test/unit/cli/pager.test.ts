import { describe, expect, it } from 'vitest';
import { isPagedHelp } from '../../../src/cli/paging.ts';
import { choosePager, programOfPager } from '../../../src/cli/print/pager/choose-pager.ts';
import { ScreenLines } from '../../../src/cli/print/pager/screen.ts';

describe('choosePager()', () => {
  it.each<[env: Record<string, string>, has: string, pager: string | undefined]>([
    [{ STRATAFS_PAGER: 'most -s', PAGER: 'more', TERM: 'xterm' }, 'less', 'most -s'],
    [{ PAGER: 'more', TERM: 'xterm' }, 'less', 'more'],
    [{ PAGER: 'more' }, '', 'more'],
    [{ TERM: 'xterm' }, 'less', 'less'],
    [{ TERM: 'xterm' }, '', undefined],
    [{ TERM: 'dumb' }, 'less', undefined],
    [{}, 'less', undefined],
    [{ STRATAFS_PAGER: '', PAGER: 'more', TERM: 'xterm' }, 'less', undefined],
    [{ PAGER: '', TERM: 'xterm' }, 'less', undefined],
    [{ PAGER: ' cat ', TERM: 'xterm' }, 'less', undefined],
  ])('chooses with %j where there is "%s": %s', (env, has, pager) => {
    expect(choosePager(env, (program) => program === has)).toBe(pager);
  });
});

describe('programOfPager()', () => {
  it.each<[commandLine: string, program: string | undefined]>([
    ['less', 'less'],
    ['/usr/bin/less -R +G', '/usr/bin/less'],
    ['LESS=R less', undefined],
    ['less | cat', undefined],
    ['"a b"', undefined],
    ['~/bin/less', undefined],
  ])('names of %s the program %s', (commandLine, program) => {
    expect(programOfPager(commandLine)).toBe(program);
  });
});

describe('isPagedHelp()', () => {
  it.each<[words: string, isHelp: boolean]>([
    ['help', true],
    ['--root /r help ls', true],
    ['ls --help', true],
    ['--no-pager help', false],
    ['cat web:1 help', false],
    ['diff help web:1', false],
    ['--store help images', false],
    ['cat web:1 -- --help', false],
  ])('is of "%s": %s', (words, isHelp) => {
    expect(isPagedHelp(words.split(' '))).toBe(isHelp);
  });
});

describe('ScreenLines', () => {
  it.each<[pieces: string[], count: number]>([
    [[], 0],
    [['a'], 1],
    [['a', 'b\n'], 1],
    [['a\n', 'b'], 2],
    [['\n\n'], 2],
    [['0123456789\n'], 1],
    [['0123456789a\n'], 2],
    [['\x1b[33m0123456789\x1b[0m\n'], 1],
    [['漢字漢字漢字\n'], 2],
    [['a\tb\tc\n'], 2],
  ])('counts the lines of %j on ten columns: %d', (pieces, count) => {
    const lines = new ScreenLines(10);
    for (const piece of pieces) lines.add(piece);
    expect(lines.count).toBe(count);
  });
});
