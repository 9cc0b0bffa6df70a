// What a thing of the store is, which images and containers use it, and what it is made of itself: what `whose` answers
// once it knows what was asked for.
import {
  type ChainId,
  type ContainerId,
  chainIds,
  type DiffId,
  type ImageId,
  isCacheId,
  isChainId,
  shortId,
} from '../../store/digest.ts';
import type { CacheEntry } from '../../store/docker/build-cache.ts';
import { readOrigins } from '../../store/docker/distribution.ts';
import { layerDirectory, ownDirectory } from '../../store/docker/driver.ts';
import { type ByteString, textOf } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { containerLabel } from '../dockerd/data-root.ts';
import { mountsIn } from '../dockerd/mounted.ts';
import { knownFacts, type Related, type StorePart } from '../part.ts';
import {
  cacheEntries,
  chainTo,
  imageLabel,
  isImageUse,
  type LayerUse,
  type StoreIndex,
} from './store-index.ts';

export interface Context {
  readonly index: StoreIndex;
  /** Of every layer. */
  readonly uses: ReadonlyMap<ChainId, readonly LayerUse[]>;
}

export function layerOwner({ index, uses }: Context, chainId: ChainId): StorePart {
  const record = index.layers.get(chainId);
  const ids = record === undefined || record instanceof Trouble ? undefined : record;
  const cached = cacheEntries(index).filter((entry) => entry.chainId === chainId);
  return {
    kind: 'layer',
    id: chainId,
    ...(ids === undefined ? {} : { directory: place(index, ids.cacheId) }),
    facts: knownFacts({
      diffId: ids?.diffId ?? '',
      cacheId: ids?.cacheId ?? '',
      pulledFrom: ids === undefined ? '' : pulledFrom(index, ids.diffId),
    }),
    uses: [],
    users: [
      ...(uses.get(chainId) ?? []).map((use) => user(index, use.of, { layer: use.layer })),
      ...cached.map((entry): Related => ({ kind: 'cache', id: entry.id, label: labelOf(entry) })),
    ],
  };
}

export function mountOwner(
  { index }: Context,
  kind: 'upper' | 'init',
  own: string,
  container: ContainerId,
): StorePart {
  return {
    kind,
    id: own,
    directory: ownPlace(index, own),
    facts: {},
    uses: [],
    users: [user(index, container)],
  };
}

export function imageOwner({ index }: Context, id: ImageId): StorePart {
  const known = [...index.names.images].flatMap(([name, named]) => (named === id ? [name] : []));
  const config = index.images.get(id);
  const chain = config === undefined || config instanceof Trouble ? [] : chainIds(config.diffIds);
  const users: Related[] = [];
  for (const [container, { imageId }] of readable(index.containers)) {
    if (imageId === id) users.push(user(index, container));
  }
  for (const [other, { diffIds }] of readable(index.images)) {
    const isLonger = chain.length > 0 && diffIds.length > chain.length;
    if (isLonger && chainIds(diffIds)[chain.length - 1] === chain.at(-1)) users.push(user(index, other));
  }
  return {
    kind: 'image',
    id,
    facts: knownFacts({ names: known.join(' ') }),
    uses: layers(index, chain),
    users,
  };
}

export function containerOwner({ index }: Context, id: ContainerId): StorePart {
  const config = index.containers.get(id);
  const mount = index.mounts.get(id);
  const known = config === undefined || config instanceof Trouble ? undefined : config;
  const own = mount === undefined || mount instanceof Trouble ? undefined : mount;
  const uses: Related[] = known?.imageId === undefined ? [] : [user(index, known.imageId)];
  for (const [kind, name] of [
    ['upper', own?.mountId],
    ['init', own?.initId],
  ] as const) {
    if (name !== undefined) uses.push({ kind, id: name, label: name, directory: ownPlace(index, name) });
  }
  if (own?.parent !== undefined)
    for (const layer of layers(index, chainTo(index, own.parent))) uses.push(layer);
  for (const mounted of known === undefined ? [] : mountsIn(index, known)) uses.push(mounted);
  return {
    kind: 'container',
    id,
    facts: knownFacts({
      name: containerLabel(index, id),
      status: known?.status ?? '',
      mountId: own?.mountId ?? '',
    }),
    uses,
    users: [],
  };
}

export function cacheOwner({ index }: Context, entry: CacheEntry): StorePart {
  const {
    id,
    directory,
    chainId = '',
    parent,
    description = '',
    type = '',
    createdAt = '',
    lastUsedAt = '',
  } = entry;
  const above = cacheEntries(index).filter((other) => other.parent === id);
  const below = cacheEntries(index).find((other) => other.id === parent);
  const onLayer =
    parent !== undefined && isChainId(parent) ? layers(index, chainTo(index, parent)).slice(0, 1) : [];
  return {
    kind: 'cache',
    id,
    // What a record says is no path before it has the form of an ID.
    ...(directory === undefined || !isCacheId(directory) ? {} : { directory: place(index, directory) }),
    facts: knownFacts({ step: description, type, chainId, created: createdAt, lastUsed: lastUsedAt }),
    uses: below === undefined ? onLayer : [{ kind: 'cache', id: below.id, label: labelOf(below) }],
    users: above.map((other) => ({ kind: 'cache', id: other.id, label: labelOf(other) })),
  };
}

/** A compressed layer that was pulled, and is not here any more. */
export function blobOwner({ index }: Context, blob: string, diffId: DiffId): StorePart {
  const facts = knownFacts({ diffId, pulledFrom: pulledFrom(index, diffId) });
  return { kind: 'blob', id: `sha256:${blob}`, facts, uses: [], users: [] };
}

/** A directory that nothing has a record of. */
export function directoryOwner({ index }: Context, name: ByteString): StorePart {
  const directory = place(index, name);
  return { kind: 'directory', id: textOf(name) ?? name, directory, facts: {}, uses: [], users: [] };
}

function layers(index: StoreIndex, chain: readonly ChainId[]): Related[] {
  const related = chain.map((chainId, i): Related => {
    const record = index.layers.get(chainId);
    const known = record === undefined || record instanceof Trouble ? undefined : record;
    return {
      kind: 'layer',
      id: chainId,
      label: shortId(chainId),
      layer: i + 1,
      ...(known === undefined ? {} : { directory: place(index, known.cacheId) }),
    };
  });
  return related.reverse();
}

function user(index: StoreIndex, of: LayerUse['of'], more: Pick<Related, 'layer' | 'at'> = {}): Related {
  return isImageUse(of)
    ? { kind: 'image', id: of, ...imageLabel(index, of), ...more }
    : { kind: 'container', id: of, label: containerLabel(index, of), ...more };
}

/** Repositories, each once; nothing where that cannot be read, which `doctor` tells. */
function pulledFrom({ root }: StoreIndex, diffId: DiffId): string {
  const origins = attempt(() => readOrigins(root, diffId));
  if (origins instanceof Trouble) return '';
  return [...new Set(origins.map(({ repository }) => repository))].join(' ');
}

function labelOf({ id, description }: CacheEntry): string {
  return description ?? shortId(id);
}

function ownPlace({ root }: StoreIndex, id: string): ByteString {
  return root.files.pathOf(ownDirectory(root.driver, id));
}

function place({ root }: StoreIndex, id: string): ByteString {
  return root.files.pathOf(layerDirectory(root.driver, id));
}

function readable<K, T>(all: ReadonlyMap<K, T | Trouble>): [K, T][] {
  return [...all].flatMap(([key, value]) => (value instanceof Trouble ? [] : [[key, value]]));
}
