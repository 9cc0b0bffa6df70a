// PAX extended headers: lines of `length key=value`, read and written as bytes.
import { type ByteString, bytesOf } from '../sys/bytes.ts';
import { TarDamage, type TarTime } from './entry.ts';
import { parseSparseList, sparseNumber } from './sparse.ts';

/** What an extended header says of the entry after it; absent: what the plain header says. */
export interface PaxRecords {
  path?: ByteString;
  linkPath?: ByteString;
  size?: number;
  uid?: number;
  gid?: number;
  mtime?: TarTime;
  xattrs?: Map<ByteString, ByteString>;
  emptyXattrs?: ByteString[];
  /** GNU sparse formats 0.0, 0.1 and 1.0: that the file is sparse, its name, its size with holes. */
  sparse?: boolean;
  sparseName?: ByteString;
  sparseSize?: number;
  /** Formats 0.0 and 0.1: offsets and lengths of the stored data, one after the other. In 1.0 they stand before the data. */
  sparseMap?: number[];
}

const XATTR = 'SCHILY.xattr.';

export function parsePax(data: Buffer): PaxRecords {
  const records: PaxRecords = {};
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const digits = space < 0 ? '' : data.toString('latin1', at, space);
    if (!/^[0-9]{1,10}$/.test(digits)) throw new TarDamage('an extended header has a line without length');
    const end = at + Number(digits);
    if (end > data.length || end <= space + 1 || data[end - 1] !== 0x0a) {
      throw new TarDamage('an extended header has a line of wrong length');
    }
    const equals = data.indexOf(0x3d, space + 1);
    if (equals < 0 || equals >= end) throw new TarDamage('an extended header has a line without key');
    setRecord(records, data.toString('latin1', space + 1, equals), bytesOf(data, equals + 1, end - 1));
    at = end;
  }
  return records;
}

function setRecord(records: PaxRecords, key: string, value: ByteString): void {
  // An empty value takes back what a global header said (POSIX pax); Go passes over every one, but hands on attributes.
  if (value === '') {
    if (!key.startsWith(XATTR)) return;
    records.emptyXattrs ??= [];
    records.emptyXattrs.push(key.slice(XATTR.length) as ByteString);
    return;
  }
  if (key.startsWith(XATTR)) {
    records.xattrs ??= new Map();
    records.xattrs.set(key.slice(XATTR.length) as ByteString, value);
    return;
  }
  if ((key === 'path' || key === 'linkpath') && value.includes('\0')) {
    throw new TarDamage('an extended header has a name with a zero byte');
  }
  switch (key) {
    case 'path':
      records.path = value;
      break;
    case 'linkpath':
      records.linkPath = value;
      break;
    case 'size':
      records.size = integer(value);
      break;
    case 'uid':
      records.uid = integer(value);
      break;
    case 'gid':
      records.gid = integer(value);
      break;
    case 'mtime':
      records.mtime = paxTime(value);
      break;
    case 'GNU.sparse.name':
      records.sparseName = value;
      break;
    case 'GNU.sparse.size':
    case 'GNU.sparse.realsize':
      records.sparseSize = integer(value);
      break;
    case 'GNU.sparse.major':
    case 'GNU.sparse.numblocks':
      records.sparse = true;
      break;
    case 'GNU.sparse.map':
      records.sparse = true;
      records.sparseMap = parseSparseList(value);
      break;
    case 'GNU.sparse.offset':
    case 'GNU.sparse.numbytes':
      records.sparseMap ??= [];
      records.sparseMap.push(sparseNumber(value));
      break;
  }
}

function integer(value: string): number {
  const number = /^-?[0-9]{1,19}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new TarDamage('an extended header has a number that is none');
  return number;
}

/** Seconds with a fraction, of which nine digits count. */
export function paxTime(value: string): TarTime {
  const match = /^(-?)([0-9]{1,19})(?:\.([0-9]*))?$/.exec(value);
  if (match === null) throw new TarDamage('an extended header has a time that is none');
  const whole = integer(match[2] as string);
  const fraction = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] === '') return { seconds: whole, nanoseconds: fraction };
  if (fraction === 0) return { seconds: 0 - whole, nanoseconds: 0 };
  return { seconds: -whole - 1, nanoseconds: 1e9 - fraction };
}

/** One line. Key and value are bytes. */
export function paxLine(key: string, value: string): string {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}
