// What was inflated lately, and the streams that stand where a reader may go on: for all blobs of a process together, so that
// an image of a hundred layers takes no more memory than one of three.
import { type Address, pinned } from '../sys/memory.ts';
import type { GzipStream } from './gzip-stream.ts';

export const BLOCK_BYTES = 256 << 10;
/** 16 MiB: the read-ahead of several readers. */
const MOST_BLOCKS = 64;
/** Each has some 170 KiB of buffers. */
const MOST_STREAMS = 24;

/** A run of what was compressed, at a multiple of `BLOCK_BYTES`. */
export interface Block {
  readonly memory: { readonly buffer: Buffer; readonly address: Address };
  /** How much of it is there: all but at the end of a blob. */
  length: number;
}

interface KeptStream {
  readonly owner: object;
  readonly stream: GzipStream;
}

export class BlobCache {
  /** By owner and number, the one that was used the longest ago first. */
  readonly #blocks = new Map<string, Block>();
  readonly #owners = new WeakMap<object, number>();
  #ownerCount = 0;
  #free: Block[] = [];
  /** The one that was used the longest ago first. */
  #streams: KeptStream[] = [];

  block(owner: object, number: number): Block | undefined {
    const key = this.#key(owner, number);
    const block = this.#blocks.get(key);
    if (block === undefined) return undefined;
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    return block;
  }

  /** Room for a block, to be kept or dropped. */
  newBlock(): Block {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const [oldest] = this.#blocks;
    if (oldest === undefined || this.#blocks.size < MOST_BLOCKS) {
      return { memory: pinned(BLOCK_BYTES), length: 0 };
    }
    this.#blocks.delete(oldest[0]);
    return oldest[1];
  }

  keepBlock(owner: object, number: number, block: Block): void {
    this.#blocks.set(this.#key(owner, number), block);
  }

  dropBlock(block: Block): void {
    this.#free.push(block);
  }

  /** The stream of an owner that stands nearest before a place, and not before `start`; it is the caller's from then on. */
  takeStream(owner: object, start: number, place: number): GzipStream | undefined {
    let best: KeptStream | undefined;
    for (const kept of this.#streams) {
      const { out } = kept.stream;
      if (kept.owner !== owner || out < start || out > place) continue;
      if (best === undefined || out > best.stream.out) best = kept;
    }
    if (best === undefined) return undefined;
    this.#streams = this.#streams.filter((kept) => kept !== best);
    return best.stream;
  }

  keepStream(owner: object, stream: GzipStream): void {
    this.#streams.push({ owner, stream });
    if (this.#streams.length > MOST_STREAMS) this.#streams.shift()?.stream.close();
  }

  /** Lets go of all that is an owner's. */
  forget(owner: object): void {
    const ownKey = this.#key(owner, 0).replace(/0$/, '');
    for (const [key, block] of this.#blocks) {
      if (!key.startsWith(ownKey)) continue;
      this.#blocks.delete(key);
      this.#free.push(block);
    }
    for (const { owner: each, stream } of this.#streams) if (each === owner) stream.close();
    this.#streams = this.#streams.filter((kept) => kept.owner !== owner);
  }

  #key(owner: object, number: number): string {
    let known = this.#owners.get(owner);
    if (known === undefined) {
      this.#ownerCount += 1;
      known = this.#ownerCount;
      this.#owners.set(owner, known);
    }
    return `${known} ${number}`;
  }
}
