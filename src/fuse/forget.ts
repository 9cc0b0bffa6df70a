// FORGET and BATCH_FORGET: how often the kernel was given a node and has let go of it again. They have no reply.
import { OPCODE, STRUCT } from './abi.ts';
import type { FileSystem } from './filesystem.ts';
import { type Frame, HEADER, NODEID, OPCODE_AT, OUT_ERROR, OUT_LEN, PAYLOAD } from './frame.ts';
import { nodesInReply } from './readdir.ts';

const NLOOKUP = (HEADER + STRUCT.fuse_forget_in.nlookup) >> 2;
const COUNT = (HEADER + STRUCT.fuse_batch_forget_in.count) >> 2;
const FIRST = (HEADER + STRUCT.fuse_batch_forget_in.sizeof) >> 2;
const ONE = STRUCT.fuse_forget_one;
const WORD = 2 ** 32;

/** Tells a file system that counts what the kernel has forgotten; numbers it never had, and what is cut off, are passed over. */
export function forgetNodes(fs: FileSystem, { words }: Frame, length: number): void {
  if (fs.forget === undefined) return;
  const end = length >> 2;
  const forget = (nodeAt: number, countAt: number) => {
    const node = words[nodeAt] as number;
    const count = (words[countAt + 1] as number) * WORD + (words[countAt] as number);
    if (words[nodeAt + 1] === 0 && fs.has(node)) fs.forget?.(node, count);
  };
  if (words[OPCODE_AT] === OPCODE.FUSE_FORGET) {
    if (NLOOKUP + 2 <= end) forget(NODEID, NLOOKUP);
    return;
  }
  const count = COUNT < end ? (words[COUNT] as number) : 0;
  for (let i = 0, at = FIRST; i < count && at + ONE.sizeof / 4 <= end; i++, at += ONE.sizeof >> 2) {
    forget(at + (ONE.nodeid >> 2), at + (ONE.nlookup >> 2));
  }
}

/** The same for a reply that the kernel would not take: what it gave was never had. */
export function forgetReply(fs: FileSystem, request: Frame, reply: Frame): void {
  if (fs.forget === undefined || reply.words[OUT_ERROR] !== 0) return;
  const opcode = request.words[OPCODE_AT];
  if (opcode === OPCODE.FUSE_LOOKUP) {
    const node = reply.words[(PAYLOAD + STRUCT.fuse_entry_out.nodeid) >> 2] as number;
    if (node !== 0) fs.forget(node, 1);
  } else if (opcode === OPCODE.FUSE_READDIRPLUS) {
    const size = (reply.words[OUT_LEN] as number) - PAYLOAD;
    for (const node of nodesInReply(reply, size)) fs.forget(node, 1);
  }
}
