// One layer's own tar, byte for byte as its diff ID was made from it.
import { createHash } from 'node:crypto';
import type { ReadSome } from '../blob/compression.ts';
import { LayerContents } from '../layers/layer-contents.ts';
import { LayerFiles, withFileBelow } from '../layers/layer-files.ts';
import type { DockerRoot } from '../store/docker/driver.ts';
import { layerPath } from '../store/docker/layerdb.ts';
import type { Layer } from '../store/store.ts';
import { asBytes } from '../sys/bytes.ts';
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
  openRoot: () => DockerRoot,
  layer: Layer,
  write: (bytes: Uint8Array) => void,
): Promise<void> {
  const { chainId, diffId } = layer;
  if (chainId === undefined || diffId === undefined) {
    const state = `a layer of role "${layer.role}" has no record of its tar`;
    throw new Trouble('usage', `Cannot export layer "${layer.directory}": ${state}`);
  }
  const root = openRoot();
  const record = asBytes(`${layerPath(root, chainId)}/tar-split.json.gz`);
  const refuse = (state: string, cause?: unknown) =>
    new Trouble('store', `Cannot rebuild the tar of layer "${diffId}": ${state}`, { cause });
  const files = new LayerFiles(layer.directory, root.dialect === 'user' ? 'user' : 'trusted');
  const hash = createHash('sha256');
  const withRecord = <T>(use: (read: ReadSome) => Promise<T>) =>
    withFileBelow(root.files.directory, record, use);
  try {
    const unpacked = await withRecord((read) => unpackTarSplit(read, MOBY_RULES[root.dialect]));
    const contents = new LayerContents(unpacked, files);
    await withRecord((read) =>
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
    const file = root.files.pathOf(record);
    if (error instanceof TarDamage) throw refuse(`"${file}" is damaged: ${error.message}`, error);
    if (error instanceof Errno) throw refuse(`"${file}" cannot be read: ${errnoWords(error.errno)}`, error);
    throw error;
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
