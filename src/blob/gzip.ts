// Gzip: the pass that notes where inflating can begin, and any part of what was compressed from the nearest such place on.
import { crc32 } from 'node:zlib';
import { type Address, pinned } from '../sys/memory.ts';
import {
  asErrno,
  type BlobBytes,
  BlobDamage,
  type BlobIndex,
  type BlobReader,
  type BlobScan,
  shortened,
} from './blob.ts';
import type { BlobCache, Block } from './cache.ts';
import { GzipStream } from './gzip-stream.ts';
import { RestartPoints } from './restart-points.ts';

/** What is inflated, kept and checked as one. */
export const BLOCK_BYTES = 256 << 10;
/** Whole blocks. */
const CHUNK = 4 * BLOCK_BYTES;

export class GzipScan implements BlobScan {
  readonly #bytes: BlobBytes;
  readonly #cache: BlobCache;
  readonly #stream: GzipStream;
  readonly #points: RestartPoints;
  readonly #chunk = pinned(CHUNK);
  /** Of each block. */
  readonly #checksums: number[] = [];
  #size = 0;
  #damage: BlobDamage | undefined;
  #hasReader = false;

  /** `step`: least bytes between two restart points. Throws BlobDamage where it is empty. */
  constructor(bytes: BlobBytes, cache: BlobCache, step?: number) {
    this.#bytes = bytes;
    this.#cache = cache;
    this.#stream = new GzipStream(bytes);
    this.#points = new RestartPoints(cache.windows, step);
    this.#points.add({ out: 0, in: 0, bits: 'member', window: Buffer.alloc(0) });
  }

  next(): Uint8Array | undefined {
    if (this.#damage !== undefined) throw this.#damage;
    const { address, buffer } = this.#chunk;
    const count = this.#inflate(address);
    this.#size += count;
    for (let at = 0; at < count; at += BLOCK_BYTES) {
      this.#checksums.push(crc32(buffer.subarray(at, Math.min(count, at + BLOCK_BYTES))));
    }
    return count === 0 ? undefined : buffer.subarray(0, count);
  }

  /** What came out before a damaged place is there; the damage is thrown after it. */
  #inflate(address: Address): number {
    try {
      return this.#stream.read(address, CHUNK, (stream) => {
        if (this.#points.wants(stream.out)) this.#points.add(stream.point());
      });
    } catch (error) {
      const count = this.#stream.out - this.#size;
      if (!(error instanceof BlobDamage) || count === 0) throw error;
      this.#damage = error;
      return count;
    }
  }

  get taken(): number {
    return this.#stream.taken;
  }

  get trailing(): number {
    return this.#stream.trailing;
  }

  reader(): BlobReader {
    this.#hasReader = true;
    const parts = { bytes: this.#bytes, points: this.#points, checksums: this.#checksums };
    return new GzipReader(parts, this.#size, this.#cache);
  }

  index(): BlobIndex {
    return { kind: 'gzip', size: this.#size, points: this.#points.packed(), checksums: this.#checksums };
  }

  close(): void {
    this.#stream.close();
    if (!this.#hasReader) this.#points.close();
  }
}

/** By what a pass over the same blob told. */
export function indexedGzip(
  bytes: BlobBytes,
  cache: BlobCache,
  { size, points, checksums }: BlobIndex & { readonly kind: 'gzip' },
): BlobReader {
  return new GzipReader({ bytes, points: RestartPoints.of(points, cache.windows), checksums }, size, cache);
}

/** Memory of blocks that nobody holds any more. */
const spare: { readonly buffer: Buffer; readonly address: Address }[] = [];
const MOST_SPARE = 8;

interface GzipParts {
  readonly bytes: BlobBytes;
  readonly points: RestartPoints;
  /** CRC-32 of each block of what was compressed. */
  readonly checksums: readonly number[];
}

/** What it gives is what the scan gave, or EIO: a part of a stream carries no checksum of its own. */
class GzipReader implements BlobReader {
  readonly size: number;
  readonly #parts: GzipParts;
  readonly #cache: BlobCache;

  constructor(parts: GzipParts, size: number, cache: BlobCache) {
    this.#parts = parts;
    this.size = size;
    this.#cache = cache;
  }

  read(offset: number, room: Uint8Array): number {
    const end = Math.min(this.size, offset + room.length);
    let at = offset;
    while (at < end) {
      const number = Math.floor(at / BLOCK_BYTES);
      const block = this.#cache.block(this, number) ?? this.#inflate(number);
      const from = at - number * BLOCK_BYTES;
      const part = block.bytes.subarray(from, from + end - at);
      room.set(part, at - offset);
      at += part.length;
    }
    return Math.max(0, end - offset);
  }

  /** A block, and those on the way to it from where a stream stands or can begin. */
  #inflate(number: number): Block {
    const wanted = number * BLOCK_BYTES;
    const { bytes, points } = this.#parts;
    const start = points.before(wanted);
    let stream = this.#cache.takeStream(this, start, wanted);
    try {
      if (stream === undefined) {
        stream = new GzipStream(bytes);
        stream.moveTo(points.at(wanted));
      }
      for (;;) {
        const place = Math.floor(stream.out / BLOCK_BYTES);
        const from = stream.out - place * BLOCK_BYTES;
        const length = Math.min(BLOCK_BYTES, this.size - place * BLOCK_BYTES);
        const memory = spare.pop() ?? pinned(BLOCK_BYTES);
        if (stream.read(memory.address + from, length - from) < length - from) throw shortened();
        // The beginning of a block that a stream starts in is not there.
        if (from > 0) {
          spare.push(memory);
          continue;
        }
        const block: Block = {
          bytes: memory.buffer.subarray(0, length),
          free: () => spare.length < MOST_SPARE && spare.push(memory),
        };
        this.#mustBe(place, block);
        this.#cache.keepBlock(this, place, block);
        if (place === number) {
          this.#cache.keepStream(this, stream);
          return block;
        }
      }
    } catch (error) {
      stream?.close();
      throw asErrno(error);
    }
  }

  #mustBe(place: number, { bytes }: Block): void {
    if (crc32(bytes) === this.#parts.checksums[place]) return;
    throw new BlobDamage('it is no longer what it was');
  }

  close(): void {
    this.#parts.points.close();
    this.#cache.forget(this);
  }
}
