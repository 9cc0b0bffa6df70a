// Names that lead elsewhere now, or nowhere: the kernel is told to forget them and what it keeps below them. Its own threads
// hand the messages over, because they may have to wait for the serving one.
import { type Frame, frameOf } from '../fuse/frame.ts';
import { LONGEST_NAME_NOTICE, putNameNotice } from '../fuse/notify/name.ts';
import { isFinal } from '../fuse/notify/store.ts';
import type { ByteString } from '../sys/bytes.ts';
import { AsyncWrites } from '../sys/uring/async-writes.ts';

/** Messages on their way at once; a power of two. */
const MOST = 8;
/** Milliseconds until it is looked whether there is room for more, or all have arrived. */
const PAUSE = 20;

export class ForgottenNames {
  readonly #device: number;
  readonly #onBusy: (isBusy: boolean) => void;
  readonly #waiting: { readonly directory: number; readonly name: ByteString }[] = [];
  #writes: AsyncWrites | undefined;
  #frames: readonly Frame[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** `device` is the open `/dev/fuse`; `onBusy` is told before the first of some messages, and when the last has arrived. */
  constructor(device: number, onBusy: (isBusy: boolean) => void) {
    this.#device = device;
    this.#onBusy = onBusy;
  }

  /** Where there is no io_uring, nothing is told: names hold for a short time only, and the rest goes with the kernel's memory. */
  forget(directory: number, name: ByteString): void {
    if (this.#isOver) return;
    this.#waiting.push({ directory, name });
    if (this.#timer !== undefined) return;
    this.#onBusy(true);
    this.#timer = setInterval(() => this.#send(), PAUSE);
    this.#timer.unref();
  }

  #send(): void {
    const writes = this.#writes ?? this.#open();
    if (writes === undefined || (this.#waiting.length === 0 && writes.isIdle)) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#onBusy(false);
      return;
    }
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const buffer = writes.take();
      if (buffer < 0) break;
      this.#waiting.shift();
      writes.queue(
        buffer,
        this.#device,
        putNameNotice(this.#frames[buffer] as Frame, next.directory, next.name),
      );
    }
    if (writes.queued > 0) writes.submit();
  }

  #open(): AsyncWrites | undefined {
    if (this.#isOver) return undefined;
    this.#writes = AsyncWrites.open(MOST, LONGEST_NAME_NOTICE, (result) => {
      if (isFinal(result)) this.end();
    });
    if (this.#writes === undefined) this.end();
    else this.#frames = this.#writes.buffers.map(frameOf);
    return this.#writes;
  }

  end(): void {
    this.#isOver = true;
    this.#waiting.length = 0;
  }

  /** Once, after `end`. */
  close(): void {
    this.end();
    clearInterval(this.#timer);
    this.#writes?.close();
    this.#writes = undefined;
  }
}
