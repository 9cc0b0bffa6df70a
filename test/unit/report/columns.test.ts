// What a report packs is what its page unpacks.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packTable } from '../../../src/report/columns.ts';
import { unpackTable } from '../../../src/report/page/unpack.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const row = fc.record({
  byte: fc.nat(255),
  integer: fc.nat(2 ** 32 - 1),
  number: fc.nat(Number.MAX_SAFE_INTEGER),
  path: text,
  text,
  choice: fc.constantFrom('-rw-r--r--', 'drwxr-xr-x', ''),
});

describe('packTable()', () => {
  it('is undone by unpackTable()', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 50 }), async (rows) => {
        const packed = packTable({
          count: rows.length,
          columns: {
            byte: { kind: 'bytes', values: rows.map(({ byte }) => byte) },
            path: { kind: 'paths', values: rows.map(({ path }) => path) },
            integer: { kind: 'integers', values: rows.map(({ integer }) => integer) },
            choice: { kind: 'choices', values: rows.map(({ choice }) => choice) },
            text: { kind: 'texts', values: rows.map((each) => each.text) },
            number: { kind: 'numbers', values: rows.map(({ number }) => number) },
          },
          more: { leftOut: 3 },
        });
        const table = await unpackTable(packed);
        const [paths, texts, choices] = [table.paths('path'), table.texts('text'), table.choices('choice')];
        const read = rows.map((_, i) => ({
          byte: table.numbers('byte')[i],
          integer: table.numbers('integer')[i],
          number: table.numbers('number')[i],
          path: paths[i],
          text: texts(i),
          choice: choices.of(i),
        }));
        expect(read).toEqual(rows);
        expect([table.count, table.more]).toEqual([rows.length, { leftOut: 3 }]);
        expect(() => table.numbers('other')).toThrow('no column "other"');
      }),
    );
  });

  it('takes a path of 64 KiB', async () => {
    const path = `/${'x'.repeat(65_535)}`;
    const values = ['', 'a', 'b'].map((more) => `${path}${more}`);
    const table = await unpackTable(packTable({ count: 3, columns: { path: { kind: 'paths', values } } }));
    expect(table.paths('path')).toEqual(values);
  });
});
