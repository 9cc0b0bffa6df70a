// Values as containerd's Go code writes them into its bolt databases: numbers, times, and protobuf's `Any`. Each answers
// undefined for bytes that are not such a value; what that means is for the one who asked.
import { type ByteString, shownBytes } from '../../sys/bytes.ts';

/** Longer than any that an engine gives: `<namespace>/<number>/extract-… sha256:…`. */
const LONGEST_SHOWN = 200;

/** A key of a database as part of a message, which stays short whatever the key is. */
export function shownKey(key: ByteString): string {
  const text = shownBytes(key);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/** An unsigned varint (encoding/binary.Uvarint) of a whole value; undefined past the safe integers. */
export function readUvarint(bytes: Uint8Array): number | undefined {
  const [value, length] = uvarintAt(bytes, 0);
  return length > 0 && length === bytes.length ? safe(value) : undefined;
}

/** A signed varint (encoding/binary.Varint), zig-zag. */
export function readVarint(bytes: Uint8Array): number | undefined {
  const [value, length] = uvarintAt(bytes, 0);
  if (length === 0 || length !== bytes.length) return undefined;
  return safe((value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n));
}

/** Of a varint in 64 bits. */
const MOST_BYTES = 10;

/** The value and where it ends; 0 where there is none. */
function uvarintAt(bytes: Uint8Array, start: number): readonly [value: bigint, end: number] {
  let value = 0n;
  for (let index = 0; index < MOST_BYTES && start + index < bytes.length; index++) {
    const byte = bytes[start + index] ?? 0;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return [value, start + index + 1];
  }
  return [0n, 0];
}

function safe(value: bigint): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** `time.Time.MarshalBinary`: version 1 or 2, seconds of the year 1 in 8 bytes, nanoseconds in 4, an offset; big endian. */
const TIME = { version: 0, seconds: 1, nanoseconds: 9, offset: 13 } as const;
const TIME_BYTES = new Map([
  [1, 15],
  [2, 16],
]);
/** From the year 1 to 1970. */
const EPOCH = 62_135_596_800n;

/** RFC 3339 in UTC, with nine digits of a second; undefined for Go's zero time as well, which means that there is none. */
export function readGoTime(bytes: Buffer): string | undefined {
  if (bytes.length < TIME.offset || TIME_BYTES.get(bytes.readUInt8(TIME.version)) !== bytes.length)
    return undefined;
  const seconds = bytes.readBigInt64BE(TIME.seconds);
  const nanoseconds = bytes.readUInt32BE(TIME.nanoseconds);
  if (nanoseconds >= 1e9 || seconds === 0n) return undefined;
  return timeText(Number(seconds - EPOCH), nanoseconds);
}

/** Nanoseconds since 1970, as CRI's status files have them; 0 means never. */
export function timeOfNanoseconds(value: bigint): string | undefined {
  if (value <= 0n) return undefined;
  return timeText(Number(value / 1_000_000_000n), Number(value % 1_000_000_000n));
}

function timeText(seconds: number, nanoseconds: number): string | undefined {
  const date = new Date(seconds * 1000);
  const year = Number.isNaN(date.getTime()) ? 0 : date.getUTCFullYear();
  if (year < 1 || year > 9999) return undefined;
  return date.toISOString().replace(/\.\d+Z$/, `.${String(nanoseconds).padStart(9, '0')}Z`);
}

/** `google.protobuf.Any`. */
export interface Any {
  readonly typeUrl: string;
  readonly value: Buffer;
}

const LENGTH_DELIMITED = 2n;
const TYPE_URL = 1n;
const VALUE = 2n;

/** Both of its fields are length-delimited; of one that comes twice the last counts, as protobuf has it. */
export function readAny(bytes: Buffer): Any | undefined {
  let any: Any = { typeUrl: '', value: Buffer.alloc(0) };
  for (let at = 0; at < bytes.length; ) {
    const [tag, start] = uvarintAt(bytes, at);
    const [length, content] = start === 0 ? [0n, 0] : uvarintAt(bytes, start);
    if (content === 0 || (tag & 7n) !== LENGTH_DELIMITED || length > BigInt(bytes.length - content))
      return undefined;
    const end = content + Number(length);
    const field = bytes.subarray(content, end);
    if (tag >> 3n === TYPE_URL) any = { ...any, typeUrl: field.toString('utf8') };
    else if (tag >> 3n === VALUE) any = { ...any, value: field };
    at = end;
  }
  return any;
}
