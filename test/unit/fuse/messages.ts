// FUSE messages as they go over the wire, written and shown as annotated bytes: a line of hex, then what it is.
import { OPCODE, STRUCT } from '../../../src/fuse/abi.ts';
import type { Session } from '../../../src/fuse/session.ts';

const HEADER = STRUCT.fuse_in_header;

/** Hex digits up to two spaces are bytes, the rest of a line says what they are. */
export function bytes(annotated: string): Buffer {
  const hex = annotated
    .split('\n')
    .map((line) => line.trim().split('  ')[0] ?? '')
    .join(' ');
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

/** Bytes in rows of eight. */
export function show(buffer: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < buffer.length; at += 8) {
    rows.push(
      Buffer.from(buffer.subarray(at, at + 8))
        .toString('hex')
        .replace(/..(?=.)/g, '$& '),
    );
  }
  return rows.join('\n');
}

/** The same form, of an annotated text: what a reply is compared with. */
export function rows(annotated: string): string {
  return show(bytes(annotated));
}

export interface RequestFields {
  readonly node?: number;
  readonly uid?: number;
  readonly unique?: number;
}

/** A request with its header; `payload` is what follows it. */
export function request(
  opcode: keyof typeof OPCODE,
  payload: Uint8Array | string = '',
  { node = 1, uid = 0, unique = 7 }: RequestFields = {},
): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const message = Buffer.alloc(HEADER.sizeof + body.length);
  message.writeUInt32LE(message.length, HEADER.len);
  message.writeUInt32LE(OPCODE[opcode], HEADER.opcode);
  message.writeUInt32LE(unique, HEADER.unique);
  message.writeUInt32LE(node, HEADER.nodeid);
  message.writeUInt32LE(uid, HEADER.uid);
  message.set(body, HEADER.sizeof);
  return message;
}

/** 32-bit words, little-endian. */
export function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) buffer.writeUInt32LE(value >>> 0, i * 4);
  return buffer;
}

/** A `fuse_read_in`: READ, READDIR and READDIRPLUS. */
export function readIn(offset: number, size: number): Buffer {
  return words(0, 0, offset % 2 ** 32, Math.floor(offset / 2 ** 32), size, 0, 0, 0, 0, 0);
}

/** A `fuse_init_in` of Linux 6.18: everything offered. */
export function initIn(minor = 45): Buffer {
  return words(7, minor, 128 << 10, 0xffff_ffff, 0xffff_ffff, ...new Array<number>(11).fill(0));
}

/** Hands a message to a session as a device would; the reply, empty where there is none. */
export function exchange(session: Session, message: Uint8Array): Buffer {
  session.request.bytes.fill(0xee);
  session.request.bytes.set(message);
  const length = session.handle(session.request, message.length);
  return Buffer.from(session.reply.bytes.subarray(0, length));
}

/** `-ENOENT` as 2; 0 where the reply is no error. */
export function errnoOf(reply: Buffer): number {
  return Math.abs(reply.readInt32LE(STRUCT.fuse_out_header.error));
}

export function payloadOf(reply: Buffer): Buffer {
  return reply.subarray(STRUCT.fuse_out_header.sizeof);
}
