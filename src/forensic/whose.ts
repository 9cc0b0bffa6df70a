// Which images and containers a path below the data root, or an ID of any kind, belongs to.
import { type ChainId, type ContainerId, hexOf, type ImageId } from '../store/digest.ts';
import type { DockerRoot } from '../store/docker/driver.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import { directoryOfTarget, driverDirectories, shortLinks, shortLinkTargets } from './driver-directories.ts';
import {
  attempt,
  containerLabel,
  imageLabel,
  isImageId,
  type LayerUse,
  layerUses,
  type StoreIndex,
} from './store-index.ts';

/** An image or container that uses something. */
export interface User {
  readonly kind: 'image' | 'container';
  readonly id: string;
  readonly label: string;
  /** Which of its layers that is, from the lowest, 1. */
  readonly layer?: number;
}

export interface Owner {
  /** What was asked for: upper and init are a container's own layers. */
  readonly kind: 'layer' | 'upper' | 'init' | 'image' | 'container' | 'directory';
  readonly id: string;
  /** Where it lies. */
  readonly directory?: ByteString;
  /** Other IDs it goes by. */
  readonly facts: Readonly<Record<string, string>>;
  readonly users: readonly User[];
}

/** Fewer letters of an ID would be anybody's. */
const SHORTEST_ID = 4;

export class Owners {
  readonly #index: StoreIndex;
  readonly #root: DockerRoot;
  readonly #uses: ReadonlyMap<ChainId, readonly LayerUse[]>;

  constructor(index: StoreIndex) {
    this.#index = index;
    this.#root = index.root;
    this.#uses = layerUses(index);
  }

  /** `path` is relative to the data root, without a leading slash. */
  ofPath(path: string): Owner[] {
    const { driver, metadata } = this.#root;
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    const after = (prefix: string) => {
      const parts = prefix.split('/');
      return parts.every((part, i) => names[i] === part) ? names[parts.length] : undefined;
    };
    const link = after(`${driver.name}/l`);
    if (link !== undefined) return this.#byLink(link);
    const directory = after(driver.name);
    if (directory !== undefined) return this.#byDirectory(directory);
    const mount = after(`${metadata}/layerdb/mounts`) ?? after('containers');
    if (mount !== undefined) return this.#containers((id) => id === mount);
    const layer = after(`${metadata}/layerdb/sha256`);
    if (layer !== undefined) return this.#layers((id) => hexOf(id) === layer);
    const image = after(`${metadata}/imagedb/content/sha256`) ?? after(`${metadata}/imagedb/metadata/sha256`);
    if (image !== undefined) return this.#images((id) => hexOf(id) === image);
    const diff = after(`${metadata}/distribution/v2metadata-by-diffid/sha256`);
    if (diff !== undefined) return this.#layers((_, record) => record.diffId === `sha256:${diff}`);
    const blob = after(`${metadata}/distribution/diffid-by-digest/sha256`);
    if (blob !== undefined && /^[0-9a-f]{64}$/.test(blob)) return this.#byBlob(blob);
    return [];
  }

  /** A whole ID, or its beginning; with or without `sha256:`. */
  ofId(text: string): Owner[] {
    const words = text.replace(/^sha256:/, '');
    if (words.length < SHORTEST_ID) return [];
    const fits = (id: string) => id.replace(/^sha256:/, '').startsWith(words);
    const owners = [
      ...this.#images(fits),
      ...this.#containers(fits),
      ...this.#layers((chainId, { diffId, cacheId }) => [chainId, diffId, cacheId].some(fits)),
      ...this.#mounts((id) => fits(id)),
    ];
    if (owners.length > 0) return owners;
    if (/^[A-Z0-9]{26}$/.test(words)) return this.#byLink(words);
    return this.#directories(fits);
  }

  #layers(
    fits: (chainId: ChainId, record: { readonly diffId: string; readonly cacheId: string }) => boolean,
  ): Owner[] {
    const owners: Owner[] = [];
    for (const [chainId, record] of this.#index.layers) {
      const ids = record instanceof Trouble ? { diffId: '', cacheId: '' } : record;
      if (!fits(chainId, ids)) continue;
      const place = ids.cacheId === '' ? {} : { directory: this.#place(ids.cacheId) };
      const facts = { diffId: ids.diffId, cacheId: ids.cacheId };
      const users = (this.#uses.get(chainId) ?? []).map((use) => this.#user(use.of, use.layer));
      owners.push({ kind: 'layer', id: chainId, ...place, facts: present(facts), users });
    }
    return owners;
  }

  #mounts(fits: (id: string) => boolean): Owner[] {
    const owners: Owner[] = [];
    for (const [id, mount] of this.#index.mounts) {
      if (mount instanceof Trouble) continue;
      const { mountId, initId = '' } = mount;
      for (const [kind, own] of [
        ['upper', mountId],
        ['init', initId],
      ] as const) {
        if (own === '' || !fits(own)) continue;
        owners.push({ kind, id: own, directory: this.#place(own), facts: {}, users: [this.#user(id)] });
      }
    }
    return owners;
  }

  #images(fits: (id: ImageId) => boolean): Owner[] {
    const { names, images, containers } = this.#index;
    const all = new Set([...images.keys(), ...names.images.values()]);
    return [...all].filter(fits).map((id) => {
      const known = [...names.images].flatMap(([name, named]) => (named === id ? [name] : []));
      const users: User[] = [];
      for (const [container, config] of containers) {
        if (!(config instanceof Trouble) && config.imageId === id) users.push(this.#user(container));
      }
      return { kind: 'image', id, facts: present({ names: known.join(' ') }), users };
    });
  }

  #containers(fits: (id: ContainerId) => boolean): Owner[] {
    const { containers, mounts } = this.#index;
    return [...new Set([...containers.keys(), ...mounts.keys()])].filter(fits).map((id) => {
      const config = containers.get(id);
      const mount = mounts.get(id);
      const imageId = config === undefined || config instanceof Trouble ? undefined : config.imageId;
      const mountId = mount === undefined || mount instanceof Trouble ? '' : mount.mountId;
      const facts = { name: containerLabel(this.#index, id), mountId };
      return {
        kind: 'container',
        id,
        facts: present(facts),
        users: imageId === undefined ? [] : [this.#user(imageId)],
      };
    });
  }

  /** A directory of the driver, by its name. */
  #byDirectory(name: string): Owner[] {
    const owners = [
      ...this.#layers((_, { cacheId }) => cacheId === name),
      ...this.#mounts((id) => id === name),
    ];
    return owners.length > 0 ? owners : this.#directories((id) => id === name);
  }

  #byLink(name: string): Owner[] {
    const link = asBytes(name);
    if (!shortLinks(this.#root).includes(link)) return [];
    const targets = attempt(() => shortLinkTargets(this.#root, [link]));
    const target = targets instanceof Trouble ? undefined : targets.get(link);
    if (target === undefined || target instanceof Trouble) return [];
    const directory = directoryOfTarget(target);
    return directory === undefined ? [] : this.#byDirectory(directory);
  }

  #byBlob(blob: string): Owner[] {
    const { files, metadata } = this.#root;
    const diffId = files.readTextIfPresent(`${metadata}/distribution/diffid-by-digest/sha256/${blob}`);
    return this.#layers((_, record) => record.diffId !== '' && record.diffId === diffId);
  }

  /** Directories that no record leads to. */
  #directories(fits: (name: string) => boolean): Owner[] {
    return driverDirectories(this.#root)
      .filter(({ name }) => fits(name))
      .map(({ name }) => ({
        kind: 'directory',
        id: name,
        directory: this.#place(name),
        facts: {},
        users: [],
      }));
  }

  #place(id: string): ByteString {
    return this.#root.files.pathOf(this.#root.driver.layerDirectory(id));
  }

  #user(of: LayerUse['of'], layer?: number): User {
    const number = layer === undefined ? {} : { layer };
    return isImageId(of)
      ? { kind: 'image', id: of, label: imageLabel(this.#index, of), ...number }
      : { kind: 'container', id: of, label: containerLabel(this.#index, of), ...number };
  }
}

function present(facts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== ''));
}
