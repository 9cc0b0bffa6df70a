// What was decompressed lately, the streams that stand where a reader may go on, and the room for the windows by which others can
// begin: for all blobs of a process together, so that an image of a hundred layers takes no more memory than one of three.
import type { GzipStream } from './gzip-stream.ts';
import { WindowRoom } from './window-room.ts';

/** 16 MiB: the read-ahead of several readers. */
const MOST_BYTES = 16 << 20;
/** Each has some 170 KiB of buffers. */
const MOST_STREAMS = 16;

/** A run of what was compressed; the owner numbers its runs. */
export interface Block {
  /** What is there of it; it may lie in larger memory. */
  readonly bytes: Uint8Array;
  /** Called when nobody holds it any more, so that its memory may serve again. */
  readonly free?: () => void;
}

interface KeptStream {
  readonly owner: object;
  readonly stream: GzipStream;
}

export class BlobCache {
  readonly windows: WindowRoom;
  /** The owner with the block that was used the longest ago first. */
  readonly #blocks = new Map<string, Block>();
  readonly #owners = new WeakMap<object, number>();
  #ownerCount = 0;
  #bytes = 0;
  /** The one that was used the longest ago first. */
  #streams: KeptStream[] = [];

  constructor(windows: WindowRoom = new WindowRoom()) {
    this.windows = windows;
  }

  /** Valid until the next `keepBlock`. */
  block(owner: object, number: number): Block | undefined {
    const key = this.#key(owner, number);
    const block = this.#blocks.get(key);
    if (block === undefined) return undefined;
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    return block;
  }

  keepBlock(owner: object, number: number, block: Block): void {
    const key = this.#key(owner, number);
    this.#drop(key);
    for (const oldest of this.#blocks.keys()) {
      if (this.#bytes + block.bytes.length <= MOST_BYTES) break;
      this.#drop(oldest);
    }
    this.#blocks.set(key, block);
    this.#bytes += block.bytes.length;
  }

  #drop(key: string): void {
    const block = this.#blocks.get(key);
    if (block === undefined) return;
    this.#blocks.delete(key);
    this.#bytes -= block.bytes.length;
    block.free?.();
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
    const ownKeys = this.#key(owner, 0).slice(0, -1);
    for (const key of this.#blocks.keys()) if (key.startsWith(ownKeys)) this.#drop(key);
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

/** The one of this process. */
export const processCache = new BlobCache();
