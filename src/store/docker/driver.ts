// Which graph drivers of Docker can be read, and where each keeps a layer's files. A driver is a row of the table.
import { readUidMap, type StoreFiles, trouble } from '../files.ts';
import { isRootless } from '../owner.ts';
import type { Dialect } from '../store.ts';

export interface GraphDriver {
  /** As in `image/<name>` and a container's `Driver`. */
  readonly name: string;
  /** Directory of the layer with this cache or mount ID, relative to the data root. */
  readonly layerDirectory: (id: string) => string;
  readonly dialect: (rootless: boolean) => Dialect;
}

/** A data root of Docker, with the driver whose layers are read. */
export interface DockerRoot {
  readonly files: StoreFiles;
  readonly driver: GraphDriver;
  readonly dialect: Dialect;
  /** `image/<driver>`, below which image and layer metadata lie. */
  readonly metadata: string;
}

/** The preferred first. */
export const DRIVERS: readonly GraphDriver[] = [
  {
    name: 'overlay2',
    layerDirectory: (id) => `overlay2/${id}/diff`,
    // A daemon in a user namespace cannot set trusted.*; it mounts with `userxattr`.
    dialect: (rootless) => (rootless ? 'user' : 'trusted'),
  },
];

export function dockerRoot(files: StoreFiles, driver: GraphDriver): DockerRoot {
  const metadata = `image/${driver.name}`;
  const owner = files.ownerOf(metadata);
  if (owner === undefined) throw trouble('open', files.pathOf(metadata), 'no such directory');
  return { files, driver, metadata, dialect: driver.dialect(isRootless(owner.uid, readUidMap())) };
}

/** Names of the graph drivers that left metadata here. */
export function driverNames(files: StoreFiles): readonly string[] {
  const names = files.namesIfPresent('image') ?? [];
  return names.filter((name) => /^[a-z0-9-]+$/.test(name) && files.kindOf(`image/${name}`) === 'directory');
}

/** Whether a driver has any image or layer. */
export function hasLayers(files: StoreFiles, driver: string): boolean {
  return ['imagedb/content/sha256', 'layerdb/sha256'].some(
    (directory) => (files.namesIfPresent(`image/${driver}/${directory}`) ?? []).length > 0,
  );
}
