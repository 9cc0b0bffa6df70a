// Where the contents of a tar's entries lie, for layers whose directory has them under other names than the tar.

import type { TarRecord } from '../store/record.ts';
import { withRecord } from '../store/record.ts';
import type { DirectorySource } from '../store/source.ts';
import type { ByteString } from '../sys/bytes.ts';
import { readTarSplit } from '../tar/tar-split.ts';

/**
 * By index of the entry, its path in the layer's directory; undefined for what has no contents there. Nothing where files lie
 * under their own names. Throws Trouble where either record cannot be used, TarDamage where the tar's is damaged.
 */
export async function objectsOfEntries(
  { objects }: DirectorySource,
  record: TarRecord,
): Promise<readonly (ByteString | undefined)[] | undefined> {
  if (objects === undefined) return undefined;
  const places = objects();
  const found: (ByteString | undefined)[] = [];
  await withRecord(record, (read) =>
    readTarSplit(read, { raw() {}, entry: ({ name }) => found.push(places.get(name)) }),
  );
  return found;
}
