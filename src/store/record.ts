// Reading what a store keeps of a layer's tar.
import type { ReadSome } from '../sys/bytes.ts';
import type { TarRecord } from './store.ts';

/** Gives the record to `use`, at its beginning, and closes it after. Throws Trouble where it cannot be opened. */
export async function withRecord<T>(
  record: Pick<TarRecord, 'open'>,
  use: (read: ReadSome) => Promise<T>,
): Promise<T> {
  const file = record.open();
  try {
    return await use(file.readNext);
  } finally {
    file.close();
  }
}
