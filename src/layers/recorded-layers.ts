// Layers as their records tell of them, tar-split or the compressed tar: for copies that lost owners, attributes or whiteouts,
// what the disk had when they were unpacked; for those of composefs, nothing else tells it.

import { BlobDamage } from '../blob/blob.ts';
import type { RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import type { ChainId } from '../store/digest.ts';
import type { Dialect, Layer, LayerStack } from '../store/layer-stack.ts';
import type { TarRecord } from '../store/record.ts';
import { withRecord } from '../store/record.ts';
import { sourceName } from '../store/source.ts';
import type { Store } from '../store/store.ts';
import { shownBytes } from '../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../sys/errors.ts';
import { TarDamage } from '../tar/entry.ts';
import { unpackBlob } from '../unpack/blob-record.ts';
import { CONTAINERS_STORAGE_RULES, ENGINE_RULES, MOBY_RULES } from '../unpack/rules.ts';
import { unpackTarSplit } from '../unpack/tar-split.ts';
import { objectsOfEntries } from './objects.ts';
import { belowOf } from './tars/below.ts';

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
  /** Top first. */
  const below: RecordedLayer[] = [];
  for (const layer of stack.layers.toReversed()) {
    const { chainId } = layer;
    let read = chainId === undefined ? undefined : known.get(chainId);
    const record = read === undefined ? store.record(layer, stack) : undefined;
    if (chainId !== undefined && record !== undefined) {
      const isLowest = below.length + (stack.layersBelow ?? 0) === 0;
      read = await readRecord(record, layer, { dialect: stack.dialect, isLowest, below });
      known.set(chainId, read);
    }
    layers.unshift(read);
    if (read !== undefined) below.unshift(read);
  }
  return layers;
}

interface LayerPlace {
  readonly dialect: Dialect;
  /** Whether nothing is below it. */
  readonly isLowest: boolean;
  /** Top first, as far as they have records. */
  readonly below: readonly RecordedLayer[];
}

async function readRecord(record: TarRecord, layer: Layer, place: LayerPlace): Promise<RecordedLayer> {
  try {
    return await (record.form === 'tar-split'
      ? readTarSplitRecord(record, layer, place)
      : readTarRecord(record, layer, place));
  } catch (error) {
    if (error instanceof TarDamage || error instanceof BlobDamage) throw refuse(record, error.message, error);
    if (error instanceof Errno) throw refuse(record, errnoWords(error.errno), error);
    throw error;
  }
}

async function readTarSplitRecord(
  record: TarRecord,
  { source, dialect: own }: Layer,
  { dialect }: LayerPlace,
): Promise<RecordedLayer> {
  // Marks of AUFS are taken for what they mean: a record that is read has no file that is hidden beside them.
  const by = record.rules.engine === 'containers-storage' ? CONTAINERS_STORAGE_RULES : MOBY_RULES;
  const rules = (own ?? dialect) === 'user' ? by.user : by.trusted;
  const { layer } = await withRecord(record, (read) => unpackTarSplit(read, rules));
  const objects = source.kind === 'directory' ? await objectsOfEntries(source, record) : undefined;
  if (objects !== undefined) layer.placeOf = (object) => objects[layer.get(object, 'source') - 1];
  return layer;
}

/** Enough to tell what compresses a blob. */
const MAGIC_BYTES = 4;

/** The tar itself tells what unpacking it left; only a directory that has no more than that can be held against it. */
function readTarRecord(
  record: TarRecord,
  { source, holds }: Layer,
  { isLowest, below }: LayerPlace,
): Promise<RecordedLayer> {
  if (holds === 'tree') {
    const state =
      'it holds what the layers below hold as well, and the record of a layer tells of that layer alone';
    throw new Trouble('store', `Cannot take metadata of "${shownBytes(sourceName(source))}": ${state}`);
  }
  const rules = ENGINE_RULES[record.rules.engine];
  const file = record.open();
  const unpacked = unpackBlob(file.read(0, MAGIC_BYTES), file.readNext, {
    rules: isLowest ? rules.base : rules.layer,
    below: belowOf(below),
    digest: record.digest,
  });
  return unpacked.finally(() => file.close());
}

function refuse(record: TarRecord, state: string, cause?: unknown): Trouble {
  return new Trouble('store', `Cannot read "${shownBytes(record.path)}": ${state}`, { cause });
}
