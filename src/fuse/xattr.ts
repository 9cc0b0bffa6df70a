// GETXATTR and LISTXATTR. Size 0 asks how long the answer would be; a longer answer than was asked for is ERANGE.
import { E } from '../sys/errors.ts';
import { STRUCT } from './abi.ts';
import type { FileSystem } from './filesystem.ts';
import { type Frame, HEADER, PAYLOAD, PAYLOAD_WORD, UID } from './frame.ts';
import { MAX_READ } from './init.ts';

const SIZE = (HEADER + STRUCT.fuse_getxattr_in.size) >> 2;
const NAME = HEADER + STRUCT.fuse_getxattr_in.sizeof;
const XATTR_NAME_MAX = 255;

export function getXattr(fs: FileSystem, node: number, request: Frame, length: number, reply: Frame): number {
  const end = length - 1;
  if (end <= NAME || request.bytes[end] !== 0) return -E.EINVAL;
  if (end - NAME > XATTR_NAME_MAX) return -E.ERANGE;
  const name = request.bytes.toString('latin1', NAME, end);
  const size = Math.min(request.words[SIZE] as number, MAX_READ);
  return finish(
    fs.getXattr(node, name, reply.bytes, PAYLOAD, size, request.words[UID] as number),
    size,
    reply,
  );
}

export function listXattr(
  fs: FileSystem,
  node: number,
  words: Uint32Array,
  length: number,
  reply: Frame,
): number {
  if (length < NAME) return -E.EINVAL;
  const size = Math.min(words[SIZE] as number, MAX_READ);
  return finish(fs.listXattr(node, reply.bytes, PAYLOAD, size, words[UID] as number), size, reply);
}

function finish(answer: number, size: number, reply: Frame): number {
  if (answer < 0) return answer;
  if (size !== 0) return answer <= size ? answer : -E.ERANGE;
  reply.words[PAYLOAD_WORD] = answer;
  reply.words[PAYLOAD_WORD + 1] = 0;
  return STRUCT.fuse_getxattr_out.sizeof;
}
