// Small files put into the kernel's page cache before a reader asks for them, in the moments between his requests. Guesses
// which ones (`streams.ts`), reads them, and has the kernel's own threads hand them over: see `sealStore`.
import { sendNotice } from '../fuse/device.ts';
import { type Frame, frameOf, newFrame } from '../fuse/frame.ts';
import { NodeSet } from '../fuse/node-set.ts';
import { CONTENTS, isFinal, sealStore } from '../fuse/notify/store.ts';
import { Errno } from '../sys/errors.ts';
import { AsyncWrites } from '../sys/uring/async-writes.ts';
import { Streams } from './streams.ts';

/** What is pushed, by node: a `Tree` is one. */
export interface Files {
  parentOf(node: number): number;
  firstEntry(directory: number): number;
  entryCount(directory: number): number;
  nodeOf(entry: number): number;
  /** Bytes; 0 for what is no regular file or cannot be looked up. */
  fileSize(entry: number): number;
  /** As `FileSystem.read`. */
  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number;
}

/** Bytes that the kernel reads with one request. */
const LARGEST = 128 << 10;
/** Files on their way at once; a power of two. */
const MOST = 32;
/** Files handed over with one system call. */
const BATCH = 8;
/** Milliseconds without a push after which nobody is busy any more. */
const REST = 1000;

export class Push {
  readonly #files: Files;
  readonly #device: number;
  readonly #streams: Streams;
  #writes: AsyncWrites | undefined;
  /** What the kernel was given, where it asks for opens. */
  #given: NodeSet | undefined;
  /** For what is given at an open. */
  #frame: Frame | undefined;
  #frames: readonly Frame[] = [];
  /** Nothing is pushed any more. */
  #isOver = false;
  #isEnded = false;
  /** Runs while writes are under way, or were a moment ago. */
  #resting: NodeJS.Timeout | undefined;
  #submitted = 0;
  readonly #onBusy: (isBusy: boolean) => void;

  /** `device` is the open `/dev/fuse`; `onBusy` is told before the first of many writes, and when they have ended. */
  constructor(files: Files, device: number, onBusy: (isBusy: boolean) => void) {
    this.#files = files;
    this.#device = device;
    this.#onBusy = onBusy;
    this.#streams = new Streams({
      parentOf: (node) => files.parentOf(node),
      firstOf: (directory) => files.firstEntry(directory),
      endOf: (directory) => files.firstEntry(directory) + files.entryCount(directory),
    });
  }

  /**
   * To be told of a file's first open, before it is answered: the file is given to the kernel, if it was not yet, so that no
   * READ follows. This thread may do that: whoever could hold a page of the file waits for the answer to this open.
   * `size` is the file's, bytes.
   */
  open(node: number, size: number): void {
    if (size === 0 || size > LARGEST || this.#isOver) return;
    this.#follow(node);
    this.#given ??= new NodeSet();
    const target = this.#files.nodeOf(node);
    if (!this.#given.add(target)) return;
    this.#frame ??= newFrame(CONTENTS + LARGEST);
    if (!this.#isRead(target, this.#frame, size)) return;
    const result = sendNotice(this.#device, this.#frame, sealStore(this.#frame, target, size));
    if (isFinal(result)) this.#isOver = true;
  }

  /** To be told of each READ from a file's beginning. `size` is the file's, bytes. */
  read(node: number, size: number): void {
    if (size > LARGEST || this.#isOver) return;
    // It has let go of this one, and then of others as well.
    if (this.#given?.has(this.#files.nodeOf(node))) this.#given.clear();
    this.#follow(node);
  }

  #follow(node: number): void {
    try {
      this.#streams.read(node);
    } catch (error) {
      // What lies in a directory that may only be searched has no neighbours.
      if (!(error instanceof Errno)) throw error;
    }
  }

  /** Pushes one file; false where there is nothing to push. */
  work(): boolean {
    if (this.#isOver || !this.#streams.hasGuess) return this.#rest();
    const writes = this.#writes ?? this.#open();
    const buffer = writes?.take() ?? -1;
    if (writes === undefined || buffer < 0) return this.#rest();
    const length = this.#fill(this.#frames[buffer] as Frame);
    if (length > 0) writes.queue(buffer, this.#device, length);
    else writes.giveBack(buffer);
    if (writes.queued >= BATCH) this.#submit(writes);
    return true;
  }

  #rest(): false {
    if (this.#writes !== undefined && this.#writes.queued > 0) this.#submit(this.#writes);
    return false;
  }

  #submit(writes: AsyncWrites): void {
    if (this.#resting === undefined) {
      this.#onBusy(true);
      this.#resting = setInterval(() => this.#rests(writes), REST);
      this.#resting.unref();
    }
    this.#submitted++;
    writes.submit();
  }

  #rests(writes: AsyncWrites): void {
    // What the kernel had no room for would never end.
    if (writes.queued > 0) writes.submit();
    const isResting = this.#submitted === 0 && writes.isIdle;
    this.#submitted = 0;
    if (!isResting) return;
    clearInterval(this.#resting);
    this.#resting = undefined;
    if (this.#isEnded) this.#close();
    this.#onBusy(false);
  }

  /** Makes the message for the next guess; its length, 0 where there is nothing to push. */
  #fill(frame: Frame): number {
    const entry = this.#streams.take();
    const size = this.#files.fileSize(entry);
    if (size === 0 || size > LARGEST) return 0;
    const node = this.#files.nodeOf(entry);
    if (this.#given?.add(node) === false) return 0;
    return this.#isRead(node, frame, size) ? sealStore(frame, node, size) : 0;
  }

  /** Errors are left for whoever reads the file. */
  #isRead(node: number, frame: Frame, size: number): boolean {
    try {
      return this.#files.read(node, 0, frame.bytes, CONTENTS, size) === size;
    } catch (error) {
      if (error instanceof Errno) return false;
      throw error;
    }
  }

  #open(): AsyncWrites | undefined {
    const writes = AsyncWrites.open(MOST, CONTENTS + LARGEST, (result) => {
      if (isFinal(result)) this.#isOver = true;
    });
    if (writes === undefined) this.#isOver = true;
    else {
      this.#frames = writes.buffers.map(frameOf);
    }
    this.#writes = writes;
    return writes;
  }

  /** What is under way is waited for: its memory is the kernel's until then, and somebody is busy. */
  end(): void {
    this.#isOver = true;
    this.#isEnded = true;
    const writes = this.#writes;
    if (writes === undefined) return;
    this.#submitted = 0;
    if (this.#resting === undefined) this.#close();
    else this.#rests(writes);
  }

  #close(): void {
    this.#writes?.close();
    this.#writes = undefined;
  }
}
