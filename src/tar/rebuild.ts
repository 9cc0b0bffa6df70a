// Puts a layer's tar together again, byte for byte, from its tar-split record and the files in its directory.

import type { ReadSome } from '../blob/compression.ts';
import type { ByteString } from '../sys/bytes.ts';
import { TarBatch } from './batch.ts';
import type { TarEntry } from './entry.ts';
import { type Contents, readTarSplit } from './tar-split.ts';

/** Where contents stand in the tar but cannot be had as they were. */
export type Gap =
  | { readonly kind: 'errno'; readonly errno: number }
  /** The file is shorter or longer than the header says. */
  | { readonly kind: 'size' }
  /** The tar held the file sparse; tar-split does not tell how (its README names this limit). */
  | { readonly kind: 'sparse' };

export interface RebuildVisitor {
  /** The tar's bytes in order, up to the first gap; valid during the call. */
  bytes(bytes: Uint8Array): void;
  /** An entry, before its contents are read. */
  entry(entry: TarEntry, path: ByteString, contents: Contents | undefined): void;
  /** After it no more bytes are handed out, since their place would be wrong; entries still are. */
  gap(path: ByteString, gap: Gap): void;
}

/** The files of a layer by their paths: gives one to `use`, or answers a negative errno where it cannot be opened. */
export interface FileSource {
  withFile<T>(path: ByteString, use: (read: ReadSome) => T): T | number;
}

/** Reads the record to its end. Throws TarDamage where the record is damaged. */
export async function rebuildTar(
  source: ReadSome,
  files: FileSource,
  visitor: RebuildVisitor,
): Promise<void> {
  const batch = new TarBatch((bytes) => visitor.bytes(bytes));
  let broken = false;
  await readTarSplit(source, {
    raw: (bytes) => {
      if (!broken) batch.add(bytes);
    },
    entry: (entry, path, contents) => {
      visitor.entry(entry, path, contents);
      if (broken || contents === undefined) return;
      const gap: Gap | undefined = entry.sparse
        ? { kind: 'sparse' }
        : addFile(batch, files, path, contents.size);
      if (gap === undefined) return;
      broken = true;
      batch.clear();
      visitor.gap(path, gap);
    },
  });
  batch.flush();
}

/** Reads a file straight into the batch; answers what is wrong with it. */
function addFile(batch: TarBatch, files: FileSource, path: ByteString, size: number): Gap | undefined {
  const gap = files.withFile(path, (read) => addContents(batch, read, size));
  return typeof gap === 'number' ? { kind: 'errno', errno: -gap } : gap;
}

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
