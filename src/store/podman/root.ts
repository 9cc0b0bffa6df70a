// Where containers-storage keeps what: one graph root with one of its drivers, and the other roots whose layers and images
// it uses (additional image stores, an image store apart from the containers). Podman, Buildah and CRI-O share the format.
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { trouble } from '../file-state.ts';
import type { StoreFiles } from '../files.ts';

/** The graph drivers that can be read, the one that is used by default first. */
export const DRIVERS = ['overlay', 'vfs'] as const;
export type Driver = (typeof DRIVERS)[number];
/** Others of containers-storage, which keep their layers in no directories (or no longer exist). */
export const OTHER_DRIVERS: readonly string[] = ['btrfs', 'zfs', 'aufs', 'devicemapper'];

/** A directory that holds images, layers and perhaps containers of one driver. */
export interface StorageRoot {
  readonly files: StoreFiles;
  readonly driver: Driver;
}

/** One store: its own root first, then those it takes images and layers from. */
export interface PodmanRoot extends StorageRoot {
  /** Whether it is a user's, whose containers have owners of a user namespace. */
  readonly isRootless: boolean;
  /** Each with the same driver. */
  readonly additional: readonly StorageRoot[];
  /** What does not outlive a boot, where the engines of this machine keep it for this root. */
  readonly runRoot?: StoreFiles;
  /** Sentences about roots that were named and cannot be used. */
  readonly damage: readonly string[];
}

/** Lists of a root, each with the name of its volatile sibling. */
export type ListName = 'images' | 'layers' | 'containers';

export function listPath({ driver }: StorageRoot, list: ListName, isVolatile = false): string {
  return `${driver}-${list}/${isVolatile ? 'volatile-' : ''}${list}.json`;
}

/** All that there are; images have no volatile sibling. */
export const LISTS: readonly (readonly [list: ListName, isVolatile: boolean])[] = [
  ['images', false],
  ['layers', false],
  ['layers', true],
  ['containers', false],
  ['containers', true],
];

/** Where what belongs to one image, layer or container beside its files is kept. */
export function metadataPath({ driver }: StorageRoot, list: ListName, id: string): string {
  return `${driver}-${list}/${id}`;
}

/** Where the driver has a directory for each layer. */
export function layersHome({ driver }: StorageRoot): string {
  return driver === 'vfs' ? 'vfs/dir' : 'overlay';
}

/** The driver's directory of a layer. */
export function layerPath(root: StorageRoot, id: string): string {
  return `${layersHome(root)}/${id}`;
}

/** What the driver keeps beside its layers. */
export const NOT_LAYERS: readonly string[] = ['l', '.has-mount-program', 'backingFsBlockDev'];
/** Where unfinished things are, beside the layers. */
export const UNFINISHED: readonly string[] = ['tempdirs', 'staging'];

/** The layer that is mounted at a path of the machine, in whatever root it was; undefined where the driver mounts no layer there. */
export function layerOfMountPoint(path: string): string | undefined {
  return /\/(?:overlay|vfs\/dir)\/([0-9a-f]{64})(?:\/merged)?$/.exec(path)?.[1];
}

/** All roots of a store, its own first. */
export function allRoots(root: PodmanRoot): readonly StorageRoot[] {
  return [root, ...root.additional];
}

/** Whether a driver has any image, layer or container in a directory. */
export function hasLists(files: StoreFiles, driver: Driver): boolean {
  const root = { files, driver };
  return LISTS.some(([list, isVolatile]) => files.kindOf(listPath(root, list, isVolatile)) !== undefined);
}

/**
 * The name of the file that holds a big datum (containers-storage makeBigDataBaseName): the key itself, or its base64.
 * Throws Trouble for a key of which no file name can be made.
 */
export function bigDataName(key: string, file: string): ByteString {
  if (/^[.0-9a-z]+$/.test(key) && key !== '.' && key !== '..') return asBytes(key);
  const name = `=${Buffer.from(key).toString('base64')}`;
  if (!name.includes('/') && name.length <= LONGEST_NAME) return asBytes(name);
  throw trouble('use', file, 'the name of one of its data is no file name');
}

const LONGEST_NAME = 255;
