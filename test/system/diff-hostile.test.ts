// Names that are meant to hurt whoever reads them: every form of `stratafs diff` tells them, on one line each, and so that
// the bytes can be told back.
import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { NEW, OLD } from '../support/diff-pair.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

/** Bytes, as latin1; with what each is shown as. */
const NAMES: readonly (readonly [name: string, shown: string])[] = [
  ['\x1b]0;title\x07', '\\033]0;title\\a'],
  [' leading and trailing ', ' leading and trailing '],
  ['"quoted"', '"quoted"'],
  ['-rf', '-rf'],
  ['back\\slash', 'back\\\\slash'],
  // U+202E turns the text after it around.
  ['bidi\xe2\x80\xaegpj.exe', 'bidi\\342\\200\\256gpj.exe'],
  ['line\nD\t/etc/passwd', 'line\\nD\\t/etc/passwd'],
  ['not\xff\xfeutf8', 'not\\377\\376utf8'],
  ['{"t":"summary"}', '{"t":"summary"}'],
  ['\xc3\xa9t\xc3\xa9', 'été'],
  // A C1 control, CSI, in one byte and as UTF-8.
  ['\x9b31m', '\\23331m'],
  ['\xc2\x9b31m', '\\302\\23331m'],
];
/** A name with a slash is one in a directory. */
const PATHS = NAMES.map(([name]) => name).sort();
const SHOWN = new Map(NAMES);

/** What no line of output may hold: controls but tab, C1 controls and bidi marks in UTF-8. */
const HURTS = /[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xaa-\xae]/;

describeSystem('stratafs diff of hostile names', ['root', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const [a, b, empty] = [temporary.path('a'), temporary.path('b'), temporary.path('empty')];
  const sides = [`lowerdir=${a}`, `lowerdir=${b}`];
  const diff = async (...words: string[]) => (await stratafs(['diff', ...words, ...sides])).stdout;
  const shown = PATHS.map((path) => Buffer.from(SHOWN.get(path) ?? '', 'utf8').toString('latin1'));

  beforeAll(async () => {
    const steps = (contents: string, time: { readonly mtime: bigint }) => [
      ...PATHS.map((path) => layer.file(path, contents, time)),
      layer.symlink('link', `${contents}\n\x1b[31m\xff`, time),
    ];
    await oracle.write([
      { directory: a, steps: steps('old', OLD) },
      { directory: b, steps: steps('new', NEW) },
      { directory: empty, steps: [layer.file('keep', '', OLD)] },
    ]);
  });

  it.each([
    [[]],
    [['--color', 'always']],
    [['--name-status']],
    [['--itemize']],
    [['--docker']],
    [['--tree']],
    [['--stat', '--depth', '3']],
    [['--by-layer']],
    [['--packages']],
    [['--unexplained']],
    [['--mtree']],
    [['--json']],
    [['--json', '--unexplained']],
  ])('%j prints nothing that hurts a terminal', async (words) => {
    const stdout = await diff(...words);
    expect(stdout.replaceAll(/\x1b\[\d+m/g, words.includes('always') ? '' : '$&')).not.toMatch(HURTS);
    expect(stdout.length).toBeGreaterThan(40);
  });

  it('--name-status has a line a name', async () => {
    const lines = (await diff('--name-status')).split('\n').filter(Boolean);
    const expected = ['link', ...PATHS]
      .sort()
      .map((path) => (path === 'link' ? 'M\t/link' : `M\t/${shown[PATHS.indexOf(path)]}`));
    expect(lines.sort()).toEqual(expected.sort());
  });

  it('-z has them as they are', async () => {
    const words = (await diff('--name-status', '-z')).split('\0');
    expect(words.filter((_, index) => index % 2 === 1).sort()).toEqual(
      ['link', ...PATHS].map((path) => `/${path}`).sort(),
    );
  });

  it('--json has UTF-8, and beside what is none the bytes in base64', async () => {
    const changes = (await diff('--json'))
      .split('\n')
      .filter((line) => line.includes('"t":"change"'))
      .map((line) => JSON.parse(Buffer.from(line, 'latin1').toString('utf8')) as Record<string, string>);
    const bytes = changes.map(({ path = '', pathB64 }) =>
      pathB64 === undefined
        ? Buffer.from(path, 'utf8').toString('latin1')
        : Buffer.from(pathB64, 'base64').toString('latin1'),
    );
    expect(bytes.sort()).toEqual(['link', ...PATHS].map((path) => `/${path}`).sort());
    const encoded = changes.filter(({ pathB64 }) => pathB64 !== undefined).map(({ path }) => path);
    expect(encoded.sort()).toEqual(['/not��utf8', '/�31m'].sort());
    const link = changes.find(({ path }) => path === '/link') as unknown as Record<'a', object>;
    const target = Buffer.from('old\n\x1b[31m\xff', 'latin1').toString('base64');
    expect(link.a).toMatchObject({ target: 'old\n\x1b[31m�', targetB64: target });
  });

  it('--mtree has lines that stratafs reads as the same names', async () => {
    const file = temporary.path('b.mtree');
    writeFileSync(file, (await stratafs(['manifest', sides[1] ?? ''])).stdout, 'latin1');
    expect(await stratafs(['diff', '--mtime', file, sides[1] ?? ''])).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await stratafs(['diff', '--name-status', '-z', file, sides[0] ?? '']);
    expect(stdout).toBe(await diff('--name-status', '-z'));
  });

  describeSystem('a patch', ['git', 'patch'], () => {
    describe.each([
      ['git', ['git', 'apply', '--unsafe-paths', '--whitespace=nowarn']],
      ['GNU patch', ['patch', '-p1', '-s']],
    ] as const)('for %s', (program, [command, ...words]) => {
      it.each([
        ['changes', 'a', a, b],
        ['adds', 'empty', empty, b],
        ['removes', 'a', a, empty],
      ])('%s all of them', async (what, _, from, to) => {
        const [patch, tree] = [
          temporary.path(`${program}-${what}.patch`),
          temporary.path(`${program} ${what}`),
        ];
        // GNU patch makes no links, and refuses names of two lines and such as end in a blank.
        const only = program === 'git' ? [] : ['--type', 'f', '--exclude', 'line*', '--exclude', '* '];
        const { stdout } = await stratafs(['diff', '-p', ...only, `lowerdir=${from}`, `lowerdir=${to}`]);
        writeFileSync(patch, stdout, 'latin1');
        await run('cp', ['-a', from, tree]);
        const place = program === 'git' ? [`--directory=${tree}`, patch] : ['-d', tree, '-i', patch];
        const { code, stderr } = await run(command, [...words, ...place], { cwd: '/' });
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        const after = await stratafs([
          'diff',
          '--name-status',
          ...only,
          `lowerdir=${tree}`,
          `lowerdir=${to}`,
        ]);
        expect(after).toMatchObject({ code: 0, stdout: '' });
      });
    });
  });
});
