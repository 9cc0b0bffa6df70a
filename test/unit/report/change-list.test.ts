// The list of changes of a report's page: what a filter leaves, in which order and groups, and what of it is open.
import { describe, expect, it } from 'vitest';
import type { ChangeRow, ChangesReport } from '../../../src/report/changes/record.ts';
import { packChanges } from '../../../src/report/changes/rows.ts';
import { type ChangeFilter, ChangeList, type ListEntry } from '../../../src/report/page/changes/list.ts';
import { changeRows } from '../../../src/report/page/changes/rows.ts';
import { BytesTiles, tilePath } from '../../../src/report/page/changes/tiles.ts';
import { unpackTable } from '../../../src/report/page/unpack.ts';

const SIDE = {
  mode: '-rw-r--r-- 0644',
  uid: 0,
  gid: 0,
  size: 1,
  seconds: 1,
  nanoseconds: 2,
  setters: 'content 1',
};

function row(path: string, letter: ChangeRow['letter'], more: Partial<ChangeRow> = {}): ChangeRow {
  return {
    ...{ path, letter, isEscaped: false, marks: [], words: `words of ${path}`, bytes: 0, entries: 0 },
    ...{ isInside: false, layers: '', makers: 'B1', owner: '', others: [], text: '', a: undefined, b: SIDE },
    ...more,
  };
}

const ROWS: readonly ChangeRow[] = [
  row('/add', '+', { bytes: 30, entries: 3, makers: 'B2' }),
  row('/add/Small', '+', { bytes: 10, isInside: true, makers: 'B2', marks: ['privilege'] }),
  row('/add/large', '+', { bytes: 15, isInside: true, makers: 'B10' }),
  row('/etc/a', 'M', { bytes: 7, makers: 'B2 B10', owner: 'dpkg a' }),
  row('/etc/b', '?', { bytes: 9, makers: 'A1', owner: 'dpkg b', marks: ['silent', 'unexplained'] }),
  row('/etc/c', 'm', { makers: 'B10' }),
  row('/gone', '-', { bytes: 99, entries: 2, makers: 'B2' }),
  row('/gone/x', '-', { bytes: 99, isInside: true, makers: 'B2' }),
];

async function listOf(rows: readonly ChangeRow[]): Promise<ChangeList> {
  const report = { rows, leftOut: 0, hasTexts: false } as unknown as ChangesReport;
  return new ChangeList(changeRows(await unpackTable(packChanges(report))));
}

function entriesOf(list: ChangeList): ListEntry[] {
  const entries = list.entries();
  return Array.from({ length: entries.count }, (_, place) => entries.at(place) as ListEntry);
}

/** A line an entry: indented by its level, with a sign where it can be opened. */
function told(list: ChangeList): string[] {
  return entriesOf(list).map((entry) => {
    const sign = entry.isOpen === undefined ? ' ' : entry.isOpen ? '▾' : '▸';
    if (entry.kind === 'group')
      return `${sign}[${entry.group.key}] ${entry.group.count} ${entry.group.bytes}B`;
    return `${'  '.repeat(entry.level - 1)}${sign}${list.rows.paths[entry.row]}`;
  });
}

const ALL: ChangeFilter = { words: '', without: new Set(), layer: '', marks: 0 };

describe('ChangeList', () => {
  it('tells directories as one until they are opened', async () => {
    const list = await listOf(ROWS);
    expect(told(list)).toEqual(['▸/add', ' /etc/a', ' /etc/b', ' /etc/c', '▸/gone']);
    const [first] = entriesOf(list);
    if (first !== undefined) list.turn(first, true);
    expect(told(list).slice(0, 4)).toEqual(['▾/add', '   /add/Small', '   /add/large', ' /etc/a']);
    if (first !== undefined) list.turn(first, false);
    expect(told(list)).toHaveLength(5);
  });

  it.each<[string, Partial<ChangeFilter>, number, string[]]>([
    ['a part of a path', { words: 'small' }, 1, ['▾/add', '   /add/Small']],
    ['letters', { without: new Set(['+', '-', 'm']) }, 2, [' /etc/a', ' /etc/b']],
    ['a layer that set anything', { layer: 'B10' }, 3, ['▾/add', '   /add/large', ' /etc/a', ' /etc/c']],
    ['a package', { owner: 'dpkg b' }, 1, [' /etc/b']],
    ['no package', { owner: '', words: '/etc' }, 1, [' /etc/c']],
    ['marks', { marks: 0b101 }, 2, ['▾/add', '   /add/Small', ' /etc/b']],
    ['all of these', { words: 'add', layer: 'B2', marks: 1 }, 1, ['▾/add', '   /add/Small']],
    ['nothing', { words: 'nowhere' }, 0, []],
  ])('leaves what a filter by %s does', async (_, filter, matches, expected) => {
    const list = await listOf(ROWS);
    list.filter({ ...ALL, ...filter });
    expect([list.matches, told(list)]).toEqual([matches, expected]);
  });

  it.each<[Parameters<ChangeList['order']>, string[]]>([
    [
      ['path', true],
      ['▸/gone', ' /etc/c', ' /etc/b', ' /etc/a', '▸/add'],
    ],
    [
      ['bytes', true],
      ['▸/gone', '▸/add', ' /etc/b', ' /etc/a', ' /etc/c'],
    ],
    [
      ['letter', false],
      ['▸/add', '▸/gone', ' /etc/a', ' /etc/b', ' /etc/c'],
    ],
    [
      ['layer', false],
      [' /etc/b', '▸/add', ' /etc/a', '▸/gone', ' /etc/c'],
    ],
  ])('sorts by %j', async (order, expected) => {
    const list = await listOf(ROWS);
    list.order(...order);
    expect(told(list)).toEqual(expected);
  });

  it.each<[Parameters<ChangeList['group']>[0], string[]]>([
    ['layer', ['▸[A1] 1 9B', '▸[B2] 6 136B', '▸[B10] 1 0B']],
    ['package', ['▸[dpkg a] 1 7B', '▸[dpkg b] 1 9B', '▸[] 6 129B']],
    ['letter', ['▸[+] 3 30B', '▸[-] 2 99B', '▸[M] 1 7B', '▸[?] 1 9B', '▸[m] 1 0B']],
  ])('groups by %s', async (grouping, expected) => {
    const list = await listOf(ROWS);
    list.group(grouping);
    expect(told(list)).toEqual(expected);
    const [, second] = entriesOf(list);
    if (second !== undefined) list.turn(second, true);
    expect(told(list).length).toBeGreaterThan(expected.length);
  });

  it('opens what a row is in, unless the filter leaves it out', async () => {
    const list = await listOf(ROWS);
    expect([list.reveal(2), told(list).slice(0, 3)]).toEqual([
      true,
      ['▾/add', '   /add/Small', '   /add/large'],
    ]);
    list.filter({ ...ALL, words: 'etc' });
    expect(list.reveal(2)).toBe(false);
  });

  it('takes no rows at all', async () => {
    const list = await listOf([]);
    list.filter({ ...ALL, words: 'x' });
    expect([list.matches, entriesOf(list)]).toEqual([0, []]);
  });
});

describe('BytesTiles', () => {
  it('adds up what is in rows, and what is in a directory told as one besides', async () => {
    const list = await listOf(ROWS);
    const tiles = new BytesTiles(list.rows);
    const walk = (node: typeof tiles.root): string[] => [
      `${tilePath(tiles, node)} ${tiles.tile(node).bytes} ${tiles.tile(node).note} ${tiles.tile(node).look}`,
      ...tiles.parts(node).flatMap(walk),
    ];
    expect(walk(tiles.root)).toEqual([
      '/ 145 +−M? mixed',
      '/gone 99 − removed',
      '/gone/x 99 − removed',
      '/add 30 + added',
      '/add/large 15 + added',
      '/add/Small 10 + added',
      '/etc 16 M? changed',
      '/etc/b 9 ? changed',
      '/etc/a 7 M changed',
    ]);
    expect(tiles.trail(tiles.root)).toEqual([tiles.root]);
  });
});

it('packChanges() keeps all that a row has', async () => {
  const full = row('/x\\377', 'M', {
    ...{
      isEscaped: true,
      text: '@@ -1 +1 @@\n-a\n+b',
      others: [['caps', '(none) → all']],
      layers: 'A1 → B2',
    },
    ...{ a: { ...SIDE, size: 2 ** 40, seconds: -5, setters: '' }, marks: ['raced', 'noise'] },
  });
  const rows = changeRows(
    await unpackTable(packChanges({ rows: [full], hasTexts: true } as unknown as ChangesReport)),
  );
  const side = (of: typeof rows.a) => ({
    ...{ mode: of.mode.of(0), uid: of.uid[0], gid: of.gid[0], size: of.size[0] },
    ...{ seconds: of.seconds[0], nanoseconds: of.nanoseconds[0], setters: of.setters.of(0) },
  });
  expect({
    ...{ path: rows.paths[0], isEscaped: rows.escaped[0], marks: rows.marks[0], words: rows.words(0) },
    ...{ text: rows.text(0), others: JSON.parse(rows.others(0)), layers: rows.layers.of(0) },
    ...{ a: side(rows.a), b: side(rows.b), hasTexts: rows.hasTexts },
  }).toEqual({
    ...{ path: '/x\\377', isEscaped: 1, marks: 0b1001000, words: 'words of /x\\377' },
    ...{ text: full.text, others: full.others, layers: 'A1 → B2', a: full.a, b: full.b, hasTexts: true },
  });
});
