// A SQLite database written from values, page by page (sqlite.org/fileformat2.html), with the log or the journal that stands beside
// one: what hostile files are made from. `test/system/sqlite.test.ts` has sqlite3(1) read what it writes.
import type { SqliteValue } from '../../src/store/formats/sqlite-page.ts';

export interface SqliteTable {
  readonly name: string;
  /** As SQLite keeps it: `CREATE TABLE …`. */
  readonly sql: string;
  /** The first has number 1. */
  readonly rows: readonly (readonly SqliteValue[])[];
}

export interface SqliteOptions {
  readonly pageSize?: number;
  /** Whether it says that a write-ahead log may stand beside it. */
  readonly isLogged?: boolean;
}

const HEADER = 100;
const LEAF = { kind: 13, header: 8 } as const;
const INTERIOR = { kind: 5, header: 12 } as const;

export function sqliteFile(tables: readonly SqliteTable[], options: SqliteOptions = {}): Buffer {
  return new Writer(options.pageSize ?? 4096).write(tables, options.isLogged === true);
}

class Writer {
  readonly #pageSize: number;
  /** The first is the schema's, which is written last. */
  readonly #pages: Buffer[];

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
    this.#pages = [Buffer.alloc(pageSize)];
  }

  write(tables: readonly SqliteTable[], isLogged: boolean): Buffer {
    const schema = tables.map(({ name, sql, rows }) => ['table', name, name, this.#table(rows), sql]);
    this.#table(schema, 1);
    const [first = Buffer.alloc(0)] = this.#pages;
    first.write('SQLite format 3\0', 'latin1');
    first.writeUInt16BE(this.#pageSize === 65536 ? 1 : this.#pageSize, 16);
    first.fill(isLogged ? 2 : 1, 18, 20);
    first.set([64, 32, 32], 21);
    for (const at of [24, 40, 56, 92]) first.writeUInt32BE(1, at);
    first.writeUInt32BE(this.#pages.length, 28);
    first.writeUInt32BE(4, 44);
    first.writeUInt32BE(3_040_000, 96);
    return Buffer.concat(this.#pages);
  }

  /** The page where it begins: a new one, or the first. */
  #table(rows: readonly (readonly SqliteValue[])[], at?: number): number {
    let cells = rows.map((row, index) => ({ key: index + 1, bytes: this.#leafCell(index + 1, record(row)) }));
    for (let form: typeof LEAF | typeof INTERIOR = LEAF; ; form = INTERIOR) {
      const groups = this.#groups(cells, form.header);
      if (groups.length === 1) return this.#page(form, groups[0] ?? [], at);
      cells = groups.map((group) => {
        const page = this.#page(form, group);
        const key = group.at(-1)?.key ?? 0;
        return { key, bytes: Buffer.concat([number32(page), varint(key)]) };
      });
    }
  }

  #groups<T extends { readonly bytes: Buffer }>(cells: readonly T[], header: number): T[][] {
    const groups: T[][] = [[]];
    // As much less as the first page has, which any of them may become.
    const room = this.#pageSize - HEADER - header;
    let left = room;
    for (const cell of cells) {
      const bytes = cell.bytes.length + 2;
      if (bytes > left) {
        groups.push([]);
        left = room;
      }
      groups.at(-1)?.push(cell);
      left -= bytes;
    }
    return groups;
  }

  #page(
    { kind, header }: typeof LEAF | typeof INTERIOR,
    cells: readonly { readonly bytes: Buffer }[],
    at = this.#pages.push(Buffer.alloc(this.#pageSize)),
  ): number {
    const page = this.#pages[at - 1] as Buffer;
    const start = at === 1 ? HEADER : 0;
    // The last child of an interior page stands in its header, without a key.
    const listed = kind === INTERIOR.kind ? cells.slice(0, -1) : cells;
    page.writeUInt8(kind, start);
    page.writeUInt16BE(listed.length, start + 3);
    if (kind === INTERIOR.kind) cells.at(-1)?.bytes.copy(page, start + 8, 0, 4);
    let end = this.#pageSize;
    for (const [index, { bytes }] of listed.entries()) {
      end -= bytes.length;
      bytes.copy(page, end);
      page.writeUInt16BE(end, start + header + 2 * index);
    }
    page.writeUInt16BE(end % 65536, start + 5);
    return at;
  }

  #leafCell(rowid: number, payload: Buffer): Buffer {
    const most = this.#pageSize - 35;
    const least = Math.floor(((this.#pageSize - 12) * 32) / 255) - 23;
    const filled = least + ((payload.length - least) % (this.#pageSize - 4));
    const local = payload.length <= most ? payload.length : filled <= most ? filled : least;
    const head = Buffer.concat([varint(payload.length), varint(rowid), payload.subarray(0, local)]);
    if (local === payload.length) return head;
    return Buffer.concat([head, number32(this.#overflow(payload.subarray(local)))]);
  }

  /** The first of the pages that hold it. */
  #overflow(bytes: Buffer): number {
    const page = Buffer.alloc(this.#pageSize);
    const id = this.#pages.push(page);
    const room = this.#pageSize - 4;
    bytes.copy(page, 4, 0, room);
    if (bytes.length > room) page.writeUInt32BE(this.#overflow(bytes.subarray(room)), 0);
    return id;
  }
}

function record(values: readonly SqliteValue[]): Buffer {
  const encoded = values.map(encode);
  const types = Buffer.concat(encoded.map(([type]) => varint(type)));
  // Short enough in all that is written here for a length of one byte, which counts itself.
  return Buffer.concat([varint(types.length + 1), types, ...encoded.map(([, bytes]) => bytes)]);
}

function encode(value: SqliteValue): readonly [type: number, bytes: Buffer] {
  if (value === null) return [0, Buffer.alloc(0)];
  if (Buffer.isBuffer(value)) return [12 + 2 * value.length, value];
  if (typeof value === 'string') return [13 + 2 * Buffer.byteLength(value), Buffer.from(value)];
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return [6, bytes];
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** High first, seven bits a byte; as long as a number below 2^53 needs. */
function varint(value: number): Buffer {
  const bytes = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
    bytes.unshift((left % 128) | 0x80);
  return Buffer.from(bytes);
}

/** A page with its number, as it is to be. */
export type PlacedPage = readonly [page: number, bytes: Buffer];

/** A write-ahead log of one transaction each, after which the database has `count` pages; its checksums are right. */
export function walFile(transactions: readonly (readonly PlacedPage[])[], count: number): Buffer {
  const [pageSize = 4096] = transactions.flat().map(([, bytes]) => bytes.length);
  const header = Buffer.alloc(32);
  for (const [index, value] of [0x377f0682, 3_007_000, pageSize, 0, 0x5eed, 0xcafe].entries())
    header.writeUInt32BE(value, 4 * index);
  let sum = summed(header.subarray(0, 24), [0, 0]);
  writeSum(header, 24, sum);
  const frames = transactions.flatMap((pages) =>
    pages.map(([page, bytes], index) => {
      const frame = Buffer.concat([Buffer.alloc(24), bytes]);
      frame.writeUInt32BE(page, 0);
      frame.writeUInt32BE(index === pages.length - 1 ? count : 0, 4);
      header.copy(frame, 8, 16, 24);
      sum = summed(bytes, summed(frame.subarray(0, 8), sum));
      writeSum(frame, 16, sum);
      return frame;
    }),
  );
  return Buffer.concat([header, ...frames]);
}

type Sum = readonly [first: number, second: number];

function summed(bytes: Buffer, [first, second]: Sum): Sum {
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + second + bytes.readUInt32LE(at)) >>> 0;
    second = (second + first + bytes.readUInt32LE(at + 4)) >>> 0;
  }
  return [first, second];
}

function writeSum(to: Buffer, at: number, [first, second]: Sum): void {
  to.writeUInt32BE(first, at);
  to.writeUInt32BE(second, at + 4);
}

const SECTOR = 512;
const NONCE = 0x1234;

/** The journal of a transaction that was not finished: these pages were there before it, and the database had `count`. */
export function journalFile(pages: readonly PlacedPage[], count: number): Buffer {
  const [pageSize = 4096] = pages.map(([, bytes]) => bytes.length);
  const header = Buffer.alloc(SECTOR);
  header.write('d9d505f920a163d7', 'hex');
  for (const [index, value] of [pages.length, NONCE, count, SECTOR, pageSize].entries())
    header.writeUInt32BE(value, 8 + 4 * index);
  const records = pages.map(([page, bytes]) => {
    let sum = NONCE;
    for (let at = bytes.length - 200; at > 0; at -= 200) sum = (sum + (bytes[at] ?? 0)) >>> 0;
    return Buffer.concat([number32(page), bytes, number32(sum)]);
  });
  return Buffer.concat([header, ...records]);
}
