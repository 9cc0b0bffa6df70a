// Places in a gzip stream where inflating can begin, with the bytes that what comes after may refer to: packed, and bounded in
// memory by the room that all streams share, however many and however long they are.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { WINDOW } from '../sys/zlib.ts';
import type { PackedPoints } from './blob.ts';
import type { WindowRoom } from './window-room.ts';

/** A place where inflating can begin. */
export interface RestartPoint {
  /** Offset in what was compressed. */
  readonly out: number;
  /** Offset of the first byte of input that is not used up before it. */
  readonly in: number;
  /** A member's header stands there; else bits of the byte before `in` that belong to the block, 0 to 7. */
  readonly bits: number | 'member';
  /** The bytes before it, 32 KiB at most; none at a member. */
  readonly window: Uint8Array;
}

/** Bytes between two points, as far as memory allows: less is read in vain than a disk reads in a millisecond or two. */
const STEP = 1 << 20;
const MEMBER = 0xff;
/** The fastest: a window is compressed once for each MiB. */
const LEVEL = { level: 1 };

export class RestartPoints {
  #step: number;
  readonly #room: WindowRoom;
  readonly #out: number[] = [];
  readonly #in: number[] = [];
  readonly #bits: number[] = [];
  readonly #windows: Uint8Array[] = [];
  #bytes = 0;

  constructor(room: WindowRoom, step: number = STEP) {
    this.#step = step;
    this.#room = room;
    room.enter(this);
  }

  /** Of the same blob, as `packed` told them. */
  static of({ out, in: places, bits, windows }: PackedPoints, room: WindowRoom): RestartPoints {
    const gaps = out.slice(1).map((place, index) => place - (out[index] as number));
    // What was thinned before it was packed stays as coarse as it is.
    const points = new RestartPoints(room, gaps.length === 0 ? STEP : gaps.reduce((a, b) => Math.min(a, b)));
    for (const [index, window] of windows.entries()) {
      points.#out.push(out[index] as number);
      points.#in.push(places[index] as number);
      points.#bits.push(bits[index] as number);
      points.#windows.push(window);
      points.#bytes += window.length;
    }
    room.settle();
    return points;
  }

  packed(): PackedPoints {
    return { out: this.#out, in: this.#in, bits: this.#bits, windows: this.#windows };
  }

  get length(): number {
    return this.#out.length;
  }

  /** Least bytes between two points. */
  get step(): number {
    return this.#step;
  }

  /** Bytes that the windows take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a point at this place would be far enough from the last one. */
  wants(out: number): boolean {
    const last = this.#out.at(-1);
    return last === undefined || out - last >= this.#step;
  }

  /** Places come in order. */
  add({ out, in: at, bits, window }: RestartPoint): void {
    // A copy: what zlib answers may lie in a larger piece of memory, which it would hold.
    const packed = window.length === 0 ? window : new Uint8Array(deflateRawSync(window, LEVEL));
    this.#out.push(out);
    this.#in.push(at);
    this.#bits.push(bits === 'member' ? MEMBER : bits);
    this.#windows.push(packed);
    this.#bytes += packed.length;
    this.#room.settle();
  }

  /** Drops every other point. The first one stays, as nothing lies before it. */
  thin(): void {
    this.#step *= 2;
    let kept = 0;
    this.#bytes = 0;
    for (let i = 0; i < this.length; i += 2) {
      this.#out[kept] = this.#out[i] as number;
      this.#in[kept] = this.#in[i] as number;
      this.#bits[kept] = this.#bits[i] as number;
      const window = this.#windows[i] as Uint8Array;
      this.#windows[kept] = window;
      this.#bytes += window.length;
      kept++;
    }
    for (const list of [this.#out, this.#in, this.#bits, this.#windows]) list.length = kept;
  }

  /** Offset of the last point at or before a place, without its window. The first point is at 0. */
  before(out: number): number {
    return this.#out[this.#find(out)] as number;
  }

  /** The last point at or before a place. */
  at(out: number): RestartPoint {
    const found = this.#find(out);
    const packed = this.#windows[found] as Uint8Array;
    const bits = this.#bits[found] as number;
    return {
      out: this.#out[found] as number,
      in: this.#in[found] as number,
      bits: bits === MEMBER ? 'member' : bits,
      window: packed.length === 0 ? packed : inflateRawSync(packed, { maxOutputLength: WINDOW }),
    };
  }

  /** Gives the room back. */
  close(): void {
    this.#room.leave(this);
  }

  #find(out: number): number {
    let low = 0;
    let high = this.length - 1;
    if (high < 0) throw new RangeError('no point to start at');
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#out[middle] as number) <= out) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
