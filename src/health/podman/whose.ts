// What a path below a graph root, an ID or a name means, and what uses it.

import { find, typedNames } from '../../store/podman/find.ts';
import type { ImageRecord } from '../../store/podman/images.ts';
import { Inventory, type KnownContainer } from '../../store/podman/inventory.ts';
import { allRoots, layerPath, type PodmanRoot, type StorageRoot } from '../../store/podman/root.ts';
import { hintAmong } from '../../store/reference/near.ts';
import { parseReference } from '../../store/reference/reference.ts';
import { asBytes, type ByteString, shownBytes, textOf } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { StoreOwners } from '../health.ts';
import type { StorePart } from '../part.ts';
import { type Context, containerPart, imagePart, layerPart, podmanVolumePart, podPart } from './parts.ts';
import { UNFINISHED } from './places.ts';
import { namesOfVolumes, podsOf, usesOf } from './uses.ts';

/** Fewer letters of an ID would be anybody's. */
const SHORTEST_ID = 4;

export class Owners implements StoreOwners {
  readonly #root: PodmanRoot;
  readonly #inventory: Inventory;
  readonly #context: Context;

  constructor(root: PodmanRoot) {
    this.#root = root;
    this.#inventory = new Inventory(root);
    this.#context = { inventory: this.#inventory, uses: usesOf(this.#inventory) };
  }

  get directories(): readonly ByteString[] {
    return allRoots(this.#root).map(({ files }) => files.directory);
  }

  get damage(): readonly Trouble[] {
    return this.#root.damage.map((sentence) => new Trouble('store', sentence));
  }

  hint(words: ByteString): string {
    const reference = attempt(() => parseReference(words));
    if (reference instanceof Trouble) return '';
    const volumes = [...namesOfVolumes(this.#inventory)].map(shownBytes);
    const others = [...volumes, ...podsOf(this.#inventory).map(({ name }) => name)];
    return hintAmong(reference, { ...typedNames(this.#inventory), others });
  }

  ofPath(path: ByteString): StorePart[] {
    const root = allRoots(this.#root).find(({ files }) => path.startsWith(`${files.directory}/`));
    if (root === undefined) return [];
    const { driver, files } = root;
    const [top = '', second = '', third = ''] = path
      .slice(files.directory.length)
      .split('/')
      .filter((name) => name !== '' && name !== '.');
    const layer = driver === 'vfs' && second === 'dir' ? third : second;
    if (top === driver && second === 'l') return this.#byLink(root, third);
    if (top === driver && layer !== '') return this.#byDirectory(root, asBytes(layer));
    if (top === `${driver}-layers`) return this.#layers((id) => id === second.slice(0, 64));
    if (top === `${driver}-images`) return this.#images(({ id }) => id === second);
    if (top === `${driver}-containers`) return this.#containers(({ id }) => id === second);
    return top === 'volumes' ? this.#volumes((name) => name === second) : [];
  }

  ofWords(words: ByteString): StorePart[] {
    const reference = attempt(() => parseReference(words));
    const named = reference instanceof Trouble ? reference : attempt(() => find(this.#inventory, reference));
    const text = textOf(words) ?? words;
    const id = words.replace(/^(?:image|container):/, '').replace(/^sha256:/, '');
    const begins = (other: string) => id.length >= SHORTEST_ID && other.startsWith(id);
    const all = [
      ...(named instanceof Trouble
        ? []
        : named.kind === 'image'
          ? this.#images((image) => image.id === named.id)
          : this.#containers((container) => container.id === named.id)),
      ...this.#images((image) => begins(image.id)),
      ...this.#containers((container) => begins(container.id)),
      ...this.#layers((layer, diffId) => begins(layer) || begins(diffId.replace(/^sha256:/, ''))),
      ...this.#volumes((name) => name === words),
      ...this.#pods((pod, name) => name === text || begins(pod)),
    ];
    const seen = new Set<string>();
    return all.filter((part) => !seen.has(`${part.kind} ${part.id}`) && seen.add(`${part.kind} ${part.id}`));
  }

  #byLink(root: StorageRoot, name: string): StorePart[] {
    const target = attempt(() => root.files.linkIfPresent(`overlay/l/${name}`));
    const id = target instanceof Trouble ? undefined : /^\.\.\/([0-9a-f]{64})\/diff$/.exec(target ?? '')?.[1];
    return id === undefined ? [] : this.#byDirectory(root, asBytes(id));
  }

  #byDirectory(root: StorageRoot, name: ByteString): StorePart[] {
    const found = this.#layers((id) => id === name);
    if (found.length > 0) return found;
    if (UNFINISHED.includes(name)) return [];
    const path = layerPath(root, name);
    if (name === '..' || attempt(() => root.files.kindOf(path)) !== 'directory') return [];
    const directory = root.files.pathOf(path);
    return [{ kind: 'directory', id: shownBytes(name), directory, facts: {}, uses: [], users: [] }];
  }

  #images(fits: (image: ImageRecord) => boolean): StorePart[] {
    return [...this.#inventory.images().values()].flatMap((image) =>
      image instanceof Trouble || !fits(image) ? [] : [imagePart(this.#context, image)],
    );
  }

  #containers(fits: (container: KnownContainer) => boolean): StorePart[] {
    return [...this.#inventory.containers().values()]
      .filter(fits)
      .map((one) => containerPart(this.#context, one));
  }

  #layers(fits: (id: string, diffId: string) => boolean): StorePart[] {
    const layers = this.#inventory.layers();
    return layers.ids().flatMap((id) => {
      const record = attempt(() => layers.layer(id));
      if (record instanceof Trouble) return [];
      return fits(id, record.diffId ?? '') ? [layerPart(this.#context, record)] : [];
    });
  }

  #volumes(fits: (name: ByteString) => boolean): StorePart[] {
    return [...namesOfVolumes(this.#inventory)]
      .filter(fits)
      .map((name) => podmanVolumePart(this.#context, name));
  }

  #pods(fits: (id: string, name: string) => boolean): StorePart[] {
    return podsOf(this.#inventory)
      .filter(({ id, name }) => fits(id, name))
      .map((pod) => podPart(this.#context, pod));
  }
}
