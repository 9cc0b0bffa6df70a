// What a path below the data root, an ID of any kind, or a name means: each thing of the store that it may be.
import { type ChainId, type ContainerId, hexOf, type ImageId } from '../../store/digest.ts';
import { blobNames, diffIdOfBlob } from '../../store/docker/distribution.ts';
import type { DockerRoot } from '../../store/docker/driver.ts';
import {
  directoryOfTarget,
  driverDirectories,
  shortLinks,
  shortLinkTargets,
} from '../../store/docker/driver-directories.ts';
import { hintFor } from '../../store/docker/find.ts';
import { parseReference, type Reference } from '../../store/reference/reference.ts';
import { asBytes, type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { volumeNames, volumePart } from '../dockerd/mounted.ts';
import type { StoreOwners } from '../health.ts';
import type { StorePart } from '../part.ts';
import {
  blobOwner,
  type Context,
  cacheOwner,
  containerOwner,
  directoryOwner,
  imageOwner,
  layerOwner,
  mountOwner,
} from './owner.ts';
import { cacheEntries, layerUses, type StoreIndex } from './store-index.ts';

/** Fewer letters of an ID would be anybody's. */
const SHORTEST_ID = 4;

export class Owners implements StoreOwners {
  readonly #index: StoreIndex;
  readonly #root: DockerRoot;
  readonly #context: Context;

  constructor(index: StoreIndex) {
    this.#index = index;
    this.#root = index.root;
    this.#context = { index, uses: layerUses(index) };
  }

  get directories(): readonly ByteString[] {
    return [this.#root.files.directory];
  }

  get damage(): readonly Trouble[] {
    return this.#index.damage;
  }

  hint(words: ByteString): string {
    // What can be no name is like none.
    const reference = attempt(() => parseReference(words));
    return reference instanceof Trouble
      ? ''
      : hintFor(this.#root, reference, [...volumeNames(this.#index)].map(shownBytes));
  }

  ofPath(path: ByteString): StorePart[] {
    const { driver, metadata, files } = this.#root;
    const names = path
      .slice(files.directory.length)
      .split('/')
      .filter((name) => name !== '' && name !== '.');
    const after = (prefix: string) => {
      const parts = prefix.split('/');
      return parts.every((part, i) => names[i] === part) ? names[parts.length] : undefined;
    };
    const link = after(`${driver.home}/l`);
    if (link !== undefined) return this.#byLink(link);
    const directory = after(driver.home);
    if (directory !== undefined) return this.#byDirectory(directory);
    const mount = after(`${metadata}/layerdb/mounts`) ?? after('containers');
    if (mount !== undefined) return this.#containers((id) => id === mount);
    const volume = after('volumes');
    if (volume !== undefined) return this.#volumes((name) => name === volume);
    const layer = after(`${metadata}/layerdb/sha256`);
    if (layer !== undefined) return this.#layers((id) => hexOf(id) === layer);
    const image = after(`${metadata}/imagedb/content/sha256`) ?? after(`${metadata}/imagedb/metadata/sha256`);
    if (image !== undefined) return this.#images((id) => hexOf(id) === image);
    const diff = after(`${metadata}/distribution/v2metadata-by-diffid/sha256`);
    if (diff !== undefined) return this.#layers((_, diffId) => diffId === `sha256:${diff}`);
    const blob = after(`${metadata}/distribution/diffid-by-digest/sha256`);
    return blob === undefined ? [] : this.#blobs((name) => name === blob);
  }

  /** A name of an image, a container or a volume; an ID or its beginning, with or without `sha256:`. */
  ofWords(words: ByteString): StorePart[] {
    const all = [...this.#named(words), ...this.#ofId(words)];
    const seen = new Set<string>();
    return all.filter(({ kind, id }) => !seen.has(`${kind} ${id}`) && seen.add(`${kind} ${id}`));
  }

  #named(words: ByteString): StorePart[] {
    const { names, containers } = this.#index;
    const reference = attempt(() => parseReference(words));
    if (reference instanceof Trouble) return [];
    const { kind, imageName, containerName }: Reference = reference;
    const named = imageName === undefined ? undefined : names.images.get(imageName);
    return [
      ...(named === undefined ? [] : this.#images((id) => id === named)),
      ...this.#containers((id) => {
        const config = containers.get(id);
        return config !== undefined && !(config instanceof Trouble) && config.name !== undefined
          ? config.name === containerName
          : false;
      }),
      ...(kind === 'either' ? this.#volumes((name) => name === words) : []),
      ...this.#byKind(reference),
    ];
  }

  /** IDs behind `image:` and `container:`. */
  #byKind({ kind, imageId = '', containerId = '' }: Reference): StorePart[] {
    if (kind === 'image' && imageId.length >= SHORTEST_ID)
      return this.#images((id) => hexOf(id).startsWith(imageId));
    if (kind === 'container' && containerId.length >= SHORTEST_ID) {
      return this.#containers((id) => id.startsWith(containerId));
    }
    return [];
  }

  #ofId(text: string): StorePart[] {
    const words = text.replace(/^sha256:/, '');
    if (words.length < SHORTEST_ID) return [];
    const fits = (id: string) => id.replace(/^sha256:/, '').startsWith(words);
    const owners = [
      ...this.#images(fits),
      ...this.#containers(fits),
      ...this.#layers((chainId, diffId, cacheId) => [chainId, diffId, cacheId].some(fits)),
      ...this.#mounts(fits),
      ...this.#cache(fits),
      ...this.#blobs(fits),
    ];
    if (owners.length > 0) return owners;
    if (/^[A-Z0-9]{26}$/.test(words)) return this.#byLink(words);
    return this.#directories(fits);
  }

  #layers(fits: (chainId: ChainId, diffId: string, cacheId: string) => boolean): StorePart[] {
    const owners: StorePart[] = [];
    for (const [chainId, record] of this.#index.layers) {
      const { diffId, cacheId } = record instanceof Trouble ? { diffId: '', cacheId: '' } : record;
      if (fits(chainId, diffId, cacheId)) owners.push(layerOwner(this.#context, chainId));
    }
    return owners;
  }

  #mounts(fits: (id: string) => boolean): StorePart[] {
    const owners: StorePart[] = [];
    for (const [id, mount] of this.#index.mounts) {
      if (mount instanceof Trouble) continue;
      const { mountId, initId } = mount;
      if (fits(mountId)) owners.push(mountOwner(this.#context, 'upper', mountId, id));
      if (initId !== undefined && fits(initId)) owners.push(mountOwner(this.#context, 'init', initId, id));
    }
    return owners;
  }

  #images(fits: (id: ImageId) => boolean): StorePart[] {
    const all = new Set([...this.#index.images.keys(), ...this.#index.names.images.values()]);
    return [...all].filter(fits).map((id) => imageOwner(this.#context, id));
  }

  #containers(fits: (id: ContainerId) => boolean): StorePart[] {
    const all = new Set([...this.#index.containers.keys(), ...this.#index.mounts.keys()]);
    return [...all].filter(fits).map((id) => containerOwner(this.#context, id));
  }

  #volumes(fits: (name: string) => boolean): StorePart[] {
    return [...volumeNames(this.#index)].filter(fits).map((name) => volumePart(this.#index, name));
  }

  /** Entries of the build cache that are no layer of an image. */
  #cache(fits: (id: string) => boolean): StorePart[] {
    const entries = cacheEntries(this.#index).filter(
      ({ id, directory }) =>
        fits(id) || (directory !== undefined && fits(directory) && !this.#isLayer(directory)),
    );
    return entries.map((entry) => cacheOwner(this.#context, entry));
  }

  #isLayer(directory: string): boolean {
    return this.#layers((_, __, cacheId) => cacheId === directory).length > 0;
  }

  /** Digests of compressed layers, whose layers may be here or not. */
  #blobs(fits: (blob: string) => boolean): StorePart[] {
    const names = attempt(() => blobNames(this.#root));
    return (names instanceof Trouble ? [] : names).filter(fits).flatMap((blob) => {
      const diffId = diffIdOfBlob(this.#root, blob);
      const layers = diffId === undefined ? [] : this.#layers((_, id) => id === diffId);
      return layers.length > 0 || diffId === undefined ? layers : [blobOwner(this.#context, blob, diffId)];
    });
  }

  /** A directory of the driver, by its name. */
  #byDirectory(name: string): StorePart[] {
    const owners = [
      ...this.#layers((_, __, cacheId) => cacheId === name),
      ...this.#mounts((id) => id === name),
    ];
    if (owners.length > 0) return owners;
    const cache = this.#cache((id) => id === name);
    return cache.length > 0 ? cache : this.#directories((id) => id === name);
  }

  #byLink(name: string): StorePart[] {
    const link = asBytes(name);
    if (!shortLinks(this.#root).includes(link)) return [];
    const targets = attempt(() => shortLinkTargets(this.#root, [link]));
    const target = targets instanceof Trouble ? undefined : targets.get(link);
    if (target === undefined || target instanceof Trouble) return [];
    const directory = directoryOfTarget(target);
    return directory === undefined ? [] : this.#byDirectory(directory);
  }

  /** Directories that no record leads to. */
  #directories(fits: (name: string) => boolean): StorePart[] {
    const found = driverDirectories(this.#root).filter(({ name }) => fits(name));
    return found.map(({ name }) => directoryOwner(this.#context, name));
  }
}
