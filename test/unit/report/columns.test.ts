// What the build packs is what the page unpacks.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packRows } from '../../../src/report/columns.ts';
import { Forest } from '../../../src/report/page/forest.ts';
import { unpackRows } from '../../../src/report/page/unpack.ts';
import { type ReportRow, ROW_STATES } from '../../../src/report/record.ts';

const row = fc.record({
  path: fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `/${text.replaceAll('\ufeff', '')}`),
  isEscaped: fc.boolean(),
  mode: fc.constantFrom('-rw-r--r--', 'drwxr-xr-x', 'lrwxrwxrwx'),
  uid: fc.nat(2 ** 32 - 1),
  gid: fc.nat(2 ** 32 - 1),
  layer: fc.nat(500),
  state: fc.constantFrom(...ROW_STATES),
  by: fc.nat(500),
  shown: fc.nat(Number.MAX_SAFE_INTEGER),
  hidden: fc.nat(Number.MAX_SAFE_INTEGER),
});

describe('packRows()', () => {
  it('is undone by unpackRows()', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 50 }), async (rows) => {
        const found = await unpackRows(packRows(rows, { leftOut: 3 }));
        const read = rows.map(
          (_, i): Omit<ReportRow, never> => ({
            path: found.paths[i] ?? '',
            isEscaped: found.escaped[i] === 1,
            mode: found.modes[found.mode[i] ?? -1] ?? '',
            uid: found.uid[i] ?? -1,
            gid: found.gid[i] ?? -1,
            layer: found.layer[i] ?? -1,
            state: ROW_STATES[found.state[i] ?? -1] ?? 'shown',
            by: found.by[i] ?? -1,
            shown: found.shown[i] ?? -1,
            hidden: found.hidden[i] ?? -1,
          }),
        );
        expect(read).toEqual(rows);
        expect([found.count, found.leftOut]).toEqual([rows.length, 3]);
      }),
    );
  });

  it('takes a path of 64 KiB', async () => {
    const path = `/${'x'.repeat(65_535)}`;
    const rows: ReportRow[] = ['', 'a', 'b'].map((more) => ({
      ...{ path: `${path}${more}`, isEscaped: false, mode: '-rw-r--r--', uid: 0, gid: 0 },
      ...{ layer: 1, state: 'shown', by: 0, shown: 1, hidden: 0 },
    }));
    expect((await unpackRows(packRows(rows, {}))).paths).toEqual(rows.map((one) => one.path));
  });
});

describe('Forest', () => {
  it('knows what is in what, and what a filter leaves', async () => {
    const paths = ['/', '/a', '/a/b', '/a/b/c', '/a/b', '/a b', '/z'];
    const kinds = 'ddd---d';
    const rows: ReportRow[] = paths.map((path, i) => ({
      ...{ path, isEscaped: false, mode: `${kinds[i]}rwxr-xr-x`, uid: 0, gid: 0, layer: (i % 2) + 1 },
      ...{ state: i === 4 ? 'overwritten' : 'shown', by: 0, shown: i, hidden: 0 },
    }));
    const forest = new Forest(await unpackRows(packRows(rows, {})));
    const told = () => paths.map((path, i) => `${path} ${forest.depths[i]} ${forest.children(i, false)}`);
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
});
