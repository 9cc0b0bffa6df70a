// The indexes of layers that are tars: a file for each blob and rules of unpacking. Whoever may write in their directory decides
// what is shown; what was damaged there is passed over, and written anew.
import type { LayerIndexes } from '../layers/tars/tars.ts';
import type { Kept } from '../sys/kept.ts';
import type { LayerIndex } from '../unpack/blob-layer.ts';
import { decodeLayerIndex, encodeLayerIndex } from '../unpack/layer-index.ts';
import { IndexDirectory } from './index-directory.ts';

const KIND = 'index';

export class IndexFiles implements LayerIndexes {
  readonly #directory: IndexDirectory;
  readonly #kept = new Map<string, Kept>();

  /** `kept` is where nothing may be written. Throws Trouble. */
  constructor(path: string, kept: readonly Kept[]) {
    this.#directory = new IndexDirectory(path, kept);
    this.keepOutOf(kept);
  }

  /** Where nothing may be written either. Throws Trouble where the directory lies there. */
  keepOutOf(kept: readonly Kept[]): void {
    this.#directory.check(kept);
    for (const each of kept) this.#kept.set(each.directory, each);
  }

  /** Undefined where there is none, or a damaged one. Throws Trouble where it cannot be read or believed. */
  read(key: string): LayerIndex | undefined {
    const bytes = this.#directory.read(key, KIND);
    return bytes && decodeLayerIndex(key, bytes);
  }

  /** Throws Trouble. */
  write(key: string, index: LayerIndex): void {
    this.#directory.write(key, KIND, encodeLayerIndex(key, index), [...this.#kept.values()]);
  }

  close(): void {
    this.#directory.close();
  }
}
