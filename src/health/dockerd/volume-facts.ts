// What dockerd's own record says of a volume, in words.
import type { ByteString } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { knownFacts } from '../part.ts';
import type { DataRoot } from './data-root.ts';

/** Nothing where there is no record, or a damaged one, which `doctor` tells. */
export function volumeFacts(
  { volumeRecords }: Pick<DataRoot, 'volumeRecords'>,
  name: ByteString,
): Record<string, string> {
  const record = volumeRecords instanceof Trouble ? undefined : volumeRecords.get(name);
  if (record === undefined || record instanceof Trouble) return {};
  const list = (pairs: Readonly<Record<string, string>>) =>
    Object.entries(pairs)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ');
  return knownFacts({ driver: record.driver, labels: list(record.labels), options: list(record.options) });
}
