// What is found on disk, in words.
import {
  decodeDevice,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from '../sys/statx.ts';
import type { TarTime } from '../tar/entry.ts';

const TYPE_WORDS = new Map([
  [S_IFREG, 'regular file'],
  [S_IFDIR, 'directory'],
  [S_IFLNK, 'symlink'],
  [S_IFCHR, 'character device'],
  [S_IFBLK, 'block device'],
  [S_IFIFO, 'fifo'],
  [S_IFSOCK, 'socket'],
]);

export function typeWords(mode: number): string {
  return TYPE_WORDS.get(mode & S_IFMT) ?? 'unknown type';
}

export function timeWords({ seconds, nanoseconds }: TarTime): string {
  const date = new Date(seconds * 1000);
  // Past year 275760 there is no date; the number still says it.
  if (Number.isNaN(date.getTime())) return `${seconds} s`;
  return date.toISOString().replace(/\.\d+Z$/, `.${String(nanoseconds).padStart(9, '0')}Z`);
}

export function modeWords(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

export function deviceWords(rdev: number): string {
  const { major, minor } = decodeDevice(rdev);
  return `${major}:${minor}`;
}
