// Layers that are tars, for every command: read when the first of them is to be shown, with a line of progress, and once
// however many references have them.
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { SpoolRoom } from '../blob/spool.ts';
import type { TarChoice, Tars } from '../layers/tars/tars.ts';
import type { RecordedLayers } from '../overlay/opened.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import type { TarSource } from '../store/source.ts';
import { bytesOfText } from '../sys/bytes.ts';
import { errnoOf } from '../sys/errors.ts';
import { checkWritable } from '../sys/kept.ts';
import { keptOf } from './kept.ts';
import { fromHere } from './mount/from-here.ts';
import { ReadingProgress } from './print/progress/reading-progress.ts';
import type { Terminal } from './print/terminal.ts';

/** Most bytes that what can only be read from its start to its end may take in `$TMPDIR`, and the share of what is free there. */
const MOST_SPOOLED = 64 * 2 ** 30;
const SPOOL_SHARE = 0.9;

/** By whose rules tars are unpacked, as `--unpack-as` has it. */
export const UNPACKERS: Readonly<Record<string, TarSource['engine']>> = {
  docker: 'moby',
  containerd: 'containerd',
  podman: 'containers-storage',
};

export class TarReading {
  readonly #terminal: Terminal;
  readonly #indexDirectory: string | undefined;
  #tars: Tars | undefined;
  /** The line of what is read at the moment. */
  #progress: ReadingProgress | undefined;

  /** `indexDirectory` is where indexes of layers are kept, `--index-dir`. */
  constructor(terminal: Terminal, indexDirectory: string | undefined) {
    this.#terminal = terminal;
    this.#indexDirectory = indexDirectory === undefined ? undefined : fromHere(indexDirectory);
  }

  /** The line that says how far something is read. */
  progressOf(what: string): ReadingProgress {
    return new ReadingProgress(this.#terminal, what);
  }

  /** What the tars of a stack say, layer by layer; undefined where it has none. `root` is that of its store. Throws Trouble where one cannot be read. */
  async recordsOf(stack: LayerStack, root: string, choice?: TarChoice): Promise<RecordedLayers | undefined> {
    if (stack.layers.every(({ source }) => source.kind !== 'tar')) return undefined;
    if (this.#indexDirectory !== undefined) {
      checkWritable(bytesOfText(`${this.#indexDirectory}/index`), keptOf(stack, root));
    }
    const progress = this.progressOf('layers');
    this.#progress = progress;
    const { Tars } = await import('../layers/tars/tars.ts');
    const { IndexFiles } = await import('./index-files.ts');
    this.#tars ??= new Tars({
      spools: spoolRoom(),
      ...(this.#indexDirectory === undefined ? {} : { indexes: new IndexFiles(this.#indexDirectory) }),
      progress: (done, all) => this.#progress?.show(done, all),
      trouble: (trouble) => {
        this.#progress?.clear();
        this.#terminal.report(trouble);
      },
    });
    try {
      return await this.#tars.layersOf(stack, choice);
    } finally {
      progress.clear();
    }
  }

  /** What was answered cannot be read any more; a command leaves that to its end. */
  close(): void {
    this.#tars?.close();
    this.#tars = undefined;
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
