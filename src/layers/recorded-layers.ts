// Layers as their tar-split records tell of them, for copies that lost owners, attributes or whiteouts: what the disk had
// when they were unpacked; for those of composefs, nothing else tells it.

import type { RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import type { ChainId } from '../store/digest.ts';
import { withRecord } from '../store/record.ts';
import type { Dialect, Layer, LayerStack, Store, TarRecord } from '../store/store.ts';
import { shownBytes } from '../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../sys/errors.ts';
import { TarDamage } from '../tar/entry.ts';
import { CONTAINERS_STORAGE_RULES, MOBY_RULES } from '../unpack/rules.ts';
import { unpackTarSplit } from '../unpack/tar-split.ts';
import { objectsOfEntries } from './objects.ts';

/**
 * The records of a stack's layers, in its order; undefined for a container's own layers, which have none. What is in
 * `known` is not read again, and what is read is put there. Throws Trouble where the record of an image's layer is missing
 * or damaged.
 */
export async function recordedLayers(
  store: Store,
  stack: LayerStack,
  known = new Map<ChainId, RecordedLayer>(),
): Promise<(RecordedLayer | undefined)[]> {
  const layers: (RecordedLayer | undefined)[] = [];
  for (const layer of stack.layers) {
    const { chainId } = layer;
    const read = chainId === undefined ? undefined : known.get(chainId);
    const record = read === undefined ? store.record(layer, stack) : undefined;
    if (chainId === undefined || record === undefined) layers.push(read);
    else {
      const recorded = await readRecord(record, layer, stack.dialect);
      known.set(chainId, recorded);
      layers.push(recorded);
    }
  }
  return layers;
}

async function readRecord(
  record: TarRecord,
  { source, dialect: own }: Layer,
  dialect: Dialect,
): Promise<RecordedLayer> {
  const refuse = (state: string, cause?: unknown) =>
    new Trouble('store', `Cannot read "${shownBytes(record.path)}": ${state}`, { cause });
  if (record.form !== 'tar-split') throw refuse(`a record of the form ${record.form} cannot be read`);
  // Marks of AUFS are taken for what they mean: a record that is read has no file that is hidden beside them.
  const by = record.rules.engine === 'containers-storage' ? CONTAINERS_STORAGE_RULES : MOBY_RULES;
  const rules = (own ?? dialect) === 'user' ? by.user : by.trusted;
  try {
    const { layer } = await withRecord(record, (read) => unpackTarSplit(read, rules));
    const objects = source.kind === 'directory' ? await objectsOfEntries(source, record) : undefined;
    if (objects !== undefined) layer.placeOf = (object) => objects[layer.get(object, 'source') - 1];
    return layer;
  } catch (error) {
    if (error instanceof TarDamage) throw refuse(error.message, error);
    if (error instanceof Errno) throw refuse(errnoWords(error.errno), error);
    throw error;
  }
}
