// Reads a layer's tar-split record (vbatts/tar-split, tar/storage/entry.go): gzip of JSON lines, which hold everything of
// the layer's tar but the files' contents. Every line is untrusted; what is wrong with one is a TarDamage.

import { BlobDamage } from '../blob/blob.ts';
import { decompressed } from '../blob/compression.ts';
import { type ByteString, bytesOf, bytesOfText, type ReadSome } from '../sys/bytes.ts';
import { TarDamage, type TarEntry } from './entry.ts';
import { TarHeaders } from './header.ts';
import { hasNoContents } from './type.ts';

/** Longer than any line of tar-split: its largest is 1 MiB of padding or an extended header, in base64. */
const LONGEST_LINE = 8 << 20;

/** A file's contents in the tar, where they stand. */
export interface ContentsSum {
  /** Bytes, as read by Go: with holes. */
  readonly size: number;
  /** CRC-64/ISO, 16 hex digits. */
  readonly crc64: string;
}

/** Told of a tar's parts in the order of the tar. */
export interface TarVisitor {
  /** Bytes of headers, padding and end; valid during the call. */
  raw(bytes: Uint8Array): void;
  /**
   * An entry, after its header bytes and before its padding; `index` counts them from 0. `contents` is there where the tar
   * has contents here.
   */
  entry(entry: TarEntry, index: number, contents: ContentsSum | undefined): void;
}

/** Reads the record to its end. Throws TarDamage where it is not what Docker writes. */
export async function readTarSplit(read: ReadSome, visitor: TarVisitor): Promise<void> {
  const records = new Records(visitor);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of lines(read)) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const line = chunk.subarray(start, end);
      records.line(rest.length === 0 ? line : Buffer.concat([rest, line]));
      if (rest.length > 0) rest = Buffer.alloc(0);
      start = end + 1;
    }
    if (start === chunk.length) continue;
    if (rest.length + chunk.length - start > LONGEST_LINE) throw new TarDamage('a line is too long');
    rest = Buffer.concat([rest, chunk.subarray(start)]);
  }
  if (rest.length > 0) throw new TarDamage('the last line is cut off');
  records.end();
}

async function* lines(read: ReadSome): AsyncGenerator<Buffer> {
  try {
    yield* decompressed(read, 'gzip', 'the record of a layer');
  } catch (error) {
    if (error instanceof BlobDamage) throw new TarDamage(error.message, { cause: error });
    throw error;
  }
}

/** The records of the lines, put together with the headers they hold. */
class Records {
  readonly #headers = new TarHeaders();
  readonly #visitor: TarVisitor;
  #position = 0;
  #entries = 0;
  #entry: TarEntry | undefined;

  constructor(visitor: TarVisitor) {
    this.#visitor = visitor;
  }

  line(line: Buffer): void {
    try {
      this.#record(parseLine(line));
    } catch (error) {
      if (!(error instanceof TarDamage)) throw error;
      throw new TarDamage(`line ${this.#position + 1}: ${error.message}`, { cause: error });
    }
    this.#position += 1;
  }

  #record(record: TarSplitRecord): void {
    if (record.position !== this.#position) throw new TarDamage('a line before it is missing');
    if (record.kind === 'raw') {
      if (record.bytes.length === 0) return;
      if (this.#entry !== undefined) throw new TarDamage('an entry has a header but no record');
      this.#visitor.raw(record.bytes);
      this.#headers.push(record.bytes);
      this.#entry = this.#headers.take();
      return;
    }
    const entry = this.#entry;
    this.#entry = undefined;
    // The header is what the hash covers; the record beside it must not lead elsewhere.
    if (entry === undefined) throw new TarDamage('a file has a record but no header');
    if (entry.name !== record.name) throw new TarDamage('the record and the header name different files');
    // What has no contents may still have a size in its header, which the record repeats.
    if (entry.size !== record.size && !hasNoContents(entry.type)) {
      throw new TarDamage('the record and the header have different sizes');
    }
    const contents = entry.size > 0 ? { size: entry.size, crc64: record.crc64 } : undefined;
    this.#visitor.entry(entry, this.#entries, contents);
    this.#entries += 1;
  }

  end(): void {
    if (this.#entry !== undefined) throw new TarDamage('the last entry has no record');
    if (this.#position === 0) throw new TarDamage('it is empty');
  }
}

type TarSplitRecord =
  | { readonly kind: 'raw'; readonly position: number; readonly bytes: Buffer }
  | {
      readonly kind: 'file';
      readonly position: number;
      readonly name: ByteString;
      readonly size: number;
      readonly crc64: string;
    };

const FILE = 1;
const SEGMENT = 2;

function parseLine(line: Buffer): TarSplitRecord {
  const fields = parseObject(line);
  const { type, position, payload } = fields;
  if (typeof position !== 'number') throw new TarDamage('it has no position');
  const bytes = payload === null || payload === undefined ? Buffer.alloc(0) : base64(payload);
  if (type === SEGMENT) return { kind: 'raw', position, bytes };
  if (type !== FILE) throw new TarDamage('it is neither a file nor a segment');
  const size = fields.size ?? 0;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new TarDamage('its size is no number of bytes');
  }
  if (size > 0 && bytes.length !== 8) throw new TarDamage('its checksum has the wrong length');
  return { kind: 'file', position, name: recordName(fields), size, crc64: bytes.toString('hex') };
}

function parseObject(line: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch (cause) {
    throw new TarDamage('it is not JSON', { cause });
  }
  if (typeof value !== 'object' || value === null) throw new TarDamage('it is not a JSON object');
  return value as Readonly<Record<string, unknown>>;
}

function recordName({ name, name_raw: raw }: Readonly<Record<string, unknown>>): ByteString {
  if (typeof name === 'string' && name !== '') return bytesOfText(name);
  if (raw !== undefined && raw !== null) return bytesOf(base64(raw));
  return '' as ByteString;
}

function base64(text: unknown): Buffer {
  if (typeof text !== 'string') throw new TarDamage('its payload is not text');
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  // Node passes over what is not base64; then the result is shorter.
  if (text.length % 4 !== 0 || bytes.length !== (text.length / 4) * 3 - padding) {
    throw new TarDamage('its payload is not base64');
  }
  return bytes;
}
