// `struct statx` (linux/stat.h): where its fields lie, in 32-bit words, little-endian.
// The layout is the same on every processor; test/unit/sys checks it against the C compiler.

import { signedLongAt } from './long.ts';

export const STATX_SIZE = 256;
/** What stat(2) tells as well. */
export const STATX_BASIC_STATS = 0x7ff;
/** STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID. */
export const STATX_MASK = 0x1fff;

export const STATX = {
  mask: 0,
  blksize: 1,
  attributes: 2,
  nlink: 4,
  uid: 5,
  gid: 6,
  mode: 7,
  ino: 8,
  size: 10,
  blocks: 12,
  atime: 16,
  btime: 20,
  ctime: 24,
  mtime: 28,
  rdevMajor: 32,
  rdevMinor: 33,
  devMajor: 34,
  devMinor: 35,
  mountId: 36,
} as const;

/** Tells `mountId` as a number that is never used again. Linux 6.8. */
export const STATX_MNT_ID_UNIQUE = 0x4000;
/** For the type bits of the mode alone. */
export const STATX_TYPE = 1;
/** Bits of `mask`: which times were told. Every file system tells the first two. */
export const STATX_ATIME = 0x20;
export const STATX_CTIME = 0x80;
export const STATX_BTIME = 0x800;

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;
export const S_IFIFO = 0o010000;
export const S_IFSOCK = 0o140000;

/** Seconds since 1970 and nanoseconds to add to them; of `words`, a `struct statx`, the time at `field`. */
export function timeAt(
  words: Uint32Array,
  field: number,
): { readonly seconds: number; readonly nanoseconds: number } {
  return { seconds: signedLongAt(words, field), nanoseconds: words[field + 2] as number };
}

/** `device` of a `struct statx` as the kernel encodes it. */
export function deviceAt(words: Uint32Array): number {
  return encodeDevice(words[STATX.rdevMajor] as number, words[STATX.rdevMinor] as number);
}

/** A device number as the kernel encodes it for user space in 32 bits (`new_encode_dev`). */
export function encodeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

/** Major and minor of a number as the kernel encodes it (`new_decode_dev`). */
export function decodeDevice(rdev: number): { readonly major: number; readonly minor: number } {
  return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) };
}
