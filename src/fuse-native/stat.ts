// Attributes and file system totals, from the kernel's wire form to what fuse-native takes.
import type { Stat, Statfs } from 'fuse-native';
import { STRUCT } from '../fuse/abi.ts';
import type { FileSystem } from '../fuse/filesystem.ts';
import type { Inodes } from './inodes.ts';

const ATTR = STRUCT.fuse_attr;
const KSTATFS = STRUCT.fuse_kstatfs;
/** The largest number it takes for a count of blocks or files. */
const COUNT_MAX = 0xffff_ffff;

const words = new Uint32Array(ATTR.sizeof >> 2);
const totals = Buffer.alloc(KSTATFS.sizeof);

function word(offset: number): number {
  return words[offset >> 2] as number;
}

function long(offset: number): number {
  return word(offset + 4) * 2 ** 32 + word(offset);
}

/** Its milliseconds have no sign, so times before 1970 are shown as 1970. */
function milliseconds(seconds: number, nanoseconds: number): number {
  const whole = (word(seconds + 4) | 0) * 2 ** 32 + word(seconds);
  return Math.max(0, whole * 1000 + Math.floor(word(nanoseconds) / 1e6));
}

export function statOf(fs: FileSystem, entry: number, inodes: Inodes): Stat {
  fs.copyAttributes(entry, words, 0);
  return {
    mode: word(ATTR.mode),
    uid: word(ATTR.uid),
    gid: word(ATTR.gid),
    size: long(ATTR.size),
    nlink: word(ATTR.nlink),
    ino: inodes.shown(word(ATTR.ino), word(ATTR.ino + 4)),
    rdev: word(ATTR.rdev),
    blksize: word(ATTR.blksize),
    blocks: long(ATTR.blocks),
    atime: milliseconds(ATTR.atime, ATTR.atimensec),
    mtime: milliseconds(ATTR.mtime, ATTR.mtimensec),
    ctime: milliseconds(ATTR.ctime, ATTR.ctimensec),
  };
}

const NOTHING = {
  uid: 0,
  gid: 0,
  size: 0,
  nlink: 0,
  rdev: 0,
  blksize: 0,
  blocks: 0,
  atime: 0,
  mtime: 0,
  ctime: 0,
};

/** What a listing tells of an entry: its type and inode number. */
export function listedStat(fs: FileSystem, entry: number, inodes: Inodes): Stat {
  return { ...NOTHING, mode: fs.typeOf(entry), ino: inodes.shown(fs.inodeLow(entry), fs.inodeHigh(entry)) };
}

export function statfsOf(fs: FileSystem): Statfs {
  fs.statfs(totals, 0);
  const count = (at: number) => Math.min(COUNT_MAX, Number(totals.readBigUInt64LE(at)));
  return {
    bsize: totals.readUInt32LE(KSTATFS.bsize),
    frsize: totals.readUInt32LE(KSTATFS.frsize),
    blocks: count(KSTATFS.blocks),
    bfree: count(KSTATFS.bfree),
    bavail: count(KSTATFS.bavail),
    files: count(KSTATFS.files),
    ffree: count(KSTATFS.ffree),
    namemax: totals.readUInt32LE(KSTATFS.namelen),
  };
}
