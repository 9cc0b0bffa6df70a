// The layers of containers-storage: what `layers.json` records of each, and the chains they form. A layer's parent may lie in
// another root (an additional image store), so all are asked. Where the record of a layer is lost, the driver's own files
// (`lower-layers`, `lower` and its links) still say what lies below it.

import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type DiffId, isHexId, parseDiffId, sha256 } from '../digest.ts';
import { trouble } from '../file-state.ts';
import { integerOf, type JsonObject, objectsOf, optionalString } from '../formats/json.ts';
import type { IdRange } from '../owner.ts';
import { followParents } from '../parents.ts';
import { type List, type ListRecord, namesOf, readList, sourceOf } from './lists.ts';
import { allRoots, layerPath, type PodmanRoot, type StorageRoot } from './root.ts';

export interface LayerRecord {
  readonly id: string;
  /** The root that has it. */
  readonly root: StorageRoot;
  readonly parent?: string;
  /** Absent for a container's own, and where the layer is known by its table of contents only. */
  readonly diffId?: DiffId;
  readonly tocDigest?: string;
  /** Bytes of its tar; absent for a container's own. */
  readonly size?: number;
  readonly names: readonly string[];
  /** Whether it was not written to its end. */
  readonly isIncomplete: boolean;
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
  /** Why what it says is not from `layers.json`. */
  readonly lost?: string;
}

/** More layers on top of each other than any driver takes. */
const MOST_LAYERS = 4096;

/** Layers of a store by ID, read once; its own root's come before those of others. */
export class PodmanLayers {
  readonly lists: readonly { readonly root: StorageRoot; readonly list: List }[];
  readonly #root: PodmanRoot;
  readonly #known = new Map<string, LayerRecord | Trouble>();

  constructor(root: PodmanRoot) {
    this.#root = root;
    this.lists = allRoots(root).map((each) => ({ root: each, list: readList(each, 'layers') }));
  }

  /** Of all roots, the own first. */
  ids(): string[] {
    return [...new Set(this.lists.flatMap(({ list }) => [...list.records.keys()]))];
  }

  /** Throws Trouble where there is none, or its record is damaged. */
  layer(id: string): LayerRecord {
    const known = this.#known.get(id) ?? attempt(() => this.#find(id));
    this.#known.set(id, known);
    if (known instanceof Trouble) throw known;
    return known;
  }

  /** A layer and all below it, top first. Throws Trouble. */
  chain(top: string): LayerRecord[] {
    const read = (id: string) => this.layer(id);
    const { records, cycleAt, isDeeper } = followParents<string, LayerRecord>(top, read, MOST_LAYERS);
    if (cycleAt !== undefined) throw this.#refuse(cycleAt, 'its parents form a cycle');
    if (isDeeper) throw this.#refuse(top, `more than ${MOST_LAYERS} layers are below it`);
    return [...records];
  }

  #find(id: string): LayerRecord {
    for (const { list } of this.lists) {
      const record = list.records.get(id);
      if (record === undefined) continue;
      const found = attempt(() => layerRecord(record));
      if (!(found instanceof Trouble)) return found;
      const onDisk = attempt(() => this.#findOnDisk(id, found.message));
      // What is wrong with the record is the better answer than what is wrong with what would stand in for it.
      if (onDisk === undefined || onDisk instanceof Trouble) throw found;
      return onDisk;
    }
    return this.#findOnDisk(id, `layer ${id} has no record`) ?? this.#missing(id);
  }

  #missing(id: string): never {
    const unreadable = this.lists.find(({ list }) => list.unreadable !== undefined)?.list.unreadable;
    if (unreadable !== undefined) throw unreadable;
    const others = this.#root.additional.length;
    const looked = others === 0 ? 'this root' : `this root and the ${others} others it uses`;
    const state = `no layer ${id} is in ${looked}; if it is in an additional image store, name that with --additional-root`;
    throw trouble('find a layer of', this.#root.files.directory, state);
  }

  /** By the driver's own files, which only overlay has; `lost` is what is wrong with the record. */
  #findOnDisk(id: string, lost: string): LayerRecord | undefined {
    for (const root of allRoots(this.#root)) {
      if (root.files.kindOf(layerPath(root, id)) !== 'directory') continue;
      const parent = parentOnDisk(root, id);
      if (parent === undefined && root.driver === 'vfs') continue;
      return {
        id,
        root,
        ...(parent === undefined ? {} : { parent }),
        names: [],
        isIncomplete: false,
        uidMap: [],
        gidMap: [],
        lost: `${lost}; what is below it is told by "${shownBytes(root.files.pathOf(`${layerPath(root, id)}/lower`))}"`,
      };
    }
    return undefined;
  }

  #refuse(id: string, state: string): Trouble {
    return trouble('use layer', this.#root.files.pathOf(layerPath(this.#root, id)), state);
  }
}

/** The layer directly below, where the driver's files name one. Throws Trouble. */
function parentOnDisk({ files, driver }: StorageRoot, id: string): string | undefined {
  if (driver === 'vfs') return undefined;
  const directory = layerPath({ files, driver }, id);
  const [named = ''] = (files.readIfPresent(`${directory}/lower-layers`)?.toString('latin1') ?? '')
    .trim()
    .split(':');
  if (isHexId(named)) return named;
  const [link = ''] = (files.readIfPresent(`${directory}/lower`)?.toString('latin1') ?? '').trim().split(':');
  if (link === '') return undefined;
  const name = /^l\/([A-Z0-9]{26})$/.exec(link)?.[1];
  const target = name === undefined ? undefined : layerWithLink({ files, driver }, name);
  if (target !== undefined) return target;
  throw trouble('use', files.pathOf(`${directory}/lower`), 'its first entry leads to no layer');
}

/** By the file `link` of each layer, so that no symbolic link has to be followed. */
function layerWithLink({ files, driver }: StorageRoot, name: string): string | undefined {
  const ids = (files.namesIfPresent(driver) ?? []).filter(isHexId);
  return ids.find((id) => files.readTextIfPresent(`${driver}/${id}/link`) === name);
}

function layerRecord({ id, object, root }: ListRecord): LayerRecord {
  const parent = idOf(object, 'parent');
  const diffId = optionalString(object, 'diff-digest');
  const tocDigest = optionalString(object, 'toc-digest');
  const size = attempt(() => integerOf(object, 'diff-size'));
  const flags = object.fields.flags;
  const isIncomplete =
    typeof flags === 'object' && flags !== null && 'incomplete' in flags && flags.incomplete === true;
  return {
    id,
    root,
    ...(parent === undefined ? {} : { parent }),
    ...(diffId === undefined ? {} : { diffId: parseDiffId(diffId, sourceOf(object, 'diff-digest')) }),
    ...(tocDigest === undefined ? {} : { tocDigest }),
    ...(size instanceof Trouble || diffId === undefined ? {} : { size }),
    names: namesOf(object, 'names'),
    isIncomplete,
    uidMap: rangesOf(object, 'uidmap'),
    gidMap: rangesOf(object, 'gidmap'),
  };
}

/** An ID of a layer or image; undefined where the field is absent or empty. Throws Trouble where it is none. */
export function idOf(object: JsonObject, key: string): string | undefined {
  const id = optionalString(object, key) ?? '';
  if (id === '') return undefined;
  if (isHexId(id)) return id;
  throw trouble('use', object.file, `${object.prefix}${key} is not 64 lower-case hex digits`);
}

/** Empty where nothing is mapped. Throws Trouble. */
export function rangesOf(object: JsonObject, key: string): IdRange[] {
  return objectsOf(object, key).map((range) => ({
    inside: integerOf(range, 'container_id'),
    outside: integerOf(range, 'host_id'),
    size: integerOf(range, 'size'),
  }));
}

/** The ID that a layer of an image has, by what it is made of and what is below it (image/storage, layerID). */
export function imageLayerId(parent: string | undefined, diffId: DiffId): string {
  const hex = diffId.slice('sha256:'.length);
  return parent === undefined ? hex : sha256(Buffer.from(`${parent}+${hex}`));
}
