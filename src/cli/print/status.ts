// How the fields of an inode are worded: mode strings, types, device numbers, and the JSON that ls and stat share.
import type { Tree } from '../../overlay/tree.ts';
import type { Layer, LayerStack } from '../../store/layer-stack.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { typeOf } from '../../sys/file-types.ts';
import { decodeDevice, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../sys/statx.ts';
import { jsonName } from './escape.ts';
import { jsonTime } from './time.ts';

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

/** The ID of what a stack is of, as JSON has it: an image's is a digest, a container's is none. */
export function jsonId({ id, kind }: LayerStack): { readonly id?: string } {
  if (id === undefined) return {};
  return { id: kind === 'image' ? `sha256:${id}` : id };
}

/** A path in an image as JSON has it: from the root on, without empty names and `.`; links and `..` as they were written. */
export function absolutePath(path: ByteString): ByteString {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return asBytes(`/${names.join('/')}`);
}

/** What ls and stat tell of one entry in JSON. `path` as the person wrote it, with the names below it. */
export function jsonEntry(tree: Tree, entry: number, path: ByteString): object {
  const status = tree.status(entry);
  return {
    t: 'entry',
    ...jsonName('path', absolutePath(path)),
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
