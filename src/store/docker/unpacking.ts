// How a data root's layers were unpacked, as far as its place and what the daemon made itself tell.
import { attempt, Trouble } from '../../sys/errors.ts';
import type { OwnerIds } from '../owner.ts';
import type { UnpackRules } from '../record.ts';
import type { DockerRoot } from './driver.ts';
import { driverDirectories } from './driver-directories.ts';

/** What is the same for all layers. `of` names some of the driver's directories, where those can tell it as well as all. */
export function unpackRules(root: DockerRoot, of: readonly string[] = []): Omit<UnpackRules, 'inPlace'> {
  const named = rootByName(root);
  const owner = named ?? rootByWork(root, of) ?? rootByAllWork(root) ?? { uid: 0, gid: 0 };
  const isRootless = root.dialect === 'user';
  return {
    engine: 'moby',
    root: owner,
    // A rootless daemon's root is its user; in all else, one row of numbers stands for all.
    isOneRange: named !== undefined || !isRootless,
    withoutDevices: owner.uid !== 0 || isRootless,
    ...(root.driver.losesXattrs ? { losesXattrs: true } : {}),
  };
}

/**
 * With userns-remap a data root is a directory `<uid>.<gid>`, the owner that root of the containers has outside
 * (daemon/daemon_unix.go setupDaemonRoot).
 */
function rootByName({ files }: DockerRoot): OwnerIds | undefined {
  const match = /\/(\d{1,10})\.(\d{1,10})$/.exec(files.directory);
  return match === null ? undefined : { uid: Number(match[1]), gid: Number(match[2]) };
}

/**
 * The owner of most directories `work` in directories of the driver, undefined where none has one: the driver makes one for each layer but the lowest, as root of the containers,
 * and no image has a say in it (daemon/graphdriver/overlay2 create).
 */
function rootByWork({ files, driver }: DockerRoot, names: readonly string[]): OwnerIds | undefined {
  const counts = new Map<string, { readonly owner: OwnerIds; count: number }>();
  for (const name of names) {
    const owner = attempt(() => files.ownerOf(`${driver.home}/${name}/work`));
    if (owner === undefined || owner instanceof Trouble) continue;
    const key = `${owner.uid}:${owner.gid}`;
    counts.set(key, { owner, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.owner;
}

/** A store may have thousands of directories, and be asked for thousands of stacks whose own tell nothing. */
const ownersByRoot = new WeakMap<DockerRoot, OwnerIds>();

function rootByAllWork(root: DockerRoot): OwnerIds | undefined {
  const owner = ownersByRoot.get(root) ?? rootByWork(root, namesOfAll(root));
  if (owner !== undefined) ownersByRoot.set(root, owner);
  return owner;
}

function namesOfAll(root: DockerRoot): readonly string[] {
  const directories = attempt(() => driverDirectories(root));
  return directories instanceof Trouble ? [] : directories.map(({ name }) => name);
}
