// Reads SQLite databases without their lock and without writing: tables row by row, as a program that opened them would
// see them, with the write-ahead log or with what a transaction that was not finished has overwritten. Every page is read
// at most once a question, belongs to one parent only, and is checked before it is used.
import { attempt, Trouble } from '../../sys/errors.ts';
import { trouble } from '../file-state.ts';
import type { FileParts, StoreFiles } from '../files.ts';
import { type Replaced, readJournal, readWal } from './sqlite-log.ts';
import {
  type DatabaseHeader,
  HEADER_BYTES,
  type LeafCell,
  parseDatabaseHeader,
  parseRecord,
  parseTablePage,
  type SqliteValue,
  type TablePage,
} from './sqlite-page.ts';
import { type Columns, parseCreateTable } from './sqlite-table.ts';

/** How often a database is read anew that is being written. */
const MOST_TRIES = 10;
/** Levels of pages, as in SQLite (BTCURSOR_MAX_DEPTH). */
const DEEPEST = 20;
/** Bytes of the longest record. */
const LARGEST_RECORD = 64 * 1024 * 1024;
const SCHEMA: Columns = { names: ['type', 'name', 'tbl_name', 'rootpage', 'sql'], rowid: -1, hasDefault: [] };
const SCHEMA_ROOT = 1;

/** By the names of the columns. */
export type SqliteRow = ReadonlyMap<string, SqliteValue>;

/**
 * Answers what `use` answers about the database at a path, undefined where there is none. It may be called again where the
 * database was written meanwhile, so it must do nothing else. Throws Trouble that names the file and the page.
 */
export function readSqlite<T>(
  files: StoreFiles,
  path: string,
  use: (database: SqliteDatabase) => T,
): T | undefined {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const answer = withAll(files, path, (all) => {
      const before = snapshot(all);
      const found = attempt(() => use(new SqliteDatabase(before)));
      return { found, isWritten: snapshot(all).state !== before.state };
    });
    if (answer === undefined) return undefined;
    if (answer.isWritten) continue;
    if (answer.found instanceof Trouble) throw answer.found;
    return answer.found;
  }
  const state = `it is being written: it changed ${MOST_TRIES} times while it was read`;
  throw trouble('read', files.pathOf(path), state);
}

/** The database and what stands beside it. */
interface SqliteFiles {
  readonly database: FileParts;
  readonly wal: FileParts | undefined;
  readonly journal: FileParts | undefined;
}

function withAll<T>(files: StoreFiles, path: string, use: (all: SqliteFiles) => T): T | undefined {
  const opened = <R>(name: string, next: (file: FileParts | undefined) => R): R => {
    let answer: { readonly value: R } | undefined;
    files.withPartsIfPresent(name, (file) => {
      answer = { value: next(file) };
    });
    return answer === undefined ? next(undefined) : answer.value;
  };
  return opened(path, (database) =>
    database === undefined
      ? undefined
      : opened(`${path}-wal`, (wal) =>
          opened(`${path}-journal`, (journal) => use({ database, wal, journal })),
        ),
  );
}

interface Snapshot {
  readonly database: FileParts;
  readonly header: DatabaseHeader;
  readonly replaced: readonly Replaced[];
  readonly pages: number;
  /** Another where the database was written. */
  readonly state: string;
}

function snapshot({ database, wal, journal }: SqliteFiles): Snapshot {
  const onDisk = database.read(0, HEADER_BYTES);
  if (database.size() === 0) throw trouble('read', database.path, 'it is empty');
  const { pageSize } = headerOf(onDisk, database);
  const replaced = [
    beside(wal, (file) => readWal(file, pageSize)),
    beside(journal, (file) => readJournal(file, pageSize)),
  ].filter((one) => one !== undefined);
  const first = replaced.findLast((one) => one.pages.has(1));
  const header =
    first === undefined
      ? headerOf(onDisk, database)
      : headerOf(first.file.read(first.pages.get(1) ?? 0, HEADER_BYTES), first.file);
  if (header.pageSize !== pageSize) throw trouble('read', database.path, 'its pages have two sizes');
  const pages = replaced.at(-1)?.count ?? header.pages ?? Math.floor(database.size() / pageSize);
  const marks = replaced.map(({ by, pages: list, count }) => `${by} ${list.size} ${count}`);
  const salts = wal?.read(0, 32).toString('hex') ?? '';
  const state = [onDisk.toString('hex'), salts, ...marks].join();
  return { database, header, replaced, pages, state };
}

function headerOf(bytes: Buffer, { path }: FileParts): DatabaseHeader {
  const header = parseDatabaseHeader(bytes);
  if (typeof header === 'string') throw trouble('read', path, header);
  return header;
}

function beside(
  file: FileParts | undefined,
  read: (file: FileParts) => Replaced | string | undefined,
): Replaced | undefined {
  const found = file && read(file);
  if (file !== undefined && typeof found === 'string') throw trouble('read', file.path, found);
  return typeof found === 'string' ? undefined : found;
}

export class SqliteDatabase {
  readonly #snapshot: Snapshot;
  /** Page → what leads to it. */
  readonly #claims = new Map<number, string>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** The names of all tables, as they were made. Throws Trouble. */
  tables(): string[] {
    return this.#schema().map(({ name }) => name);
  }

  /** In the order of row numbers; undefined where there is no such table. Throws Trouble where it comes to damage. */
  rows(table: string): Generator<SqliteRow> | undefined {
    const found = this.#schema().find(({ name }) => name.toLowerCase() === table.toLowerCase());
    if (found === undefined) return undefined;
    const columns = parseCreateTable(found.sql);
    if (typeof columns === 'string') throw this.#refuse(`table "${table}" cannot be read: ${columns}`);
    return this.#rows(found.root, `table "${table}"`, columns);
  }

  #schema(): { readonly name: string; readonly root: number; readonly sql: string }[] {
    return [...this.#rows(SCHEMA_ROOT, 'the header', SCHEMA)].flatMap((row) => {
      const [type, name, root, sql] = ['type', 'name', 'rootpage', 'sql'].map((key) => row.get(key));
      if (type !== 'table' || typeof name !== 'string') return [];
      // Page 0 is what a virtual table has, whose rows are elsewhere.
      const isSound = typeof root === 'number' && typeof sql === 'string' && root > SCHEMA_ROOT;
      return [{ name, root: isSound ? root : 0, sql: isSound ? sql : '' }];
    });
  }

  *#rows(root: number, from: string, columns: Columns): Generator<SqliteRow> {
    const { encoding } = this.#snapshot.header;
    let last: number | bigint | undefined;
    for (const [cell, at] of this.#leaves(root, from, 0)) {
      if (last !== undefined && cell.rowid <= last) throw this.#refuse(`rows are out of order at ${at}`);
      last = cell.rowid;
      const values = parseRecord(this.#payload(cell, at), encoding);
      if (values === undefined) throw this.#refuse(`${at} is damaged: the record runs out of its bytes`);
      yield this.#row(values, cell.rowid, columns, at);
    }
  }

  *#leaves(id: number, from: string, level: number): Generator<readonly [LeafCell, string]> {
    if (level > DEEPEST) throw this.#refuse(`more than ${DEEPEST} levels of pages (${from})`);
    const page = this.#parse(id, from);
    for (const [index, cell] of page.cells.entries()) {
      const at = `page ${id}, cell ${index}`;
      if ('child' in cell) yield* this.#leaves(cell.child, at, level + 1);
      else yield [cell, at];
    }
    if (page.kind === 'interior') yield* this.#leaves(page.rightmost, `page ${id}, its end`, level + 1);
  }

  #parse(id: number, from: string): TablePage {
    const page = parseTablePage(this.#page(id, from), id, this.#snapshot.header.usable);
    if (typeof page === 'string') throw this.#refuse(`page ${id} is damaged: ${page} (${from})`);
    return page;
  }

  /** The whole of a record, with what lies on pages of its own. */
  #payload({ length, local, overflow }: LeafCell, at: string): Buffer {
    if (local.length === length) return local;
    if (length > LARGEST_RECORD) throw this.#refuse(`${at} is larger than ${LARGEST_RECORD} bytes`);
    const parts: Buffer[] = [local];
    let next = overflow;
    let from = at;
    for (let left = length - local.length; left > 0; ) {
      const page = this.#page(next, from).subarray(0, this.#snapshot.header.usable);
      const part = page.subarray(4, 4 + left);
      parts.push(part);
      left -= part.length;
      from = `page ${next}`;
      next = page.readUInt32BE(0);
    }
    return Buffer.concat(parts, length);
  }

  #page(id: number, from: string): Buffer {
    const { database, header, replaced, pages } = this.#snapshot;
    if (id < 1 || id > pages) throw this.#refuse(`page ${id} is not one of its ${pages} pages (${from})`);
    const claim = this.#claims.get(id) ?? from;
    if (claim !== from) throw this.#refuse(`page ${id} has two parents: ${claim} and ${from}`);
    this.#claims.set(id, from);
    const place = replaced.findLast((one) => one.pages.has(id));
    const file = place?.file ?? database;
    const position = place?.pages.get(id) ?? (id - 1) * header.pageSize;
    const bytes = file.read(position, header.pageSize);
    if (bytes.length === header.pageSize) return bytes;
    throw trouble('read', file.path, `the file ends before or within page ${id}`);
  }

  #refuse(state: string): Trouble {
    return trouble('read', this.#snapshot.database.path, state);
  }

  #row(values: readonly SqliteValue[], rowid: number | bigint, columns: Columns, at: string): SqliteRow {
    const entries = columns.names.map((name, index) => {
      if (index === columns.rowid) return [name, rowid] as const;
      const value = values[index];
      // The row is older than the column.
      if (value === undefined && columns.hasDefault[index] === true) {
        throw this.#refuse(`${at} has no value for the column "${name}", whose default is not read`);
      }
      return [name, value ?? null] as const;
    });
    return new Map(entries);
  }
}
