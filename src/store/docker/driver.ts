// Which graph drivers of Docker can be read, and how each keeps a layer's files. A driver is a row of the table.
import { readUidMap } from '../../sys/privilege.ts';
import { trouble } from '../file-state.ts';
import type { StoreFiles } from '../files.ts';
import type { Dialect } from '../layer-stack.ts';
import { isRootless } from '../owner.ts';

export interface GraphDriver {
  /** As in `image/<name>` and a container's `Driver`. */
  readonly name: string;
  /** Where all layers' directories lie, relative to the data root. */
  readonly home: string;
  /** Below the directory of an image's layer: its files. */
  readonly files: string;
  /** Below the directory of a container's own layer: its files. */
  readonly own: string;
  /** tree: an image's layer has the whole tree with all below it. */
  readonly holds?: 'tree';
  /** tree: so has a container's own. */
  readonly ownHolds?: 'tree';
  /** Whether copying the tree below keeps no extended attributes but capabilities (daemon/graphdriver/copy doCopyXattrs). */
  readonly losesXattrs?: true;
  /** Whether what a container's `-init` layer changed is copied into its own, which then is not stacked on it. */
  readonly copiesInit?: true;
  /** Whether directories have short names in `l`, and files `link` and `lower` that speak of these. */
  readonly hasLinks?: true;
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

/** A daemon in a user namespace cannot set trusted.*; it mounts with `userxattr`. */
function kernelDialect(rootless: boolean): Dialect {
  return rootless ? 'user' : 'trusted';
}

/** In the order in which a daemon prefers them that finds several (moby daemon/graphdriver, driver_linux.go). */
export const DRIVERS: readonly GraphDriver[] = [
  {
    name: 'overlay2',
    home: 'overlay2',
    files: '/diff',
    own: '/diff',
    hasLinks: true,
    dialect: kernelDialect,
  },
  {
    name: 'fuse-overlayfs',
    home: 'fuse-overlayfs',
    files: '/diff',
    own: '/diff',
    hasLinks: true,
    // Pulled layers have `.wh.` names; a container's and a build step's have the kernel's marks beside these.
    dialect: () => 'aufs',
  },
  {
    name: 'btrfs',
    home: 'btrfs/subvolumes',
    files: '',
    own: '',
    holds: 'tree',
    ownHolds: 'tree',
    dialect: () => 'none',
  },
  {
    // The container's `upper` is mounted over the image's whole tree, which `lower-id` names.
    name: 'overlay',
    home: 'overlay',
    files: '/root',
    own: '/upper',
    holds: 'tree',
    losesXattrs: true,
    copiesInit: true,
    dialect: kernelDialect,
  },
  {
    name: 'vfs',
    home: 'vfs/dir',
    files: '',
    own: '',
    holds: 'tree',
    losesXattrs: true,
    ownHolds: 'tree',
    dialect: () => 'none',
  },
];

/** The files of an image's layer with this cache ID, relative to the data root. */
export function layerDirectory({ home, files }: GraphDriver, cacheId: string): string {
  return `${home}/${cacheId}${files}`;
}

/** The same of a container's own layer, or of its `-init` layer. */
export function ownDirectory({ home, own }: GraphDriver, mountId: string): string {
  return `${home}/${mountId}${own}`;
}

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
