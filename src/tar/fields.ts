// The fields of a tar header: where they lie, and the numbers and texts in them.
import { type ByteString, bytesOf } from '../sys/bytes.ts';
import { TarDamage } from './entry.ts';

/** Where the fields of a header lie (POSIX ustar, and what GNU and star put in its place). */
export const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
  starPrefix: [345, 131],
  atime: [345, 12],
  ctime: [357, 12],
  starTrailer: [508, 4],
} as const satisfies Record<string, readonly [offset: number, length: number]>;

export type Field = readonly [offset: number, length: number];

/** Up to the first NUL. */
export function headerText(block: Buffer, [offset, length]: Field): ByteString {
  const end = block.subarray(offset, offset + length).indexOf(0);
  return bytesOf(block, offset, end < 0 ? offset + length : offset + end);
}

export function isHeaderNumber(block: Buffer, field: Field): boolean {
  try {
    headerNumber(block, field, 'time');
    return true;
  } catch (error) {
    if (error instanceof TarDamage) return false;
    throw error;
  }
}

/** Digits, if any, between spaces and NULs; what follows a NUL right behind them does not count. */
const OCTAL = /^[ \0]*(?:([0-7]+)(?:[ \0]*|\0.*))?$/s;

/** Octal digits between spaces and NULs, or (first bit set) a big-endian two's complement number. */
export function headerNumber(block: Buffer, [offset, length]: Field, what: string): number {
  const first = block[offset] as number;
  if ((first & 0x80) === 0) {
    const match = OCTAL.exec(block.toString('latin1', offset, offset + length));
    if (match === null) throw new TarDamage(`a header's ${what} is not a number`);
    return Number.parseInt(match[1] ?? '0', 8);
  }
  let value = BigInt.asIntN(8, BigInt(first << 1)) >> 1n;
  for (let i = 1; i < length; i++) value = (value << 8n) | BigInt(block[offset + i] as number);
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw new TarDamage(`a header's ${what} is too large`);
  return result;
}

export function fieldSpan([offset, length]: Field): [start: number, end: number] {
  return [offset, offset + length];
}
