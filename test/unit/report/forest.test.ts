// The tree of a report's page: what is in what, and what a filter leaves.
import { expect, it } from 'vitest';
import type { ReportRow } from '../../../src/report/image/record.ts';
import { packRows } from '../../../src/report/image/rows.ts';
import { Forest } from '../../../src/report/page/image/forest.ts';
import { imageRows } from '../../../src/report/page/image/rows.ts';
import { ForestTiles } from '../../../src/report/page/image/tiles.ts';
import { unpackTable } from '../../../src/report/page/unpack.ts';

async function forestOf(paths: readonly string[], kinds: string): Promise<Forest> {
  const rows = paths.map(
    (path, i): ReportRow => ({
      ...{ path, isEscaped: false, mode: `${kinds[i]}rwxr-xr-x`, uid: 0, gid: 0, layer: (i % 2) + 1 },
      ...{ state: i === 4 ? 'overwritten' : 'shown', by: 0, shown: i, hidden: 0, unknown: 0 },
    }),
  );
  return new Forest(imageRows(await unpackTable(packRows({ rows, leftOut: 0, missing: [] }))));
}

const PATHS = ['/', '/a', '/a/b', '/a/b/c', '/a/b', '/a b', '/z'];

it('knows what is in what, and what a filter leaves', async () => {
  const forest = await forestOf(PATHS, 'ddd---d');
  const told = () => PATHS.map((path, i) => `${path} ${forest.depths[i]} ${forest.children(i, false)}`);
  expect(told()).toEqual(['/ 0 1,5,6', '/a 1 2,4', '/a/b 2 3', '/a/b/c 3 ', '/a/b 2 ', '/a b 1 ', '/z 1 ']);
  expect(forest.children(0, true)).toEqual([6, 5, 1]);
  forest.filter({ words: '', onlyGone: true, layer: 0 });
  expect([forest.matches, ...told()]).toEqual([
    1,
    '/ 0 1',
    '/a 1 4',
    '/a/b 2 ',
    '/a/b/c 3 ',
    '/a/b 2 ',
    '/a b 1 ',
    '/z 1 ',
  ]);
});

it('has tiles for what has bytes, the largest first, whatever a filter leaves', async () => {
  const forest = await forestOf(PATHS, 'ddd---d');
  forest.filter({ words: 'z', onlyGone: false, layer: 0 });
  const tiles = new ForestTiles(forest);
  expect([tiles.parts(0), tiles.parts(1), tiles.parts(3)]).toEqual([[6, 5, 1], [4, 2], []]);
  expect(tiles.trail(3)).toEqual([0, 1, 2, 3]);
  expect(tiles.tile(5)).toEqual({ name: 'a b', bytes: 5, look: 'layer1', note: 'L2' });
});
