// The snapshotters of the containerd that dockerd starts itself and keeps in its data root: which of them hold layers.
import { attempt, Trouble } from '../../sys/errors.ts';
import type { StoreFiles } from '../files.ts';

/** Where dockerd keeps that containerd (daemon/command/daemon.go). */
export const MANAGED_CONTAINERD = 'containerd/daemon';
const SNAPSHOTTER = 'io.containerd.snapshotter.v1.';

/**
 * Names of those that were used: a snapshotter makes its database with its first snapshot, while its directory, and
 * containerd's own database, are there from the daemon's first start on, also of one with graph drivers (containerd 1.6, and
 * the roots of Docker 20.10, 26 and 28). None where the directory cannot be read.
 */
export function usedSnapshotters(files: StoreFiles): string[] {
  const names = attempt(() => files.namesIfPresent(MANAGED_CONTAINERD) ?? []);
  return (names instanceof Trouble ? [] : names)
    .filter((name) => name.startsWith(SNAPSHOTTER))
    .filter((name) => {
      const kind = attempt(() => files.kindOf(`${MANAGED_CONTAINERD}/${name}/metadata.db`));
      return kind !== undefined && !(kind instanceof Trouble);
    })
    .map((name) => name.slice(SNAPSHOTTER.length));
}
