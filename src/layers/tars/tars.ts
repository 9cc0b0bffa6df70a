// Layers that nobody unpacked, read from their tars: each once, from its start to its end, for its names and attributes;
// contents by their places after that. What was read is kept open as long as the process lasts.
import { type BlobBytes, BlobDamage, type OpenBlob } from '../../blob/blob.ts';
import { BlobCache } from '../../blob/cache.ts';
import type { SpoolRoom } from '../../blob/spool.ts';
import type { RecordedLayer } from '../../overlay/recorded/recorded-layer.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import type { TarSource } from '../../store/source.ts';
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Errno, errnoWords, Trouble } from '../../sys/errors.ts';
import { TarDamage } from '../../tar/entry.ts';
import { type BlobLayer, indexedLayer, type LayerIndex, readBlobLayer } from '../../unpack/blob-layer.ts';
import { ENGINE_RULES } from '../../unpack/rules.ts';
import { belowOf } from './below.ts';
import { HashedBytes } from './hashed-bytes.ts';

/** Where indexes of layers are kept, by what they are of. */
export interface LayerIndexes {
  /** Undefined where there is none, or none that can be used. Throws Trouble. */
  read(key: string): LayerIndex | undefined;
  /** Throws Trouble. */
  write(key: string, index: LayerIndex): void;
}

export interface TarsOptions {
  readonly spools: SpoolRoom;
  /** Called now and then: bytes that are read, of how many. */
  readonly progress?: (done: number, all: number) => void;
  /** Where indexes of layers are kept; without it none is written. */
  readonly indexes?: LayerIndexes;
  /** Told of a layer that is damaged, of which what comes before the damage is shown; and of an index that cannot be kept. */
  readonly trouble: (trouble: Trouble) => void;
}

/** What was read of the layers of a process, by what they are. */
export class Tars {
  readonly #options: TarsOptions;
  readonly #cache = new BlobCache();
  readonly #read = new Map<string, RecordedLayer>();
  /** Of those layers whose bytes have the hash that names them, or had it when their index was made. */
  readonly #proven = new Set<string>();

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

  /** What cannot be kept can be shown all the same. */
  #keep(key: string, index: LayerIndex): void {
    const trouble = attempt(() => this.#options.indexes?.write(key, index));
    if (trouble !== undefined) this.#options.trouble(trouble);
  }

  async #readOne(source: TarSource, progress: (taken: number) => void): Promise<RecordedLayer> {
    let bytes: OpenBlob | undefined;
    try {
      bytes = source.open();
      const { indexes } = this.#options;
      const key = indexes && this.#indexKey(source, bytes.size);
      if (key === undefined) return withContents(await this.#pass(source, bytes, progress));
      const known = indexes?.read(key);
      if (known !== undefined) {
        this.#proven.add(keyOf(source));
        return withContents(
          await indexedLayer(bytes, { cache: this.#cache, spools: this.#options.spools }, known),
        );
      }
      const hashed = new HashedBytes(bytes);
      const read = await this.#pass(source, hashed, progress);
      // Bytes that are not those of the digest must not be shown for it another time.
      if (hashed.digest() === source.digest) {
        this.#proven.add(keyOf(source));
        if (read.index !== undefined) this.#keep(key, read.index);
      }
      return withContents(read);
    } catch (error) {
      bytes?.close();
      if (error instanceof BlobDamage || error instanceof TarDamage)
        throw refusal(source, error.message, error);
      if (error instanceof Errno) throw refusal(source, errnoWords(error.errno), error);
      throw error;
    }
  }

  /** Undefined where nothing proves what the layer's bytes are, or those of one that it copies from. */
  #indexKey(source: TarSource, size: number): string | undefined {
    const isProven = copiedBy(source).every((below) => this.#proven.has(keyOf(below)));
    return isProven && source.digest !== undefined ? `${keyOf(source)}\n${size}` : undefined;
  }

  async #pass(source: TarSource, bytes: BlobBytes, progress: (taken: number) => void): Promise<BlobLayer> {
    const rules = ENGINE_RULES[source.engine];
    const read = await readBlobLayer(bytes, {
      cache: this.#cache,
      spools: this.#options.spools,
      rules: source.below === undefined ? rules.base : rules.layer,
      below: belowOf(copiedBy(source).map((one) => this.#read.get(keyOf(one)) as RecordedLayer)),
      progress,
      salvages: true,
    });
    const { damage, refused } = read;
    if (damage !== undefined) this.#options.trouble(refusal(source, damageWords(read), damage));
    else if (refused > 0) this.#options.trouble(refusal(source, refusedWords(read)));
    return read;
  }
}

function withContents({ layer, contents }: Pick<BlobLayer, 'layer' | 'contents'>): RecordedLayer {
  layer.contents = contents;
  return layer;
}

function refusal({ name }: TarSource, state: string, cause?: unknown): Trouble {
  return new Trouble('store', `Cannot read the layer "${shownBytes(name)}": ${state}`, { cause });
}

function damageWords({ damage, entries }: BlobLayer): string {
  const shown = entries === 0 ? 'nothing of it can be shown' : `only its first ${entries} entries are shown`;
  return `${damage?.message}; ${shown}, and what is hidden in it may be seen`;
}

function refusedWords({ refused, refusals: [first] }: BlobLayer): string {
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
