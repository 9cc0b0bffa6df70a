// What a layer's tar, compressed or not, says that unpacking it leaves: names, metadata and marks, without contents.
import { createHash } from 'node:crypto';
import { BlobDamage } from '../blob/blob.ts';
import { mustBeNoBomb } from '../blob/bomb.ts';
import { compressionOf, decompressed } from '../blob/compression.ts';
import type { RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import type { ReadSome } from '../sys/bytes.ts';
import { TarDamage } from '../tar/entry.ts';
import { TarStream } from '../tar/stream.ts';
import { MOST_ENTRIES } from './blob-layer.ts';
import type { Below } from './implied.ts';
import type { UnpackingRules } from './rules.ts';
import { UnpackedTar } from './unpack.ts';

const READ_SIZE = 256 << 10;

export interface BlobRecordOptions {
  readonly rules: UnpackingRules;
  /** What the layers below have, for rules that copy from them. */
  readonly below: Below;
  /** `sha256:…` of the blob; one that is another is damaged. */
  readonly digest: string | undefined;
}

/**
 * `start` is the beginning of the blob, four bytes at least, and `read` reads all of it. Throws BlobDamage and TarDamage where
 * the blob is damaged or not what its digest names, Errno where it cannot be read.
 */
export async function unpackBlob(
  start: Uint8Array,
  read: ReadSome,
  { rules, below, digest }: BlobRecordOptions,
): Promise<RecordedLayer> {
  const hash = createHash('sha256');
  let taken = 0;
  const hashed: ReadSome = (buffer) => {
    const length = read(buffer);
    if (length > 0) hash.update(buffer.subarray(0, length));
    taken += Math.max(0, length);
    return length;
  };
  const unpacked = new UnpackedTar(rules, below);
  const tar = new TarStream({
    entry(entry) {
      if (unpacked.entries >= MOST_ENTRIES) throw new TarDamage(`it has more than ${MOST_ENTRIES} entries`);
      unpacked.add(entry);
    },
    contents() {},
  });
  let size = 0;
  for await (const chunk of decompressed(hashed, compressionOf(start), 'a blob')) {
    size += chunk.length;
    mustBeNoBomb(size, taken);
    tar.push(chunk);
  }
  tar.end();
  unpacked.end();
  // Whatever follows the stream is part of what the digest names.
  const rest = Buffer.allocUnsafe(READ_SIZE);
  while (hashed(rest) > 0);
  const found = `sha256:${hash.digest('hex')}`;
  if (digest !== undefined && found !== digest) throw new BlobDamage(`its bytes have the digest ${found}`);
  return unpacked.layer;
}
