// What a layer's tar or its record is compressed with, and its bytes without that.
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ReadSome } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { BlobDamage } from './blob.ts';
import { unzstd } from './zstd-stream.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

const READ_SIZE = 64 << 10;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** A frame to be skipped may come first: 0x184D2A50 to 0x184D2A5F. */
const SKIPPED = Buffer.from([0x2a, 0x4d, 0x18]);

/** By the first bytes, four at least where there are so many, of what may be a tar, compressed or not: a tar begins with a name. */
export function compressionOf(start: Uint8Array): Compression {
  const bytes = Buffer.from(start);
  if (bytes.subarray(0, GZIP.length).equals(GZIP)) return 'gzip';
  const isSkipped = ((bytes[0] ?? 0) & 0xf0) === 0x50 && bytes.subarray(1, 4).equals(SKIPPED);
  return isSkipped || bytes.subarray(0, ZSTD.length).equals(ZSTD) ? 'zstd' : 'none';
}

/**
 * Reads to the end. Throws BlobDamage where the compressed stream is not sound or ends too early, Errno where it cannot be
 * read; `what` says what was read: `a blob`.
 */
export async function* decompressed(
  read: ReadSome,
  compression: Compression,
  what: string,
): AsyncGenerator<Buffer> {
  const chunks = chunksOf(read, what);
  if (compression === 'gzip') yield* gunzip(chunks);
  else if (compression === 'zstd') yield* unzstd(chunks);
  else yield* chunks;
}

async function* gunzip(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  const stream = createGunzip({ chunkSize: READ_SIZE });
  // A failure to read ends the reader too, and is what it throws.
  pipeline(Readable.from(chunks), stream, () => {});
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw new BlobDamage('it is cut off', { cause: error });
    if (code?.startsWith('Z_')) throw new BlobDamage('it is not sound gzip', { cause: error });
    throw error;
  }
}

function* chunksOf(read: ReadSome, what: string): Generator<Buffer> {
  for (;;) {
    const chunk = Buffer.allocUnsafe(READ_SIZE);
    const length = read(chunk);
    if (length < 0) throw new Errno(-length, `read ${what}`);
    if (length === 0) return;
    yield chunk.subarray(0, length);
  }
}
