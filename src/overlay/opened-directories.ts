// Layers opened for their directories alone, as those are that are asked questions and shown to nobody: what remembers the directories
// is used again by who comes next.
import { OpenLayers, type ReadableLayer } from './opened.ts';
import { giveBackDirectoryMemory, newDirectoryMemory, type TableMemory } from './table-memory.ts';

export interface OpenDirectoriesOptions {
  /** Directories that may be open at once. */
  readonly capacity: number;
  /** Address space for the names of directories, and as much for their places; memory is taken only as far as it is used. */
  readonly most: number;
  /** Whether each real directory has one record, whichever way leads to it. */
  readonly interns?: boolean;
}

/** Of memory, beyond which it is left to be collected: cleared it would stay the process's own. */
const KEPT_BYTES = 2 ** 20;

export class OpenDirectories extends OpenLayers {
  readonly #most: number;
  readonly #memory: TableMemory<ArrayBuffer>;
  #isClosed = false;

  /** Opens nothing yet. `layers` top first. */
  constructor(layers: readonly ReadableLayer[], { most, ...options }: OpenDirectoriesOptions) {
    const memory = newDirectoryMemory(most);
    super(layers, { memory, ...options });
    this.#most = most;
    this.#memory = memory;
  }

  /** Nothing may be asked of the directories, the reader or the table after that. */
  override close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    super.close();
    if (this.table.end(KEPT_BYTES)) giveBackDirectoryMemory(this.#most, this.#memory);
  }
}
