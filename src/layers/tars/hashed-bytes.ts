// The bytes of a blob whose hash is made while they are read from start to end: whether they are those that a digest names.
import { createHash } from 'node:crypto';
import type { BlobBytes } from '../../blob/blob.ts';

const PIECE = 256 << 10;

export class HashedBytes implements BlobBytes {
  readonly size: number;
  readonly #bytes: BlobBytes;
  readonly #hash = createHash('sha256');
  #hashed = 0;

  constructor(bytes: BlobBytes) {
    this.#bytes = bytes;
    this.size = bytes.size;
  }

  read(offset: number, room: Uint8Array): number {
    const count = this.#bytes.read(offset, room);
    // What is read again was hashed before.
    if (offset <= this.#hashed && offset + count > this.#hashed) {
      this.#hash.update(room.subarray(this.#hashed - offset, count));
      this.#hashed = offset + count;
    }
    return count;
  }

  /** `sha256:…` of all of them; what was not read yet is read now. Throws Errno. */
  digest(): string {
    const room = Buffer.allocUnsafe(PIECE);
    while (this.#hashed < this.size && this.read(this.#hashed, room) > 0);
    return `sha256:${this.#hash.digest('hex')}`;
  }
}
