// What a row of the table says of its node, as `lstat` would say it.
import { type FileSize, fileSize } from '../sys/file-size.ts';
import { bigLongAt, longAt, signedLongAt } from '../sys/long.ts';
import { ROW, type Table } from './table.ts';

export interface Time {
  readonly seconds: number;
  /** 0 to 999,999,999, added to the seconds, also when these are negative. */
  readonly nanoseconds: number;
}

export function isSameTime(a: Time, b: Time): boolean {
  return a.seconds === b.seconds && a.nanoseconds === b.nanoseconds;
}

/** What `lstat` on the kernel's overlay would say. */
export interface Status {
  readonly ino: bigint;
  /** With type bits. */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** As the kernel encodes it (`encodeDevice`). */
  readonly rdev: number;
  readonly size: number;
  /** As `FileSize`. */
  readonly exactSize?: bigint;
  /** Of 512 bytes. */
  readonly blocks: number;
  readonly blksize: number;
  readonly atime: Time;
  readonly mtime: Time;
  readonly ctime: Time;
}

export function statusOf(table: Table, row: number): Status {
  const at = table.at(row);
  const word = (field: number) => table.word(row, field);
  const long = (field: number) => signedLongAt(table.rows, at + field);
  const time = (field: number, ns: number): Time => ({
    seconds: long(field),
    nanoseconds: word(ns),
  });
  return {
    ino: bigLongAt(table.rows, at + ROW.ino),
    mode: word(ROW.mode),
    nlink: word(ROW.nlink),
    uid: word(ROW.uid),
    gid: word(ROW.gid),
    rdev: word(ROW.rdev),
    ...sizeOfRow(table, row),
    blocks: long(ROW.blocks),
    blksize: word(ROW.blksize),
    atime: time(ROW.atime, ROW.atimeNs),
    mtime: time(ROW.mtime, ROW.mtimeNs),
    ctime: time(ROW.ctime, ROW.ctimeNs),
  };
}

export function sizeOfRow(table: Table, row: number): FileSize {
  return fileSize(table.word(row, ROW.size), table.word(row, ROW.size + 1));
}

/** Past 2^53 rounded. */
export function rowSize(table: Table, row: number): number {
  return longAt(table.rows, table.at(row) + ROW.size);
}
