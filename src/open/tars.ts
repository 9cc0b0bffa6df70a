// Layers that are tars: read when the first of them is to be shown, and once however many references have them.
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { SpoolRoom } from '../blob/spool.ts';
import type { TarChoice, Tars } from '../layers/tars/tars.ts';
import type { RecordedLayers } from '../overlay/opened.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import type { TarSource } from '../store/source.ts';
import { errnoOf, type Trouble } from '../sys/errors.ts';
import type { IndexFiles } from './index-files.ts';
import { keptOf } from './kept.ts';

/** Most bytes that what can only be read from its start to its end may take in `$TMPDIR`, and the share of what is free there. */
const MOST_SPOOLED = 64 * 2 ** 30;
const SPOOL_SHARE = 0.9;

/** By whose rules tars are unpacked, by the words of a person. */
export const UNPACKERS: Readonly<Record<string, TarSource['engine']>> = {
  docker: 'moby',
  containerd: 'containerd',
  podman: 'containers-storage',
};

/** Is told how far something is read. */
export interface ReadingWatch {
  /** So many bytes of so many. */
  show(done: number, all: number): void;
  /** It is read, or somebody else is to be heard. */
  clear(): void;
}

/** Who is told of what is read. */
export interface ReadingWitness {
  /** `what` is to be read: `layers`. */
  watch(what: string): ReadingWatch;
  /** What went wrong, and does not end it. */
  trouble(trouble: Trouble): void;
}

export class TarReading {
  readonly #witness: ReadingWitness;
  readonly #indexDirectory: string | undefined;
  #indexes: IndexFiles | undefined;
  #tars: Tars | undefined;
  /** Of what is read at the moment. */
  #watch: ReadingWatch | undefined;

  /** `indexDirectory` is where indexes of layers are kept, `--index-dir`: an absolute path. */
  constructor(witness: ReadingWitness, indexDirectory: string | undefined) {
    this.#witness = witness;
    this.#indexDirectory = indexDirectory;
  }

  watch(what: string): ReadingWatch {
    return this.#witness.watch(what);
  }

  /** What the tars of a stack say, layer by layer; undefined where it has none. `root` is that of its store. Throws Trouble where one cannot be read. */
  async recordsOf(stack: LayerStack, root: string, choice?: TarChoice): Promise<RecordedLayers | undefined> {
    if (stack.layers.every(({ source }) => source.kind !== 'tar')) return undefined;
    await this.#openIndexes(stack, root);
    const watch = this.watch('layers');
    this.#watch = watch;
    const { Tars } = await import('../layers/tars/tars.ts');
    this.#tars ??= new Tars({
      spools: spoolRoom(),
      ...(this.#indexes === undefined ? {} : { indexes: this.#indexes }),
      progress: (done, all) => this.#watch?.show(done, all),
      trouble: (trouble) => {
        this.#watch?.clear();
        this.#witness.trouble(trouble);
      },
    });
    try {
      return await this.#tars.layersOf(stack, choice);
    } finally {
      watch.clear();
    }
  }

  async #openIndexes(stack: LayerStack, root: string): Promise<void> {
    if (this.#indexDirectory === undefined) return;
    const { IndexFiles } = await import('./index-files.ts');
    const kept = keptOf(stack, root);
    if (this.#indexes !== undefined) this.#indexes.keepOutOf(kept);
    else this.#indexes = new IndexFiles(this.#indexDirectory, kept);
  }

  /** What was answered cannot be read any more; a command leaves that to its end. */
  close(): void {
    this.#tars?.close();
    this.#tars = undefined;
    this.#indexes?.close();
    this.#indexes = undefined;
  }
}

function spoolRoom(): SpoolRoom {
  const directory = tmpdir();
  return { directory, limit: Math.min(MOST_SPOOLED, freeBytes(directory) * SPOOL_SHARE), used: 0 };
}

/** Where it cannot be told, the first write tells why. */
function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return Math.floor(bavail * bsize);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return Number.MAX_SAFE_INTEGER;
  }
}

/** The same stack, its tars unpacked by other rules than those of where they lie. */
export function unpackedAs(stack: LayerStack, as: string | undefined): LayerStack {
  const engine = as === undefined ? undefined : UNPACKERS[as];
  if (engine === undefined) return stack;
  const by = (source: TarSource): TarSource => ({
    ...source,
    engine,
    ...(source.below === undefined ? {} : { below: by(source.below) }),
  });
  const layers = stack.layers.map((layer) =>
    layer.source.kind === 'tar' ? { ...layer, source: by(layer.source) } : layer,
  );
  return { ...stack, layers };
}
