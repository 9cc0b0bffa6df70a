// What the types of an object are called, by the `S_IFMT` bits of its mode.
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from './statx.ts';

export interface TypeWords {
  /** As ls(1) shows it. */
  readonly letter: string;
  /** In JSON. */
  readonly name: string;
  /** As stat(1) says it. */
  readonly words: string;
  /** In a sentence. */
  readonly noun: string;
}

const TYPES = new Map<number, TypeWords>([
  [S_IFREG, { letter: '-', name: 'file', words: 'regular file', noun: 'regular file' }],
  [S_IFDIR, { letter: 'd', name: 'dir', words: 'directory', noun: 'directory' }],
  [S_IFLNK, { letter: 'l', name: 'link', words: 'symbolic link', noun: 'symlink' }],
  [S_IFCHR, { letter: 'c', name: 'char', words: 'character special file', noun: 'character device' }],
  [S_IFBLK, { letter: 'b', name: 'block', words: 'block special file', noun: 'block device' }],
  [S_IFIFO, { letter: 'p', name: 'fifo', words: 'fifo', noun: 'fifo' }],
  [S_IFSOCK, { letter: 's', name: 'socket', words: 'socket', noun: 'socket' }],
]);
const UNKNOWN: TypeWords = { letter: '?', name: 'unknown', words: 'weird file', noun: 'unknown type' };

/** `mode` with its type bits. */
export function typeOf(mode: number): TypeWords {
  return TYPES.get(mode & S_IFMT) ?? UNKNOWN;
}

/** `mode` with its type bits, here and below. */
export function isDirectory(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

export function isLink(mode: number): boolean {
  return (mode & S_IFMT) === S_IFLNK;
}

export function isRegular(mode: number): boolean {
  return (mode & S_IFMT) === S_IFREG;
}

export function isDevice(mode: number): boolean {
  const type = mode & S_IFMT;
  return type === S_IFCHR || type === S_IFBLK;
}
