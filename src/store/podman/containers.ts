// The containers of containers-storage: `containers.json`, and of those that do not outlive a boot (`--rm`, Buildah's)
// `volatile-containers.json`. Which state each is in, only the engine's own database tells.
import { attempt, Trouble } from '../../sys/errors.ts';
import { isHexId } from '../digest.ts';
import { type JsonObject, optionalObject, optionalString, parseJson, timeOf } from '../formats/json.ts';
import type { IdRange } from '../owner.ts';
import { idOf, rangesOf } from './layers.ts';
import { type List, type ListRecord, namesOf, readList } from './lists.ts';
import { layerOfMountPoint, metadataPath, type StorageRoot } from './root.ts';
import { METADATA, RUNTIME_ROOT } from './shapes.ts';

export interface ContainerRecord {
  readonly id: string;
  readonly names: readonly string[];
  /** The image's ID, 64 hex digits; absent for one without an image (`--rootfs`). */
  readonly image?: string;
  /** Its own layer. */
  readonly layer?: string;
  readonly created?: string;
  /** The image as it was named at creation. */
  readonly imageName?: string;
  /** Of one that CRI-O made. */
  readonly pod?: { readonly name: string; readonly id?: string };
  readonly isVolatile: boolean;
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
}

export function readContainers(root: StorageRoot): List {
  return readList(root, 'containers');
}

/** Directories of containers, whether a record tells of them or not. */
export function containerDirectories(root: StorageRoot): string[] {
  const names = attempt(() => root.files.namesIfPresent(metadataPath(root, 'containers', '.')) ?? []);
  return names instanceof Trouble ? [] : names.filter(isHexId);
}

/** The layer that the runtime was told to run a container in, when it was last started; undefined where nothing tells. */
export function layerOfRuntime(root: StorageRoot, id: string): string | undefined {
  const path = `${metadataPath(root, 'containers', id)}/userdata/config.json`;
  const found = attempt(() => {
    const bytes = root.files.readIfPresent(path);
    const spec = bytes && parseJson(bytes, root.files.pathOf(path), RUNTIME_ROOT);
    const place = spec && optionalObject(spec, 'root');
    return place && layerOfMountPoint(optionalString(place, 'path') ?? '');
  });
  return found instanceof Trouble ? undefined : found;
}

/** Throws Trouble where a field of it is damaged. */
export function containerRecord({ id, object, isVolatile }: ListRecord): ContainerRecord {
  const image = idOf(object, 'image');
  const layer = idOf(object, 'layer');
  const created = timeOf(object, 'created');
  const metadata = metadataOf(object);
  const text = (key: string) => (metadata && optionalString(metadata, key)) || undefined;
  const imageName = text('image-name');
  const podName = text('pod-name');
  const podId = text('pod-id');
  return {
    id,
    names: namesOf(object, 'names'),
    ...(image === undefined ? {} : { image }),
    ...(layer === undefined ? {} : { layer }),
    ...(created === undefined ? {} : { created }),
    ...(imageName === undefined ? {} : { imageName }),
    ...(podName === undefined
      ? {}
      : { pod: { name: podName, ...(podId === undefined ? {} : { id: podId }) } }),
    isVolatile,
    uidMap: rangesOf(object, 'uidmap'),
    gidMap: rangesOf(object, 'gidmap'),
  };
}

/** JSON within a string; Buildah writes none. It only describes, so what is odd in it is left out. */
function metadataOf(object: JsonObject): JsonObject | undefined {
  const text = attempt(() => optionalString(object, 'metadata') ?? '');
  if (text instanceof Trouble || text === '') return undefined;
  const metadata = attempt(() => parseJson(Buffer.from(text), object.file, METADATA));
  return metadata instanceof Trouble ? undefined : metadata;
}
