// Inflates a gzip stream of one member or several, from its start or from a restart point on, into memory that it is given.
import { pinned } from '../sys/memory.ts';
import { Inflater, Z_BUF_ERROR, Z_OK, Z_STREAM_END } from '../sys/zlib.ts';
import { type BlobBytes, BlobDamage } from './blob.ts';
import type { RestartPoint } from './restart-points.ts';

const INPUT = 128 << 10;
/** What follows the compressed bytes of a member: checksum and length (RFC 1952). */
const TRAILER = 8;
const MAGIC = Buffer.from([0x1f, 0x8b]);

export class GzipStream {
  /** Place in what was compressed: of the next byte that comes out. */
  out = 0;
  /** Bytes after the last member, once the end was reached. */
  trailing = 0;
  readonly #bytes: BlobBytes;
  readonly #inflater: Inflater;
  readonly #input = pinned(INPUT);
  /** Where the input buffer lies in the blob, and how much of it is there. */
  #inputAt = 0;
  #inputLength = 0;
  /** What zlib inflates now: a member with header and trailer, or what is inside of one, after a start in its midst. */
  #form: 'gzip' | 'raw' = 'gzip';
  #isAtMember = false;
  #hasEnded = false;

  constructor(bytes: BlobBytes) {
    this.#bytes = bytes;
    this.#inflater = new Inflater('gzip');
    if (bytes.size === 0) throw new BlobDamage('it is empty');
  }

  /** Starts at a point. Throws Errno. */
  moveTo({ in: at, out, bits, window }: RestartPoint): void {
    this.out = out;
    this.#hasEnded = false;
    this.#seek(at);
    if (bits === 'member') {
      this.#form = 'gzip';
      this.#inflater.reset('gzip');
      return;
    }
    const before = Buffer.alloc(1);
    if (bits > 0 && this.#bytes.read(at - 1, before) !== 1) throw new BlobDamage('it became shorter');
    this.#form = 'raw';
    this.#inflater.resume(bits, before[0] as number, window);
  }

  /**
   * Fills `length` bytes from `address` on and answers how many it put there, fewer only at the end. `atBlock` is told of
   * places where inflating could begin: after each of the blocks and at each member but the first.
   */
  read(address: number, length: number, atBlock?: (stream: GzipStream) => void): number {
    let left = length;
    const output = this.#inflater;
    output.setOutput(address, length);
    while (left > 0 && !this.#hasEnded) {
      if (output.inputLeft === 0) this.#fill();
      const result = output.run();
      this.out += left - output.outputLeft;
      left = output.outputLeft;
      if (result === Z_STREAM_END) {
        this.#endMember();
        // A member may begin where there is room for it already.
        output.setOutput(address + length - left, left);
        if (this.#isAtMember) atBlock?.(this);
        this.#isAtMember = false;
      } else if (result === Z_OK) {
        if (output.blockBits !== undefined) atBlock?.(this);
      } else if (result !== Z_BUF_ERROR) {
        throw new BlobDamage(`${output.message} at byte ${this.taken}`);
      } else if (this.#inputLength === 0) {
        throw new BlobDamage('it is cut off');
      }
    }
    return length - left;
  }

  /** The place that was reached, where `atBlock` is told of it. */
  point(): RestartPoint {
    const { out, taken } = this;
    if (this.#isAtMember) return { out, in: taken, bits: 'member', window: Buffer.alloc(0) };
    return { out, in: taken, bits: this.#inflater.blockBits ?? 0, window: this.#inflater.window() };
  }

  /** Bytes of the blob that are used up. */
  get taken(): number {
    return this.#inputAt + this.#inputLength - this.#inflater.inputLeft;
  }

  #seek(at: number): void {
    this.#inputAt = at;
    this.#inputLength = 0;
    this.#inflater.setInput(this.#input.address, 0);
  }

  #fill(): void {
    this.#inputAt += this.#inputLength;
    this.#inputLength = this.#bytes.read(this.#inputAt, this.#input.buffer);
    this.#inflater.setInput(this.#input.address, this.#inputLength);
  }

  /** Goes on with the next member, if there is one. What is inside of one is followed by its trailer. */
  #endMember(): void {
    const end = this.taken + (this.#form === 'raw' ? TRAILER : 0);
    const magic = Buffer.alloc(2);
    const isMember = this.#bytes.read(end, magic) === magic.length && magic.equals(MAGIC);
    if (!isMember) {
      this.#hasEnded = true;
      this.trailing = Math.max(0, this.#bytes.size - end);
      return;
    }
    // What lies in the input buffer already is read again, where a trailer has to be passed.
    if (this.#form === 'raw') this.#seek(end);
    this.#form = 'gzip';
    this.#inflater.reset('gzip');
    this.#isAtMember = true;
  }

  close(): void {
    this.#inflater.close();
  }
}
