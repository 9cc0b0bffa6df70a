// One request and its reply as a line, for `mount --debug`.
import { OPCODE, opcodeName, STRUCT } from '../../fuse/abi.ts';
import {
  type Frame,
  HEADER,
  NODEID,
  OPCODE_AT,
  OUT_ERROR,
  PAYLOAD,
  PAYLOAD_WORD,
  READ_OFFSET,
  READ_SIZE,
  UID,
} from '../../fuse/frame.ts';
import { bytesOf } from '../../sys/bytes.ts';
import { errnoName } from '../../sys/errors.ts';
import { escapeBytes, escapeText } from '../../told/escape.ts';

const PID = STRUCT.fuse_in_header.pid >> 2;
const XATTR_NAME = HEADER + STRUCT.fuse_getxattr_in.sizeof;

/** `LOOKUP node 1 "etc" (uid 0, pid 4711): node 5`. No byte of a name can hurt a terminal. */
export function describe(request: Frame, length: number, reply: Frame, replied: number): string {
  const { words } = request;
  const opcode = words[OPCODE_AT] as number;
  const what = details(opcode, request, length);
  const who = `(uid ${words[UID]}, pid ${words[PID]})`;
  return `${opcodeName(opcode)} node ${words[NODEID]}${what} ${who}${answer(opcode, reply, replied)}`;
}

/** `GETATTR /etc: ENOENT`, of a driver that knows paths only; they are text. */
export function describeCall(opcode: number, path: string, result: number): string {
  const outcome = result < 0 ? errnoName(-result) : 'ok';
  return `${opcodeName(opcode)} ${escapeText(path)}: ${outcome}`;
}

function details(opcode: number, request: Frame, length: number): string {
  const { bytes, words } = request;
  switch (opcode) {
    case OPCODE.FUSE_LOOKUP:
      return ` "${escapeBytes(bytesOf(bytes, HEADER, length - 1))}"`;
    case OPCODE.FUSE_GETXATTR:
      return ` "${escapeBytes(bytesOf(bytes, XATTR_NAME, length - 1))}"`;
    case OPCODE.FUSE_READ:
    case OPCODE.FUSE_READDIR:
    case OPCODE.FUSE_READDIRPLUS:
      return ` at ${words[READ_OFFSET]}, ${words[READ_SIZE]} bytes`;
    default:
      return '';
  }
}

function answer(opcode: number, reply: Frame, replied: number): string {
  if (replied === 0) return '';
  const error = -((reply.words[OUT_ERROR] as number) | 0);
  if (error !== 0) return `: ${errnoName(error)}`;
  if (opcode === OPCODE.FUSE_LOOKUP) {
    const node = reply.words[PAYLOAD_WORD] as number;
    return node === 0 ? ': no such name' : `: node ${node}`;
  }
  return `: ${replied - PAYLOAD} bytes`;
}
