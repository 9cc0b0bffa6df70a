// The reply to FUSE_STATX: the attributes of GETATTR in another shape, and the time of birth; and that to FUSE_STATFS: a file
// system's totals, as the kernel has them of another.
import { STATFS } from '../sys/statfs.ts';
import { decodeDevice, STATX, STATX_BTIME } from '../sys/statx.ts';
import { STRUCT } from './abi.ts';
import { type Validity, validityFor } from './entry.ts';
import type { FileSystem } from './filesystem.ts';

const OUT = STRUCT.fuse_statx_out;
const OUT_WORDS = OUT.sizeof >> 2;
const STAT = OUT.stat >> 2;
const ATTR = STRUCT.fuse_attr;
const KSTATFS = STRUCT.fuse_kstatfs;
const NAME_MAX = 255;
const BLOCK = 4096;
const STATX_BASIC_STATS = 0x7ff;

const scratch = new Uint32Array(ATTR.sizeof >> 2);

function field(offset: number): number {
  return scratch[offset >> 2] as number;
}

/** Writes a `fuse_statx_out` at word `at`; `short` as for `putEntry`. */
export function putStatx(fs: FileSystem, node: number, out: Uint32Array, at: number, short: Validity): void {
  const valid = validityFor(fs, node, short);
  fs.copyAttributes(node, scratch, 0);
  out.fill(0, at, at + OUT_WORDS);
  out[at + (OUT.attr_valid >> 2)] = valid.seconds;
  out[at + (OUT.attr_valid_nsec >> 2)] = valid.nanoseconds;

  const stat = at + STAT;
  const birth = fs.birthTime(node);
  out[stat + STATX.mask] = STATX_BASIC_STATS | (birth === undefined ? 0 : STATX_BTIME);
  out[stat + STATX.blksize] = field(ATTR.blksize);
  out[stat + STATX.nlink] = field(ATTR.nlink);
  out[stat + STATX.uid] = field(ATTR.uid);
  out[stat + STATX.gid] = field(ATTR.gid);
  out[stat + STATX.mode] = field(ATTR.mode);
  putLong(out, stat + STATX.ino, ATTR.ino);
  putLong(out, stat + STATX.size, ATTR.size);
  putLong(out, stat + STATX.blocks, ATTR.blocks);
  putTime(out, stat + STATX.atime, ATTR.atime, ATTR.atimensec);
  putTime(out, stat + STATX.mtime, ATTR.mtime, ATTR.mtimensec);
  putTime(out, stat + STATX.ctime, ATTR.ctime, ATTR.ctimensec);
  const { major, minor } = decodeDevice(field(ATTR.rdev));
  out[stat + STATX.rdevMajor] = major;
  out[stat + STATX.rdevMinor] = minor;
  if (birth !== undefined) {
    out[stat + STATX.btime] = Number(BigInt.asUintN(32, birth.seconds));
    out[stat + STATX.btime + 1] = Number(BigInt.asUintN(32, birth.seconds >> 32n));
    out[stat + STATX.btime + 2] = birth.nanoseconds;
  }
}

function putLong(out: Uint32Array, at: number, from: number): void {
  out[at] = field(from);
  out[at + 1] = field(from + 4);
}

function putTime(out: Uint32Array, at: number, seconds: number, nanoseconds: number): void {
  putLong(out, at, seconds);
  out[at + 2] = field(nanoseconds);
}

/** Writes a `struct fuse_kstatfs` of a `struct statfs`; it says what every name may be. */
export function putStatfs(from: Uint8Array, out: Uint8Array, at: number): void {
  const put = (to: number, start: number, length: number) =>
    out.set(from.subarray(start, start + length), at + to);
  out.fill(0, at, at + KSTATFS.sizeof);
  for (const field of ['blocks', 'bfree', 'bavail', 'files', 'ffree'] as const) {
    put(KSTATFS[field], STATFS[field], 8);
  }
  put(KSTATFS.bsize, STATFS.bsize, 4);
  put(KSTATFS.frsize, STATFS.frsize, 4);
  putNameMax(out, at);
}

/** The same of a file system that does not answer. */
export function putEmptyStatfs(out: Uint8Array, at: number): void {
  out.fill(0, at, at + KSTATFS.sizeof);
  for (const field of [KSTATFS.bsize, KSTATFS.frsize]) putWord(out, at + field, BLOCK);
  putNameMax(out, at);
}

function putNameMax(out: Uint8Array, at: number): void {
  putWord(out, at + KSTATFS.namelen, NAME_MAX);
}

function putWord(out: Uint8Array, at: number, value: number): void {
  new DataView(out.buffer, out.byteOffset).setUint32(at, value, true);
}
