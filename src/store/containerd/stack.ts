// What a snapshot is made of: the directories that its snapshotter mounts, found by `parent` from one to the next. An image's
// diff IDs only say which of them are its layers: the classic builder leaves `-init` snapshots between them.
import { asBytes, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type ChainId, chainIdOn, type DiffId, isChainId, isDiffId } from '../digest.ts';
import type { Layer, Missing } from '../layer-stack.ts';
import { type HistoryStep, stepsOfConfig } from '../oci/oci.ts';
import type { PlatformImage } from '../oci/platform-image.ts';
import { ifSound, type Reading, type SnapshotPlace } from './root.ts';
import { keyOfSnapshot, placeOf, type Snapshot, snapshotterOf } from './snapshotter.ts';

/** What a stack is for beside its directories. */
export interface StackOf {
  /** Where it can be read. */
  readonly image?: PlatformImage;
  /** Whether the container may be writing now. */
  readonly live?: boolean;
  readonly missing: Missing;
}

/** Top first. Throws Trouble where the snapshotter keeps no files, or something is missing or damaged. */
export function snapshotLayers(
  reading: Reading,
  place: SnapshotPlace,
  { image, live, missing }: StackOf,
): Layer[] {
  const snapshotter = snapshotterOf(place.snapshotter);
  if (snapshotter.directory === undefined) throw notInFiles(reading, place.snapshotter);
  const { directory } = snapshotter;
  const chain = mounted(reading.chain(place), snapshotter.whole);
  const diffIds = diffIdsOfChain(reading, chain, image);
  const steps = stepsByChain(image);
  return chain.map((snapshot) => {
    const chainId = chainIdOfSnapshot(snapshot);
    const diffId = chainId && diffIds.get(chainId);
    const history = chainId && steps.get(chainId);
    const role = snapshot.kind === 'active' ? 'upper' : chainId === undefined ? 'engine' : 'image';
    return {
      ...sourceOf(reading, directory(snapshot.id), missing),
      ...(snapshotter.whole ? ({ holds: 'tree' } as const) : {}),
      role,
      ...(chainId === undefined ? {} : { chainId }),
      ...(diffId === undefined ? {} : { diffId }),
      ids: { snapshot: String(snapshot.id), key: keyOfSnapshot(snapshot.name) },
      ...(snapshot.size === undefined ? {} : { size: snapshot.size }),
      ...(history === undefined ? {} : { history }),
      ...(role === 'upper' && live === true ? { live } : {}),
    };
  });
}

/** A view is mounted without its own directory, a whole tree without those below. */
function mounted(chain: readonly Snapshot[], whole: boolean): readonly Snapshot[] {
  if (whole) return chain.slice(0, 1);
  return chain[0]?.kind === 'view' && chain.length > 1 ? chain.slice(1) : chain;
}

function sourceOf(reading: Reading, path: string, missing: Missing): Pick<Layer, 'source' | 'missing'> {
  const { files } = reading.root;
  const found = attempt(() => files.requireDirectory(path));
  if (!(found instanceof Trouble)) return { source: { kind: 'directory', path: found } };
  if (missing === 'refuse') throw found;
  return { source: { kind: 'directory', path: files.pathOf(path) }, missing: found.message };
}

/** Of a committed snapshot whose key is one: those of layers are. */
export function chainIdOfSnapshot({ kind, name }: Snapshot): ChainId | undefined {
  const key = keyOfSnapshot(name);
  return kind === 'committed' && isChainId(key) ? key : undefined;
}

/**
 * Which layer each chain ID ends with: by the image's config, else by what blobs were unpacked to, as far as the hash of the
 * two proves it.
 */
function diffIdsOfChain(
  reading: Reading,
  chain: readonly Snapshot[],
  image: PlatformImage | undefined,
): ReadonlyMap<ChainId, DiffId> {
  const proven = new Map<ChainId, DiffId>();
  for (const [index, diffId] of (image?.diffIds ?? []).entries()) {
    const chainId = image?.chain[index];
    if (chainId !== undefined) proven.set(chainId, diffId);
  }
  const chainIds = chain.flatMap((one) => chainIdOfSnapshot(one) ?? []).reverse();
  if (chainIds.every((chainId) => proven.has(chainId))) return proven;
  const unpacked = ifSound(() => unpackedDiffIds(reading)) ?? [];
  for (const [index, chainId] of chainIds.entries()) {
    if (proven.has(chainId)) continue;
    const below = chainIds[index - 1];
    const base = isDiffId(chainId) && below === undefined ? [chainId] : [];
    const diffId = [...base, ...unpacked].find((one) => chainIdOn(below, one) === chainId);
    if (diffId !== undefined) proven.set(chainId, diffId);
  }
  return proven;
}

/** What containerd noted of blobs when it unpacked them. */
function unpackedDiffIds({ blobs }: Reading): DiffId[] {
  const noted = blobs.map(({ labels }) => labels.get('containerd.io/uncompressed') ?? '');
  return [...new Set(noted)].filter(isDiffId);
}

export function stepsByChain(image: PlatformImage | undefined): ReadonlyMap<ChainId, HistoryStep> {
  if (image === undefined) return new Map();
  const steps = stepsOfConfig(image.json).filter((step) => !step.emptyLayer);
  // A wrong history line is worse than none.
  if (steps.length !== image.chain.length) return new Map();
  return new Map(
    steps.flatMap((step, index) => {
      const chainId = image.chain[index];
      return chainId === undefined ? [] : [[chainId, step] as const];
    }),
  );
}

/** Says what lies there instead, and what can still be done. */
export function notInFiles({ root }: Pick<Reading, 'root'>, name: string): Trouble {
  const place = placeOf(name);
  const where =
    root.files.kindOf(place) === 'directory' ? ` (below "${shownBytes(root.files.pathOf(place))}")` : '';
  const works = 'lists, inspect, history and "verify" of compressed layers go on working';
  const state = `it ${snapshotterOf(name).keeps}${where}; ${works}`;
  return new Trouble('store', `Cannot show files of the snapshotter "${name}": ${state}`);
}

/** Where an image was unpacked to: a snapshotter whose files can be read before one whose cannot. */
export function unpackedPlace(reading: Reading, chainId: ChainId): SnapshotPlace | undefined {
  const [first] = unpackedPlaces(reading, chainId);
  return first;
}

/** All of these in that order; those whose files cannot be read are among them only where no other is. */
export function unpackedPlaces(reading: Reading, chainId: ChainId): SnapshotPlace[] {
  const ranked = reading
    .snapshottersOf(chainId)
    .map((name, index) => ({ name, rank: rankOf(name), index }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index);
  const readable = ranked.filter(({ rank }) => rank < UNREADABLE);
  return (readable.length > 0 ? readable : ranked).map(({ name }) => ({
    snapshotter: name,
    key: asBytes(chainId),
  }));
}

const UNREADABLE = 2;

/** Layers one by one tell more than whole trees. */
function rankOf(name: string): number {
  const { directory, whole } = snapshotterOf(name);
  return directory === undefined ? UNREADABLE : whole ? 1 : 0;
}
