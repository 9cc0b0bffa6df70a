// Layers as their tar-split records tell of them, for copies that lost owners, attributes or whiteouts: what the disk had
// when Docker unpacked them.
import type { RecordedLayer } from '../overlay/recorded-layer.ts';
import type { ChainId } from '../store/digest.ts';
import type { DockerRoot } from '../store/docker/driver.ts';
import { layerPath } from '../store/docker/layerdb.ts';
import type { LayerStack } from '../store/store.ts';
import { asBytes } from '../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../sys/errors.ts';
import { TarDamage } from '../tar/entry.ts';
import { MOBY_RULES } from '../unpack/rules.ts';
import { unpackTarSplit } from '../unpack/tar-split.ts';
import { withFileBelow } from './layer-files.ts';

/**
 * The records of a stack's layers, in its order; undefined for a container's own layers, which have none. What is in
 * `known` is not read again, and what is read is put there. Throws Trouble where the record of an image's layer is missing
 * or damaged.
 */
export async function recordedLayers(
  root: DockerRoot,
  stack: LayerStack,
  known = new Map<ChainId, RecordedLayer>(),
): Promise<(RecordedLayer | undefined)[]> {
  const layers: (RecordedLayer | undefined)[] = [];
  for (const { chainId } of stack.layers) {
    const read = chainId === undefined ? undefined : known.get(chainId);
    if (chainId === undefined || read !== undefined) {
      layers.push(read);
      continue;
    }
    const record = asBytes(`${layerPath(root, chainId)}/tar-split.json.gz`);
    // Marks of AUFS are taken for what they mean: a record that is read has no file that is hidden beside them.
    const rules = root.dialect === 'user' ? MOBY_RULES.user : MOBY_RULES.trusted;
    try {
      const { layer } = await withFileBelow(root.files.directory, record, (file) =>
        unpackTarSplit(file, rules),
      );
      known.set(chainId, layer);
      layers.push(layer);
    } catch (error) {
      const state =
        error instanceof TarDamage
          ? error.message
          : error instanceof Errno
            ? errnoWords(error.errno)
            : undefined;
      if (state === undefined) throw error;
      throw new Trouble('store', `Cannot read "${root.files.pathOf(record)}": ${state}`, { cause: error });
    }
  }
  return layers;
}
