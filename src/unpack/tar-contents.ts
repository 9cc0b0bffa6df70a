// The contents of an unpacked tar's files, read where they lie in the tar.
import type { BlobReader } from '../blob/blob.ts';
import type { RecordedContents } from '../overlay/recorded/recorded-contents.ts';
import type { RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import { E, Errno } from '../sys/errors.ts';
import { seekInRuns } from '../sys/seek.ts';
import type { DataRuns } from '../tar/data-runs.ts';

/** Where the contents of a sparse file lie. */
export interface SparseContents {
  readonly size: number;
  /** Of the file, as they follow each other in the tar. */
  readonly runs: DataRuns;
}

/** What is known of a tar's contents, by the number of their entry, from 1. */
export interface ContentsTable {
  /** Where in the tar they begin; of a sparse file its data, behind a map. NaN where the map is damaged. */
  readonly at: Float64Array;
  readonly sparse: ReadonlyMap<number, SparseContents>;
}

export class TarContents implements RecordedContents {
  readonly #tar: BlobReader;
  readonly #layer: RecordedLayer;
  readonly #table: ContentsTable;

  /** `tar` is closed with it. */
  constructor(tar: BlobReader, layer: RecordedLayer, table: ContentsTable) {
    this.#tar = tar;
    this.#layer = layer;
    this.#table = table;
  }

  get size(): number {
    return this.#tar.size;
  }

  read(object: number, offset: number, room: Uint8Array): number {
    const entry = this.#layer.get(object, 'source');
    const at = this.#table.at[entry];
    if (entry === 0 || at === undefined || Number.isNaN(at))
      throw new Errno(E.EIO, 'read contents that are not in the tar');
    const sparse = this.#table.sparse.get(entry);
    const size = sparse?.size ?? this.#layer.size(object);
    const wanted = room.subarray(0, Math.max(0, Math.min(room.length, size - offset)));
    if (sparse === undefined) this.#fill(at + offset, wanted);
    else this.#readSparse(at, sparse.runs, offset, wanted);
    return wanted.length;
  }

  dataSize(object: number): number {
    const sparse = this.#sparseOf(object);
    return sparse?.runs.reduce((sum, [, length]) => sum + length, 0) ?? this.#layer.size(object);
  }

  seek(object: number, offset: number, whence: number): number {
    const { size, runs } = this.#sparseOf(object) ?? wholeOf(this.#layer.size(object));
    return seekInRuns(runs, size, offset, whence);
  }

  #sparseOf(object: number): SparseContents | undefined {
    return this.#table.sparse.get(this.#layer.get(object, 'source'));
  }

  #fill(at: number, room: Uint8Array): void {
    if (this.#tar.read(at, room) < room.length) throw new Errno(E.EIO, 'read a tar that became shorter');
  }

  #readSparse(at: number, runs: DataRuns, offset: number, room: Uint8Array): void {
    room.fill(0);
    const end = offset + room.length;
    let stored = at;
    for (const [start, length] of runs) {
      const from = Math.max(start, offset);
      const to = Math.min(start + length, end);
      if (from < to) this.#fill(stored + from - start, room.subarray(from - offset, to - offset));
      if (start >= end) return;
      stored += length;
    }
  }

  close(): void {
    this.#tar.close();
  }
}

function wholeOf(size: number): SparseContents {
  return { size, runs: [[0, size]] };
}
