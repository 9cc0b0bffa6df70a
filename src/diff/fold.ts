// A directory that only one side has, told as one change with what it holds counted.
import { S_IFREG } from '../sys/statx.ts';
import { addShare, type Change, type Share } from './change.ts';
import { type Item, itemSize, typeBits } from './item.ts';

export class Fold {
  /** What must be told by name all the same, in path order. */
  readonly flagged: Change[] = [];
  readonly #change: Change;
  #entries = 0;
  #bytes = 0;
  readonly #layers = new Map<number, Share>();
  readonly #origins = new Map<number, Share>();

  /** `change` is that of the directory itself. */
  constructor(change: Change) {
    this.#change = change;
  }

  /** Counts an object in it, the directory too. `origin` is the layer it came with. */
  count(item: Item, origin: number): void {
    const size = typeBits(item) === S_IFREG ? itemSize(item) : 0;
    this.#entries++;
    this.#bytes += size;
    addShare(this.#layers, item.layer, 1, size);
    addShare(this.#origins, origin, 1, size);
  }

  /** The change that stands for all of it. */
  whole(): Change {
    const [entries, bytes] = [this.#entries, this.#bytes];
    return { ...this.#change, subtree: { entries, bytes, layers: this.#layers, origins: this.#origins } };
  }
}
