// What a CREATE TABLE says of its columns, as text: names, `#` before the one that is the row's number, `=` after one with
// a default.
import { describe, expect, it } from 'vitest';
import { parseCreateTable } from '../../../src/store/formats/sqlite-table.ts';

function columnsOf(sql: string): string {
  const columns = parseCreateTable(sql);
  if (typeof columns === 'string') return columns;
  const { names, rowid, hasDefault } = columns;
  return names.map((name, i) => `${i === rowid ? '#' : ''}${name}${hasDefault[i] ? '=' : ''}`).join(' ');
}

const RULES: readonly [rule: string, sql: string, expected: string][] = [
  ['names and types', 'CREATE TABLE t(a, b TEXT, c VARCHAR(10, 2) NOT NULL)', 'a b c'],
  ['names in every kind of quotes', 'CREATE TABLE "t"("a ""x""", `b,`, [c)], \'d\')', 'a "x" b, c) d'],
  ['comments', 'CREATE TABLE t(a /* , b */, -- c,\n d)', 'a d'],
  [
    'constraints of the table',
    'CREATE TABLE t(a, b, UNIQUE (a, b), CHECK (a > 0), FOREIGN KEY (a) REFERENCES u(a))',
    'a b',
  ],
  [
    'a column that is called like a constraint',
    'CREATE TABLE t("check", a, "primary" INTEGER)',
    'check a primary',
  ],
  ['the row number', 'create table t(x, id integer primary key not null)', 'x #id'],
  [
    'the row number with a constraint that has a name',
    'CREATE TABLE t(id INTEGER CONSTRAINT c PRIMARY KEY AUTOINCREMENT)',
    '#id',
  ],
  [
    'the row number by a constraint of the table',
    'CREATE TABLE t(x, id INTEGER, CONSTRAINT c PRIMARY KEY ("ID" DESC))',
    'x #id',
  ],
  ['no row number of another type', 'CREATE TABLE t(a INT PRIMARY KEY)', 'a'],
  ['no row number with a length', 'CREATE TABLE t(a INTEGER(4) PRIMARY KEY)', 'a'],
  ['no row number that runs backwards', 'CREATE TABLE t(a INTEGER PRIMARY KEY DESC)', 'a'],
  ['no row number of two columns', 'CREATE TABLE t(a INTEGER, b INTEGER, PRIMARY KEY (a, b))', 'a b'],
  [
    'defaults',
    "CREATE TABLE t(a DEFAULT 1, b DEFAULT NULL, c TEXT DEFAULT 'x, y', d CHECK (d IN ('DEFAULT')))",
    'a= b c= d',
  ],
  ['a computed column', 'CREATE TABLE t(a, b AS (a + 1))', 'its column "b" is computed'],
  ['a cast in a default', 'CREATE TABLE t(a DEFAULT (CAST(1 AS TEXT)))', 'a='],
  ['no row numbers', 'CREATE TABLE t(a PRIMARY KEY) STRICT, WITHOUT ROWID', 'it is WITHOUT ROWID'],
  ['something else', 'CREATE INDEX', 'it is not made by CREATE TABLE'],
  ['nothing', '', 'it is not made by CREATE TABLE'],
];

describe('parseCreateTable()', () => {
  it.each(RULES)('reads %s', (_, sql, expected) => {
    expect(columnsOf(sql)).toBe(expected);
  });
});
