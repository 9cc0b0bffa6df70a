// Gathers a tar's small pieces into large ones, so that neither a hash nor a descriptor is troubled with each.

/** Large enough that calls do not count, small enough to stay in the processor's cache between reading and hashing. */
const BATCH = 256 << 10;

export class TarBatch {
  readonly #buffer = Buffer.allocUnsafeSlow(BATCH);
  readonly #take: (bytes: Uint8Array) => void;
  #filled = 0;

  /** `take` is given pieces that are valid during the call. */
  constructor(take: (bytes: Uint8Array) => void) {
    this.#take = take;
  }

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const room = this.room(bytes.length - at);
      room.set(bytes.subarray(at, at + room.length));
      this.advance(room.length);
      at += room.length;
    }
  }

  /** Where the next bytes go, at least one and at most `wanted`; `advance` tells how many were put there. */
  room(wanted: number): Uint8Array {
    if (this.#filled === BATCH) this.flush();
    return this.#buffer.subarray(this.#filled, this.#filled + wanted);
  }

  advance(count: number): void {
    this.#filled += count;
  }

  flush(): void {
    if (this.#filled > 0) this.#take(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  /** Forgets what was not handed on. */
  clear(): void {
    this.#filled = 0;
  }
}
