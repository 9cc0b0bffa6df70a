// The layers of a root, each once: what it takes, and which images and containers have it.
import type { PlaceUsage } from '../../../health/disk-usage.ts';
import type { Layer } from '../../../store/layer-stack.ts';
import { layerNumber } from '../../../store/reference/choice.ts';
import { sourceName } from '../../../store/source.ts';
import type { ByteString } from '../../../sys/bytes.ts';
import { ancestors } from '../../../sys/kept.ts';
import type { ListedStack } from './subjects.ts';

export interface LayerUser {
  readonly kind: ListedStack['kind'];
  readonly id: string;
  readonly label: string;
  /** Which of its layers it is, from the lowest, 1. */
  readonly layer: number;
}

/** A layer of an image or container, or what lies among layers and is of none. */
export interface RootLayer {
  readonly store?: string;
  readonly name: ByteString;
  readonly layer?: Layer;
  readonly users: readonly LayerUser[];
  /** Absent where the store does not tell what lies where. */
  readonly place?: PlaceUsage;
}

/** What is among layers and may be of no image. */
const LOOSE: readonly PlaceUsage['kind'][] = ['unused', 'orphan'];

/** In the order of the stacks, the lowest layer of each first; then those of none. */
export function rootLayers(stacks: readonly ListedStack[], places: readonly PlaceUsage[]): RootLayer[] {
  const placeAt = new Map(places.map((place) => [place.path, place]));
  const uses = new Map<ByteString, RootLayer & { readonly users: LayerUser[] }>();
  for (const { kind, id, stack } of stacks) {
    for (const [index, layer] of [...stack.layers.entries()].reverse()) {
      const name = sourceName(layer.source);
      const use = uses.get(name) ?? {
        ...(stack.store === undefined ? {} : { store: stack.store }),
        name,
        layer,
        users: [],
        ...placeOf(layer, placeAt),
      };
      uses.set(name, use);
      use.users.push({ kind, id, label: stack.label, layer: layerNumber(stack, index) });
    }
  }
  const taken = new Set([...uses.values()].map(({ place }) => place?.path));
  const loose = places
    .filter(({ kind, path }) => LOOSE.includes(kind) && !taken.has(path))
    .map((place): RootLayer => ({ name: place.path, users: [], place }));
  return [...uses.values(), ...loose];
}

/** Those of which nothing is there, each once, however many have it. */
export function countMissing(stacks: readonly ListedStack[]): number {
  const layers = stacks.flatMap(({ stack }) => stack.layers);
  const missing = layers.filter((layer) => layer.missing !== undefined);
  return new Set(missing.map(({ source }) => sourceName(source))).size;
}

/** The place that a layer's directory is, or lies in: Docker's `diff` in the directory of the layer. */
function placeOf(
  { source }: Layer,
  placeAt: ReadonlyMap<ByteString, PlaceUsage>,
): { readonly place?: PlaceUsage } {
  if (source.kind !== 'directory') return {};
  for (const path of ancestors(source.path)) {
    const place = placeAt.get(path);
    if (place !== undefined) return place.kind === 'records' || place.kind === 'other' ? {} : { place };
  }
  return {};
}

/** Of what is in it but directories; as recorded, or of the blob, where nothing is on disk. */
export function layerBytes({ place, layer }: RootLayer): number | undefined {
  if (place !== undefined) return place.bytes;
  if (layer === undefined) return undefined;
  return layer.size ?? (layer.source.kind === 'tar' ? layer.source.size : undefined);
}
