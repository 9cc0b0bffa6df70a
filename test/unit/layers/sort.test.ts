// A sort that spills gives what a sort in memory gives, and leaves no file behind.
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LineSorter } from '../../../src/layers/sort.ts';
import { temporaryForTest } from '../../support/temporary.ts';

describe('LineSorter', () => {
  it.each([
    ['one run', 1 << 20],
    ['many runs', 2000],
    ['a run a line', 1],
  ])('sorts by key, then by line, with %s', (_, most) => {
    const { directory } = temporaryForTest();
    const sorter = new LineSorter({ directory, most });
    const lines: [string, string][] = [];
    for (let i = 0; i < 700; i++)
      lines.push([`${(i * 7919) % 97}`.padStart(3, '0'), `é ${(i * 31) % 701} ${'x'.repeat(i % 300)}`]);
    for (const [key, line] of lines) sorter.add(key, line);
    const found = [...sorter.sorted()];
    expect(readdirSync(directory)).toEqual([]);
    sorter.close();
    const expected = lines.map(([key, line]) => `${key}\0${line}`).sort();
    expect(found).toEqual(expected.map((line) => line.slice(4)));
  });

  it('gives a line that is longer than what is read ahead', () => {
    const { directory } = temporaryForTest();
    const sorter = new LineSorter({ directory, most: 10 });
    const long = 'y'.repeat(200_000);
    for (const line of ['b', long, 'a']) sorter.add('', line);
    expect([...sorter.sorted()]).toEqual(['a', 'b', long]);
    sorter.close();
  });

  it('gives nothing of nothing', () => {
    expect([...new LineSorter({ directory: '/nowhere' }).sorted()]).toEqual([]);
  });
});
