// The serving thread's side of pushing files ahead of a reader: counts the reads of small files, starts the thread that
// pushes when there are enough of them to pay for it, and tells it of each.
import { Worker } from 'node:worker_threads';
import type { TableMemory } from '../overlay/table.ts';
import type { LayerStack } from '../store/store.ts';
import { newRingMemory, RingWriter } from './ring.ts';

/** What the thread is given. */
export interface PushOrder {
  readonly stack: LayerStack;
  readonly memory: TableMemory;
  readonly ring: SharedArrayBuffer;
  /** The open device. */
  readonly device: number;
  /** Bytes of the largest file to push. */
  readonly largest: number;
}

/** Bytes that the kernel reads with one request. */
const LARGEST = 128 << 10;
/** A thread costs some 50 ms and 10 MB: it is for readers of many files. */
const READS_BEFORE_START = 32;

export class Push {
  readonly #order: PushOrder;
  readonly #ring: RingWriter;
  readonly #onEnd: (cause: Error) => void;
  #worker: Worker | undefined;
  #reads = 0;

  /** `onEnd` is told where the thread fails; reading goes on without it. */
  constructor(order: Pick<PushOrder, 'stack' | 'memory' | 'device'>, onEnd: (cause: Error) => void) {
    const ring = newRingMemory();
    this.#order = { ...order, ring, largest: LARGEST };
    this.#ring = new RingWriter(ring);
    this.#onEnd = onEnd;
  }

  /** To be told of each READ from a file's beginning. `size` is the file's, bytes. */
  read(node: number, size: number): void {
    if (size > LARGEST) return;
    if (++this.#reads === READS_BEFORE_START) this.#start();
    this.#ring.put(node);
  }

  #start(): void {
    try {
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: this.#order });
      worker.on('error', this.#onEnd);
      worker.unref();
      this.#worker = worker;
    } catch (cause) {
      // No more threads to be had: the read that asked for one must not fail for it.
      this.#onEnd(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }

  end(): void {
    void this.#worker?.terminate();
  }
}
