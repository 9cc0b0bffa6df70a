// The mtree(5) form of an item: one line, full path, names in vis(3) octal, as bsdtar, NetBSD mtree and go-mtree read it.
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK, STATX } from '../../sys/statx.ts';
import { exactSizeOf, gidOf, type Item, modeOf, mtimeOf, nlinkOf, typeBits, uidOf } from '../item.ts';

/** mtree's words for types. */
export const MTREE_TYPES: ReadonlyMap<number, string> = new Map([
  [S_IFREG, 'file'],
  [S_IFDIR, 'dir'],
  [S_IFLNK, 'link'],
  [S_IFCHR, 'char'],
  [S_IFBLK, 'block'],
  [S_IFIFO, 'fifo'],
  [S_IFSOCK, 'socket'],
]);

/** First line of a specification. */
export const MTREE_HEADER = '#mtree v2.0';
/** Says that attributes that are not named are not there. */
export const MTREE_XATTRS = '# xattrs: all';
/** Begins the line of an attribute of the entry before it. */
export const MTREE_XATTR = '# xattr.';

/** Bytes that mean something in a specification, or that are no visible ASCII, become `\ooo`. */
export function visName(bytes: string): string {
  return bytes.replace(/[^!-~]|[\\#=*?[]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/**
 * An entry's line, and one for each attribute. `path` with `/` at the front; the root is `.`. Throws Errno where a link or
 * attribute cannot be read.
 */
export function mtreeLines(path: string, item: Item, digest: string | undefined): string[] {
  const type = typeBits(item);
  const { seconds, nanoseconds } = mtimeOf(item);
  const words = [
    path === '/' ? '.' : `.${visName(path)}`,
    `type=${MTREE_TYPES.get(type) ?? 'file'}`,
    `mode=0${(modeOf(item) & 0o7777).toString(8).padStart(3, '0')}`,
    `uid=${uidOf(item)}`,
    `gid=${gidOf(item)}`,
    // That of a directory tells of the file system that the layers lie on, and not of the image.
    ...(type === S_IFDIR ? [] : [`nlink=${nlinkOf(item)}`]),
    `time=${seconds}.${String(nanoseconds).padStart(9, '0')}`,
  ];
  if (type === S_IFREG) words.push(`size=${exactSizeOf(item)}`);
  if (type === S_IFLNK) words.push(`link=${visName(item.target())}`);
  if (type === S_IFCHR || type === S_IFBLK) {
    // The format `linux` packs 8 and 8 bits in NetBSD's and libarchive's readers, which refuse a minor over 255.
    words.push(`device=native,${item.status[STATX.rdevMajor]},${item.status[STATX.rdevMinor]}`);
  }
  if (digest !== undefined) words.push(`sha256digest=${digest}`);
  const lines = [words.join(' ')];
  // As go-mtree writes them, but as comments: bsdtar and NetBSD mtree refuse a word they do not know.
  for (const [name, value] of item.xattrs()) {
    lines.push(`${MTREE_XATTR}${visName(name)}=${value.toString('base64')}`);
  }
  return lines;
}
