// zlib's inflate with the parts that Node's own binding leaves out: where its blocks begin, and starting at one. The functions
// are those that the process has already: Node's own copy, or the system's libz where Node was built against that.
import koffi from 'koffi';
import { type Address, pinned } from './memory.ts';

/** What `inflate` answers (zlib.h). */
export const Z_OK = 0;
export const Z_STREAM_END = 1;
export const Z_BUF_ERROR = -5;

/** Stops at the end of each block; `Inflater.blockBits` then tells where (zlib.h, Z_BLOCK). */
const Z_BLOCK = 5;

/** Window bits: a gzip member with its header and trailer, or what is inside of one. */
export type InflateForm = 'gzip' | 'raw';
const WINDOW_BITS: Readonly<Record<InflateForm, number>> = { gzip: 31, raw: -15 };

/** Bytes that what comes later may refer to. */
export const WINDOW = 32 << 10;

/** Where the fields of `z_stream` lie on a 64-bit machine (zlib.h), little-endian; its size is checked by zlib itself. */
const STREAM = {
  nextIn: 0,
  availIn: 8,
  nextOut: 24,
  availOut: 32,
  message: 48,
  dataType: 88,
  size: 112,
} as const;

type KoffiFunction = ReturnType<KoffiLibrary['func']>;
type KoffiLibrary = ReturnType<typeof koffi.load>;

interface Functions {
  readonly init: KoffiFunction;
  readonly inflate: KoffiFunction;
  readonly prime: KoffiFunction;
  readonly setDictionary: KoffiFunction;
  readonly getDictionary: KoffiFunction;
  readonly reset: KoffiFunction;
  readonly end: KoffiFunction;
}

/** Undefined: not looked for yet; null: nowhere. */
let functions: Functions | null | undefined;

/** Whether this process has zlib's functions. Where not, `Inflater` cannot be made. */
export function hasInflate(): boolean {
  functions ??= findFunctions();
  return functions !== null;
}

/** All of one copy of zlib: Node may have two, one under names of Chromium's. */
function findFunctions(): Functions | null {
  const places: readonly (readonly [library: string | null, prefix: string])[] = [
    [null, ''],
    [null, 'Cr_z_'],
    ['libz.so.1', ''],
  ];
  for (const [library, prefix] of places) {
    try {
      const found = declared(koffi.load(library), prefix);
      if (isSound(found)) return found;
    } catch {
      // There is no such library, or it lacks a function: the next one may do.
    }
  }
  return null;
}

function declared(library: KoffiLibrary, prefix: string): Functions {
  const declare = (name: string, ...types: string[]) => library.func(`${prefix}${name}`, 'int', types);
  return {
    init: declare('inflateInit2_', 'intptr_t', 'int', 'str', 'int'),
    inflate: declare('inflate', 'intptr_t', 'int'),
    prime: declare('inflatePrime', 'intptr_t', 'int', 'int'),
    setDictionary: declare('inflateSetDictionary', 'intptr_t', 'void *', 'unsigned int'),
    getDictionary: declare('inflateGetDictionary', 'intptr_t', 'void *', 'void *'),
    reset: declare('inflateReset2', 'intptr_t', 'int'),
    end: declare('inflateEnd', 'intptr_t'),
  };
}

/** zlib refuses a `z_stream` of another size, and a version whose first figure differs. */
function isSound({ init, end }: Functions): boolean {
  const { address } = pinned(STREAM.size);
  if (init(address, WINDOW_BITS.raw, '1', STREAM.size) !== Z_OK) return false;
  return end(address) === Z_OK;
}

/** One stream being inflated. Input and output are the caller's memory, which must stay where it is. */
export class Inflater {
  readonly #functions: Functions;
  readonly #stream: DataView;
  readonly #at: Address;
  #isOpen = true;

  /** Throws where `hasInflate()` is false, and RangeError where there is no memory for it. */
  constructor(form: InflateForm) {
    if (!hasInflate() || !functions) throw new Error('this process has no zlib');
    this.#functions = functions;
    const { buffer, address } = pinned(STREAM.size);
    this.#stream = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    this.#at = address;
    if (functions.init(address, WINDOW_BITS[form], '1', STREAM.size) !== Z_OK) {
      throw new RangeError('no memory for a stream of zlib');
    }
  }

  setInput(at: Address, length: number): void {
    this.#stream.setBigUint64(STREAM.nextIn, BigInt(at), true);
    this.#stream.setUint32(STREAM.availIn, length, true);
  }

  setOutput(at: Address, length: number): void {
    this.#stream.setBigUint64(STREAM.nextOut, BigInt(at), true);
    this.#stream.setUint32(STREAM.availOut, length, true);
  }

  get inputLeft(): number {
    return this.#stream.getUint32(STREAM.availIn, true);
  }

  get outputLeft(): number {
    return this.#stream.getUint32(STREAM.availOut, true);
  }

  /** Inflates until input or output are used up, or a block has ended: one of the numbers above, or a lower one for damage. */
  run(): number {
    return this.#functions.inflate(this.#at, Z_BLOCK) as number;
  }

  /** zlib's words for the damage that `run` told of. */
  get message(): string {
    const at = this.#stream.getBigUint64(STREAM.message, true);
    return at === 0n ? 'damaged data' : (koffi.decode(at, 'char', -1) as string);
  }

  /**
   * Just after a block that is not the last of its member: how many bits of the last byte of input belong to the next block,
   * 0 to 7. Undefined anywhere else.
   */
  get blockBits(): number | undefined {
    const type = this.#stream.getInt32(STREAM.dataType, true);
    return (type & 0x80) !== 0 && (type & 0x40) === 0 ? type & 7 : undefined;
  }

  /** A copy of the last bytes of output, 32 KiB of them at most. */
  window(): Buffer {
    const bytes = Buffer.alloc(WINDOW);
    const length = new Uint32Array(1);
    this.#functions.getDictionary(this.#at, bytes, length);
    return bytes.subarray(0, length[0]);
  }

  /** Begins a member, or what is inside of one, at the next byte of input. */
  reset(form: InflateForm): void {
    this.#functions.reset(this.#at, WINDOW_BITS[form]);
  }

  /** Begins inside of a member, at a block that starts with the upper `bits` bits of `byte`, after `window`. */
  resume(bits: number, byte: number, window: Uint8Array): void {
    this.reset('raw');
    if (bits > 0) this.#functions.prime(this.#at, bits, byte >> (8 - bits));
    if (window.length > 0) this.#functions.setDictionary(this.#at, window, window.length);
  }

  /** zlib's own memory is given back. */
  close(): void {
    if (this.#isOpen) this.#functions.end(this.#at);
    this.#isOpen = false;
  }
}
