// The images of containers-storage: `images.json`, and the files that belong to each (its config and its manifests), which
// are named by what is in them.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type DiffId, type ImageId, imageIdOf, isHexId, sha256 } from '../digest.ts';
import { trouble } from '../file-state.ts';
import {
  type JsonObject,
  optionalObject,
  optionalString,
  parseJson,
  quoted,
  stringsOf,
  timeOf,
} from '../formats/json.ts';
import { diffIdsOf, type HistoryStep, stepsOfConfig } from '../oci/oci.ts';
import { IMAGE } from '../oci/oci-shapes.ts';
import { idOf } from './layers.ts';
import { type List, type ListRecord, namesOf, readList } from './lists.ts';
import { allRoots, bigDataName, listPath, metadataPath, type PodmanRoot, type StorageRoot } from './root.ts';

export interface ImageRecord {
  /** 64 hex digits. */
  readonly id: string;
  readonly root: StorageRoot;
  /** As they were given, `registry/repository:tag`. */
  readonly names: readonly string[];
  /** Names that it has or once had, the newest first. */
  readonly history: readonly string[];
  /** The manifest or index that it was first pulled by. */
  readonly digest?: string;
  /** Absent for an image without layers. */
  readonly layer?: string;
  /** Top layers with other owners, one for each user namespace that needed one. */
  readonly mappedLayers: readonly string[];
  /** Names of what belongs to it. */
  readonly data: readonly string[];
  /** Bytes of all that, as the record has them. */
  readonly dataSize: number;
  readonly created?: string;
  /** Why what it says is not from `images.json`. */
  readonly lost?: string;
}

export interface ImageConfig {
  /** The whole of it. */
  readonly object: JsonObject;
  /** Base first. */
  readonly diffIds: readonly DiffId[];
  /** Oldest first, the steps that made no layer included. */
  readonly history: readonly HistoryStep[];
  readonly created?: string;
}

export const MANIFEST = 'manifest';
export const MANIFEST_DIGEST = /^manifest-(sha256:[0-9a-f]{64})$/;
const CONFIG_DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Images of a store by ID, read once; its own root's come before those of others. */
export class PodmanImages {
  readonly lists: readonly { readonly root: StorageRoot; readonly list: List }[];

  constructor(root: PodmanRoot) {
    this.lists = allRoots(root).map((each) => ({ root: each, list: readList(each, 'images') }));
  }

  /** Of all roots, the own first; each as that root tells of it. A damaged one is a Trouble. */
  all(): ReadonlyMap<string, ImageRecord | Trouble> {
    const all = new Map<string, ImageRecord | Trouble>();
    for (const { root, list } of this.lists) {
      for (const record of list.records.values()) {
        if (!all.has(record.id))
          all.set(
            record.id,
            attempt(() => imageRecord(record)),
          );
      }
      // Where the list is whole, a directory without a record is what is left of an image that was removed.
      const isWhole = list.unreadable === undefined && list.damage.length === 0;
      for (const id of isWhole ? [] : imageDirectories(root)) {
        if (!all.has(id)) all.set(id, lostImage(root, id));
      }
    }
    return all;
  }

  /** Names that an image's record has, whatever else of it is damaged. */
  namesOf(id: string): readonly string[] {
    for (const { list } of this.lists) {
      const record = list.records.get(id);
      if (record !== undefined) return namesOf(record.object, 'names');
    }
    return [];
  }

  /** Throws Trouble where there is none, or its record is damaged. */
  image(id: string): ImageRecord {
    for (const { root, list } of this.lists) {
      const record = list.records.get(id);
      if (record !== undefined) return imageRecord(record);
      if (root.files.kindOf(metadataPath(root, 'images', id)) === 'directory') return lostImage(root, id);
    }
    const [own] = this.lists;
    const file = own === undefined ? '' : own.root.files.pathOf(listPath(own.root, 'images'));
    throw trouble('find an image in', file, `no image ${id}`);
  }
}

function imageDirectories(root: StorageRoot): string[] {
  const names = attempt(() => root.files.namesIfPresent(metadataPath(root, 'images', '.')) ?? []);
  return names instanceof Trouble ? [] : names.filter(isHexId);
}

/** What its own files tell of an image that the list does not have. */
function lostImage(root: StorageRoot, id: string): ImageRecord {
  return {
    id,
    root,
    names: [],
    history: [],
    mappedLayers: [],
    data: [imageIdOf(id)],
    dataSize: 0,
    lost: `"${shownBytes(root.files.pathOf(listPath(root, 'images')))}" has no record of image ${id} that can be used`,
  };
}

function imageRecord({ id, object, root }: ListRecord): ImageRecord {
  const layer = idOf(object, 'layer');
  const digest = optionalString(object, 'digest') ?? '';
  const created = timeOf(object, 'created');
  return {
    id,
    root,
    names: namesOf(object, 'names'),
    history: namesOf(object, 'names-history'),
    ...(CONFIG_DIGEST.test(digest) ? { digest } : {}),
    ...(layer === undefined ? {} : { layer }),
    mappedLayers: stringsOf(object, 'mapped-layers'),
    data: stringsOf(object, 'big-data-names'),
    dataSize: sizesOf(object).reduce((sum, size) => sum + size, 0),
    ...(created === undefined ? {} : { created }),
  };
}

/** Sizes only describe, so what is odd in them is left out. */
function sizesOf(object: JsonObject): number[] {
  const sizes = attempt(() => optionalObject(object, 'big-data-sizes'));
  if (sizes === undefined || sizes instanceof Trouble) return [];
  return Object.values(sizes.fields).filter((size) => typeof size === 'number');
}

/** What belongs to an image, by its name. Throws Trouble where it is not there. */
export function readImageData({ id, root }: Pick<ImageRecord, 'id' | 'root'>, name: string): Buffer {
  return root.files.read(dataPath({ id, root }, name));
}

/** Where that is, relative to the root. Throws Trouble. */
export function dataPath({ id, root }: Pick<ImageRecord, 'id' | 'root'>, name: string): string {
  const directory = metadataPath(root, 'images', id);
  return `${directory}/${bigDataName(name, root.files.pathOf(directory))}`;
}

/** The name of an image's config among its data: that of its ID, but for an image whose layers are known by contents only. */
export function configName({ id, data, root }: ImageRecord): ImageId {
  const names = data.filter((name) => CONFIG_DIGEST.test(name));
  const name = names.find((each) => each === imageIdOf(id)) ?? (names.length === 1 ? names[0] : undefined);
  if (name !== undefined) return name as ImageId;
  const state = names.length === 0 ? 'it has no config' : 'it has several configs, and none has its ID';
  throw trouble('use image', root.files.pathOf(metadataPath(root, 'images', id)), state);
}

/** The config, checked against the name that it has. Throws Trouble. */
export function readImageJson(image: ImageRecord): JsonObject {
  const name = configName(image);
  const file = image.root.files.pathOf(dataPath(image, name));
  const bytes = readImageData(image, name);
  const found = `sha256:${sha256(bytes)}`;
  if (found !== name) throw trouble('use', file, `its sha256 is ${found}, and its name says ${quoted(name)}`);
  return parseJson(bytes, file, IMAGE);
}

export function readImageConfig(image: ImageRecord): ImageConfig {
  const object = readImageJson(image);
  const created = timeOf(object, 'created');
  return {
    object,
    diffIds: diffIdsOf(object),
    history: stepsOfConfig(object),
    ...(created === undefined ? {} : { created }),
  };
}
