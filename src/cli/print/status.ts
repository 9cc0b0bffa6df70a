// How the fields of an inode are worded: mode strings, types, device numbers, and the JSON that ls and stat share.
import type { Tree } from '../../overlay/tree.ts';
import { layerNumber } from '../../store/choice.ts';
import type { Layer } from '../../store/store.ts';
import type { ByteString } from '../../sys/bytes.ts';
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
} from '../../sys/statx.ts';
import { jsonName } from './escape.ts';
import { jsonTime } from './time.ts';

interface TypeWords {
  readonly letter: string;
  /** In JSON. */
  readonly name: string;
  /** As stat(1) says it. */
  readonly words: string;
}

const TYPES = new Map<number, TypeWords>([
  [S_IFREG, { letter: '-', name: 'file', words: 'regular file' }],
  [S_IFDIR, { letter: 'd', name: 'dir', words: 'directory' }],
  [S_IFLNK, { letter: 'l', name: 'link', words: 'symbolic link' }],
  [S_IFCHR, { letter: 'c', name: 'char', words: 'character special file' }],
  [S_IFBLK, { letter: 'b', name: 'block', words: 'block special file' }],
  [S_IFIFO, { letter: 'p', name: 'fifo', words: 'fifo' }],
  [S_IFSOCK, { letter: 's', name: 'socket', words: 'socket' }],
]);
const UNKNOWN: TypeWords = { letter: '?', name: 'unknown', words: 'weird file' };

/** `mode` with its type bits, here and below. */
export function typeOf(mode: number): TypeWords {
  return TYPES.get(mode & S_IFMT) ?? UNKNOWN;
}

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

/** Four octal digits or more: `0644`, `4755`. */
export function octalMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** `drwxr-sr-t`, as ls(1) prints it. */
export function modeString(mode: number): string {
  const bit = (mask: number, letter: string) => ((mode & mask) === 0 ? '-' : letter);
  const execute = (mask: number, special: number, letter: string) => {
    if ((mode & special) === 0) return bit(mask, 'x');
    return (mode & mask) === 0 ? letter.toUpperCase() : letter;
  };
  return [
    typeOf(mode).letter,
    bit(0o400, 'r'),
    bit(0o200, 'w'),
    execute(0o100, 0o4000, 's'),
    bit(0o040, 'r'),
    bit(0o020, 'w'),
    execute(0o010, 0o2000, 's'),
    bit(0o004, 'r'),
    bit(0o002, 'w'),
    execute(0o001, 0o1000, 't'),
  ].join('');
}

/** The IDs a store has for a layer, as fields of JSON: `cache ID` is `cacheId`. */
export function idFields({ ids = {} }: Layer): Record<string, string> {
  const fieldOf = (words: string) => {
    const [first = '', ...rest] = words.toLowerCase().split(' ');
    return first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  };
  return Object.fromEntries(Object.entries(ids).map(([words, id]) => [fieldOf(words), id]));
}

/** What ls and stat tell of one entry in JSON. `path` as the person wrote it, with the names below it. */
export function jsonEntry(tree: Tree, entry: number, path: ByteString): object {
  const status = tree.status(entry);
  return {
    ...jsonName('path', path),
    type: typeOf(status.mode).name,
    mode: octalMode(status.mode),
    nlink: status.nlink,
    uid: status.uid,
    gid: status.gid,
    size: status.exactSize ?? status.size,
    ...(isDevice(status.mode) ? decodeDevice(status.rdev) : {}),
    mtime: jsonTime(status.mtime),
    ino: String(status.ino),
    ...(isLink(status.mode) ? jsonName('target', tree.linkTarget(tree.nodeOf(entry))) : {}),
    layer: layerNumber(tree.stack, tree.source(entry).layer),
  };
}
