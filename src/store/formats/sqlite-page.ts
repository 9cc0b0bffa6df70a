// What lies in the bytes of a SQLite database (sqlite.org/fileformat2.html): the header, pages of tables, cells, records.
// Nothing is believed before it is known to lie inside its page. Does not know where pages come from.
import { type ByteString, bytesOf } from '../../sys/bytes.ts';

const MAGIC = 'SQLite format 3\0' as ByteString;
export const HEADER_BYTES = 100;
const HEADER = {
  pageSize: 16,
  readVersion: 19,
  reserved: 20,
  changes: 24,
  pages: 28,
  encoding: 56,
  pagesValidFor: 92,
} as const;
/** Of a page, or of the first one after the database's header; cells' positions follow. */
const PAGE = { kind: 0, cells: 3, rightmost: 8, leafHeader: 8, interiorHeader: 12 } as const;
const KIND = { interior: 5, leaf: 13 } as const;
export const SMALLEST_SQLITE_PAGE = 512;
export const LARGEST_SQLITE_PAGE = 65536;
/** SQLite refuses less. */
const SMALLEST_USABLE = 480;
/** The highest version of the format that this reads: 2 is a write-ahead log. */
const NEWEST = 2;
const ENCODINGS = ['utf8', 'utf16le', 'utf16be'] as const;

export type Encoding = (typeof ENCODINGS)[number];

export interface DatabaseHeader {
  readonly pageSize: number;
  /** Bytes of a page without those that an extension keeps for itself. */
  readonly usable: number;
  /** As the header tells it; undefined where a version of SQLite wrote it last that did not keep it. */
  readonly pages: number | undefined;
  readonly encoding: Encoding;
}

/** One value of a row. Integers that a double cannot hold are `bigint`. */
export type SqliteValue = null | number | bigint | string | Buffer;

export interface InteriorCell {
  readonly child: number;
  /** The largest row number below the child. */
  readonly key: number | bigint;
}

export interface LeafCell {
  readonly rowid: number | bigint;
  /** Bytes of the record, of which `local` are here. */
  readonly length: number;
  readonly local: Buffer;
  /** The page on which the rest begins; 0 where there is none. */
  readonly overflow: number;
}

export type TablePage =
  | { readonly kind: 'leaf'; readonly cells: readonly LeafCell[] }
  | { readonly kind: 'interior'; readonly cells: readonly InteriorCell[]; readonly rightmost: number };

/** A string says what is wrong with it. */
export function parseDatabaseHeader(bytes: Buffer): DatabaseHeader | string {
  if (bytes.length < HEADER_BYTES || bytesOf(bytes, 0, MAGIC.length) !== MAGIC)
    return 'not a SQLite database, or its page 1 is damaged';
  const size = bytes.readUInt16BE(HEADER.pageSize);
  const pageSize = size === 1 ? LARGEST_SQLITE_PAGE : size;
  if (!isPageSize(pageSize)) return `page 1 is damaged: pages of ${pageSize} bytes`;
  const usable = pageSize - bytes.readUInt8(HEADER.reserved);
  if (usable < SMALLEST_USABLE) return `page 1 is damaged: only ${usable} bytes of each page are used`;
  const version = bytes.readUInt8(HEADER.readVersion);
  if (version > NEWEST) return `page 1 says that it needs a newer SQLite (version ${version} of the format)`;
  const encoding = ENCODINGS[Math.max(1, bytes.readUInt32BE(HEADER.encoding)) - 1];
  if (encoding === undefined) return 'page 1 is damaged: its text has an unknown encoding';
  const pages = bytes.readUInt32BE(HEADER.pages);
  const isTold = pages > 0 && bytes.readUInt32BE(HEADER.changes) === bytes.readUInt32BE(HEADER.pagesValidFor);
  return { pageSize, usable, pages: isTold ? pages : undefined, encoding };
}

export function isPageSize(size: number): boolean {
  return size >= SMALLEST_SQLITE_PAGE && size <= LARGEST_SQLITE_PAGE && (size & (size - 1)) === 0;
}

/** `page` is whole; a string says what is wrong with it. */
export function parseTablePage(page: Buffer, id: number, usable: number): TablePage | string {
  const start = id === 1 ? HEADER_BYTES : 0;
  const kind = page.readUInt8(start + PAGE.kind);
  if (kind !== KIND.interior && kind !== KIND.leaf) return `no page of a table (kind ${kind})`;
  const isLeaf = kind === KIND.leaf;
  const first = start + (isLeaf ? PAGE.leafHeader : PAGE.interiorHeader);
  const count = page.readUInt16BE(start + PAGE.cells);
  const end = first + 2 * count;
  if (end > usable) return `its ${count} cells do not fit into it`;
  const within = page.subarray(0, usable);
  const cells: (LeafCell | InteriorCell)[] = [];
  for (let index = 0; index < count; index++) {
    const at = page.readUInt16BE(first + 2 * index);
    const cell = at < end ? undefined : isLeaf ? leafCell(within, at) : interiorCell(within, at);
    if (cell === undefined) return `cell ${index} lies outside of its place`;
    cells.push(cell);
  }
  if (isLeaf) return { kind: 'leaf', cells: cells as LeafCell[] };
  const rightmost = page.readUInt32BE(start + PAGE.rightmost);
  return { kind: 'interior', cells: cells as InteriorCell[], rightmost };
}

function interiorCell(page: Buffer, at: number): InteriorCell | undefined {
  if (at + 4 > page.length) return undefined;
  const key = varint(page, at + 4);
  return key && { child: page.readUInt32BE(at), key: key.value };
}

function leafCell(page: Buffer, at: number): LeafCell | undefined {
  const length = varint(page, at);
  const rowid = length && varint(page, length.end);
  if (rowid === undefined || typeof length?.value !== 'number' || length.value < 0) return undefined;
  const local = localBytes(length.value, page.length);
  const end = rowid.end + local;
  const isCut = local < length.value;
  if (end + (isCut ? 4 : 0) > page.length) return undefined;
  return {
    rowid: rowid.value,
    length: length.value,
    local: page.subarray(rowid.end, end),
    overflow: isCut ? page.readUInt32BE(end) : 0,
  };
}

/** How much of a record lies on its leaf. */
function localBytes(length: number, usable: number): number {
  const most = usable - 35;
  if (length <= most) return length;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const filled = least + ((length - least) % (usable - 4));
  return filled <= most ? filled : least;
}

/** Undefined where the record runs out of its bytes, or uses what SQLite keeps for itself. */
export function parseRecord(bytes: Buffer, encoding: Encoding): SqliteValue[] | undefined {
  const header = varint(bytes, 0);
  if (header === undefined || typeof header.value !== 'number') return undefined;
  const end = header.value;
  if (end < header.end || end > bytes.length) return undefined;
  const values: SqliteValue[] = [];
  let body = end;
  for (let at = header.end; at < end; ) {
    const type = varint(bytes.subarray(0, end), at);
    if (type === undefined || typeof type.value !== 'number') return undefined;
    const length = lengthOf(type.value);
    if (length === undefined || body + length > bytes.length) return undefined;
    values.push(decode(type.value, bytes.subarray(body, body + length), encoding));
    at = type.end;
    body += length;
  }
  return values;
}

/** Bytes of a value by its serial type. */
const LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;
const TYPE = { null: 0, widest: 6, real: 7, zero: 8, one: 9, blob: 12 } as const;

function lengthOf(type: number): number | undefined {
  return type >= TYPE.blob ? Math.floor((type - TYPE.blob) / 2) : LENGTHS[type];
}

function decode(type: number, bytes: Buffer, encoding: Encoding): SqliteValue {
  if (type === TYPE.null) return null;
  if (type < TYPE.widest) return bytes.readIntBE(0, bytes.length);
  if (type === TYPE.widest) return narrowed(bytes.readBigInt64BE(0));
  if (type === TYPE.real) return real(bytes.readDoubleBE(0));
  if (type === TYPE.zero || type === TYPE.one) return type - TYPE.zero;
  return type % 2 === 0 ? Buffer.from(bytes) : textOf(bytes, encoding);
}

/** No number is null, as for SQLite. */
function real(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function textOf(bytes: Buffer, encoding: Encoding): string {
  if (encoding !== 'utf16be') return bytes.toString(encoding);
  return Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le');
}

interface Varint {
  readonly value: number | bigint;
  readonly end: number;
}

/** A number of one to nine bytes, of seven bits each, high first; the ninth has eight. Undefined where the bytes end before. */
function varint(bytes: Buffer, at: number): Varint | undefined {
  let value = 0n;
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    if (i === 0 && byte < 0x80) return { value: byte, end: at + 1 };
    value = i === 8 ? (value << 8n) | BigInt(byte) : (value << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80 || i === 8) return { value: narrowed(BigInt.asIntN(64, value)), end: at + i + 1 };
  }
  return undefined;
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
