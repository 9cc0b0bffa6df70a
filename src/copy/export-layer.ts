// One layer's own tar, byte for byte as its diff ID was made from it: put together from the layer's files by its record, or
// decompressed where the tar itself is there.

import { createHash } from 'node:crypto';
import { BlobDamage } from '../blob/blob.ts';
import { compressionOf, decompressed } from '../blob/compression.ts';
import { LayerContents } from '../layers/layer-contents.ts';
import { LayerFiles } from '../layers/layer-files.ts';
import { objectsOfEntries } from '../layers/objects.ts';
import type { Layer, LayerStack } from '../store/layer-stack.ts';
import type { TarRecord } from '../store/record.ts';
import { withRecord } from '../store/record.ts';
import type { TarSource } from '../store/source.ts';
import { directoryOf, sourceName } from '../store/source.ts';
import { type ReadSome, shownBytes } from '../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../sys/errors.ts';
import { TarDamage } from '../tar/entry.ts';
import { type Gap, rebuildTar } from '../tar/rebuild.ts';
import { MOBY_RULES } from '../unpack/rules.ts';
import { unpackTarSplit } from '../unpack/tar-split.ts';

/**
 * Writes the tar. Throws Trouble where it cannot be put together, or where, all being written, its hash is not the diff
 * ID: then what was written is not the layer.
 */
export async function exportLayer(
  layer: Layer,
  of: LayerStack,
  recordOf: (layer: Layer) => TarRecord | undefined,
  write: (bytes: Uint8Array) => void,
): Promise<void> {
  const { diffId, source } = layer;
  if (source.kind === 'tar') return exportTar(layer, () => readingOf(source), write);
  const record = diffId === undefined ? undefined : recordOf(layer);
  if (record === undefined) {
    const state = `a layer of role "${layer.role}" has no record of its tar`;
    throw new Trouble('usage', `Cannot export layer "${shownBytes(sourceName(source))}": ${state}`);
  }
  if (record.form !== 'tar-split') return exportTar(layer, record.open, write);
  const refuse = (state: string, cause?: unknown) =>
    new Trouble('store', `Cannot rebuild the tar of layer "${diffId}": ${state}`, { cause });
  const { dialect = of.dialect } = layer;
  const files = new LayerFiles(directoryOf(source, 'export'), dialect === 'user' ? 'user' : 'trusted');
  const hash = createHash('sha256');
  try {
    const unpacked = await withRecord(record, (read) => unpackTarSplit(read, MOBY_RULES[dialect]));
    const objects = source.kind === 'directory' ? await objectsOfEntries(source, record) : undefined;
    const contents = new LayerContents(unpacked, files, 0, objects);
    await withRecord(record, (read) =>
      rebuildTar(read, contents, {
        bytes(bytes) {
          hash.update(bytes);
          write(bytes);
        },
        gap(name, gap) {
          throw refuse(`"${name}" ${gapWords(gap)}`);
        },
      }),
    );
  } catch (error) {
    if (error instanceof TarDamage)
      throw refuse(`"${shownBytes(record.path)}" is damaged: ${error.message}`, error);
    if (!(error instanceof Errno)) throw error;
    throw refuse(`"${shownBytes(record.path)}" cannot be read: ${errnoWords(error.errno)}`, error);
  } finally {
    files.close();
  }
  if (`sha256:${hash.digest('hex')}` !== diffId) {
    throw refuse('its hash is another one; "stratafs verify" names the files that were changed');
  }
}

interface Reading {
  readonly readNext: ReadSome;
  readonly close: () => void;
}

function readingOf(source: TarSource): Reading {
  const bytes = source.open();
  let at = 0;
  const readNext = (buffer: Uint8Array) => {
    const count = bytes.read(at, buffer);
    at += count;
    return count;
  };
  return { readNext, close: () => bytes.close() };
}

/** What the blob of a layer holds. Throws Trouble. */
async function exportTar(
  { diffId, source }: Layer,
  open: () => Reading,
  write: (bytes: Uint8Array) => void,
): Promise<void> {
  const refuse = (state: string, cause?: unknown) =>
    new Trouble('store', `Cannot export layer "${diffId ?? shownBytes(sourceName(source))}": ${state}`, {
      cause,
    });
  const start = open();
  const hash = createHash('sha256');
  const first = Buffer.alloc(4);
  try {
    const length = start.readNext(first);
    if (length < 0) throw new Errno(-length, 'read a blob');
  } finally {
    start.close();
  }
  const blob = open();
  try {
    for await (const bytes of decompressed(blob.readNext, compressionOf(first), 'a blob')) {
      hash.update(bytes);
      write(bytes);
    }
  } catch (error) {
    if (error instanceof BlobDamage) throw refuse(`the compressed tar is damaged: ${error.message}`, error);
    if (error instanceof Errno) throw refuse(errnoWords(error.errno), error);
    throw error;
  } finally {
    blob.close();
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (diffId !== undefined && found !== diffId) throw refuse(`the sha256 of its tar is ${found}`);
}

function gapWords(gap: Gap): string {
  if (gap.kind === 'size') return 'has another size than recorded';
  if (gap.kind === 'lost') return 'has contents in the tar that no file was made of';
  if (gap.kind === 'sparse') return 'was sparse in the tar, in a way that is not recorded';
  return `cannot be read: ${errnoWords(gap.errno)}`;
}
