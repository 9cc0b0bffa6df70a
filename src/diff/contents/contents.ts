// Compares the data of two open files: streamed through two buffers that are used again, up to the first difference.
import type { OpenContents } from '../../overlay/layer/open-contents.ts';
import { E, Errno } from '../../sys/errors.ts';
import { SEEK } from '../../sys/seek.ts';

/** Small enough that both stay in a processor's cache between the read and the comparison. */
const CHUNK = 128 << 10;
/** Chunks between two calls of `tick`: 16 MiB. */
const TICK_CHUNKS = 128;

const left = Buffer.allocUnsafeSlow(CHUNK);
const right = Buffer.allocUnsafeSlow(CHUNK);

export interface ContentOptions {
  /** Whether both files have holes, which are stepped over. */
  readonly sparse: boolean;
  /** Where to begin, 0 unless told. */
  readonly from?: number;
  /** Called now and then while a long file is read. */
  readonly tick?: (() => void) | undefined;
}

/** Offset of the first byte in which two files of `size` bytes differ, -1 where there is none. Throws Errno. */
export function firstDifference(
  a: OpenContents,
  b: OpenContents,
  size: number,
  options: ContentOptions,
): number {
  if (!Number.isSafeInteger(size)) throw new Errno(E.EFBIG, 'read a file of 2^53 bytes or more');
  let at = options.from ?? 0;
  for (let chunks = 1; ; chunks++) {
    if (chunks % TICK_CHUNKS === 0) options.tick?.();
    if (options.sparse) at = Math.min(nextData(a, at, size), nextData(b, at, size));
    const step = Math.min(CHUNK, size - at);
    if (step <= 0) return -1;
    const got = a.read(at, left.subarray(0, step));
    const other = b.read(at, right.subarray(0, step));
    const both = Math.min(got, other);
    if (left.compare(right, 0, both, 0, both) !== 0) return at + unequalByte(both);
    if (got !== other) return at + both;
    if (got < step) return -1;
    at += got;
  }
}

/** The next offset that is not in a hole; `size` where only a hole is left. */
function nextData(file: OpenContents, at: number, size: number): number {
  const found = file.seek(at, SEEK.DATA);
  if (found >= 0) return found;
  return found === -E.ENXIO ? Math.max(at, size) : at;
}

function unequalByte(length: number): number {
  let low = 0;
  let high = length;
  // The prefix of length `low` is equal, that of `high` is not.
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (left.subarray(low, middle).equals(right.subarray(low, middle))) low = middle;
    else high = middle;
  }
  return low;
}

/** Calls `use` with each piece of a file in order, until it answers false. The piece is overwritten by the next. */
export function readPieces(file: OpenContents, use: (piece: Buffer) => boolean | undefined): void {
  for (let at = 0; ; ) {
    const got = file.read(at, left);
    if (got === 0 || use(left.subarray(0, got)) === false || got < CHUNK) return;
    at += got;
  }
}
