// One layer's own tar, byte for byte as its diff ID was made from it.

import { createHash } from 'node:crypto';
import { LayerContents } from '../layers/layer-contents.ts';
import { LayerFiles } from '../layers/layer-files.ts';
import { withRecord } from '../store/record.ts';
import { directoryOf, sourceName } from '../store/source.ts';
import type { Layer, LayerStack, TarRecord } from '../store/store.ts';
import { shownBytes } from '../sys/bytes.ts';
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
  const record = diffId === undefined ? undefined : recordOf(layer);
  if (record === undefined) {
    const state = `a layer of role "${layer.role}" has no record of its tar`;
    throw new Trouble('usage', `Cannot export layer "${shownBytes(sourceName(source))}": ${state}`);
  }
  const refuse = (state: string, cause?: unknown) =>
    new Trouble('store', `Cannot rebuild the tar of layer "${diffId}": ${state}`, { cause });
  if (record.form !== 'tar-split') {
    throw refuse(`"${shownBytes(record.path)}" is a record of the form ${record.form}, which cannot be read`);
  }
  const { dialect = of.dialect } = layer;
  const files = new LayerFiles(directoryOf(source, 'export'), dialect === 'user' ? 'user' : 'trusted');
  const hash = createHash('sha256');
  try {
    const unpacked = await withRecord(record, (read) => unpackTarSplit(read, MOBY_RULES[dialect]));
    const contents = new LayerContents(unpacked, files);
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

function gapWords(gap: Gap): string {
  if (gap.kind === 'size') return 'has another size than recorded';
  if (gap.kind === 'lost') return 'has contents in the tar that no file was made of';
  if (gap.kind === 'sparse') return 'was sparse in the tar, in a way that is not recorded';
  return `cannot be read: ${errnoWords(gap.errno)}`;
}
