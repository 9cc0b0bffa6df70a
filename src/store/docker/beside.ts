// What lies in a data root beside the driver whose layers are read: other graph drivers, containerd's image store, and the
// containers that belong to them. A daemon uses one at a time and passes over the containers of all others.
import type { ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type ContainerConfig, containerIds, readContainerConfig } from '../dockerd/containers.ts';
import { GRAPH_DRIVERS } from '../dockerd/graph-drivers.ts';
import { MANAGED_CONTAINERD, usedSnapshotters } from '../dockerd/snapshotters.ts';
import { quoted } from '../formats/json.ts';
import { type DockerRoot, driverNames, hasLayers } from './driver.ts';

export interface StoreBeside {
  readonly kind: 'driver' | 'containerd';
  /** What it is called among the stores of a root. */
  readonly store: string;
  /** What it is, in words. */
  readonly name: string;
  /** Where it lies; absent where that is not in the data root. */
  readonly path?: ByteString;
  /** Whether it has no image, no layer and no container. */
  readonly isEmpty: boolean;
  /** Containers of the data root that have their layers in it. */
  readonly containers: number;
}

/** Who has the layers of a container whose driver is another one, in words; undefined where it is this one. */
export function otherDriver(
  { driver }: DockerRoot,
  config: Pick<ContainerConfig, 'driver'>,
): string | undefined {
  if (config.driver === driver.name) return undefined;
  if (config.driver === '') return 'a driver that its config does not name';
  if (GRAPH_DRIVERS.includes(config.driver)) return `the driver ${quoted(config.driver)}`;
  return `containerd's snapshotter ${quoted(config.driver)}`;
}

/** Graph drivers first, but those that are `read`. What cannot be read is passed over: the doctor tells. */
export function storesBeside(root: DockerRoot, read: readonly string[] = [root.driver.name]): StoreBeside[] {
  const { files, driver } = root;
  const containers = containersByDriver(root);
  const drivers = attempt(() => driverNames(files));
  const others = (drivers instanceof Trouble ? [] : drivers).filter((name) => !read.includes(name));
  const stores = others.map((name): StoreBeside => {
    const owned = containers.get(name) ?? 0;
    const isEmpty = owned === 0 && attempt(() => hasLayers(files, name)) === false;
    const path = files.pathOf(`image/${name}`);
    return {
      kind: 'driver',
      store: name,
      name: `the graph driver "${name}"`,
      path,
      isEmpty,
      containers: owned,
    };
  });
  const snapshotters = usedSnapshotters(files);
  const isForeign = (name: string) => name !== driver.name && !GRAPH_DRIVERS.includes(name) && name !== '';
  const owned = [...containers].filter(([name]) => isForeign(name) || snapshotters.includes(name));
  if (snapshotters.length === 0 && owned.length === 0) return stores;
  const isHere = snapshotters.length > 0;
  return [
    ...stores,
    {
      kind: 'containerd',
      store: 'containerd',
      isEmpty: false,
      name: `Docker's containerd image store${isHere ? '' : ', in a root of its own such as "/var/lib/containerd"'}`,
      ...(isHere ? { path: files.pathOf(MANAGED_CONTAINERD) } : {}),
      containers: owned.reduce((sum, [, count]) => sum + count, 0),
    },
  ];
}

function containersByDriver(root: DockerRoot): Map<string, number> {
  const counts = new Map<string, number>();
  const ids = attempt(() => containerIds(root.files));
  for (const id of ids instanceof Trouble ? [] : ids) {
    const config = attempt(() => readContainerConfig(root.files, id));
    if (!(config instanceof Trouble)) counts.set(config.driver, (counts.get(config.driver) ?? 0) + 1);
  }
  return counts;
}
