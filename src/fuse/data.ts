// READ and LSEEK: what a file holds, and where it holds nothing.
import { E } from '../sys/errors.ts';
import { bigLongAt } from '../sys/long.ts';
import { SEEK } from '../sys/seek.ts';
import { S_IFDIR, S_IFMT, S_IFREG } from '../sys/statx.ts';
import { STRUCT } from './abi.ts';
import type { FileSystem } from './filesystem.ts';
import { type Frame, HEADER, PAYLOAD, PAYLOAD_WORD, READ_OFFSET, READ_SIZE } from './frame.ts';
import { MAX_READ } from './init.ts';

const LSEEK_OFFSET = (HEADER + STRUCT.fuse_lseek_in.offset) >> 2;
const LSEEK_WHENCE = (HEADER + STRUCT.fuse_lseek_in.whence) >> 2;
const WORD = 2 ** 32;
/** High word of the last offset that a number tells exactly, and of the last there is. */
const NUMBER_HIGH_MAX = 0x1f_ffff;
const OFFSET_HIGH_MAX = 0x7fff_ffff;
const WORD_MASK = 0xffff_ffffn;

/** A payload that the kernel has room for, or a negative errno; never a length that was not asked for. */
export function bounded(payload: number, size: number): number {
  return payload <= size ? payload : -E.EIO;
}

/** Payload length or negative errno, as all that answer a request. */
export function readFile(
  fs: FileSystem,
  node: number,
  words: Uint32Array,
  length: number,
  reply: Frame,
): number {
  if (length < HEADER + STRUCT.fuse_read_in.sizeof) return -E.EINVAL;
  const type = fs.typeOf(node) & S_IFMT;
  if (type !== S_IFREG) return type === S_IFDIR ? -E.EISDIR : -E.EINVAL;
  const size = words[READ_SIZE] as number;
  const high = words[READ_OFFSET + 1] as number;
  // A short answer would be taken for the end of the file.
  if (size > MAX_READ) return -E.EINVAL;
  if (high > NUMBER_HIGH_MAX) {
    if (high > OFFSET_HIGH_MAX) return -E.EINVAL;
    const far = bigLongAt(words, READ_OFFSET);
    return bounded(fs.readFar(node, far, reply.bytes, PAYLOAD, size), size);
  }
  const offset = high * WORD + (words[READ_OFFSET] as number);
  return bounded(fs.read(node, offset, reply.bytes, PAYLOAD, size), size);
}

export function seekFile(
  fs: FileSystem,
  node: number,
  words: Uint32Array,
  length: number,
  reply: Frame,
): number {
  if (length < HEADER + STRUCT.fuse_lseek_in.sizeof) return -E.EINVAL;
  const whence = words[LSEEK_WHENCE] as number;
  if (whence !== SEEK.DATA && whence !== SEEK.HOLE) return -E.EINVAL;
  if ((fs.typeOf(node) & S_IFMT) !== S_IFREG) return -E.EINVAL;
  if ((words[LSEEK_OFFSET + 1] as number) > OFFSET_HIGH_MAX) return -E.ENXIO;
  const found = fs.seek(node, bigLongAt(words, LSEEK_OFFSET), whence);
  if (found < 0n) return Number(found);
  reply.words[PAYLOAD_WORD] = Number(found & WORD_MASK);
  reply.words[PAYLOAD_WORD + 1] = Number(found >> 32n);
  return STRUCT.fuse_lseek_out.sizeof;
}
