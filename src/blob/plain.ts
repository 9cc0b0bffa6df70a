// What is not compressed: its bytes are what they are.
import type { BlobBytes, BlobIndex, BlobReader, BlobScan } from './blob.ts';

const CHUNK = 1 << 20;

export class PlainScan implements BlobScan {
  readonly trailing = 0;
  readonly #bytes: BlobBytes;
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK);
  #taken = 0;

  constructor(bytes: BlobBytes) {
    this.#bytes = bytes;
  }

  next(): Uint8Array | undefined {
    const count = this.#bytes.read(this.#taken, this.#chunk);
    this.#taken += count;
    return count === 0 ? undefined : this.#chunk.subarray(0, count);
  }

  get taken(): number {
    return this.#taken;
  }

  reader(): BlobReader {
    return plainReader(this.#bytes);
  }

  index(): BlobIndex {
    return { kind: 'plain' };
  }

  close(): void {}
}

/** Leaves the bytes open. */
export function plainReader(bytes: BlobBytes): BlobReader {
  return { size: bytes.size, read: (offset, room) => bytes.read(offset, room), close() {} };
}
