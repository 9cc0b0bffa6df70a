// Directories among those of snapshots that no record leads to: from containerd's own metadata, of any namespace, to a row of
// the snapshotter's database, whose id names the directory.
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import type { StoreFiles } from '../files.ts';
import { readNamespaces, readSnapshotRecords } from './metadata.ts';
import { placeOf, readSnapshots, SNAPSHOTTERS } from './snapshotter.ts';

/** Absolute, of all snapshotters whose files can be read. Throws Trouble where a database or a directory cannot be read. */
export function unrecordedDirectories(files: StoreFiles): ByteString[] {
  const recorded = new Set(
    readNamespaces(files)
      .flatMap((namespace) => readSnapshotRecords(files, namespace))
      .map(({ snapshotter, name }) => `${snapshotter} ${name}`),
  );
  return SNAPSHOTTERS.filter(({ directory }) => directory !== undefined).flatMap(({ name: snapshotter }) => {
    const rows = readSnapshots(files, snapshotter);
    const ids = new Set<string>();
    for (const [name, row] of rows ?? []) {
      if (typeof row !== 'string' && recorded.has(`${snapshotter} ${name}`)) ids.add(String(row.id));
    }
    const home = `${placeOf(snapshotter)}/snapshots`;
    return [...(files.namesIfPresent(home) ?? [])]
      .filter((name) => !ids.has(name) && files.kindOf(`${home}/${name}`) === 'directory')
      .sort()
      .map((name) => asBytes(files.pathOf(`${home}/${name}`)));
  });
}
