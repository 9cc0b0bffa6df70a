// Which image, container or layer a reference means: names and whole IDs come before beginnings of IDs, these before
// directories of the driver; more than one is an error that lists them, none an error that suggests the nearest name.

import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { addTo } from '../../sys/groups.ts';
import {
  type ChainId,
  type ContainerId,
  containerIdOf,
  hexOf,
  type ImageId,
  imageIdOf,
  shortId,
} from '../digest.ts';
import { containerDirectory, containerIds, readContainerConfig } from '../dockerd/containers.ts';
import { ambiguous } from '../reference/candidates.ts';
import { hintAmong } from '../reference/near.ts';
import { NoSuchReference, type Reference } from '../reference/reference.ts';
import { type DockerRoot, layerDirectory } from './driver.ts';
import { imageIds, imagePath } from './images.ts';
import { layerIds, mountIds, mountPath, readCacheId, readMountRecord } from './layerdb.ts';
import { type ImageNames, readImageNames } from './repositories.ts';

export type FoundReference =
  | {
      readonly kind: 'image';
      readonly id: ImageId;
      readonly name: string;
      /** Why others than an engine may understand the file of names differently, where it led here. */
      readonly ambiguity: string | undefined;
    }
  | { readonly kind: 'container'; readonly id: ContainerId; readonly name: string }
  /** A layer of an image, by its directory or chain ID. */
  | { readonly kind: 'layer'; readonly id: ChainId; readonly name: string };

/** The names of a store, read when they are first asked for. */
interface Names {
  images(): ImageNames;
  containers(): ContainerNames;
}

interface ContainerNames {
  readonly ids: ReadonlyMap<string, readonly ContainerId[]>;
  /** Containers whose config could not be read, so whose name is not known. */
  readonly unknown: number;
  /** Why there are no names at all. */
  readonly unreadable?: Trouble;
}

/** Names that the driver gives to directories, or their beginnings. */
const DIRECTORY = /^[0-9a-z]{12,64}(?:-init)?$/;

export function find(root: DockerRoot, reference: Reference): FoundReference {
  const names = namesOf(root);
  const whole = wholeIds(root, reference);
  // A whole ID needs no names, so that damaged names are not in its way.
  const exact = whole.length > 0 ? whole : named(reference, names);
  const begun = exact.length > 0 ? exact : beginnings(root, reference);
  const found = begun.length > 0 ? begun : directories(root, reference);
  const [only, ...others] = found;
  if (only === undefined) throw directoryOfNobody(root, reference) ?? notFound(reference, names);
  if (others.length > 0) throw ambiguous(reference, found);
  return only;
}

function namesOf(root: DockerRoot): Names {
  let images: ImageNames | undefined;
  let containers: ContainerNames | undefined;
  return {
    images() {
      images ??= readImageNames(root);
      return images;
    },
    containers() {
      containers ??= readContainerNames(root);
      return containers;
    },
  };
}

function readContainerNames(root: DockerRoot): ContainerNames {
  const ids = new Map<string, ContainerId[]>();
  let unknown = 0;
  let listed: readonly ContainerId[];
  try {
    listed = containerIds(root.files);
  } catch (error) {
    if (error instanceof Trouble) return { ids, unknown, unreadable: error };
    throw error;
  }
  for (const id of listed) {
    try {
      const { name } = readContainerConfig(root.files, id);
      if (name !== undefined) addTo(ids, name, id);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      unknown++;
    }
  }
  return { ids, unknown };
}

function wholeIds(root: DockerRoot, { imageId = '', containerId = '' }: Reference): FoundReference[] {
  const found: FoundReference[] = [];
  if (containerId.length === 64) {
    const id = containerIdOf(containerId);
    // A container whose own directory is lost is known by its layers.
    const places = [containerDirectory(id), mountPath(root, id)];
    if (places.some((path) => root.files.kindOf(path) !== undefined)) found.push(container(id));
  }
  if (imageId.length === 64 && root.files.kindOf(imagePath(root, imageIdOf(imageId))) !== undefined) {
    found.push(image(imageIdOf(imageId)));
  }
  return found;
}

function named({ imageName, containerName }: Reference, names: Names): FoundReference[] {
  const containers = containerName === undefined ? [] : (names.containers().ids.get(containerName) ?? []);
  const imageId = imageName === undefined ? undefined : names.images().images.get(imageName);
  return [
    ...containers.map((id) => container(id, containers.length === 1 ? containerName : undefined)),
    ...(imageId === undefined ? [] : [image(imageId, imageName, names.images().ambiguity)]),
  ];
}

function beginnings(root: DockerRoot, { imageId, containerId }: Reference): FoundReference[] {
  const containers =
    containerId === undefined ? [] : new Set([...containerIds(root.files), ...mountIds(root)].sort());
  const images = imageId === undefined ? [] : imageIds(root);
  return [
    ...[...containers].filter((id) => id.startsWith(containerId ?? '')).map((id) => container(id)),
    ...images.filter((id) => hexOf(id).startsWith(imageId ?? '')).map((id) => image(id)),
  ];
}

/** A container by its own directory, and a layer by its directory or chain ID; `-init` has a container's `^`. */
function directories(root: DockerRoot, { kind, words }: Reference): FoundReference[] {
  const text = words.replace(/^sha256:/, '');
  if (!DIRECTORY.test(text)) return [];
  const found: FoundReference[] = [];
  const fits = (id: string) => id.startsWith(text);
  for (const id of kind === 'image' ? [] : mountIds(root)) {
    const mount = attempt(() => readMountRecord(root, id));
    if (mount instanceof Trouble) continue;
    if (fits(mount.mountId)) found.push(container(id));
    else if (mount.initId !== undefined && fits(mount.initId)) throw initLayer(text, id);
  }
  for (const id of kind === 'container' ? [] : layerIds(root)) {
    const cacheId = attempt(() => readCacheId(root, id));
    const isIt = fits(hexOf(id)) || (!(cacheId instanceof Trouble) && fits(cacheId));
    if (isIt) found.push({ kind: 'layer', id, name: shortId(id) });
  }
  return found;
}

function initLayer(text: string, id: ContainerId): Trouble {
  const name = `container:${shortId(id)}`;
  const state = `it is the -init layer of "${name}"; "${name}^" is it with all below`;
  return new Trouble('reference', `Cannot show "${text}" by itself: ${state}`);
}

/** Undefined where there is no such directory. */
function directoryOfNobody(
  { files, driver }: DockerRoot,
  { text, kind, words }: Reference,
): Trouble | undefined {
  if (kind !== 'either' || !DIRECTORY.test(words)) return undefined;
  const path = layerDirectory(driver, words);
  if (attempt(() => files.kindOf(path)) !== 'directory') return undefined;
  const state = 'no image or container has this directory';
  const help = `"lowerdir=${shownBytes(files.pathOf(path))}" shows it, "whose" tells what it is`;
  return new Trouble('reference', `Cannot find "${text}": ${state}; ${help}`);
}

function container(id: ContainerId, name: string = shortId(id)): FoundReference {
  return { kind: 'container', id, name };
}

function image(id: ImageId, name: string = shortId(id), ambiguity?: string): FoundReference {
  return { kind: 'image', id, name, ambiguity };
}

function notFound(reference: Reference, names: Names): Trouble {
  const { text, kind } = reference;
  // The name may be in what cannot be read.
  const unreadable =
    (reference.imageName === undefined ? undefined : names.images().unreadable) ??
    (reference.containerName === undefined ? undefined : names.containers().unreadable);
  if (unreadable !== undefined) return unreadable;
  const state = kind === 'either' ? 'no such image or container' : `no such ${kind}`;
  const unknown = kind === 'image' ? 0 : names.containers().unknown;
  const damaged = `${unknown} damaged ${unknown === 1 ? 'container, whose name is' : 'containers, whose names are'}`;
  const beside = unknown === 0 ? '' : ` beside ${damaged} unknown`;
  const near = hint(reference, names);
  return new NoSuchReference(`Cannot find "${text}": ${state}${beside}${near}`, near !== '');
}

/** `; did you mean "nginx:latest"?`, or nothing where no name is near; `others` are names of volumes. */
export function hintFor(root: DockerRoot, reference: Reference, others: readonly string[]): string {
  return hint(reference, namesOf(root), others);
}

function hint(reference: Reference, names: Names, others: readonly string[] = []): string {
  return hintAmong(reference, {
    images: [...names.images().images.keys()],
    containers: [...names.containers().ids.keys()],
    others,
  });
}
