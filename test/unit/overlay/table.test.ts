// The packed table: rows, names, hard links, and what happens when it is full.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLAG, ROW, Table } from '../../../src/overlay/table.ts';
import { TableFull, type TableMemory } from '../../../src/overlay/table-memory.ts';

/** A table of so many rows, bytes of names and words of records. */
function small(rows = 64, names = 4096, records = 64): TableMemory {
  return {
    rows: new SharedArrayBuffer(rows * 28 * 4),
    names: new SharedArrayBuffer(names),
    records: new SharedArrayBuffer(records * 4),
    links: new SharedArrayBuffer((1 << 16) * 4),
    counters: new SharedArrayBuffer(16),
  };
}

function named(table: Table, name: string): number {
  const row = table.takeRows(1);
  table.set(row, ROW.name, table.addName(name));
  table.set(row, ROW.nameLength, name.length);
  return row;
}

function linked(table: Table, ino: bigint, birth = 0): number {
  const row = table.takeRows(1);
  table.set(row, ROW.ino, Number(ino & 0xffff_ffffn));
  table.set(row, ROW.ino + 1, Number(ino >> 32n));
  table.set(row, ROW.birth, birth);
  table.shareNode(row, () => true);
  return table.nodeOf(row);
}

const bytes = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 12,
});

describe('Table', () => {
  it('gives rows one after another, from 1', () => {
    const table = new Table(small());
    expect([table.takeRows(3), table.takeRows(1), table.rowCount]).toEqual([1, 4, 4]);
    expect([0, 1, 4, 5].map((row) => table.has(row))).toEqual([false, true, true, false]);
  });

  it('keeps any bytes of a name', () => {
    const table = new Table(small());
    const every = Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1)).join('');
    const row = named(table, every);
    const copy = Buffer.alloc(260);
    table.copyName(row, copy, 3);
    expect([table.rowName(row), copy.toString('latin1', 3, 258)]).toEqual([every, every]);
  });

  it('compares names as bytes', () => {
    const table = new Table(small(4096, 1 << 16));
    const property = fc.property(bytes, bytes, (a, b) => {
      const other = Buffer.from(`..${b}.`, 'latin1');
      const order = table.compareName(named(table, a), other, 2, 2 + b.length);
      expect(Math.sign(order)).toBe(Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')));
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it('is one memory for all who share it', () => {
    const memory = small();
    const [one, other] = [new Table(memory), new Table(memory)];
    const row = named(one, 'x');
    expect(other.takeRows(1)).toBe(row + 1);
    expect(other.rowName(row)).toBe('x');
  });

  it.each<[what: string, memory: TableMemory, fill: (table: Table) => void]>([
    ['rows', small(8), (table) => table.takeRows(1)],
    ['names', small(64, 10), (table) => table.addName('abcd')],
    ['records', small(64, 64, 32), (table) => table.addRecord([1, 2, 3])],
  ])('says that it is full of %s, and stays as it was', (_what, memory, fill) => {
    const table = new Table(memory);
    const fillUp = () => {
      for (let i = 0; i < 100; i++) fill(table);
    };
    expect(fillUp).toThrow(TableFull);
    expect(fillUp).toThrow('Cannot load the directory: the tree has more names than the table can hold');
    expect(table.rowCount).toBeLessThan(8);
  });
});

describe('shareNode()', () => {
  it('answers the first row of an object for all of its names', () => {
    const table = new Table(small());
    const first = linked(table, 77n);
    expect([linked(table, 77n), linked(table, 77n)]).toEqual([first, first]);
  });

  it.each<[what: string, ino: bigint]>([
    ['another number', 78n],
    ['another number in the high word only', 77n + (1n << 32n)],
    ['the same number with the mark of another file system', 77n | (1n << 56n)],
  ])('keeps %s apart', (_what, ino) => {
    const table = new Table(small());
    const first = linked(table, 77n);
    expect(linked(table, ino)).not.toBe(first);
    expect(linked(table, 77n)).toBe(first);
  });

  it('keeps an object apart from an earlier one whose number it was given', () => {
    const table = new Table(small());
    const first = linked(table, 77n, 1);
    const second = linked(table, 77n, 2);
    expect(second).not.toBe(first);
    expect([linked(table, 77n, 1), linked(table, 77n, 2)]).toEqual([first, second]);
  });

  it('leaves the name and what else is known of the row as they were', () => {
    const table = new Table(small());
    linked(table, 77n);
    const row = named(table, 'another');
    table.set(row, ROW.nameLength, 'another'.length | FLAG.noXattrs);
    table.set(row, ROW.ino, 77);
    table.shareNode(row, () => true);
    expect([table.rowName(row), table.errnoOf(row), table.flags(row)]).toEqual([
      'another',
      0,
      FLAG.noXattrs | FLAG.other,
    ]);
  });

  it('finds each of many, whichever buckets they fall in', () => {
    const table = new Table(small(400_000));
    const inodes = Array.from({ length: 100_000 }, (_, i) => BigInt(i) * 65_537n + 2n);
    const firsts = inodes.map((ino) => linked(table, ino));
    expect(new Set(firsts).size).toBe(inodes.length);
    expect(inodes.map((ino) => linked(table, ino))).toEqual(firsts);
  });
});
