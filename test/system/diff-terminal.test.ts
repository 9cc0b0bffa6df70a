// `stratafs diff` on a terminal: colour, lines that end where the screen does, and a line that tells how far it is.
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { DiffPair, OLD } from '../support/diff-pair.ts';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const RUNNER = fileURLToPath(new URL('../support/oracle/on_terminal.py', import.meta.url));
/** Of these, the first that takes so many milliseconds to compare is enough: the line waits a second. */
const SIZES = ['512M', '2G', '8G'];
const LONG = 2000;

interface Shown {
  readonly code: number;
  readonly terminal: string;
  readonly other: string;
}

describeSystem('stratafs diff on a terminal', ['root', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const pair = new DiffPair(temporary);
  const [a, b] = [temporary.path('large-a'), temporary.path('large-b')];
  const show = async (streams: string, words: readonly string[], env: Record<string, string> = {}) =>
    JSON.parse(
      await succeed('python3', [RUNNER, streams, process.execPath, BUILT_COMMAND, 'diff', ...words], { env }),
    ) as Shown;

  beforeAll(async () => {
    await pair.write(oracle);
    await oracle.write([
      { directory: a, steps: [layer.file('after', 'x', OLD)] },
      { directory: b, steps: [layer.file('after', 'y', OLD)] },
    ]);
  });

  it('shows how far it is while one large file is read, and leaves nothing of it behind', async () => {
    let shown: Shown | undefined;
    for (const size of SIZES) {
      // Blocks that were never written read as zeros, and are no holes that could be stepped over.
      for (const directory of [a, b]) await succeed('fallocate', ['-l', size, `${directory}/large`]);
      const started = performance.now();
      shown = await show('err', [`lowerdir=${a}`, `lowerdir=${b}`, '--name-status']);
      if (performance.now() - started > LONG) break;
    }
    const { code, terminal, other } = shown as Shown;
    expect({ code, other }).toEqual({ code: 1, other: 'M\t/after\n' });
    const lines = terminal.split('\r\x1b[K');
    expect(lines.slice(1, 2)).toEqual(['2 names  /large']);
    expect(lines.at(-1)).toBe('');
  });

  it('has colour, and lines that end where the screen does', async () => {
    const long = `${'long/'.repeat(20)}name`;
    const sides = [temporary.path('long-a'), temporary.path('long-b')];
    await oracle.write(
      sides.map((directory, index) => ({ directory, steps: [layer.file(long, `${index}`, OLD)] })),
    );
    const colored = await show('out,err', [...pair.sides, '--path', '/src'], { NO_COLOR: '' });
    expect(colored.terminal).toContain('\x1b[33mM\x1b[0m  /src/app.js');
    const lines = colored.terminal.split('\n').map((line) => line.replaceAll(/\x1b\[\d+m/g, ''));
    const shown = lines.filter((line) => line.includes('/src/'));
    expect(shown.map((line) => Buffer.from(line, 'latin1').toString('utf8')).join('\n')).toBe(
      [
        '  M  /src/app.js                       content 14 → 12 B  A2 → B2',
        '  M  /src/data.bin                     content 3 B, from byte 2  A2 → B2',
        '  -  /src/moved/from/**                2 entries, 11B   A2',
        '  +  /src/moved/to/**                  2 entries, 11B   B2',
        '  ?  /src/silent                       content 6 B, from byte 2  A2 → B2',
      ].join('\n'),
    );
    // A name is not cut; what comes after it is.
    const { terminal } = await show(
      'out,err',
      sides.map((side) => `lowerdir=${side}`),
    );
    const text = Buffer.from(terminal, 'latin1')
      .toString('utf8')
      .replaceAll(/\x1b\[\d+m/g, '');
    expect(text).toContain(`/${long}…\n`);
  });

  it('has no colour with NO_COLOR', async () => {
    const { terminal } = await show('out,err', [...pair.sides, '--path', '/src'], { NO_COLOR: '1' });
    expect(terminal).toContain('M  /src/app.js');
    expect(terminal).not.toContain('\x1b');
  });

  it('escapes the text of a patch there, and only there', async () => {
    const words = [`lowerdir=${pair.a}`, `lowerdir=${pair.b}`, '--patch'];
    expect((await show('out', [...words, '--color', 'never'])).terminal).not.toMatch(/[\x00-\x08\x0b-\x1f]/);
  });
});
