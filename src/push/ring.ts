// Numbers handed from one thread to another through shared memory: one writes, one reads, neither waits for a lock.

const SIZE = 1024;
/** Word 0 counts what was written; the slots follow. */
const SLOTS = 1;

export function newRingMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((SLOTS + SIZE) * 4);
}

export class RingWriter {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** A reader that is too slow loses the oldest. */
  put(value: number): void {
    const words = this.#words;
    const count = words[0] as number;
    words[SLOTS + (count & (SIZE - 1))] = value;
    Atomics.store(words, 0, (count + 1) | 0);
    Atomics.notify(words, 0);
  }
}

export class RingReader {
  readonly #words: Int32Array;
  #seen = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#seen = Atomics.load(this.#words, 0);
  }

  /** Sleeps until there is something to take. */
  wait(): void {
    Atomics.wait(this.#words, 0, this.#seen);
  }

  /** The next value, undefined where there is none. */
  take(): number | undefined {
    const written = Atomics.load(this.#words, 0);
    if (written === this.#seen) return undefined;
    if (((written - this.#seen) | 0) > SIZE) this.#seen = (written - SIZE) | 0;
    const value = this.#words[SLOTS + (this.#seen & (SIZE - 1))];
    this.#seen = (this.#seen + 1) | 0;
    return value;
  }
}
