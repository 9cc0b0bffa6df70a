// Reads a tar as it comes, contents and all: which entries it has, and where in it their contents lie.
import { TarDamage, type TarEntry } from './entry.ts';
import { BLOCK, TarHeaders } from './header.ts';

/** Where the contents of an entry lie in the tar, as they are stored. */
export interface StoredContents {
  /** From the start of the tar. */
  readonly at: number;
  /** Bytes; of a sparse file those of its map, where that comes first, and of its data. */
  readonly size: number;
}

/** Told of a tar's entries in their order. */
export interface TarStreamVisitor {
  /** After the header, before the contents. */
  entry(entry: TarEntry, contents: StoredContents): void;
  /** Bytes of the contents of the entry told of last; valid during the call. */
  contents?(bytes: Uint8Array): void;
}

export class TarStream {
  readonly #headers = new TarHeaders();
  readonly #visitor: TarStreamVisitor;
  /** Bytes that were pushed. */
  #at = 0;
  /** Bytes of contents that are still to come. */
  #contents = 0;

  constructor(visitor: TarStreamVisitor) {
    this.#visitor = visitor;
  }

  /** Throws TarDamage. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#contents > 0) {
        const part = bytes.subarray(at, at + this.#contents);
        this.#visitor.contents?.(part);
        this.#contents -= part.length;
        this.#at += part.length;
        at += part.length;
        continue;
      }
      // An entry's contents may begin after any block.
      const part = bytes.subarray(at, at + BLOCK - (this.#at % BLOCK));
      this.#headers.push(part);
      this.#at += part.length;
      at += part.length;
      const entry = this.#headers.take();
      if (entry === undefined) continue;
      this.#contents = this.#headers.stored;
      this.#visitor.entry(entry, { at: this.#at, size: this.#contents });
    }
  }

  /** Bytes of contents that are still to come before the next header. */
  get contentsLeft(): number {
    return this.#contents;
  }

  /** Passes over bytes of contents that are not pushed, at most `contentsLeft`; no visitor is told of them. */
  skip(count: number): void {
    this.#contents -= count;
    this.#at += count;
  }

  /** Whether the tar has its end mark; after it anything may follow. */
  get hasEnded(): boolean {
    return this.#headers.hasEnded;
  }

  /** Throws TarDamage where the tar ends within an entry. Go's reader misses neither the last padding nor the end mark. */
  end(): void {
    if (this.#contents > 0 || (this.#headers.isInHeader && !this.#headers.hasEnded)) {
      throw new TarDamage('it is cut off');
    }
  }
}
