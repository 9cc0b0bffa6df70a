// The reader of SQLite databases against sqlite3(1): random databases in each state that a plug pulled leaves behind, and
// the same with random damage. Whatever both can read is the same; what cannot be read is a sentence.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StoreFiles } from '../../src/store/files.ts';
import { readSqlite, type SqliteRow } from '../../src/store/formats/sqlite.ts';
import type { SqliteValue } from '../../src/store/formats/sqlite-page.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { Trouble } from '../../src/sys/errors.ts';
import { journalFile, type PlacedPage, sqliteFile, walFile } from '../support/sqlite-file.ts';
import { describeSystem } from '../support/system.ts';
import { type Temporary, temporaryForSuite } from '../support/temporary.ts';

/** Of each state. */
const RUNS = Number(process.env.FUZZ ?? 1) * 2;
const MUTATIONS = 12;
const PARTS = ['', '-wal', '-journal'] as const;
const TABLES = ['plain', 'numbered', 'wide'] as const;

/** How a database is left: closed, with a log that was never merged, or in the midst of a transaction. */
const STATES = ['closed', 'log', 'open log', 'open journal'] as const;

interface Made {
  readonly pageSize: number;
  readonly encoding: 'UTF-8' | 'UTF-16le' | 'UTF-16be';
  readonly vacuum: number;
  readonly state: (typeof STATES)[number];
  readonly rows: readonly (readonly [table: (typeof TABLES)[number], value: SqliteValue])[];
}

const value: fc.Arbitrary<SqliteValue> = fc.oneof(
  fc.constant(null),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => n as SqliteValue),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isSafeInteger(n)),
  fc.string({ unit: 'grapheme', maxLength: 300 }).filter((text) => !text.includes('\0')),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes) as SqliteValue),
  fc.integer({ min: 400, max: 30_000 }).map((length) => Buffer.alloc(length, 'xyz') as SqliteValue),
);

const inState = (state: Made['state']): fc.Arbitrary<Made> =>
  fc.record({
    pageSize: fc.constantFrom(512, 1024, 4096, 65536),
    encoding: fc.constantFrom('UTF-8' as const, 'UTF-16le' as const, 'UTF-16be' as const),
    vacuum: fc.constantFrom(0, 1),
    state: fc.constant(state),
    rows: fc.array(fc.tuple(fc.constantFrom(...TABLES), value), {
      // A transaction in which nothing was written has no journal.
      minLength: state === 'open journal' ? 2 : 0,
      maxLength: 60,
    }),
  });

describeSystem('the reader of SQLite databases', ['sqlite3'], () => {
  const temporary = temporaryForSuite();

  it('reads what sqlite3 reads, whatever state a database was left in', { timeout: 600_000 }, () => {
    const seen = new Set<string>();
    for (const state of STATES)
      fc.assert(
        fc.property(inState(state), (database) => {
          make(temporary, database);
          for (const part of PARTS)
            if (existsSync(join(temporary.directory, `left.db${part}`))) seen.add(part);
          expect(ours(temporary)).toEqual(theirs(temporary));
        }),
        { numRuns: RUNS },
      );
    expect([...seen].sort()).toEqual(['', '-journal', '-wal']);
  });

  it('is held against files of a writer of our own, which sqlite3 reads alike', () => {
    const rows = Array.from({ length: 300 }, (_, i) => [null, i % 7 === 0 ? 'x'.repeat(40 * i) : `row ${i}`]);
    const file = (count: number, pageSize: number, isLogged = false) => {
      const columns = 'key INTEGER PRIMARY KEY, value';
      const table = { name: 'plain', sql: `CREATE TABLE plain(${columns})`, rows: rows.slice(0, count) };
      return sqliteFile([table], { pageSize, isLogged });
    };
    const pagesOf = (bytes: Buffer, pageSize: number): PlacedPage[] =>
      Array.from({ length: bytes.length / pageSize }, (_, i) => [
        i + 1,
        bytes.subarray(i * pageSize, (i + 1) * pageSize),
      ]);
    for (const pageSize of [512, 4096, 65536]) {
      const [small, large] = [file(3, pageSize, true), file(300, pageSize, true)];
      const pages = pagesOf(large, pageSize);
      const cases: (readonly [
        main: Buffer,
        wal: Buffer | undefined,
        journal: Buffer | undefined,
        count: number,
      ])[] = [
        [small, undefined, undefined, 3],
        [large, undefined, undefined, 300],
        [small, walFile([pages], pages.length), undefined, 300],
        [small, walFile([pages], pages.length).subarray(0, -1), undefined, 3],
        [
          file(300, pageSize),
          undefined,
          journalFile(pagesOf(file(3, pageSize), pageSize), file(3, pageSize).length / pageSize),
          3,
        ],
      ];
      for (const [main, wal, journal, count] of cases) {
        for (const [part, bytes] of [
          ['', main],
          ['-wal', wal],
          ['-journal', journal],
        ] as const)
          put(temporary, part, bytes);
        const mine = ours(temporary) as Content;
        expect(mine.plain).toHaveLength(count);
        expect(mine.plain).toEqual(theirRows(copied(temporary), 'plain'));
      }
    }
  });

  it('reads what sqlite3 reads of a damaged one, or says what is damaged', { timeout: 600_000 }, () => {
    let [compared, refused] = [0, 0];
    const change = fc.record({
      part: fc.constantFrom(...PARTS),
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      byte: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.integer({ min: 0, max: 255 })),
      cut: fc.integer({ min: 0, max: 30 }).map((n) => n === 0),
    });
    const changes = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), {
      minLength: MUTATIONS,
      maxLength: MUTATIONS,
    });
    fc.assert(
      fc.property(fc.oneof(...STATES.map(inState)), changes, (database, mutations) => {
        make(temporary, database);
        const whole = PARTS.map((part) => contentOf(temporary, part));
        for (const mutation of mutations) {
          for (const [i, part] of PARTS.entries()) put(temporary, part, mutated(whole[i], part, mutation));
          const mine = ours(temporary);
          for (const [table, rows] of Object.entries(theirs(temporary))) {
            if (typeof mine === 'string' || typeof rows === 'string' || typeof mine[table] === 'string')
              refused++;
            else {
              compared++;
              expect(mine[table]).toEqual(rows);
            }
          }
          if (typeof mine === 'string')
            expect(mine).toMatch(/^Cannot read "[^"]+\/left\.db(-wal|-journal)?": /);
        }
      }),
      { numRuns: RUNS * STATES.length },
    );
    console.log(`tables compared after damage: ${compared}, refused by either: ${refused}`);
    expect(Math.min(compared, refused)).toBeGreaterThan(RUNS * STATES.length);
  });
});

/** By table; rows as text. A string says why it could not be read. */
type Content = Record<string, readonly string[] | string>;

function ours({ directory }: Temporary): Content | string {
  const files = new StoreFiles(asBytes(directory));
  const read = (table: string) => {
    try {
      return readSqlite(files, 'left.db', (database) => [...(database.rows(table) ?? [])].map(rowText));
    } catch (error) {
      if (error instanceof Trouble) return error.message;
      throw error;
    }
  };
  const content = TABLES.map((table) => [table, read(table) ?? []] as const);
  const message = content.find(([, rows]) => typeof rows === 'string')?.[1];
  if (content.every(([, rows]) => typeof rows === 'string')) return String(message);
  return Object.fromEntries(content);
}

function rowText(row: SqliteRow): string {
  return [...row].map(([name, one]) => `${name}=${valueText(one)}`).join(' ');
}

function valueText(one: SqliteValue): string {
  if (one === null) return 'null';
  if (typeof one === 'string') return `text ${Buffer.from(one).toString('hex')}`;
  if (Buffer.isBuffer(one)) return `blob ${one.toString('hex')}`;
  return typeof one === 'number' ? numberText(one) : String(one);
}

/** The last digits that sqlite3 prints of a very large or very small number are not always those of its value. */
function numberText(one: number): string {
  return Number.isSafeInteger(one) ? String(one) : one.toPrecision(12);
}

/** sqlite3's own answer. */
function theirs(temporary: Temporary): Content {
  const copy = copied(temporary);
  return Object.fromEntries(TABLES.map((table) => [table, theirRows(copy, table)]));
}

/** With a copy, since sqlite3 repairs what it opens. */
function copied(temporary: Temporary): Temporary {
  const { directory } = temporary;
  for (const part of PARTS) {
    rmSync(join(directory, `copy.db${part}`), { force: true });
    if (existsSync(join(directory, `left.db${part}`)))
      copyFileSync(join(directory, `left.db${part}`), join(directory, `copy.db${part}`));
  }
  return temporary;
}

function theirRows({ directory }: Temporary, table: string): readonly string[] | string {
  const columns = sqlite(directory, 'copy.db', `SELECT name FROM pragma_table_info('${table}');`);
  if (columns.error !== '') return columns.error;
  const names = columns.out.split('\n').filter(Boolean);
  if (names.length === 0) return [];
  const cells = names.map(
    (name) =>
      `'${name}=' || CASE typeof("${name}") WHEN 'null' THEN 'null' WHEN 'text' THEN 'text ' || hex("${name}")` +
      ` WHEN 'blob' THEN 'blob ' || hex("${name}") WHEN 'real' THEN 'real ' || printf('%!.17g', "${name}")` +
      ` ELSE 'number ' || "${name}" END`,
  );
  const query = `PRAGMA encoding; SELECT ${cells.join(` || ' ' || `)} FROM "${table}" NOT INDEXED;`;
  const { out, error } = sqlite(directory, 'copy.db', query);
  if (error !== '') return error;
  const [encoding = '', ...lines] = out.split('\n').slice(0, -1);
  return lines.map((line) =>
    line.replace(/=(text|blob|real|number) (\S*)/g, (_, kind, what) => `=${same(kind, what, encoding)}`),
  );
}

/** As `valueText` writes it. */
function same(kind: string, what: string, encoding: string): string {
  if (kind === 'blob') return `blob ${what.toLowerCase()}`;
  if (kind === 'number') return what;
  if (kind === 'real') return numberText(Number(what.replace('Inf', 'Infinity')));
  const bytes = Buffer.from(what, 'hex');
  const whole = bytes.subarray(0, encoding === 'UTF-8' ? bytes.length : bytes.length & ~1);
  const text =
    encoding === 'UTF-8'
      ? whole.toString()
      : (encoding === 'UTF-16be' ? whole.swap16() : whole).toString('utf16le');
  return `text ${Buffer.from(text).toString('hex')}`;
}

function make(temporary: Temporary, { pageSize, encoding, vacuum, state, rows }: Made): void {
  const { directory } = temporary;
  for (const name of ['work.db', 'left.db']) {
    for (const part of PARTS) rmSync(join(directory, `${name}${part}`), { force: true });
  }
  const insert = ([table, one]: Made['rows'][number]) =>
    `INSERT INTO ${table} (value) VALUES (${literal(one)});`;
  const half = rows.length >> 1;
  const isLog = state.includes('log');
  const isOpen = state.startsWith('open');
  const left = PARTS.map(
    (part) => `.shell if [ -e work.db${part} ]; then cp work.db${part} left.db${part}; fi`,
  );
  const script = [
    `PRAGMA page_size=${pageSize}; PRAGMA encoding='${encoding}'; PRAGMA auto_vacuum=${vacuum};`,
    `PRAGMA journal_mode=${isLog ? 'wal' : 'delete'}; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=1;`,
    'CREATE TABLE plain (id TEXT PRIMARY KEY, value, more INT DEFAULT 7, CHECK (more >= 0));',
    'CREATE TABLE "numbered" ([the id] INTEGER CONSTRAINT c PRIMARY KEY NOT NULL, "value" /* , */ BLOB);',
    'CREATE TABLE wide (a TEXT, value, key INTEGER, PRIMARY KEY (key DESC)); -- x',
    'BEGIN;',
    ...rows.slice(0, half).map(insert),
    'COMMIT;',
    'DELETE FROM wide WHERE key % 3 = 0; ALTER TABLE wide ADD COLUMN later;',
    ...(isOpen ? ['BEGIN;'] : []),
    ...rows.slice(half).map(insert),
    'UPDATE plain SET more = more + 1; UPDATE numbered SET value = zeroblob(3000) WHERE "the id" % 2;',
    ...(isLog || isOpen ? left : []),
  ];
  const { error } = sqlite(directory, 'work.db', script.join('\n'));
  if (error !== '') throw new Error(error);
  if (!isLog && !isOpen) copyFileSync(join(directory, 'work.db'), join(directory, 'left.db'));
}

function literal(one: SqliteValue): string {
  if (one === null) return 'NULL';
  if (Buffer.isBuffer(one)) return `x'${one.toString('hex')}'`;
  if (typeof one === 'string') return `CAST(x'${Buffer.from(one).toString('hex')}' AS TEXT)`;
  return typeof one === 'number' && !Number.isInteger(one) ? one.toExponential() : String(one);
}

function sqlite(
  directory: string,
  name: string,
  script: string,
): { readonly out: string; readonly error: string } {
  const { stdout, stderr, status } = spawnSync('sqlite3', ['-batch', '-bail', name], {
    cwd: directory,
    input: script,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { out: stdout, error: status === 0 ? '' : stderr || 'failed' };
}

function contentOf({ directory }: Temporary, part: string): Buffer | undefined {
  const path = join(directory, `left.db${part}`);
  return existsSync(path) ? readFileSync(path) : undefined;
}

interface Change {
  readonly part: string;
  readonly at: number;
  readonly byte: number;
  readonly cut: boolean;
}

function mutated(whole: Buffer | undefined, part: string, changes: readonly Change[]): Buffer | undefined {
  if (whole === undefined) return undefined;
  let bytes = Buffer.from(whole);
  for (const { at, byte, cut } of changes.filter((change) => change.part === part)) {
    const place = Math.floor(at * bytes.length);
    if (cut) bytes = bytes.subarray(0, place);
    else bytes[place] = byte;
  }
  return bytes;
}

function put({ directory }: Temporary, part: string, bytes: Buffer | undefined): void {
  mkdirSync(directory, { recursive: true });
  if (bytes === undefined) rmSync(join(directory, `left.db${part}`), { force: true });
  else writeFileSync(join(directory, `left.db${part}`), bytes);
}
