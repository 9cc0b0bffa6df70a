// Zstandard: a stream of frames, each of which can be decompressed from its start on. Short frames (zstd:chunked has one for each
// piece of a file) are decompressed when they are asked for; what a long one holds is spooled by the one pass.
import { crc32 } from 'node:zlib';
import { E, Errno, Trouble } from '../sys/errors.ts';
import {
  asErrno,
  type BlobBytes,
  BlobDamage,
  type BlobIndex,
  type BlobReader,
  type BlobScan,
  type FrameRun,
  shortened,
} from './blob.ts';
import type { BlobCache } from './cache.ts';
import { Spool, type SpoolRoom } from './spool.ts';
import { newZstdStream, ZSTD_INPUT, type ZstdStream } from './zstd-stream.ts';

/** A frame that gives more than this is spooled: some 10 ms of work for a read of a few bytes. */
const LONGEST_FRAME = 2 << 20;
/** Shorter frames are taken together, so that there are not as many runs as files. */
const SHORTEST_RUN = 128 << 10;

/** A run of what was compressed, of one frame or several. */
interface Run extends FrameRun {
  /** Where its bytes lie in the spool, once they do. */
  spooled?: number;
}

/** Answers a scan that can be asked without waiting. */
export async function newZstdScan(bytes: BlobBytes, cache: BlobCache, room: SpoolRoom): Promise<ZstdScan> {
  return new ZstdScan(bytes, cache, new Spool(room), await newZstdStream());
}

/** By what a pass over the same blob told. A long frame is spooled when something in it is read for the first time. */
export async function indexedZstd(
  bytes: BlobBytes,
  { cache, spools }: { readonly cache: BlobCache; readonly spools: SpoolRoom },
  { runs }: BlobIndex & { readonly kind: 'zstd' },
): Promise<BlobReader> {
  const input = new Input(bytes, await newZstdStream());
  return new ZstdReader(
    { cache, spool: new Spool(spools) },
    runs.map((run) => ({ ...run })),
    input,
  );
}

export class ZstdScan implements BlobScan {
  readonly trailing = 0;
  readonly #cache: BlobCache;
  readonly #spool: Spool;
  readonly #input: Input;
  readonly #runs: Run[] = [];
  /** What came out of the run so far: the bytes while it is short, then where they lie in the spool. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #spooled = -1;
  #checksum = 0;
  #runFrom = 0;
  #runOut = 0;
  #out = 0;

  constructor(bytes: BlobBytes, cache: BlobCache, spool: Spool, stream: ZstdStream) {
    if (bytes.size === 0) throw new BlobDamage('it is empty');
    this.#cache = cache;
    this.#spool = spool;
    this.#input = new Input(bytes, stream);
  }

  next(): Uint8Array | undefined {
    const chunk = this.#input.next();
    if (chunk === undefined) {
      this.#endRun();
      return undefined;
    }
    this.#out += chunk.length;
    this.#checksum = crc32(chunk, this.#checksum);
    this.#hold(chunk);
    const isLong = this.#out - this.#runOut >= SHORTEST_RUN;
    if (this.#input.isBetweenFrames && isLong) this.#endRun();
    // An end without contents is no end of what was compressed.
    return chunk.length === 0 ? this.next() : chunk;
  }

  #hold(chunk: Buffer): void {
    if (this.#spooled < 0 && this.#heldBytes + chunk.length <= LONGEST_FRAME) {
      this.#held.push(chunk);
      this.#heldBytes += chunk.length;
      return;
    }
    const bytes = this.#spooled < 0 ? Buffer.concat([...this.#held, chunk]) : chunk;
    const place = this.#spool.add(bytes);
    if (this.#spooled < 0) this.#spooled = place;
    this.#held = [];
  }

  #endRun(): void {
    const size = this.#out - this.#runOut;
    const { taken } = this;
    if (size > 0) {
      const place = { from: this.#runFrom, to: taken, checksum: this.#checksum };
      const spooled = this.#spooled < 0 ? {} : { spooled: this.#spooled };
      this.#runs.push({ out: this.#runOut, size, ...place, ...spooled });
    }
    this.#held = [];
    this.#heldBytes = 0;
    this.#spooled = -1;
    this.#checksum = 0;
    this.#runFrom = taken;
    this.#runOut = this.#out;
  }

  get taken(): number {
    return this.#input.taken;
  }

  reader(): BlobReader {
    // Where the pass ended at damage, what came out of its frame cannot be decompressed again.
    if (this.#heldBytes > 0 && this.#spooled < 0) this.#spooled = this.#spool.add(Buffer.concat(this.#held));
    if (this.#spooled >= 0) this.#endRun();
    return new ZstdReader({ cache: this.#cache, spool: this.#spool }, this.#runs, this.#input);
  }

  index(): BlobIndex {
    return { kind: 'zstd', runs: this.#runs.map(({ spooled: _, ...run }) => run) };
  }

  /** The reader goes on with the stream, which has some memory of its own. */
  close(): void {}
}

/** A stream with the part of the blob that it is given. */
class Input {
  readonly #bytes: BlobBytes;
  readonly #stream: ZstdStream;
  readonly #buffer = Buffer.alloc(ZSTD_INPUT);
  #at = 0;
  #length = 0;

  constructor(bytes: BlobBytes, stream: ZstdStream) {
    this.#bytes = bytes;
    this.#stream = stream;
  }

  get taken(): number {
    return this.#at + this.#stream.used;
  }

  get isBetweenFrames(): boolean {
    return this.#stream.isBetweenFrames;
  }

  /** Undefined at the end of the blob. Throws BlobDamage and Errno. */
  next(): Buffer | undefined {
    for (;;) {
      const chunk = this.#stream.next();
      if (chunk !== undefined) return chunk;
      this.#at += this.#length;
      this.#length = this.#bytes.read(this.#at, this.#buffer);
      if (this.#length === 0) {
        if (!this.#stream.isBetweenFrames) throw new BlobDamage('it is cut off');
        return undefined;
      }
      this.#stream.give(this.#buffer.subarray(0, this.#length));
    }
  }

  /** Goes on at the start of a frame. */
  seek(at: number): void {
    this.#stream.reset();
    this.#at = at;
    this.#length = 0;
  }

  close(): void {
    this.#stream.close();
  }
}

interface ZstdSource {
  readonly cache: BlobCache;
  readonly spool: Spool;
}

class ZstdReader implements BlobReader {
  readonly size: number;
  readonly #source: ZstdSource;
  readonly #runs: readonly Run[];
  readonly #input: Input;

  constructor(source: ZstdSource, runs: readonly Run[], input: Input) {
    this.#source = source;
    this.#runs = runs;
    this.#input = input;
    const last = runs.at(-1);
    this.size = last === undefined ? 0 : last.out + last.size;
  }

  read(offset: number, room: Uint8Array): number {
    const end = Math.min(this.size, offset + room.length);
    for (let at = offset; at < end; ) {
      const number = this.#find(at);
      const run = this.#runs[number] as Run;
      const from = at - run.out;
      const count = Math.min(end - at, run.size - from);
      const part = room.subarray(at - offset, at - offset + count);
      const spooled = run.size > LONGEST_FRAME ? (run.spooled ?? this.#spool(run)) : run.spooled;
      if (spooled !== undefined) this.#source.spool.read(spooled + from, part);
      else part.set(this.#decompressed(number, run).subarray(from, from + count));
      at += count;
    }
    return Math.max(0, end - offset);
  }

  #find(out: number): number {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#runs[middle] as Run).out <= out) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Answers where its bytes lie in the spool. */
  #spool(run: Run): number {
    let start: number | undefined;
    let checksum = 0;
    try {
      this.#input.seek(run.from);
      for (let at = 0; at < run.size; ) {
        const chunk = this.#input.next();
        if (chunk === undefined) throw shortened();
        const place = this.#source.spool.add(chunk);
        start ??= place;
        checksum = crc32(chunk, checksum);
        at += chunk.length;
      }
      if (start === undefined || checksum !== run.checksum) throw changed();
    } catch (error) {
      if (error instanceof Trouble) throw new Errno(E.ENOSPC, error.message, { cause: error });
      throw asErrno(error);
    }
    run.spooled = start;
    return start;
  }

  #decompressed(number: number, { size, from, checksum }: Run): Uint8Array {
    const { cache } = this.#source;
    const known = cache.block(this, number);
    if (known !== undefined) return known.bytes;
    try {
      this.#input.seek(from);
      const bytes = Buffer.alloc(size);
      for (let at = 0; at < size; ) {
        const chunk = this.#input.next();
        if (chunk === undefined) throw shortened();
        chunk.copy(bytes, at);
        at += chunk.length;
      }
      if (crc32(bytes) !== checksum) throw changed();
      cache.keepBlock(this, number, { bytes });
      return bytes;
    } catch (error) {
      throw asErrno(error);
    }
  }

  close(): void {
    this.#input.close();
    this.#source.spool.close();
    this.#source.cache.forget(this);
  }
}

function changed(): BlobDamage {
  return new BlobDamage('it is no longer what it was');
}
