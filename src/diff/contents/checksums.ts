// Checksums of contents that Docker recorded when it unpacked a layer (tar-split): CRC-64 of each file, by the place where
// unpacking put it. They tell equal from different without reading, but an adversary can make two files of one checksum:
// never for an examination.
import type { RecordedLayer } from '../../overlay/recorded/recorded-layer.ts';
import type { Dialect, Layer, LayerStack } from '../../store/layer-stack.ts';
import type { TarRecord } from '../../store/record.ts';
import { withRecord } from '../../store/record.ts';
import type { Store } from '../../store/store.ts';
import type { ReadSome } from '../../sys/bytes.ts';
import { Errno, Trouble } from '../../sys/errors.ts';
import { TarDamage } from '../../tar/entry.ts';
import { readTarSplit } from '../../tar/tar-split.ts';
import { MOBY_RULES, type UnpackingRules } from '../../unpack/rules.ts';
import { UnpackedTar } from '../../unpack/unpack.ts';
import type { Item } from '../item.ts';
import { LayerItem } from '../layered.ts';
import type { Checksum } from './pairs.ts';

const CHECKSUM_BYTES = 8;

export class LayerChecksums {
  readonly #layer: RecordedLayer;
  /** Eight bytes for each entry of the tar; zeros, the checksum of nothing, for one without contents. */
  readonly #sums: Buffer;

  constructor(layer: RecordedLayer, sums: Buffer) {
    this.#layer = layer;
    this.#sums = sums;
  }

  /** 16 hex digits; undefined for what is no file of the tar. */
  of(directory: string, name: string): string | undefined {
    const holder = this.#layer.directory(directory);
    const object = holder === undefined ? 0 : this.#layer.find(holder, name);
    const entry = object === 0 ? 0 : this.#layer.get(object, 'source');
    if (entry === 0) return undefined;
    return this.#sums.toString('hex', (entry - 1) * CHECKSUM_BYTES, entry * CHECKSUM_BYTES);
  }
}

/** Reads a layer's record to its end. Throws TarDamage where it is damaged, and Errno where it cannot be read. */
export async function readChecksums(read: ReadSome, rules: UnpackingRules): Promise<LayerChecksums> {
  const unpacked = new UnpackedTar(rules);
  let sums = Buffer.alloc(64 * CHECKSUM_BYTES);
  await readTarSplit(read, {
    raw() {},
    entry(entry, index, contents) {
      unpacked.add(entry);
      const at = index * CHECKSUM_BYTES;
      if (at === sums.length) sums = Buffer.concat([sums], 2 * at);
      if (contents !== undefined) sums.write(contents.crc64, at, 'hex');
    },
  });
  unpacked.end();
  return new LayerChecksums(unpacked.layer, sums);
}

/**
 * Adds to `known` those of a stack's layers but the lowest few. What has no record, or one that is damaged, is left out: its
 * files are read then, which is slower and never wrong.
 */
export async function addChecksums(
  store: Store,
  stack: LayerStack,
  lowest: number,
  known: Map<Layer, LayerChecksums>,
): Promise<void> {
  for (const layer of stack.layers.slice(0, stack.layers.length - lowest)) {
    try {
      const record = store.record(layer, stack);
      const sums = record && (await checksumsOf(record, layer.dialect ?? stack.dialect));
      if (sums !== undefined) known.set(layer, sums);
    } catch (error) {
      if (!(error instanceof TarDamage || error instanceof Errno || error instanceof Trouble)) throw error;
    }
  }
}

async function checksumsOf(record: TarRecord, dialect: Dialect): Promise<LayerChecksums | undefined> {
  if (record.form !== 'tar-split' || record.rules.engine !== 'moby') return undefined;
  return withRecord(record, (read) => readChecksums(read, MOBY_RULES[dialect]));
}

/** A file of a layer that `layers` has nothing of is read. */
export function recordedChecksums(layers: ReadonlyMap<Layer, LayerChecksums>): Checksum {
  return (item: Item) => {
    if (!(item instanceof LayerItem) || item.data !== undefined || item.live) return undefined;
    const { entry, side } = item;
    const sums = layers.get(side.layerOf(entry.holder));
    return sums?.of(side.union.directories.pathOf(entry.holder), entry.name);
  };
}
