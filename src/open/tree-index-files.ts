// The indexes of layers that are directories: a file for each, by the path of the layer. One that cannot be read, believed or
// written keeps nobody from serving.
import type { LayerIndexStore } from '../overlay/indexed/indexed.ts';
import {
  decodeLayerDescription,
  encodeLayerDescription,
  type LayerDescription,
} from '../overlay/indexed/indexed-layer.ts';
import { type ByteString, bufferOf } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import type { Kept } from '../sys/kept.ts';
import { IndexDirectory } from './index-directory.ts';

const KIND = 'tree';

export class TreeIndexFiles implements LayerIndexStore {
  readonly #directory: IndexDirectory;
  readonly #kept: readonly Kept[];
  readonly #log: (message: string) => void;

  /** `kept` is where nothing may be written; `log` is told why an index was not read or written. Throws Trouble where there is no directory. */
  constructor(path: string, kept: readonly Kept[], log: (message: string) => void) {
    this.#directory = new IndexDirectory(path, kept);
    this.#kept = kept;
    this.#log = log;
  }

  read(layer: ByteString): LayerDescription | undefined {
    const bytes = this.#telling(() => this.#directory.read(bufferOf(layer), KIND));
    return bytes && decodeLayerDescription(layer, bytes);
  }

  write(layer: ByteString, description: LayerDescription): void {
    this.#telling(() => {
      const bytes = encodeLayerDescription(layer, description);
      this.#directory.write(bufferOf(layer), KIND, bytes, this.#kept);
    });
  }

  #telling<T>(attempt: () => T): T | undefined {
    try {
      return attempt();
    } catch (cause) {
      if (!(cause instanceof Trouble)) throw cause;
      this.#log(cause.message);
      return undefined;
    }
  }

  close(): void {
    this.#directory.close();
  }
}
