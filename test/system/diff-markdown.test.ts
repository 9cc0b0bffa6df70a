// `stratafs diff --markdown`: the whole comment of a small pair, its changes beside those of the default form, hostile names
// read back by a Markdown parser, and its limit.
import MarkdownIt from 'markdown-it';
import { beforeAll, expect, it } from 'vitest';
import { MOST_CHARACTERS } from '../../src/cli/diff/markdown/printer.ts';
import { DiffPair } from '../support/diff-pair.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const HOSTILE = [
  '</details><script>alert(1)</script>',
  '```',
  '`````` x',
  '![x](https:a.example)',
  '@everyone #1 www.a.example',
  'line\nbreak',
  '\xe2\x80\xaegnp.exe',
  '\xff\xfe',
  '| cell |',
];

describeSystem('stratafs diff --markdown', ['root', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const pair = new DiffPair(temporary, stratafs);
  const [before, hostile, many] = ['before', 'hostile', 'many'].map((name) => temporary.path(name)) as [
    string,
    string,
    string,
  ];

  beforeAll(async () => {
    await pair.write(oracle);
    await oracle.write([
      { directory: before, steps: [] },
      { directory: hostile, steps: HOSTILE.map((name) => layer.file(name.replaceAll('/', '-'), name)) },
      {
        directory: many,
        steps: Array.from({ length: 3000 }, (_, i) =>
          layer.file(`name-${i}-${'x'.repeat(40)}`, '', { mode: 0o4755 }),
        ),
      },
    ]);
  });

  const comment = async (...words: string[]) => {
    const { stdout, stderr, code } = await stratafs(['diff', '--markdown', ...words]);
    return {
      text: Buffer.from(stdout, 'latin1').toString('utf8').replaceAll(temporary.directory, 'TMP'),
      stderr,
      code,
    };
  };

  it('tells what differs, what to look at first and by layer', async () => {
    expect((await comment(...pair.sides)).text).toMatchInlineSnapshot(`
      "### Differences between two root filesystems

      - **A** \`lowerdir=TMP/a:TMP/base\`, 2 layers
      - **B** \`lowerdir=TMP/b:TMP/base\`, 2 layers, 1 shared

      **6 added, 6 removed, 5 changed, 2 metadata only, 1 of another type (1 differ in time only, --mtime shows them)**; files: 13B added, 22B removed

      \`layers 64B → 79B (+15B): shown -11B, hidden +26B (21B rewritten in B2 (12B of it as it was), 5B deleted in B2)\`

      <details open><summary>Look at first (4)</summary>

      \`\`\`text
      + /added/suid  setuid gained
      m /bin/ping  caps gained
      m /bin/tool  setuid gained
      ? /src/silent  contents differ under one size and time
      \`\`\`

      </details>

      <details><summary>By layer (3)</summary>

      \`\`\`text
      LAYER     ADDED     REMOVED   CHANGED   METADATA   TYPE      SIZE      STORED    SHOWN     HIDDEN    CREATED BY
      A2        0         2         0         0          0         -11B      -34B      -34B      +0B       plain
      B1        0         0         0         0          0         +0B       +0B       -26B      +26B      plain
      B2        6         4         5         2          1         +0B       +49B      +49B      +0B       plain
      \`\`\`

      </details>

      <details><summary>Changes (14)</summary>

      \`\`\`diff
      +  /added/**  3 entries, 2B  B2
      +! /added/suid  1 B  setuid ADDED  B2
      m! /bin/ping  caps (none) → cap_net_raw=ep  caps ADDED  A1 → B2
      m! /bin/tool  mode 0755 → 4755  setuid ADDED  A1 → B2
      M  /dev  device 1,3 → 1,5  A1 → B2
      -  /doc/**  4 entries, 5B  B2 whiteout
      T  /kind  file → dir  1 entry, 0B  A1 → B2
      M  /link  target old → new  A1 → B2
      +  /odd\\033[31m\\377  0 B  B2
      M  /src/app.js  content 14 → 12 B  A2 → B2
      M  /src/data.bin  content 3 B, from byte 2  A2 → B2
      -  /src/moved/from/**  2 entries, 11B  A2
      +  /src/moved/to/**  2 entries, 11B  B2
      ?  /src/silent  content 6 B, from byte 2  A2 → B2
      \`\`\`

      </details>
      "
    `);
  });

  it('tells the changes that the default form tells', async () => {
    const words = (line: string) => line.trim().split(/\s+/);
    const [, block = ''] = /```diff\n(.*?)\n```/s.exec((await comment(...pair.sides)).text) ?? [];
    const lines = block.split('\n').map((line) => {
      const [mark = '', ...rest] = words(line);
      return [[...mark].reverse().join(''), ...rest];
    });
    const text = (await pair.diff()).split('\n').slice(3, -3);
    expect(lines).toEqual(text.map(words));
  });

  it.each([
    ['passed', 'package-added', 0, '✅ **passed**'],
    ['failed', 'setuid,caps', 1, '❌ **failed**, 3 reasons'],
  ])('tells that the policy %s', async (_, kinds, code, verdict) => {
    const told = await comment('--fail-on', kinds, ...pair.sides);
    expect(told.code).toBe(code);
    expect(told.text).toContain(`Policy \`--fail-on ${kinds}\`: ${verdict}\n`);
  });

  it('keeps hostile names as text', async () => {
    const { text } = await comment(`lowerdir=${before}`, `lowerdir=${hostile}`);
    const tokens = new MarkdownIt({ html: true, linkify: true }).parse(text, {});
    const told = tokens.filter(({ type }) => type === 'fence').map(({ content }) => content);
    const html = tokens.filter(({ type }) => type === 'html_block').map(({ content }) => content.trim());
    for (const name of [
      '<script>alert(1)<-script>',
      '```',
      '`````` x',
      'line\\nbreak',
      '\\342\\200\\256gnp.exe',
      '| cell |',
    ])
      expect(told.at(-1)).toContain(name);
    expect(
      html.filter((each) => !/^<(\/details|details( open)?><summary>[\w ()]+<\/summary>)>?$/.test(each)),
    ).toEqual([]);
    expect(
      tokens
        .filter(({ type }) => type === 'inline')
        .flatMap(({ children }) => (children ?? []).map(({ type }) => type))
        .filter((type) => !['text', 'strong_open', 'strong_close', 'code_inline'].includes(type)),
    ).toEqual([]);
  });

  it('ends where comments end, and says what it left out', async () => {
    const { text } = await comment('--fail-on', 'setuid', `lowerdir=${before}`, `lowerdir=${many}`);
    expect(text.length).toBeLessThanOrEqual(MOST_CHARACTERS);
    expect(text.length).toBeGreaterThan(MOST_CHARACTERS - 3000);
    const [, ...parts] =
      /\*\*Left out\*\* for the limit of 65,536 characters: (\d+) of 3000 reasons, (\d+) of 3000 to look at, (\d+) of 3000 changes\.\n$/.exec(
        text,
      ) ?? [];
    const lines = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
    expect(parts.map(Number)).toEqual(
      [/^--fail-on setuid: /gm, /^\+ \/name.* {2}setuid gained$/gm, /^\+! \/name/gm].map(
        (each) => 3000 - lines(each),
      ),
    );
  });

  it('tells values of the environment only where it is asked to', async () => {
    const { stderr, code } = await stratafs(['diff', '--with-env', ...pair.sides]);
    expect({ stderr, code }).toEqual({
      stderr: 'stratafs: Cannot use "--with-env": it goes with --markdown or --html\n',
      code: 2,
    });
  });
});
