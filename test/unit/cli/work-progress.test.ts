// Which commands say on a terminal how far they are: with a clock that makes every moment a late one, so that what would be
// told in a second or an hour is told at once.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WorkProgress } from '../../../src/cli/print/progress/work-progress.ts';
import { Terminal } from '../../../src/cli/print/terminal.ts';
import { runProgram, wholeProgram } from '../../../src/cli/program.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { writeNewArchive } from '../../support/fake-archive.ts';
import { FakeContainerd } from '../../support/fake-containerd.ts';
import { FakePodman } from '../../support/fake-podman.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { type SampleRoot, writeSampleRoot } from '../../support/sample-root.ts';
import { Temporary } from '../../support/temporary.ts';
import { MemoryOutput } from './memory.ts';

// The build makes them.
vi.mock('../../../src/cli/report/page-files.ts', () => ({
  readPageFiles: () => ({ script: '', style: '' }),
}));

const IMAGE = 'sample/web:1.1';
/** Bytes of a file whose comparison is told of before its end. */
const LARGE = 20 << 20;
const CLEAR = '\r\x1b[K';
const ERASED = /[^\n]*\r\x1b\[K/g;

const temporary = new Temporary();
let sample: SampleRoot;
const roots = {
  ENGINE: temporary.path('engine'),
  PODMAN: temporary.path('podman'),
  CONTAINERD: temporary.path('containerd'),
};
beforeAll(() => {
  sample = writeSampleRoot(temporary.path('root'));
  const [top, , base] = sample.layers;
  for (const { directory } of [top, base]) writeFileSync(join(directory, 'twice'), 'the same');
  for (const name of ['before', 'after']) {
    mkdirSync(temporary.path(name));
    writeFileSync(temporary.path(`${name}/large`), Buffer.alloc(LARGE, 'x'));
  }
  const engine = new FakeStore(roots.ENGINE);
  engine.container({ name: 'web', image: engine.image({ names: ['web:1'], layers: ['base'] }) });
  const podman = new FakePodman(roots.PODMAN);
  podman.image({ names: ['localhost/app:1'], layers: ['base'] });
  podman.finish();
  const containerd = new FakeContainerd(roots.CONTAINERD);
  containerd.image({ names: ['docker.io/library/app:1'], layers: ['base'] });
  containerd.write();
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
  ['verify --all', /hashed, /],
  ['containers -s --root ENGINE', /^measuring: \d+ names? /],
  ['diff BEFORE AFTER', /^\d+ names /],
  ['doctor', /^examining: \d+ names? {2}\w/],
  ['doctor --root ENGINE', /^examining: \d+ names? {2}\S/],
  ['doctor --root PODMAN', /^examining: \d+ names? {2}\S/],
  ['doctor --root CONTAINERD', /^examining: \d+ names? {2}\S/],
  [`report ${IMAGE} -o %`, /^\d+ names /],
  ['report --store -o %', /^health of .*: \d+ /],
  ['report --store --verify --out %', /hashed, /],
  ['images --root ARCHIVE', /^reading the archive: /],
  ['inspect ARCHIVE', /^reading the archive: /],
  ['ls ARCHIVE /', /^reading the archive: /],
  ['cat ARCHIVE /base', /^reading layers: /],
  ['stat ARCHIVE /base', /^reading layers: /],
  ['diff ARCHIVE ARCHIVE', /^reading layers: /],
];

let places = 0;
function wordsOf(command: string): string[] {
  const meant: Record<string, string> = {
    '%': temporary.path(`place-${++places}`),
    ARCHIVE: writeNewArchive(temporary),
    BEFORE: `lowerdir=${temporary.path('before')}`,
    AFTER: `lowerdir=${temporary.path('after')}`,
    ...roots,
    LAYER: sample.layers[0].directory,
  };
  return command.split(' ').map((word) => meant[word] ?? word);
}

/** A mount is told of where a terminal can be had (test/system/archive-terminal.test.ts); the others are short. */
const UNTOLD = ['stores', 'mount', 'umount', 'completion'];

describe('a command that takes long', () => {
  it('is any but those that are known to be short', async () => {
    const [out, err] = [new MemoryOutput(), new MemoryOutput()];
    const { commands } = await wholeProgram(new Terminal(out, err));
    const told = new Set([...UNTOLD, ...COMMANDS.map(([words]) => words.split(' ')[0])]);
    expect(commands.map((command) => command.name()).filter((name) => !told.has(name))).toEqual([]);
  });

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
