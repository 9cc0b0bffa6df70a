// Zstandard, decompressed with the WebAssembly of the package zstddec. Its own loop never asks whether the decoder failed
// and goes round for ever on damaged input, so only its compiled library is used here, through the C functions it exports.
// Node's own (22.15 and newer) is no way out: it ends in silence after the first of several frames, and at a cut-off end
// (seen with 22.23); layers of `zstd:chunked` have a frame for each file.
import { ZSTDDecoder } from 'zstddec/stream';
import { BlobDamage } from './blob.ts';

/** The functions of libzstd (zstd.h). Addresses and sizes are those of its 32-bit memory. */
interface Library {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly malloc: (size: number) => number;
  readonly free: (address: number) => void;
  readonly ZSTD_createDCtx: () => number;
  readonly ZSTD_freeDCtx: (context: number) => void;
  /** 0 at the end of a frame, an error as a negative number, else how much it would like to be given next. */
  readonly ZSTD_decompressStream: (context: number, output: number, input: number) => number;
}

/** Errors of libzstd are the negatives of a small enum, as `size_t` (zstd_errors.h: ZSTD_error_maxCode is 120). */
const LARGEST_ERROR = 120;
/** `ZSTD_error_frameParameter_windowTooLarge`: a window of more than 128 MiB, which zstd(1) refuses as well. */
const WINDOW_TOO_LARGE = 16;
/** Most bytes that a stream is given at once. */
export const ZSTD_INPUT = 128 << 10;
/** `ZSTD_BLOCKSIZE_MAX`: enough for a whole block. */
const OUT_SIZE = 128 << 10;
/** `ZSTD_inBuffer`, `ZSTD_outBuffer`: address, size, position. */
const BUFFER = { address: 0, size: 4, position: 8, bytes: 12 } as const;

let library: Promise<Library> | undefined;

/** Hands out its own copies. Throws BlobDamage where the stream is not sound, or ends within a frame. */
export async function* unzstd(chunks: Iterable<Uint8Array>): AsyncGenerator<Buffer> {
  const stream = await newZstdStream();
  try {
    for (const chunk of chunks) {
      for (let start = 0; start < chunk.length; start += ZSTD_INPUT) {
        stream.give(chunk.subarray(start, start + ZSTD_INPUT));
        for (let bytes = stream.next(); bytes !== undefined; bytes = stream.next()) yield bytes;
      }
    }
    if (!stream.isBetweenFrames) throw new BlobDamage('it is cut off');
  } finally {
    stream.close();
  }
}

/** The library is loaded once; after that a stream needs no waiting. */
export async function newZstdStream(): Promise<ZstdStream> {
  library ??= load();
  return new ZstdStream(await library);
}

async function load(): Promise<Library> {
  let exported: Library | undefined;
  const decoder = new ZSTDDecoder();
  const start = decoder._init.bind(decoder);
  decoder._init = (result) => {
    exported = result.instance.exports as unknown as Library;
    start(result);
  };
  await decoder.init();
  if (exported === undefined) throw new Error('the package zstddec did not load its library here');
  return exported;
}

/** Frames, one after the other. Is given input, and then asked for output until there is no more. */
export class ZstdStream {
  readonly #library: Library;
  #context: number;
  readonly #in: number;
  readonly #out: number;
  /** The two structures, one after the other. */
  readonly #buffers: number;
  #given = 0;
  /** What the last call would like next: 0 between frames. */
  #wanted = 0;
  /** A full buffer may have more behind it. */
  #wasFull = false;

  constructor(loaded: Library) {
    this.#library = loaded;
    this.#context = loaded.ZSTD_createDCtx();
    this.#in = loaded.malloc(ZSTD_INPUT);
    this.#out = loaded.malloc(OUT_SIZE);
    this.#buffers = loaded.malloc(2 * BUFFER.bytes);
    if ([this.#context, this.#in, this.#out, this.#buffers].includes(0)) throw new Error('out of memory');
    this.give(new Uint8Array(0));
  }

  close(): void {
    this.#library.ZSTD_freeDCtx(this.#context);
    for (const address of [this.#in, this.#out, this.#buffers]) this.#library.free(address);
  }

  /** At most `ZSTD_INPUT` bytes, in place of what was given before. */
  give(chunk: Uint8Array): void {
    this.#memory().set(chunk, this.#in);
    this.#describe(this.#buffers, this.#in, chunk.length);
    this.#given = chunk.length;
    this.#wasFull = false;
  }

  /** How many of the given bytes are used up. */
  get used(): number {
    return this.#position(this.#buffers);
  }

  /** Whether what came out last ends a frame, and nothing of another was used. */
  get isBetweenFrames(): boolean {
    return this.#wanted === 0;
  }

  /** A copy of the next bytes of one frame; empty where a frame without contents has ended; undefined where input is needed. */
  next(): Buffer | undefined {
    const [input, output] = [this.#buffers, this.#buffers + BUFFER.bytes];
    while (this.used < this.#given || this.#wasFull) {
      this.#describe(output, this.#out, OUT_SIZE);
      const wanted = this.#library.ZSTD_decompressStream(this.#context, output, input) | 0;
      if (wanted < 0 && wanted >= -LARGEST_ERROR) throw damage(-wanted);
      this.#wanted = wanted;
      const produced = this.#position(output);
      this.#wasFull = produced === OUT_SIZE && wanted !== 0;
      if (produced === 0 && wanted !== 0) continue;
      // The library's memory may grow, and what is handed out must last.
      return Buffer.from(this.#memory().subarray(this.#out, this.#out + produced));
    }
    return undefined;
  }

  /** Forgets what was begun: a frame comes next. */
  reset(): void {
    this.#library.ZSTD_freeDCtx(this.#context);
    this.#context = this.#library.ZSTD_createDCtx();
    if (this.#context === 0) throw new Error('out of memory');
    this.#wanted = 0;
    this.give(new Uint8Array(0));
  }

  #memory(): Uint8Array {
    return new Uint8Array(this.#library.memory.buffer);
  }

  #describe(at: number, address: number, size: number): void {
    const view = new DataView(this.#library.memory.buffer, at, BUFFER.bytes);
    view.setUint32(BUFFER.address, address, true);
    view.setUint32(BUFFER.size, size, true);
    view.setUint32(BUFFER.position, 0, true);
  }

  #position(at: number): number {
    return new DataView(this.#library.memory.buffer).getUint32(at + BUFFER.position, true);
  }
}

function damage(error: number): BlobDamage {
  return new BlobDamage(
    error === WINDOW_TOO_LARGE ? 'its zstd window is larger than 128 MiB' : 'it is not sound zstd',
  );
}
