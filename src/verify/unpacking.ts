// How a data root's layers were unpacked, as far as its place and what the daemon made itself tell.
import type { DockerRoot } from '../store/docker/driver.ts';
import { driverDirectories } from '../store/docker/driver-directories.ts';
import { attempt, Trouble } from '../sys/errors.ts';
import type { Unpacking } from './entry.ts';
import { type Owner, OwnerMap, ROOT } from './owners.ts';

/** What is the same for all layers. */
export function unpackingOf(root: DockerRoot): Omit<Unpacking, 'inPlace'> {
  const named = rootByName(root);
  const seen = named ?? rootByWork(root);
  // A rootless daemon's root is its user; in all else, one row of numbers stands for all.
  const owners = new OwnerMap(seen, named !== undefined || root.dialect !== 'user');
  return { owners, withoutDevices: owners.root.uid !== 0 || root.dialect === 'user' };
}

/**
 * With userns-remap a data root is a directory `<uid>.<gid>`, the owner that root of the containers has outside
 * (daemon/daemon_unix.go setupDaemonRoot).
 */
function rootByName({ files }: DockerRoot): Owner | undefined {
  const match = /\/(\d{1,10})\.(\d{1,10})$/.exec(files.directory);
  return match === null ? undefined : { uid: Number(match[1]), gid: Number(match[2]) };
}

/**
 * The owner of most directories `work`: the driver makes one for each layer but the lowest, as root of the containers,
 * and no image has a say in it (daemon/graphdriver/overlay2 create).
 */
function rootByWork(root: DockerRoot): Owner {
  const { files, driver } = root;
  const directories = attempt(() => driverDirectories(root));
  const counts = new Map<string, { readonly owner: Owner; count: number }>();
  for (const { name } of directories instanceof Trouble ? [] : directories) {
    const owner = attempt(() => files.ownerOf(`${driver.name}/${name}/work`));
    if (owner === undefined || owner instanceof Trouble) continue;
    const key = `${owner.uid}:${owner.gid}`;
    counts.set(key, { owner, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.owner ?? ROOT;
}
