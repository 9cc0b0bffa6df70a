// Unpacks on the model what a tar-split record tells of, and tells which of its entries has its contents where.

import type { ByteString, ReadSome } from '../sys/bytes.ts';
import { readTarSplit } from '../tar/tar-split.ts';
import type { UnpackingRules } from './rules.ts';
import { UnpackedTar } from './unpack.ts';

/**
 * Reads a record to its end, and unpacks it on what was `unpacked` before. Throws TarDamage where it is damaged, and Errno
 * where it cannot be read.
 */
export async function unpackTarSplit(
  read: ReadSome,
  rules: UnpackingRules,
  unpacked = new UnpackedTar(rules),
): Promise<UnpackedTar> {
  await readTarSplit(read, { raw() {}, entry: (entry) => unpacked.add(entry) });
  unpacked.end();
  return unpacked;
}

/** Where the contents of a tar's entries lie after all of it was unpacked. */
export class ContentsPlaces {
  readonly #layer: UnpackedTar['layer'];
  /** By index of the entry: the object that has its contents, 0 where none has them any more. */
  readonly #objects: Uint32Array;

  constructor({ layer, entries }: UnpackedTar) {
    this.#layer = layer;
    this.#objects = new Uint32Array(entries);
    for (let object = 1; object <= layer.objectCount; object++) {
      const source = layer.get(object, 'source');
      if (source > 0 && layer.links(object) > 0) this.#objects[source - 1] = object;
    }
  }

  /** The object's path in the layer; undefined where the contents went with a later entry, or were never kept. */
  path(index: number): ByteString | undefined {
    const object = this.#objects[index] ?? 0;
    return object === 0 ? undefined : this.#layer.path(object);
  }
}
