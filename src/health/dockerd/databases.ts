// The bolt databases of a data root, each read to its end.

import type { StoreFiles } from '../../store/files.ts';
import { checkBucket, readBolt } from '../../store/formats/bolt.ts';
import { olderStates } from '../../store/formats/bolt-older.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { ReportDataRoot } from './findings.ts';

/** Relative to the data root, with what a daemon keeps in it. */
const DATABASES: readonly (readonly [path: string, what: string])[] = [
  ['volumes/metadata.db', 'drivers, labels and options of volumes'],
  ['network/files/local-kv.db', 'networks'],
  ['buildkit/snapshots.db', 'which directories are build cache'],
  ['buildkit/metadata_v2.db', 'what the entries of the build cache are'],
  ['buildkit/cache.db', 'results of build steps'],
  ['buildkit/containerdmeta.db', 'blobs of the build cache'],
  ['buildkit/history.db', 'builds of the past'],
  ['buildkit/history_c8d.db', 'builds of the past'],
  ['buildkit/containerd-overlayfs/metadata_v2.db', 'what the entries of the build cache are'],
];

export function examineDatabases(files: StoreFiles, report: ReportDataRoot): void {
  for (const [path, what] of DATABASES) {
    for (const { detail } of olderStates(files, [path]))
      report({ code: 'database-older', path: files.pathOf(path), detail: `${detail} (it holds: ${what})` });
    const read = attempt(() => files.withPartsIfPresent(path, (file) => readBolt(file, checkBucket)));
    if (!(read instanceof Trouble)) continue;
    report({
      code: 'database-damaged',
      path: files.pathOf(path),
      detail: `${read.message} (it holds: ${what})`,
    });
  }
}
