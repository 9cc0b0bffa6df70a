// What a path below a graph root, an ID or a name means, and what uses it.
import { imageIdOf } from '../../store/digest.ts';
import { find } from '../../store/podman/find.ts';
import type { ImageRecord } from '../../store/podman/images.ts';
import { Inventory, type KnownContainer } from '../../store/podman/inventory.ts';
import type { LayerRecord } from '../../store/podman/layers.ts';
import { allRoots, layerPath, type PodmanRoot, type StorageRoot } from '../../store/podman/root.ts';
import { layersOf } from '../../store/podman/stack.ts';
import { hintAmong } from '../../store/reference/near.ts';
import { parseReference } from '../../store/reference/reference.ts';
import { asBytes, type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { StoreOwners } from '../health.ts';
import { knownFacts, type Related, type StorePart } from '../part.ts';
import { imageName, type LayerUse, nameOfContainer, usesOf, volumeUsers } from './uses.ts';

/** Fewer letters of an ID would be anybody's. */
const SHORTEST_ID = 4;

export class Owners implements StoreOwners {
  readonly #root: PodmanRoot;
  readonly #inventory: Inventory;
  readonly #uses: ReadonlyMap<string, readonly LayerUse[]>;

  constructor(root: PodmanRoot) {
    this.#root = root;
    this.#inventory = new Inventory(root);
    this.#uses = usesOf(this.#inventory);
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
    const containers = [...this.#inventory.containers().values()].map(({ name }) => name);
    return hintAmong(reference, { images: [...this.#inventory.names()].map(({ name }) => name), containers });
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
    return top === 'volumes' && second !== '' ? [volumePart(this.#inventory, root, asBytes(second))] : [];
  }

  ofWords(words: ByteString): StorePart[] {
    const reference = attempt(() => parseReference(words));
    const named = reference instanceof Trouble ? reference : attempt(() => find(this.#inventory, reference));
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
      ...allRoots(this.#root).flatMap((root) =>
        attempt(() => root.files.kindOf(`volumes/${id}`)) === 'directory' &&
        !id.includes('/') &&
        id !== '..' &&
        id !== '.'
          ? [volumePart(this.#inventory, root, asBytes(id))]
          : [],
      ),
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
    const path = layerPath(root, name);
    if (name === '..' || attempt(() => root.files.kindOf(path)) !== 'directory') return [];
    const directory = root.files.pathOf(path);
    return [{ kind: 'directory', id: shownBytes(name), directory, facts: {}, uses: [], users: [] }];
  }

  #images(fits: (image: ImageRecord) => boolean): StorePart[] {
    return [...this.#inventory.images().values()].flatMap((image) =>
      image instanceof Trouble || !fits(image) ? [] : [this.#imagePart(image)],
    );
  }

  #containers(fits: (container: KnownContainer) => boolean): StorePart[] {
    return [...this.#inventory.containers().values()].filter(fits).map((one) => this.#containerPart(one));
  }

  #layers(fits: (id: string, diffId: string) => boolean): StorePart[] {
    const layers = this.#inventory.layers();
    return layers.ids().flatMap((id) => {
      const record = attempt(() => layers.layer(id));
      if (record instanceof Trouble) return [];
      return fits(id, record.diffId ?? '') ? [this.#layerPart(record)] : [];
    });
  }

  #layerPart(record: LayerRecord): StorePart {
    const uses = this.#uses.get(record.id) ?? [];
    const isOwn = uses.some((use) => use.kind === 'container' && use.layer === undefined);
    return {
      kind: isOwn ? 'upper' : 'layer',
      id: record.id,
      directory: directoryOf(record),
      facts: knownFacts({
        diffId: record.diffId ?? '',
        names: record.names.join(' '),
        state: record.isIncomplete ? 'incomplete' : '',
      }),
      uses: record.parent === undefined ? [] : [this.#relatedLayer(record.parent)],
      users: uses.map((use) => relatedUse(use)),
    };
  }

  #relatedLayer(id: string, layer?: number): Related {
    const record = attempt(() => this.#inventory.layers().layer(id));
    return {
      kind: 'layer',
      id,
      label: id.slice(0, 12),
      ...(layer === undefined ? {} : { layer }),
      ...(record instanceof Trouble ? {} : { directory: directoryOf(record) }),
    };
  }

  #imagePart(image: ImageRecord): StorePart {
    const chain = attempt(() => layersOf(this.#inventory, image));
    const layers = chain instanceof Trouble ? [] : chain;
    const containers = [...this.#inventory.containers().values()].filter(
      ({ record }) => record?.image === image.id,
    );
    return {
      kind: 'image',
      id: imageIdOf(image.id),
      facts: knownFacts({
        names: image.names.join(' '),
        formerly: image.history.filter((name) => !image.names.includes(name)).join(' '),
      }),
      uses: layers.map(({ id }, i) => this.#relatedLayer(id, layers.length - i)),
      users: containers.map((container) => relatedUse({ kind: 'container', container })),
    };
  }

  #containerPart(container: KnownContainer): StorePart {
    const { id, layer, record } = container;
    const image = record?.image === undefined ? undefined : this.#inventory.images().get(record.image);
    const chain = layer === undefined ? [] : attempt(() => this.#inventory.layers().chain(layer));
    const layers = chain instanceof Trouble ? [] : chain;
    return {
      kind: 'container',
      id,
      facts: knownFacts({ name: nameOfContainer(container), pod: container.pod?.name ?? '' }),
      uses: [
        ...(image === undefined || image instanceof Trouble ? [] : [relatedUse({ kind: 'image', image })]),
        ...layers.map(
          (one, i): Related =>
            i === 0
              ? { kind: 'upper', id: one.id, label: one.id.slice(0, 12), directory: directoryOf(one) }
              : this.#relatedLayer(one.id, layers.length - i),
        ),
      ],
      users: [],
    };
  }
}

function directoryOf({ root, id }: LayerRecord): ByteString {
  return root.files.pathOf(`${layerPath(root, id)}${root.driver === 'vfs' ? '' : '/diff'}`);
}

function relatedUse(use: LayerUse): Related {
  const layer = use.layer === undefined ? {} : { layer: use.layer };
  if (use.kind === 'image')
    return { kind: 'image', id: imageIdOf(use.image.id), label: imageName(use.image), ...layer };
  return { kind: 'container', id: use.container.id, label: nameOfContainer(use.container), ...layer };
}

function volumePart(inventory: Inventory, { files }: StorageRoot, name: ByteString): StorePart {
  const directory = files.pathOf(`volumes/${name}`);
  const users = volumeUsers(inventory, name).map(({ container, at }) => ({
    ...relatedUse({ kind: 'container', container }),
    at,
  }));
  return { kind: 'volume', id: shownBytes(name), directory, facts: {}, uses: [], users };
}
