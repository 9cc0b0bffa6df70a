// Comparisons that are handed to a second thread: many files, and large ones; and how much memory they take.
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { expectBelow } from '../support/bounds.ts';
import { succeed } from '../support/command.ts';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { BUILT_COMMAND, stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const FILES = 4000;
const GIB = 2 ** 30;
const RUNNER = fileURLToPath(new URL('../../scripts/bench/diff_run.py', import.meta.url));
const MTIME = { mtime: 1_000_000_000_000_000_000n };

/** What is different about the file of a number in B, if anything: the line that tells it, and how it is written. */
function planOf(i: number): { line?: string; contents: string; xattrs?: Record<string, string> } {
  const path = `/d${i % 7}/f${i}`;
  if (i % 97 === 0) return { line: `M ${path} content`, contents: `file ${i}!` };
  if (i % 101 === 0) return { line: `M ${path} content`, contents: `File ${i}` };
  if (i % 103 === 0) return { line: `M ${path} xattr`, contents: `file ${i}`, xattrs: { 'user.b': '1' } };
  if (i % 107 === 0)
    return { line: `M ${path} content,xattr`, contents: `filE ${i}`, xattrs: { 'user.b': '1' } };
  return { contents: `file ${i}` };
}

describeSystem('stratafs diff of much', ['root', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const [a, b] = [temporary.path('a'), temporary.path('b')];
  const numbers = Array.from({ length: FILES }, (_, i) => i + 1);

  beforeAll(async () => {
    const sparse = (last: string) =>
      layer.file(
        'sparse',
        {
          size: 64 * GIB,
          data: [
            [1 << 20, 'x'],
            [64 * GIB - 1, last],
          ],
        },
        MTIME,
      );
    const wide = (name: string) => layer.file(name, 'y'.repeat(300_000), MTIME);
    const steps = (isB: boolean) => [
      ...numbers.map((i) => {
        const { contents, xattrs } = isB ? planOf(i) : { contents: `file ${i}`, xattrs: undefined };
        return layer.file(`d${i % 7}/f${i}`, contents, { ...MTIME, ...(xattrs && { xattrs }) });
      }),
      sparse(isB ? 'z' : 'y'),
      wide('wide'),
    ];
    await oracle.write([
      { directory: a, steps: steps(false) },
      { directory: b, steps: steps(true) },
    ]);
  });

  it('tells the same, in path order, with a thread that helps', async () => {
    const { stdout, stderr } = await stratafs(['diff', '--json', `lowerdir=${a}`, `lowerdir=${b}`]);
    const changes = stdout
      .split('\n')
      .filter((line) => line.startsWith('{"t":"change"'))
      .map((line) => JSON.parse(line) as { path: string; what: string[]; firstDifference?: number });
    const expected = numbers.flatMap((i) => planOf(i).line ?? []);
    expected.push('M /sparse content');
    expect(stderr).toBe('');
    expect(changes.map(({ path, what }) => `M ${path} ${what}`)).toEqual(expected.sort(byPath));
    expect(changes.find(({ path }) => path === '/sparse')?.firstDifference).toBe(64 * GIB - 1);
  });

  it('holds less than 100 MB', async () => {
    const answer = await succeed('python3', [
      RUNNER,
      process.execPath,
      BUILT_COMMAND,
      'diff',
      `lowerdir=${a}`,
      `lowerdir=${b}`,
    ]);
    const { code, resident } = JSON.parse(answer) as { code: number; resident: number };
    expect(code).toBe(1);
    expectBelow(100_000_000, resident);
  });
});

/** Directories before others that only begin alike: names are ordered, not paths. */
function byPath(x: string, y: string): number {
  const [left, right] = [x, y].map((line) => (line.split(' ')[1] ?? '').replaceAll('/', '\0')) as [
    string,
    string,
  ];
  return left < right ? -1 : 1;
}
