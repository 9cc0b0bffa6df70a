// A layer made of its tar alone, compressed or not: one pass over it for names and attributes, contents by place after that.
import { createHash } from 'node:crypto';
import { type BlobBytes, BlobDamage, type BlobIndex, type BlobScan } from '../blob/blob.ts';
import { type BombLimits, mustBeNoBomb } from '../blob/bomb.ts';
import type { BlobCache } from '../blob/cache.ts';
import { compressionOf } from '../blob/compression.ts';
import { GzipScan, indexedGzip } from '../blob/gzip.ts';
import { PlainScan, plainReader } from '../blob/plain.ts';
import type { SpoolRoom } from '../blob/spool.ts';
import { indexedZstd, newZstdScan } from '../blob/zstd.ts';
import type { RecordedContents } from '../overlay/recorded/recorded-contents.ts';
import type { PackedLayer } from '../overlay/recorded/recorded-data.ts';
import { RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import { TarDamage, type TarEntry } from '../tar/entry.ts';
import { checkedRuns, SparseMapReader } from '../tar/sparse.ts';
import { type StoredContents, TarStream } from '../tar/stream.ts';
import { TAR_TYPE } from '../tar/type.ts';
import type { Below } from './implied.ts';
import type { UnpackingRules } from './rules.ts';
import { type ContentsTable, type SparseContents, TarContents } from './tar-contents.ts';
import { type Refusal, UnpackedTar } from './unpack.ts';

/** Entries of one tar: some 120 bytes of memory each. */
export const MOST_ENTRIES = 20_000_000;

/** Of a tar, bytes after which others get a turn: a mount of many images serves while one of them is read. */
const TURN = 1 << 20;

/** All that reading a layer came to: plain data. */
export interface LayerIndex {
  readonly layer: PackedLayer;
  readonly table: ContentsTable;
  readonly blob: BlobIndex;
}

/** A layer by its index, without reading its blob: its contents are read by place, and checked then. */
export async function indexedLayer(
  bytes: BlobBytes,
  options: Pick<BlobLayerOptions, 'cache' | 'spools'>,
  { layer: packed, table, blob }: LayerIndex,
): Promise<Pick<BlobLayer, 'layer' | 'contents'>> {
  const layer = RecordedLayer.of(packed);
  const reader =
    blob.kind === 'plain'
      ? plainReader(bytes)
      : blob.kind === 'gzip'
        ? indexedGzip(bytes, options.cache, blob)
        : await indexedZstd(bytes, options, blob);
  return { layer, contents: new TarContents(reader, layer, table) };
}

export interface BlobLayerOptions {
  readonly cache: BlobCache;
  readonly spools: SpoolRoom;
  readonly rules: UnpackingRules;
  /** What the layers below have, for rules that copy from them. */
  readonly below?: Below;
  /** Called now and then with how many bytes of the blob are done. */
  readonly progress?: (taken: number) => void;
  /** Whether the hash of the tar is to be computed. */
  readonly hashes?: boolean;
  /** Whether of a damaged blob what comes before the damage is answered. */
  readonly salvages?: boolean;
  /** When it is taken for a bomb. */
  readonly bomb?: BombLimits;
}

export interface BlobLayer {
  readonly layer: RecordedLayer;
  readonly contents: RecordedContents;
  /** By which `indexedLayer` makes the same of the same blob; absent of one that is damaged, or refused in part. */
  readonly index?: LayerIndex;
  readonly entries: number;
  /** Of the tar, bytes. */
  readonly size: number;
  /** `sha256:…` of the tar, where it was asked for. */
  readonly diffId?: string;
  /** What ended it before its end. */
  readonly damage?: BlobDamage | TarDamage;
  /** Bytes of the blob after the end of what was compressed. */
  readonly trailing: number;
  readonly refused: number;
  /** The first of the entries that cannot be unpacked. */
  readonly refusals: readonly Refusal[];
}

/** Throws BlobDamage and TarDamage where the blob is damaged (or not a byte of it can be had), Errno where it cannot be read, Trouble where it cannot be spooled. */
export async function readBlobLayer(bytes: BlobBytes, options: BlobLayerOptions): Promise<BlobLayer> {
  const { cache, rules, below, progress, hashes } = options;
  const scan = await openScan(bytes, cache, options.spools);
  try {
    const unpacked = new UnpackedTar(rules, below);
    const places = new Places();
    const tar = new TarStream({
      entry(entry, contents) {
        if (unpacked.entries >= MOST_ENTRIES) throw new TarDamage(`it has more than ${MOST_ENTRIES} entries`);
        unpacked.add(entry);
        places.add(unpacked.entries, entry, contents);
      },
      contents: (part) => places.contents(part),
    });
    const hash = hashes ? createHash('sha256') : undefined;
    let size = 0;
    let turn = TURN;
    let damage: BlobDamage | TarDamage | undefined;
    try {
      for (let chunk = scan.next(); chunk !== undefined; chunk = scan.next()) {
        size += chunk.length;
        mustBeNoBomb(size, scan.taken, options.bomb);
        hash?.update(chunk);
        tar.push(chunk);
        progress?.(scan.taken);
        if (size < turn) continue;
        turn = size + TURN;
        await new Promise((resolve) => setImmediate(resolve));
      }
      tar.end();
      places.end();
    } catch (error) {
      const isDamage = error instanceof BlobDamage || error instanceof TarDamage;
      if (!isDamage || options.salvages !== true) throw error;
      damage = error;
    }
    unpacked.end();
    const { layer, entries, refused, refusals } = unpacked;
    const table = places.table(entries);
    const index = damage === undefined && refused === 0 ? scan.index() : undefined;
    return {
      layer,
      contents: new TarContents(scan.reader(), layer, table),
      ...(index === undefined ? {} : { index: { layer: layer.packed(), table, blob: index } }),
      ...{ entries, size, refused, refusals },
      trailing: scan.trailing,
      ...(hash === undefined || damage !== undefined ? {} : { diffId: `sha256:${hash.digest('hex')}` }),
      ...(damage === undefined ? {} : { damage }),
    };
  } finally {
    scan.close();
  }
}

/** What compresses a blob is told by its first bytes. */
export async function openScan(bytes: BlobBytes, cache: BlobCache, spools: SpoolRoom): Promise<BlobScan> {
  const start = Buffer.alloc(4);
  const length = bytes.read(0, start);
  const compression = compressionOf(start.subarray(0, length));
  if (compression === 'gzip') return new GzipScan(bytes, cache);
  if (compression === 'zstd') return newZstdScan(bytes, cache, spools);
  return new PlainScan(bytes);
}

/** An entry by its number, and where its data begin. */
interface SparsePlace {
  readonly number: number;
  readonly entry: TarEntry;
  readonly at: number;
}

/** Where each entry's contents lie, as the entries come. */
class Places {
  /** NaN for those that nothing was told of, as damage came between. */
  #at = new Float64Array(1024).fill(Number.NaN);
  readonly #sparse = new Map<number, SparseContents>();
  /** The map that stands before the data of the entry told of last. */
  #map: (SparsePlace & { readonly reader: SparseMapReader }) | undefined;

  add(number: number, entry: TarEntry, { at, size }: StoredContents): void {
    this.end();
    if (number >= this.#at.length) {
      const larger = new Float64Array(2 * number).fill(Number.NaN);
      larger.set(this.#at);
      this.#at = larger;
    }
    const isSparse = entry.sparse && size > 0 && entry.type === TAR_TYPE.file;
    this.#at[number] = isSparse ? Number.NaN : at;
    if (!isSparse) return;
    if (entry.sparseMap === undefined) this.#map = { reader: new SparseMapReader(), number, entry, at };
    else this.#setRuns({ number, entry, at }, entry.sparseMap, size);
  }

  contents(part: Uint8Array): void {
    if (this.#map === undefined) return;
    this.#map.reader.push(part);
    if (this.#map.reader.numbers !== undefined) this.end();
  }

  /** Of the entry told of last. Throws TarDamage where its map is not whole: then nothing can be read of it. */
  end(): void {
    if (this.#map === undefined) return;
    const { reader, at, ...place } = this.#map;
    this.#map = undefined;
    if (reader.numbers === undefined) throw new TarDamage('a map of a sparse file is cut off');
    this.#setRuns({ ...place, at: at + reader.size }, reader.numbers);
  }

  #setRuns({ number, entry, at }: SparsePlace, numbers: readonly number[], stored?: number): void {
    const runs = checkedRuns(numbers, entry.size);
    const length = runs.reduce((sum, run) => sum + run[1], 0);
    if (stored !== undefined && length !== stored) {
      throw new TarDamage('a map of a sparse file does not fit its data');
    }
    this.#at[number] = at;
    this.#sparse.set(number, { size: entry.size, runs });
  }

  table(entries: number): {
    readonly at: Float64Array;
    readonly sparse: ReadonlyMap<number, SparseContents>;
  } {
    return { at: this.#at.slice(0, entries + 1), sparse: this.#sparse };
  }
}
