// What changes in a root of containerd whenever it adds, changes or removes an image, a snapshot or a container.
import { attempt, Trouble } from '../../sys/errors.ts';
import { containersStamp } from '../dockerd/containers.ts';
import type { StoreFiles } from '../files.ts';
import { CONTENT } from './blobs.ts';
import { TASKS } from './containers.ts';
import { CRI, statusPath } from './cri.ts';
import { METADATA } from './metadata.ts';
import type { ContainerdPlace } from './root.ts';
import { placeOf, SNAPSHOTTERS } from './snapshotter.ts';

/** As `Store.stamp`. */
export function containerdStamp({ files, docker }: ContainerdPlace): string {
  const snapshotters = SNAPSHOTTERS.map(({ name }) => placeOf(name));
  const tasks = namesIn(files, TASKS).map((namespace) => `${TASKS}/${namespace}`);
  const containers = `${CRI}/containers`;
  const own = files.stampOf([
    METADATA,
    `${CONTENT}/blobs/sha256`,
    ...snapshotters.flatMap((place) => [`${place}/metadata.db`, `${place}/snapshots`]),
    ...tasks,
    ...namesIn(files, containers).map(statusPath),
  ]);
  return docker === undefined ? own : `${own}\n${containersStamp(docker)}`;
}

function namesIn(files: StoreFiles, directory: string): readonly string[] {
  const names = attempt(() => files.namesIfPresent(directory));
  return names === undefined || names instanceof Trouble ? [] : names;
}
