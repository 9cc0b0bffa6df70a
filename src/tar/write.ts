// Writes tar headers: plain ustar where all fits into it, with a PAX extended header before it where not. The same entry
// always gives the same bytes.
import { type ByteString, textOf } from '../sys/bytes.ts';
import type { DataRuns } from './data-runs.ts';
import type { TarEntry } from './entry.ts';
import { FIELD } from './fields.ts';
import { BLOCK, paddingOf } from './header.ts';
import { paxLine } from './pax.ts';
import { TAR_TYPE } from './type.ts';

/** The largest numbers of the octal fields, of 7 and 11 digits. */
const LARGEST_ID = 0o7777777;
const LARGEST_LONG = 0o77777777777;
const NAME_LENGTH = 100;

export interface HeaderOptions {
  /** The data of a sparse file (GNU sparse format 1.0). The map is part of what is answered. */
  readonly runs?: DataRuns;
}

/** All blocks before the entry's data. `entry.size` is the file's whole size. */
export function tarHeader(entry: TarEntry, { runs }: HeaderOptions = {}): Buffer {
  const map = runs === undefined ? undefined : sparseMap(runs);
  const stored = runs === undefined || map === undefined ? entry.size : map.length + dataLength(runs);
  const lines = paxLines(entry, stored, map !== undefined);
  const name = map === undefined ? entry.name : (`GNUSparseFile.0/${entry.name}` as ByteString);
  const header = ustar({ ...entry, name, size: stored });
  if (lines === '') return header;
  return Buffer.concat([extension(lines, entry), header, ...(map === undefined ? [] : [map])]);
}

function dataLength(runs: DataRuns): number {
  return runs.reduce((sum, [, length]) => sum + length, 0);
}

/** The end of a tar: two blocks of zeros. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}

function paxLines(entry: TarEntry, stored: number, isSparse: boolean): string {
  const records: [key: string, value: string][] = [];
  if (isSparse) {
    records.push(['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0']);
    records.push(['GNU.sparse.name', entry.name], ['GNU.sparse.realsize', String(entry.size)]);
  } else if (entry.name.length > NAME_LENGTH) records.push(['path', entry.name]);
  if (entry.linkName.length > NAME_LENGTH) records.push(['linkpath', entry.linkName]);
  if (stored > LARGEST_LONG) records.push(['size', String(stored)]);
  if (entry.uid > LARGEST_ID) records.push(['uid', String(entry.uid)]);
  if (entry.gid > LARGEST_ID) records.push(['gid', String(entry.gid)]);
  const { seconds, nanoseconds } = entry.mtime;
  if (nanoseconds !== 0 || seconds < 0 || seconds > LARGEST_LONG) {
    records.push(['mtime', timeValue(seconds, nanoseconds)]);
  }
  for (const [name, value] of [...entry.xattrs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    // GNU tar's escape for a key that has the sign which ends it (xattr_encode_keyword).
    records.push([`SCHILY.xattr.${name.replace(/%/g, '%25').replace(/=/g, '%3D')}`, value]);
  }
  if (records.length === 0) return '';
  const isText = records.every(
    ([key, value]) => key.startsWith('SCHILY.') || textOf(value as ByteString) !== undefined,
  );
  if (!isText) records.unshift(['hdrcharset', 'BINARY']);
  return records.map(([key, value]) => paxLine(key, value)).join('');
}

/** A decimal fraction without trailing zeros; what is before 1970 counts back from there. */
function timeValue(seconds: number, nanoseconds: number): string {
  const [whole, fraction] =
    seconds < 0 && nanoseconds !== 0 ? [-seconds - 1, 1e9 - nanoseconds] : [Math.abs(seconds), nanoseconds];
  const digits =
    fraction === 0
      ? ''
      : `.${String(fraction)
          .padStart(9, '0')
          .replace(/0{1,8}$/, '')}`;
  return `${seconds < 0 ? '-' : ''}${whole}${digits}`;
}

function extension(lines: string, entry: TarEntry): Buffer {
  const size = lines.length;
  const nothing = { seconds: 0, nanoseconds: 0 };
  const header = ustar({
    ...entry,
    name: `PaxHeaders.0/${entry.name.replace(/\/$/, '').slice(-80)}` as ByteString,
    linkName: '' as ByteString,
    ...{ type: TAR_TYPE.pax, mode: 0o644, uid: 0, gid: 0, size, mtime: nothing, major: 0, minor: 0 },
  });
  return Buffer.concat([header, Buffer.from(lines, 'latin1'), Buffer.alloc(paddingOf(size))]);
}

/** Numbers and names that do not fit are cut; the extended header has them whole. */
function ustar(entry: TarEntry): Buffer {
  const block = Buffer.alloc(BLOCK);
  const put = ([offset, length]: readonly [number, number], text: string) =>
    block.write(text.slice(0, length), offset, 'latin1');
  const octal = (field: readonly [number, number], value: number) => {
    const digits = field[1] - 1;
    const fits = value >= 0 && value < 8 ** digits;
    put(field, `${(fits ? value : 0).toString(8).padStart(digits, '0')}\0`);
  };
  put(FIELD.name, entry.name);
  octal(FIELD.mode, entry.mode);
  octal(FIELD.uid, entry.uid);
  octal(FIELD.gid, entry.gid);
  octal(FIELD.size, entry.size);
  octal(FIELD.mtime, entry.mtime.seconds);
  put(FIELD.type, entry.type);
  put(FIELD.linkName, entry.linkName);
  put(FIELD.magic, 'ustar\x0000');
  octal(FIELD.major, entry.major);
  octal(FIELD.minor, entry.minor);
  put(FIELD.checksum, '        ');
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(FIELD.checksum, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** The number of runs, then offset and length of each, a decimal number a line, padded to whole blocks. */
function sparseMap(runs: DataRuns): Buffer {
  const text = [runs.length, ...runs.flat()].map((number) => `${number}\n`).join('');
  return Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(paddingOf(text.length))]);
}
