// Which images, containers, entries of the build cache and leases have which snapshots and blobs.

import type { DockerContainer } from '../../store/containerd/docker.ts';
import type { NamedImage } from '../../store/containerd/names.ts';
import type { SnapshotPlace } from '../../store/containerd/root.ts';
import { chainIdOfSnapshot } from '../../store/containerd/stack.ts';
import { hexOf, isBlobDigest } from '../../store/digest.ts';
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { addTo } from '../../sys/groups.ts';
import type { NamespaceIndex, StoreIndex } from './store-index.ts';

/** What uses something. */
export type User = { readonly namespace: NamespaceIndex } & (
  | { readonly kind: 'image'; readonly image: NamedImage }
  | { readonly kind: 'container'; readonly container: DockerContainer }
  | { readonly kind: 'cache'; readonly id: ByteString }
  | { readonly kind: 'lease'; readonly id: string }
);

export interface SnapshotUse {
  readonly user: User;
  /** layer: what it stands on; upper and init: what is a container's own; held: what is kept as it is. */
  readonly as: 'layer' | 'upper' | 'init' | 'held';
  /** From the lowest, 1, where it is one of an image. */
  readonly layer?: number;
}

export interface Uses {
  /** By `snapshotter id`. */
  readonly snapshots: ReadonlyMap<string, readonly SnapshotUse[]>;
  /** By hex digest. */
  readonly blobs: ReadonlyMap<string, readonly User[]>;
}

export function usesOf(index: StoreIndex): Uses {
  const snapshots = new Map<string, SnapshotUse[]>();
  const blobs = new Map<string, User[]>();
  for (const namespace of index.namespaces) {
    const uses = new NamespaceUses(index, namespace, snapshots, blobs);
    for (const image of namespace.named) uses.image(image);
    for (const container of namespace.containers) uses.container(container);
    uses.cache();
    uses.leases();
  }
  return { snapshots, blobs };
}

class NamespaceUses {
  readonly #index: StoreIndex;
  readonly #namespace: NamespaceIndex;
  readonly #snapshots: Map<string, SnapshotUse[]>;
  readonly #blobs: Map<string, User[]>;

  constructor(
    index: StoreIndex,
    namespace: NamespaceIndex,
    snapshots: Map<string, SnapshotUse[]>,
    blobs: Map<string, User[]>,
  ) {
    this.#index = index;
    this.#namespace = namespace;
    this.#snapshots = snapshots;
    this.#blobs = blobs;
  }

  image(image: NamedImage): void {
    const user: User = { namespace: this.#namespace, kind: 'image', image };
    const { reading } = this.#namespace;
    const seen = new Set<string>();
    for (const target of image.targets) {
      const { blobs = new Map(), platforms = [] } = this.#index.contents.get(target) ?? {};
      for (const digest of blobs.keys()) this.#blob(hexOf(digest), user, seen);
      for (const { chain } of platforms) {
        for (const [i, chainId] of chain.entries()) {
          for (const snapshotter of reading.snapshottersOf(chainId))
            this.#chain({ snapshotter, key: asBytes(chainId) }, user, i + 1, seen);
        }
      }
    }
  }

  /** A layer, with what the classic builder put between it and the layer below. */
  #chain(place: SnapshotPlace, user: User, layer: number, seen: Set<string>): void {
    const chain = attempt(() => this.#namespace.reading.chain(place));
    if (chain instanceof Trouble) return;
    for (const [i, snapshot] of chain.entries()) {
      const isLayer = chainIdOfSnapshot(snapshot) !== undefined;
      if (i > 0 && isLayer) return;
      const key = `${place.snapshotter} ${snapshot.id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      addTo(this.#snapshots, key, { user, as: 'layer', ...(i === 0 ? { layer } : {}) });
    }
  }

  container(container: DockerContainer): void {
    const user: User = { namespace: this.#namespace, kind: 'container', container };
    const { reading } = this.#namespace;
    const { snapshotter } = container.place;
    const chain = attempt(() => reading.chain(container.place));
    if (chain instanceof Trouble) return;
    const layers = chain.filter((snapshot) => chainIdOfSnapshot(snapshot) !== undefined).length;
    let number = layers;
    let isBelowLayer = false;
    for (const [i, snapshot] of chain.entries()) {
      const isLayer = chainIdOfSnapshot(snapshot) !== undefined;
      const as = i === 0 ? 'upper' : isLayer || isBelowLayer ? 'layer' : 'init';
      const layer = isLayer ? { layer: number-- } : {};
      isBelowLayer ||= isLayer;
      addTo(this.#snapshots, `${snapshotter} ${snapshot.id}`, { user, as, ...layer });
    }
  }

  /** Entries of BuildKit's are snapshots of Docker's namespace, by their own keys; those of a chain ID are layers as any. */
  cache(): void {
    const { reading } = this.#namespace;
    if (reading.root.docker === undefined) return;
    for (const [id, { snapshot = id, blob }] of this.#index.cache) {
      const user: User = { namespace: this.#namespace, kind: 'cache', id };
      for (const key of [snapshot, `${snapshot}-view`]) this.#held(asBytes(key), user);
      if (blob !== undefined && isBlobDigest(blob)) this.#blob(hexOf(blob), user, new Set());
    }
  }

  #held(key: ByteString, user: User): void {
    const { reading } = this.#namespace;
    for (const { snapshotter } of reading.snapshots.filter((record) => record.key === key)) {
      const chain = attempt(() => reading.chain({ snapshotter, key }));
      const [own] = chain instanceof Trouble ? [] : chain;
      if (own !== undefined) addTo(this.#snapshots, `${snapshotter} ${own.id}`, { user, as: 'held' });
    }
  }

  /** Docker and BuildKit have a lease for each container and entry of their own, which adds nothing. */
  leases(): void {
    const { reading, leases, containers } = this.#namespace;
    const own = new Set([...containers.map(({ id }) => id), ...this.#index.cache.keys()]);
    for (const { id, content, snapshots } of leases) {
      if (own.has(id.replace(/-(?:view|variants)$/, ''))) continue;
      const user: User = { namespace: this.#namespace, kind: 'lease', id };
      for (const digest of content) if (isBlobDigest(digest)) this.#blob(hexOf(digest), user, new Set());
      for (const place of snapshots) {
        const chain = attempt(() => reading.chain(place));
        const [own] = chain instanceof Trouble ? [] : chain;
        if (own !== undefined) addTo(this.#snapshots, `${place.snapshotter} ${own.id}`, { user, as: 'held' });
      }
    }
  }

  #blob(hex: string, user: User, seen: Set<string>): void {
    if (seen.has(hex)) return;
    seen.add(hex);
    addTo(this.#blobs, hex, user);
  }
}
