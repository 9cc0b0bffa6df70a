// The bytes of a blob whose hash is made, where it is wanted, while they are read from start to end: whether they are those that
// a digest names.
import { createHash } from 'node:crypto';
import type { BlobBytes } from '../../blob/blob.ts';

const PIECE = 256 << 10;

export class HashedBytes implements BlobBytes {
  readonly size: number;
  readonly #bytes: BlobBytes;
  readonly isHashed: boolean;
  readonly #hash = createHash('sha256');
  #hashed = 0;
  #digest: string | undefined;

  constructor(bytes: BlobBytes, isHashed = true) {
    this.#bytes = bytes;
    this.size = bytes.size;
    this.isHashed = isHashed;
  }

  read(offset: number, room: Uint8Array): number {
    const count = this.#bytes.read(offset, room);
    // What is read again was hashed before.
    if (
      this.isHashed &&
      this.#digest === undefined &&
      offset <= this.#hashed &&
      offset + count > this.#hashed
    ) {
      this.#hash.update(room.subarray(this.#hashed - offset, count));
      this.#hashed = offset + count;
    }
    return count;
  }

  /** `sha256:…` of all of them; what was not read yet is read now, and told to `progress`. Throws Errno. */
  digest(progress?: (taken: number) => void): string {
    const room = Buffer.allocUnsafe(PIECE);
    while (this.#hashed < this.size && this.read(this.#hashed, room) > 0) progress?.(this.#hashed);
    this.#digest ??= `sha256:${this.#hash.digest('hex')}`;
    return this.#digest;
  }
}
