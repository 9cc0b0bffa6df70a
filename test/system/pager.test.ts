// Long results on a terminal: which program shows them, what comes of it, and where there is none.
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem, itSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const TYPED = fileURLToPath(new URL('../support/oracle/typed.py', import.meta.url));
const ROWS = 24;

const stratafs = stratafsForSuite();

/** What is awaited, null for silence, and what is typed then. */
type Step = readonly [string | null, string];

interface Shown {
  readonly code: number;
  readonly shown: string;
  readonly left: number;
}

describeSystem('a pager', ['python', 'build'], () => {
  const temporary = temporaryForSuite();
  let ref: string;
  let other: string;
  /** Writes what it is given to a file, and says on the terminal that it was there. */
  let pager: string;
  let paged: string;

  beforeAll(() => {
    const layer = temporary.path('layer');
    mkdirSync(`${layer}/many`, { recursive: true });
    mkdirSync(`${layer}/few`);
    mkdirSync(`${layer}/huge`);
    for (let i = 0; i < 100; i++) writeFileSync(`${layer}/many/name${i}`, '');
    for (let i = 0; i < 5000; i++) symlinkSync('x', `${layer}/huge/a-longer-name-${i}`);
    writeFileSync(`${layer}/few/one`, 'one\n'.repeat(100));
    mkdirSync(temporary.path('empty'));
    ref = `lowerdir=${layer}`;
    other = `lowerdir=${temporary.path('empty')}`;

    pager = temporary.path('pager');
    paged = `${pager}d`;
    writeFileSync(pager, `#!/bin/sh\ncat >"$0d"\necho "paged, LESS=$LESS"\n`);
    chmodSync(pager, 0o755);
  });

  const show = async (
    words: readonly string[],
    { env = {}, steps = [] }: { env?: Record<string, string>; steps?: Step[] } = {},
  ): Promise<Shown & { readonly paged: string | undefined }> => {
    rmSync(paged, { force: true });
    const set = Object.entries({ TERM: 'xterm', PAGER: pager, LESS: '', STRATAFS_PAGER: '-', ...env });
    const variables = set.flatMap(([name, value]) => (value === '-' ? ['-u', name] : [`${name}=${value}`]));
    const options = variables.filter((_, i) => variables[i] === '-u' || variables[i - 1] === '-u');
    const command = [
      ...['env', ...options, ...variables.filter((word) => !options.includes(word))],
      ...[process.execPath, BUILT_COMMAND, ...words],
    ];
    const printed = await succeed('python3', [TYPED, String(ROWS), '80', JSON.stringify(steps), ...command]);
    let text: string | undefined;
    try {
      text = readFileSync(paged, 'utf8');
    } catch {
      // There was no pager.
    }
    return { ...(JSON.parse(printed) as Shown), paged: text };
  };
  const plain = async (words: readonly string[]) => (await stratafs(words)).stdout;
  const onTerminal = (text: string) => text.replaceAll('\n', '\r\n');

  it('is given what is longer than the screen, as it stands in a file', async () => {
    const words = ['ls', '-1', ref, '/many'];
    const expected = await plain(words);
    expect(await show(words, { env: { LESS: '-' } })).toEqual({
      ...{ code: 0, left: 0, shown: 'paged, LESS=FRX\r\n', paged: expected },
    });
    expect((await show(words, { env: { LESS: 'S' } })).shown).toBe('paged, LESS=S\r\n');
    expect(await show(words, { env: { STRATAFS_PAGER: 'tr a-z A-Z' } })).toMatchObject({
      shown: onTerminal(expected.toUpperCase()),
    });
  });

  it.each<[why: string, words: string[], env?: Record<string, string>]>([
    ['it fits', ['ls', '-1', 'REF', '/few']],
    ['it is JSON', ['ls', '--json', 'REF', '/many']],
    ['the lines of ls are short', ['ls', 'REF', '/many']],
    ['it is a file', ['cat', 'REF', '/few/one']],
    ['none is wanted', ['--no-pager', 'ls', '-1', 'REF', '/many']],
    ['it is empty', ['ls', '-1', 'REF', '/many'], { PAGER: '' }],
    ['it is cat', ['ls', '-1', 'REF', '/many'], { PAGER: 'cat' }],
    ['less is not there', ['ls', '-1', 'REF', '/many'], { PAGER: '-', PATH: '/nonexistent' }],
    ['the terminal is dumb', ['ls', '-1', 'REF', '/many'], { PAGER: '-', TERM: 'dumb' }],
  ])('is not there where %s', async (_, words, env = {}) => {
    const own = words.map((word) => (word === 'REF' ? ref : word));
    const { code, shown, paged } = await show(own, { env });
    expect([code, paged]).toEqual([0, undefined]);
    const expected = own.includes('-1') || words[0] === 'cat' ? onTerminal(await plain(own)) : undefined;
    if (expected !== undefined) expect(shown).toBe(expected);
  });

  it('is given all with --paginate, but none of a mount', async () => {
    const words = ['ls', '--json', '--paginate', ref, '/few'];
    expect((await show(words)).paged).toBe(await plain(words));
    expect((await show(['--paginate', 'mount'])).paged).toBeUndefined();
  });

  it('leaves exit code, colours and width as they are, and has the messages', async () => {
    const { code, paged } = await show(['diff', other, ref, '--expand', '--path', '/many'], {
      env: { NO_COLOR: '' },
    });
    expect([code, paged?.match(/\x1b\[32m\+\x1b\[0m/g)?.length]).toEqual([1, 101]);
    const columns = await show(['--paginate', 'ls', ref, '/many']);
    expect(Math.max(...(columns.paged ?? '').split('\n').map((line) => line.length))).toBeGreaterThan(70);
    const failed = await show(['stat', ref, ...Array<string>(20).fill('/many/name1'), '/none']);
    expect(failed.code).toBe(5);
    expect(failed.paged).toMatch(/\nstratafs: Cannot open "\/none" in [^\n]*\n$/);
  });

  it('tells where it cannot be started, and writes plainly', async () => {
    // What a pipe takes at once, and what is more than it takes.
    for (const directory of ['/many', '/huge']) {
      const words = ['ls', '-1', ref, directory];
      const expected = onTerminal(await plain(words));
      for (const missing of directory === '/many'
        ? ['none-such', 'none-such -x', 'exit 127']
        : ['exit 127']) {
        const { code, shown } = await show(words, { env: { PAGER: missing } });
        const told = `stratafs: Cannot start the pager "${missing}": the output is written as it is\r\n`;
        expect([code, shown === told + expected]).toEqual([0, true]);
      }
    }
  });

  it('may be left early without a failure, whatever is still to come', async () => {
    const env = { PAGER: 'head -n 1' };
    expect(await show(['ls', '-1', ref, '/huge'], { env })).toMatchObject({
      ...{ code: 0, shown: 'a-longer-name-0\r\n' },
    });
    const different = await show(['diff', other, ref, '--expand', '--name-only', '--path', '/huge'], { env });
    expect([different.code, different.shown]).toEqual([1, '/huge\r\n']);
  });

  itSystem('is less, which is interrupted without ending, and left', ['less'], async () => {
    const words = ['ls', '-1', ref, '/huge'];
    // Interrupted, it may or may not show its prompt again; then it is asked for the next screen.
    const steps: Step[] = [
      ['\n:', '\x03'],
      [null, ' '],
      ['\n:', 'q'],
    ];
    const { code, left, shown } = await show(words, { env: { PAGER: '-' }, steps });
    expect({ code, left, shown: shown.includes('a-longer-name-0') }).toEqual({
      code: 0,
      left: 0,
      shown: true,
    });
  });
});
