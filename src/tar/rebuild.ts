// Puts a layer's tar together again, byte for byte, from its tar-split record and the contents of its files.

import type { ReadSome } from '../sys/bytes.ts';
import { TarBatch } from './batch.ts';
import { readTarSplit } from './tar-split.ts';

/** Where contents stand in the tar but cannot be had as they were. */
export type Gap =
  | { readonly kind: 'errno'; readonly errno: number }
  /** The file is shorter or longer than the header says. */
  | { readonly kind: 'size' }
  /** Unpacking keeps them nowhere: those of a whiteout, or of a file that a later entry replaced. */
  | { readonly kind: 'lost' }
  /** The tar held the file sparse; tar-split does not tell how (its README names this limit). */
  | { readonly kind: 'sparse' };

export interface RebuildVisitor {
  /** The tar's bytes in order, up to the first gap; valid during the call. */
  bytes(bytes: Uint8Array): void;
  /** After it no more bytes are handed out, since their place would be wrong. `name` is as it stands in the tar. */
  gap(name: string, gap: Gap): void;
}

/** What an answer of a use of contents is, where there are none to use. */
export type ContentsGap = Extract<Gap, { kind: 'errno' | 'lost' }>;

export interface ContentsSource {
  /** Gives the contents of the entry of an index to `use`, or answers why there are none. */
  withContents<T>(index: number, use: (read: ReadSome) => T): T | ContentsGap;
}

/** Reads the record to its end. Throws TarDamage where the record is damaged. */
export async function rebuildTar(
  source: ReadSome,
  contents: ContentsSource,
  visitor: RebuildVisitor,
): Promise<void> {
  const batch = new TarBatch((bytes) => visitor.bytes(bytes));
  let broken = false;
  await readTarSplit(source, {
    raw: (bytes) => {
      if (!broken) batch.add(bytes);
    },
    entry: (entry, index, recorded) => {
      if (broken || recorded === undefined) return;
      const gap: Gap | undefined = entry.sparse
        ? { kind: 'sparse' }
        : contents.withContents(index, (read) => addContents(batch, read, recorded.size));
      if (gap === undefined) return;
      broken = true;
      batch.clear();
      visitor.gap(entry.name, gap);
    },
  });
  batch.flush();
}

/** Reads a file straight into the batch; answers what is wrong with it. */
function addContents(batch: TarBatch, read: ReadSome, size: number): Gap | undefined {
  for (let left = size; ; ) {
    // One byte more than there should be is asked for, so that a longer file shows.
    const count = read(batch.room(left + 1));
    if (count < 0) return { kind: 'errno', errno: -count };
    if (count > left) return { kind: 'size' };
    if (count === 0) return left === 0 ? undefined : { kind: 'size' };
    batch.advance(count);
    left -= count;
  }
}
