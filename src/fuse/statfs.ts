// What `statfs` answers: a file system's totals, as the kernel has them of another.
import { STATFS } from '../sys/statfs.ts';
import { STRUCT } from './abi.ts';

const KSTATFS = STRUCT.fuse_kstatfs;
const NAME_MAX = 255;
const BLOCK = 4096;

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
