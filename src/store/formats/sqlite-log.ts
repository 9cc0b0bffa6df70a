// What stands beside a SQLite database and is part of what it says: the write-ahead log, whose committed pages replace
// those of the database, and the journal of a transaction that was not finished, whose pages were there before it
// (sqlite.org/fileformat2.html, sections 3 and 4; wal.c, pager.c). Both are only looked at, neither is played back.
import type { FileParts } from '../files.ts';
import { isPageSize } from './sqlite-page.ts';

/** Pages that lie elsewhere than in the database. */
export interface Replaced {
  /** In messages: `log` or `journal`. */
  readonly by: string;
  readonly file: FileParts;
  /** Page → position in that file. */
  readonly pages: ReadonlyMap<number, number>;
  /** How many pages the database has with these. */
  readonly count: number;
}

const WAL = {
  magic: 0,
  version: 4,
  pageSize: 8,
  salt: 16,
  checksum: 24,
  size: 32,
} as const;
const FRAME = { page: 0, commit: 4, salt: 8, checksum: 16, size: 24 } as const;
/** The last bit says by which byte order it is summed. */
const WAL_MAGIC = 0x377f0682;
const WAL_VERSION = 3007000;

/** The committed pages of a write-ahead log; undefined where it has none. A string says why it cannot be used. */
export function readWal(file: FileParts, pageSize: number): Replaced | string | undefined {
  const header = file.read(0, WAL.size);
  if (header.length < WAL.size) return undefined;
  const magic = header.readUInt32BE(WAL.magic);
  if ((magic & ~1) >>> 0 !== WAL_MAGIC) return undefined;
  const isBigEndian = (magic & 1) === 1;
  let sum = checksum(header.subarray(0, WAL.checksum), [0, 0], isBigEndian);
  // One that was torn when it was begun anew has nothing that was ever committed.
  if (!isSum(header, WAL.checksum, sum)) return undefined;
  if (header.readUInt32BE(WAL.version) !== WAL_VERSION) return 'its format is newer than this reader';
  const size = header.readUInt32BE(WAL.pageSize);
  if (size !== pageSize) return `its pages have ${size} bytes, those of the database ${pageSize}`;
  const pages = new Map<number, number>();
  let pending: (readonly [page: number, position: number])[] = [];
  let count = 0;
  for (let at: number = WAL.size; ; at += FRAME.size + pageSize) {
    const frame = file.read(at, FRAME.size + pageSize);
    if (frame.length < FRAME.size + pageSize) break;
    const page = frame.readUInt32BE(FRAME.page);
    const isOfThisLog = frame.compare(header, WAL.salt, WAL.checksum, FRAME.salt, FRAME.checksum) === 0;
    if (page === 0 || !isOfThisLog) break;
    sum = checksum(frame.subarray(0, FRAME.salt), sum, isBigEndian);
    sum = checksum(frame.subarray(FRAME.size), sum, isBigEndian);
    if (!isSum(frame, FRAME.checksum, sum)) break;
    pending.push([page, at + FRAME.size]);
    const commit = frame.readUInt32BE(FRAME.commit);
    if (commit === 0) continue;
    for (const [number, position] of pending) pages.set(number, position);
    pending = [];
    count = commit;
  }
  return count === 0 ? undefined : { by: 'log', file, pages, count };
}

type Sum = readonly [first: number, second: number];

function checksum(bytes: Buffer, [first, second]: Sum, isBigEndian: boolean): Sum {
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    first = (first + second + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at))) >>> 0;
    second = (second + first + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4))) >>> 0;
  }
  return [first, second];
}

function isSum(bytes: Buffer, at: number, [first, second]: Sum): boolean {
  return bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second;
}

const JOURNAL = { magic: 0, records: 8, nonce: 12, pages: 16, sector: 20, pageSize: 24, size: 28 } as const;
const JOURNAL_MAGIC = Buffer.from('d9d505f920a163d7', 'hex');
/** The records go on to the end of the file. */
const ALL = 0xffff_ffff;
const SMALLEST_SECTOR = 32;
const LARGEST_SECTOR = 65536;
/** Every so many bytes one is summed. */
const STEP = 200;

/**
 * The pages as they were before a transaction that was not finished; undefined where none is open. A string says why the
 * journal cannot be used. What is read without a lock while a transaction runs is the state before it, too.
 */
export function readJournal(file: FileParts, pageSize: number): Replaced | string | undefined {
  const pages = new Map<number, number>();
  let count: number | undefined;
  let at = 0;
  for (;;) {
    const header = file.read(at, JOURNAL.size);
    if (header.length < JOURNAL.size || !header.subarray(0, JOURNAL_MAGIC.length).equals(JOURNAL_MAGIC))
      break;
    const sector = header.readUInt32BE(JOURNAL.sector);
    const size = header.readUInt32BE(JOURNAL.pageSize);
    const isSector = sector >= SMALLEST_SECTOR && sector <= LARGEST_SECTOR && (sector & (sector - 1)) === 0;
    // As SQLite sees it, such a header ends the journal; what stands before it counts.
    if (!isPageSize(size) || !isSector) break;
    if (size !== pageSize) return `its pages have ${size} bytes, those of the database ${pageSize}`;
    count ??= header.readUInt32BE(JOURNAL.pages);
    const nonce = header.readUInt32BE(JOURNAL.nonce);
    const said = header.readUInt32BE(JOURNAL.records);
    const room = Math.floor(Math.max(0, file.size() - at - sector) / (pageSize + 8));
    const records = said === ALL ? room : said;
    let position = at + sector;
    for (let i = 0; i < records; i++, position += pageSize + 8) {
      const record = file.read(position, pageSize + 8);
      const page = record.length < pageSize + 8 ? 0 : record.readUInt32BE(0);
      // Only the end of a journal may be torn: nothing after it was written to the database yet.
      if (page === 0 || record.readUInt32BE(pageSize + 4) !== journalSum(record, nonce, pageSize)) {
        return { by: 'journal', file, pages, count };
      }
      if (!pages.has(page)) pages.set(page, position + 4);
    }
    at = Math.ceil(position / sector) * sector;
  }
  if (count === undefined) return undefined;
  return namesSuperJournal(file)
    ? 'it belongs to a transaction over several databases, which is not read'
    : { by: 'journal', file, pages, count };
}

function journalSum(record: Buffer, nonce: number, pageSize: number): number {
  let sum = nonce;
  for (let at = pageSize - STEP; at > 0; at -= STEP) sum = (sum + (record[4 + at] as number)) >>> 0;
  return sum;
}

/** Whether another journal decides if this one counts: then its name ends the file, with the magic after it. */
function namesSuperJournal(file: FileParts): boolean {
  const end = file.size();
  const tail = end < 16 ? Buffer.alloc(0) : file.read(end - 16, 16);
  return tail.length === 16 && tail.subarray(8).equals(JOURNAL_MAGIC) && tail.readUInt32BE(0) > 0;
}
