// A message buffer of the FUSE protocol, seen as bytes and as 32-bit words at once, so that nothing is allocated a request;
// and where the parts that every message has lie in it.
import { STRUCT } from './abi.ts';

/** One piece of memory, two views. Byte 0 and word 0 are the same place. */
export interface Frame {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
}

/** `size` in bytes, rounded up to 8. */
export function newFrame(size: number): Frame {
  const memory = new ArrayBuffer((size + 7) & ~7);
  return { bytes: Buffer.from(memory), words: new Uint32Array(memory) };
}

/** A buffer that begins at a multiple of 4 as a frame. */
export function frameOf(bytes: Buffer): Frame {
  return { bytes, words: new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) };
}

/** Bytes of a request's header; the operation's own fields follow. */
export const HEADER = STRUCT.fuse_in_header.sizeof;
/** Words of a request. */
export const LEN = STRUCT.fuse_in_header.len >> 2;
export const OPCODE_AT = STRUCT.fuse_in_header.opcode >> 2;
export const UNIQUE = STRUCT.fuse_in_header.unique >> 2;
export const NODEID = STRUCT.fuse_in_header.nodeid >> 2;
export const UID = STRUCT.fuse_in_header.uid >> 2;
/** Words of a READ, READDIR or READDIRPLUS request. */
export const READ_OFFSET = (HEADER + STRUCT.fuse_read_in.offset) >> 2;
export const READ_SIZE = (HEADER + STRUCT.fuse_read_in.size) >> 2;

/** Words of a reply. */
export const OUT_LEN = STRUCT.fuse_out_header.len >> 2;
export const OUT_ERROR = STRUCT.fuse_out_header.error >> 2;
export const OUT_UNIQUE = STRUCT.fuse_out_header.unique >> 2;
/** Where a reply's payload starts, in bytes and in words. */
export const PAYLOAD = STRUCT.fuse_out_header.sizeof;
export const PAYLOAD_WORD = PAYLOAD >> 2;
