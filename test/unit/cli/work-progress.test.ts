// Which commands say on a terminal how far they are: with a clock that makes every moment a late one, so that what would be
// told in a second or an hour is told at once.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkProgress } from '../../../src/cli/print/progress/work-progress.ts';
import { Terminal } from '../../../src/cli/print/terminal.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { type SampleRoot, writeSampleRoot } from '../../support/sample-root.ts';
import { Temporary } from '../../support/temporary.ts';
import { MemoryOutput } from './memory.ts';

const IMAGE = 'sample/web:1.1';
const CLEAR = '\r\x1b[K';
const ERASED = /[^\n]*\r\x1b\[K/g;

const temporary = new Temporary();
let sample: SampleRoot;
beforeAll(() => {
  sample = writeSampleRoot(temporary.path('root'));
  const [top, , base] = sample.layers;
  for (const { directory } of [top, base]) writeFileSync(join(directory, 'twice'), 'the same');
});
afterAll(() => temporary.end());

/** Between two looks at the clock ten minutes pass. */
function slowTerminal({ out, err }: { readonly out: MemoryOutput; readonly err: MemoryOutput }): Terminal {
  let now = Date.UTC(2024, 4, 1, 12);
  return new Terminal(out, err, { now: () => (now += 600_000) });
}

/** What a command wrote where the error output is a terminal and the other is not. */
async function run(words: readonly string[], columns: number | undefined, isPiped = false) {
  const [out, err] = [new MemoryOutput(), new MemoryOutput(columns)];
  const given = ['--root', sample.root, ...words];
  const terminal = slowTerminal({ out: isPiped ? Object.assign(out, { isPiped }) : out, err });
  return { code: await runProgram(given, terminal), out: out.bytes, err: err.text };
}

/** Words of a command, `%` for a place where nothing is and `LAYER` for a layer's directory; and what its line says. */
const COMMANDS: readonly (readonly [words: string, line: RegExp])[] = [
  [`export ${IMAGE} -o %`, /^exporting: [\d.]+k?B, [\d.]+m?B\/s$/],
  [`export ${IMAGE}`, /^exporting: [\d.]+k?B, /],
  [`export ${IMAGE} --layer 1 -o %`, /^exporting: [\d.]+k?B, /],
  [`extract ${IMAGE} / -o %`, /^extracting: \d+ names?(, [\d.]+k?B, [\d.]+m?B\/s)? {2}\/\w/],
  [`extract ${IMAGE} /etc %`, /^extracting: \d+ names?.* {2}\/\w/],
  [`extract ${IMAGE} /etc -o -`, /^writing: [\d.]+k?B, /],
  [`manifest ${IMAGE}`, /^reading: \d+ names, .* {2}\/\w/],
  [`manifest ${IMAGE} --no-digest`, /^reading: \d+ names {2}\/\w/],
  [`deleted ${IMAGE}`, /^searching: \d+ names {2}\/\w/],
  [`deleted ${IMAGE} --expand --json`, /^searching: \d+ names {2}\/\w/],
  [`which ${IMAGE} /twice`, /^comparing: 8B, [\d.]+m?B\/s {2}\/twice$/],
  ['whose LAYER', /^measuring: \d+ names {2}\w/],
  [`history ${IMAGE} --dockerfile --out %`, /^writing layers: [\d.]+k?B, /],
  [`history ${IMAGE}`, /^\d+ names /],
  [`history ${IMAGE} --waste`, /^\d+ names /],
  [`du ${IMAGE}`, /^\d+ names /],
  ['du', /^\d+ names /],
  ['df', /^\d+ names /],
  [`timeline ${IMAGE}`, /^\d+ names /],
  ['timeline --all', /^\d+ names /],
  [`verify ${IMAGE}`, /hashed, /],
];

let places = 0;
function wordsOf(command: string): string[] {
  const meant: Record<string, string> = {
    '%': temporary.path(`place-${++places}`),
    LAYER: sample.layers[0].directory,
  };
  return command.split(' ').map((word) => meant[word] ?? word);
}

describe('a command that takes long', () => {
  it.each(COMMANDS)('%s says how far it is, and takes that away', async (words, line) => {
    const shown = await run(wordsOf(words), 80);
    const plain = await run(wordsOf(words), undefined);
    expect(plain.err).not.toContain('\x1b');
    expect(shown.code).toBe(plain.code);
    expect(shown.err.split(CLEAR)).toContainEqual(expect.stringMatching(line));
    // What a terminal shows in the end: of a line that nothing was added to nothing is left.
    expect(shown.err.replaceAll(ERASED, '')).toBe(plain.err);
  });

  it('says nothing beside a program that is given a tar, which may write to the same terminal', async () => {
    const { code, err } = await run(['export', IMAGE], 80, true);
    expect([code, err]).toEqual([0, '']);
  });

  it('takes the line away before a message', () => {
    const [out, err] = [new MemoryOutput(), new MemoryOutput(80)];
    const terminal = slowTerminal({ out, err });
    const progress = new WorkProgress(terminal, 'reading');
    progress.name(asBytes('/\x1b[31m\xff'));
    terminal.note('Cannot read it');
    progress.bytes(7, asBytes('/b'));
    progress.end();
    progress.name(asBytes('/late'));
    expect(err.text.split(CLEAR)).toEqual([
      '',
      'reading: 1 name  /\\033[31m\\377',
      'stratafs: Cannot read it\n',
      expect.stringMatching(/^reading: 1 name, 7B, [\d.]+B\/s {2}\/b$/),
      '',
    ]);
  });
});
