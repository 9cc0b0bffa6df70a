// All that a store of containers-storage has, read once and only where it is asked for: images, layers, containers, with what
// the engine itself keeps of the containers. What is lost in one list is looked for in the others.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import {
  type ContainerRecord,
  containerDirectories,
  containerRecord,
  layerOfRuntime,
  readContainers,
} from './containers.ts';
import { type ImageRecord, MANIFEST_DIGEST, PodmanImages } from './images.ts';
import { PodmanLayers } from './layers.ts';
import { type Libpod, mountedLayer, type PodmanContainer, readLibpod } from './libpod/libpod.ts';
import { type List, namesOf } from './lists.ts';
import type { PodmanRoot } from './root.ts';

/** A container, put together from all that tells of it. */
export interface KnownContainer {
  readonly id: string;
  /** Empty where nothing tells of it. */
  readonly name: string;
  readonly record?: ContainerRecord;
  /** What Podman knows of it. */
  readonly podman?: PodmanContainer;
  readonly pod?: { readonly name: string; readonly id?: string };
  /** Its own layer, also where the record of it is lost. */
  readonly layer?: string;
  /** Why its record cannot be used, a sentence. */
  readonly damage?: string;
}

export class Inventory {
  readonly root: PodmanRoot;
  #images: PodmanImages | undefined;
  #allImages: ReadonlyMap<string, ImageRecord | Trouble> | undefined;
  #layers: PodmanLayers | undefined;
  #list: List | undefined;
  #libpod: Libpod | undefined;
  #containers: ReadonlyMap<string, KnownContainer> | undefined;

  constructor(root: PodmanRoot) {
    this.root = root;
  }

  imageLists(): PodmanImages {
    this.#images ??= new PodmanImages(this.root);
    return this.#images;
  }

  images(): ReadonlyMap<string, ImageRecord | Trouble> {
    this.#allImages ??= this.imageLists().all();
    return this.#allImages;
  }

  layers(): PodmanLayers {
    this.#layers ??= new PodmanLayers(this.root);
    return this.#layers;
  }

  libpod(): Libpod {
    this.#libpod ??= readLibpod(this.root.files);
    return this.#libpod;
  }

  containerList(): List {
    this.#list ??= readContainers(this.root);
    return this.#list;
  }

  containers(): ReadonlyMap<string, KnownContainer> {
    this.#containers ??= this.#gather();
    return this.#containers;
  }

  /** Every name of an image, also of one whose record is damaged; by digest, too, of each manifest that it has. */
  *names(): Generator<{ readonly id: string; readonly name: string }> {
    for (const [id, record] of this.images()) {
      const digests = record instanceof Trouble ? [] : digestsOf(record);
      for (const name of this.imageLists().namesOf(id)) {
        yield { id, name };
        for (const digest of digests) yield { id, name: `${withoutTagAndDigest(name)}@${digest}` };
      }
    }
  }

  /** Why a list cannot be read, where it cannot. */
  unreadable(list: 'images' | 'containers'): Trouble | undefined {
    if (list === 'containers') return this.containerList().unreadable;
    return this.imageLists().lists.find((each) => each.list.unreadable !== undefined)?.list.unreadable;
  }

  #gather(): ReadonlyMap<string, KnownContainer> {
    const { records } = this.containerList();
    const { containers, pods } = this.libpod();
    const layersByName = new Map<string, string>();
    const known = new Map<string, KnownContainer>();
    const listed = new Set([...records.keys(), ...containers.keys()]);
    const ids = new Set([...listed, ...this.#lostDirectories(listed)]);
    for (const id of ids) {
      const listed = records.get(id);
      const record = listed && attempt(() => containerRecord(listed));
      const podman = containers.get(id);
      const usable = record instanceof Trouble ? undefined : record;
      const name = (listed && namesOf(listed.object, 'names')[0]) ?? podman?.name ?? '';
      if (usable?.layer === undefined && layersByName.size === 0) this.#nameLayers(layersByName);
      const layer =
        usable?.layer ??
        (podman && mountedLayer(podman)) ??
        layerOfRuntime(this.root, id) ??
        layersByName.get(`${name}-layer`);
      const podId = podman?.podId ?? usable?.pod?.id;
      const podName = usable?.pod?.name ?? (podId === undefined ? undefined : pods.get(podId));
      known.set(id, {
        id,
        name,
        ...(usable === undefined ? {} : { record: usable }),
        ...(podman === undefined ? {} : { podman }),
        ...(podName === undefined
          ? {}
          : { pod: { name: podName, ...(podId === undefined ? {} : { id: podId }) } }),
        ...(layer === undefined ? {} : { layer }),
        ...this.#damage(id, record),
      });
    }
    return known;
  }

  #damage(id: string, record: ContainerRecord | Trouble | undefined): { readonly damage?: string } {
    if (record instanceof Trouble) return { damage: record.message };
    if (record !== undefined) return {};
    const { unreadable } = this.containerList();
    const file = this.root.files.pathOf(`${this.root.driver}-containers/containers.json`);
    return {
      damage: unreadable?.message ?? `Cannot use "${shownBytes(file)}": it has no record of container ${id}`,
    };
  }

  /**
   * Directories of containers whose records are lost: where the list is damaged all there are, else those that a runtime was
   * started for in a layer that is still here.
   */
  #lostDirectories(listed: ReadonlySet<string>): string[] {
    const { unreadable, damage } = this.containerList();
    const isWhole = unreadable === undefined && damage.length === 0;
    return containerDirectories(this.root).filter((id) => {
      if (listed.has(id) || !isWhole) return true;
      const layer = layerOfRuntime(this.root, id);
      return layer !== undefined && !(attempt(() => this.layers().layer(layer)) instanceof Trouble);
    });
  }

  /** A container's own layer is called after it: `web-layer`. */
  #nameLayers(names: Map<string, string>): void {
    const layers = this.layers();
    for (const id of layers.ids()) {
      const layer = attempt(() => layers.layer(id));
      for (const name of layer instanceof Trouble ? [] : layer.names) names.set(name, id);
    }
  }
}

/** The digests of all manifests and indexes that an image was had by. */
export function digestsOf({ data, digest }: ImageRecord): string[] {
  const manifests = data.flatMap((name) => MANIFEST_DIGEST.exec(name)?.[1] ?? []);
  return [...new Set([...(digest === undefined ? [] : [digest]), ...manifests])];
}

/** Of a name as images have it. */
export function withoutTagAndDigest(name: string): string {
  const [tagged = ''] = name.split('@', 1);
  return tagged.replace(/:[^:/]*$/, '');
}
