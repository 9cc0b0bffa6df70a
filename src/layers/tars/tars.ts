// Layers that nobody unpacked, read from their tars: each once, from its start to its end, for its names and attributes;
// contents by their places after that. What was read is kept open until all of it is closed. Layers of two stacks are one
// only where their bytes were proven to be the same.
import { type BlobBytes, BlobDamage, type OpenBlob } from '../../blob/blob.ts';
import { processCache } from '../../blob/cache.ts';
import type { SpoolRoom } from '../../blob/spool.ts';
import type { RecordedLayer } from '../../overlay/recorded/recorded-layer.ts';
import type { DiffId } from '../../store/digest.ts';
import type { Layer, LayerStack } from '../../store/layer-stack.ts';
import type { TarSource } from '../../store/source.ts';
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Errno, errnoWords, Trouble } from '../../sys/errors.ts';
import { TarDamage } from '../../tar/entry.ts';
import { type BlobLayer, indexedLayer, type LayerIndex, readBlobLayer } from '../../unpack/blob-layer.ts';
import { ENGINE_RULES } from '../../unpack/rules.ts';
import { belowOf } from './below.ts';
import { HashedBytes } from './hashed-bytes.ts';
import { ProvenLayers, type SoughtLayer } from './proven-layers.ts';

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
  /** Told of a layer that is damaged, of which what comes before the damage is shown; and of an index that cannot be read or kept. */
  readonly trouble: (trouble: Trouble) => void;
}

export interface TarChoice {
  /** Diff IDs of layers that are to be proven, as other tars have them too: then what is the same is read once. */
  readonly proves?: ReadonlySet<DiffId>;
  /** Layers that nobody asks for. */
  readonly without?: ReadonlySet<Layer>;
}

/** What was read of layers, by where they lie: for a command all that it reads, in the library what one tree does. */
export class Tars {
  readonly #options: TarsOptions;
  readonly #read = new Map<string, RecordedLayer>();
  /** Layers that are read at the moment: whoever wants one of them too waits for it. */
  readonly #reading = new Map<string, Promise<void>>();
  /** Of those layers whose bytes have the hash that names them, or had it when their index was made. */
  readonly #named = new Set<string>();
  readonly #proven = new ProvenLayers();
  /** What is open of them. */
  readonly #open: { close(): void }[] = [];

  constructor(options: TarsOptions) {
    this.#options = options;
  }

  /** Contents cannot be read any more, of no layer that was answered. */
  close(): void {
    for (const open of this.#open.splice(0)) open.close();
    this.#read.clear();
  }

  /**
   * For each layer of a stack what its tar says; undefined for what is no tar, is missing, or not asked for. Throws Trouble
   * where one cannot be read at all.
   */
  async layersOf(
    { layers }: LayerStack,
    { proves, without }: TarChoice = {},
  ): Promise<(RecordedLayer | undefined)[]> {
    const sources = layers.map((layer) =>
      layer.source.kind === 'tar' && layer.missing === undefined && without?.has(layer) !== true
        ? layer.source
        : undefined,
    );
    const diffIds = new Map<TarSource, DiffId>();
    for (const { source, diffId } of layers) {
      if (source.kind === 'tar' && diffId !== undefined && proves?.has(diffId)) diffIds.set(source, diffId);
    }
    const wanted = this.#unread(sources.flatMap((source) => source ?? []));
    const all = wanted.reduce((sum, { size }) => sum + size, 0);
    let done = 0;
    for (const source of wanted) {
      const progress = (taken: number) => this.#options.progress?.(done + taken, all);
      await this.#readOnce(source, diffIds.get(source), progress);
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

  /** Undefined where there is none, or none that can be believed: then it is made anew. */
  #kept(key: string): LayerIndex | undefined {
    const known = attempt(() => this.#options.indexes?.read(key));
    if (!(known instanceof Trouble)) return known;
    this.#options.trouble(known);
    return undefined;
  }

  /** What cannot be kept can be shown all the same. */
  #keep(key: string, index: LayerIndex): void {
    const trouble = attempt(() => this.#options.indexes?.write(key, index));
    if (trouble !== undefined) this.#options.trouble(trouble);
  }

  /** What a layer would have to be to be the same as another one; undefined where that is not asked. */
  #wanted(source: TarSource, diffId: DiffId | undefined): SoughtLayer | undefined {
    if (diffId === undefined) return undefined;
    const copied = copiedBy(source).map((below) => this.#read.get(keyOf(below)));
    return { diffId, rules: `${source.engine} ${placeOf(source)}`, copied };
  }

  /** What its rules copy from was read before. Refused as `#readOne` is, for all who wait. */
  async #readOnce(
    source: TarSource,
    diffId: DiffId | undefined,
    progress: (taken: number) => void,
  ): Promise<void> {
    const key = keyOf(source);
    if (this.#read.has(key)) return;
    const reading =
      this.#reading.get(key) ??
      this.#readOne(source, this.#wanted(source, diffId), progress)
        .then((layer) => void this.#read.set(key, layer))
        .finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    await reading;
  }

  async #readOne(
    source: TarSource,
    wanted: SoughtLayer | undefined,
    progress: (taken: number) => void,
  ): Promise<RecordedLayer> {
    let bytes: OpenBlob | undefined;
    try {
      bytes = source.open();
      const same = wanted && this.#proven.sameBytes(wanted, bytes, progress);
      if (same !== undefined) {
        bytes.close();
        return same;
      }
      return await this.#readNew(source, bytes, wanted, progress);
    } catch (error) {
      bytes?.close();
      if (error instanceof BlobDamage || error instanceof TarDamage)
        throw refusal(source, error.message, error);
      if (error instanceof Errno) throw refusal(source, errnoWords(error.errno), error);
      throw error;
    }
  }

  async #readNew(
    source: TarSource,
    bytes: OpenBlob,
    wanted: SoughtLayer | undefined,
    progress: (taken: number) => void,
  ): Promise<RecordedLayer> {
    const { indexes } = this.#options;
    const key = indexes && this.#indexKey(source, bytes.size);
    const hashed = new HashedBytes(bytes, key !== undefined || wanted !== undefined);
    const known = key === undefined ? undefined : this.#kept(key);
    // The index is of the bytes of the digest: what is to be proven has to be these.
    if (known !== undefined && (wanted === undefined || hashed.digest() === source.digest)) {
      this.#named.add(keyOf(source));
      const options = { cache: processCache, spools: this.#options.spools };
      const layer = this.#keepOpen(await indexedLayer(bytes, options, known), bytes);
      if (wanted !== undefined)
        this.#proven.add(wanted, { layer, blob: { size: bytes.size, sha256: hashed.digest() } });
      return layer;
    }
    const read = await this.#pass(source, hashed, wanted !== undefined, progress);
    const digest = hashed.isHashed ? hashed.digest() : undefined;
    // Bytes that are not those of the digest must not be shown for it another time.
    if (key !== undefined && digest === source.digest) {
      this.#named.add(keyOf(source));
      if (read.index !== undefined) this.#keep(key, read.index);
    }
    const same = wanted && this.#proven.sameTar(wanted, read.diffId);
    if (same !== undefined) {
      read.contents.close();
      bytes.close();
      return same;
    }
    const layer = this.#keepOpen(read, bytes);
    const isWhole = read.damage === undefined && read.refused === 0;
    if (wanted !== undefined && isWhole && read.diffId === wanted.diffId && digest !== undefined) {
      const tar = { size: read.size, sha256: read.diffId };
      this.#proven.add(wanted, { layer, blob: { size: bytes.size, sha256: digest }, tar });
    }
    return layer;
  }

  /** Undefined where nothing proves what the layer's bytes are, or those of one that it copies from. */
  #indexKey(source: TarSource, size: number): string | undefined {
    const isProven = copiedBy(source).every((below) => this.#named.has(keyOf(below)));
    if (!isProven || source.digest === undefined) return undefined;
    const digests = [source, ...copiedBy(source)].map(({ digest }) => digest);
    return [source.engine, placeOf(source), ...digests, size].join('\n');
  }

  #keepOpen({ layer, contents }: Pick<BlobLayer, 'layer' | 'contents'>, bytes: OpenBlob): RecordedLayer {
    layer.contents = contents;
    this.#open.push(contents, bytes);
    return layer;
  }

  async #pass(
    source: TarSource,
    bytes: BlobBytes,
    hashes: boolean,
    progress: (taken: number) => void,
  ): Promise<BlobLayer> {
    const rules = ENGINE_RULES[source.engine];
    const read = await readBlobLayer(bytes, {
      cache: processCache,
      spools: this.#options.spools,
      rules: rules[placeOf(source)],
      below: belowOf(copiedBy(source).map((one) => this.#read.get(keyOf(one)) as RecordedLayer)),
      progress,
      hashes,
      salvages: true,
    });
    const { damage, refused } = read;
    if (damage !== undefined) this.#options.trouble(refusal(source, damageWords(read), damage));
    else if (refused > 0) this.#options.trouble(refusal(source, refusedWords(read)));
    return read;
  }
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

/** Whether rules for a layer on others are meant, or those for the lowest. */
function placeOf({ below }: TarSource): 'base' | 'layer' {
  return below === undefined ? 'base' : 'layer';
}

/** The same for a layer that lies in one place, by the same rules, on what these copy from. What it says of itself is no proof. */
function keyOf(source: TarSource): string {
  return [source.engine, placeOf(source), ...[source, ...copiedBy(source)].map(({ name }) => name)].join(
    '\n',
  );
}
