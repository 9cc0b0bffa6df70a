// Layers that nobody unpacked, read from their tars: each once, from its start to its end, for its names and attributes;
// contents by their places after that. What was read is kept open as long as the process lasts.
import { BlobDamage, type OpenBlob } from '../../blob/blob.ts';
import { BlobCache } from '../../blob/cache.ts';
import type { SpoolRoom } from '../../blob/spool.ts';
import type { RecordedLayer } from '../../overlay/recorded/recorded-layer.ts';
import type { LayerStack, TarSource } from '../../store/store.ts';
import { shownBytes } from '../../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../../sys/errors.ts';
import { TarDamage } from '../../tar/entry.ts';
import { type BlobLayer, readBlobLayer } from '../../unpack/blob-layer.ts';
import { ENGINE_RULES } from '../../unpack/rules.ts';
import { belowOf } from './below.ts';

export interface TarsOptions {
  readonly spools: SpoolRoom;
  /** Called now and then: bytes that are read, of how many. */
  readonly progress?: (done: number, all: number) => void;
  /** Told of a layer that is damaged; what comes before the damage is shown. */
  readonly damaged: (trouble: Trouble) => void;
}

/** What was read of the layers of a process, by what they are. */
export class Tars {
  readonly #options: TarsOptions;
  readonly #cache = new BlobCache();
  readonly #read = new Map<string, RecordedLayer>();

  constructor(options: TarsOptions) {
    this.#options = options;
  }

  /**
   * For each layer of a stack what its tar says; undefined for what is no tar, or is missing. Throws Trouble where one cannot
   * be read at all.
   */
  async layersOf({ layers }: LayerStack): Promise<(RecordedLayer | undefined)[]> {
    const sources = layers.map(({ source, missing }) =>
      source.kind === 'tar' && missing === undefined ? source : undefined,
    );
    const wanted = this.#unread(sources.flatMap((source) => source ?? []));
    const all = wanted.reduce((sum, { size }) => sum + size, 0);
    let done = 0;
    for (const source of wanted) {
      const progress = (taken: number) => this.#options.progress?.(done + taken, all);
      this.#read.set(keyOf(source), await this.#readOne(source, progress));
      done += source.size;
    }
    return sources.map((source) => source && this.#read.get(keyOf(source)));
  }

  /** Those that were not read yet, and what their rules copy from: the lowest first, each once. */
  #unread(sources: readonly TarSource[]): TarSource[] {
    const unread = new Map<string, TarSource>();
    const add = (source: TarSource) => {
      const key = keyOf(source);
      if (this.#read.has(key) || unread.has(key)) return;
      for (const below of copiedBy(source).reverse()) add(below);
      unread.set(key, source);
    };
    for (const source of sources.toReversed()) add(source);
    return [...unread.values()];
  }

  async #readOne(source: TarSource, progress: (taken: number) => void): Promise<RecordedLayer> {
    const rules = ENGINE_RULES[source.engine];
    const below = copiedBy(source).map((one) => this.#read.get(keyOf(one)) as RecordedLayer);
    const refuse = (state: string, cause?: unknown) =>
      new Trouble('store', `Cannot read the layer "${shownBytes(source.name)}": ${state}`, { cause });
    let bytes: OpenBlob | undefined;
    try {
      bytes = source.open();
      const read = await readBlobLayer(bytes, {
        cache: this.#cache,
        spools: this.#options.spools,
        rules: source.below === undefined ? rules.base : rules.layer,
        below: belowOf(below),
        progress,
        salvages: true,
      });
      if (read.damage !== undefined) this.#options.damaged(refuse(damageWords(read), read.damage));
      else if (read.refused > 0) this.#options.damaged(refuse(refusalWords(read)));
      const { layer, contents } = read;
      layer.contents = contents;
      return layer;
    } catch (error) {
      bytes?.close();
      if (error instanceof BlobDamage || error instanceof TarDamage) throw refuse(error.message, error);
      if (error instanceof Errno) throw refuse(errnoWords(error.errno), error);
      throw error;
    }
  }
}

function damageWords({ damage, entries }: BlobLayer): string {
  const shown = entries === 0 ? 'nothing of it can be shown' : `only its first ${entries} entries are shown`;
  return `${damage?.message}; ${shown}, and what is hidden in it may be seen`;
}

function refusalWords({ refused, refusals: [first] }: BlobLayer): string {
  const example = first === undefined ? '' : `: "${shownBytes(first.path)}", ${first.reason}`;
  return `${refused} of its entries cannot be unpacked${example}; the engine would refuse the layer`;
}

/** Whether rules ask what lies below a layer, and then all that lies there, top first. */
function copiedBy({ engine, below }: TarSource): TarSource[] {
  const { copiesImplied, inheritsRoot } = ENGINE_RULES[engine].layer;
  const all: TarSource[] = [];
  if (!copiesImplied && !inheritsRoot) return all;
  for (let at = below; at !== undefined; at = at.below) all.push(at);
  return all;
}

/** The same for layers that are the same: the same bytes by the same rules, on what these copy from. */
function keyOf(source: TarSource): string {
  const place = source.below === undefined ? 'base' : 'layer';
  const own = [source, ...copiedBy(source)].map(({ digest, name }) => digest ?? name);
  return [source.engine, place, ...own].join('\n');
}
