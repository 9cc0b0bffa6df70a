// What fills the roots of stores: every object in them once, each given to the thing that it belongs to, so that the sums of all
// things are what du(1) tells of the whole. Which directory belongs to what, the kinds of stores say.
import { Survey } from '../layers/survey/survey.ts';
import { ALLOCATION_BLOCK } from '../layers/survey/survey-sums.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';

/**
 * layer: of an image; unused: a layer that no image and no container has; content: of an image in a content store, compressed
 * layers, manifests and configs; loose: content that no image has; upper, init, files, log: of a container (its own layers, what
 * the engine keeps for it, its log); cache: of BuildKit; unfinished: what is being fetched or unpacked, or was cut off; orphan: a
 * directory that no record leads to; beside: another store; records: of images, layers, networks and the engine; other: what no
 * engine writes.
 */
export type PlaceKind =
  | 'layer'
  | 'unused'
  | 'content'
  | 'loose'
  | 'upper'
  | 'init'
  | 'files'
  | 'log'
  | 'cache'
  | 'volume'
  | 'unfinished'
  | 'orphan'
  | 'beside'
  | 'records'
  | 'other';

/** An image or container. */
export interface PlaceUser {
  readonly kind: 'image' | 'container';
  readonly id: string;
  /** As a person would name it. */
  readonly label: string;
  /** Of an image that has several, all, the label first. */
  readonly names?: readonly string[];
  /** Where one ID may be used in several. */
  readonly namespace?: string;
}

/** A file or directory, with all in it that is no place of its own. */
export interface OwnedPlace {
  /** Absolute. */
  readonly path: ByteString;
  readonly kind: PlaceKind;
  /** Of what it is: an ID as its kind of store has it, the name of a volume, or of the directory itself. */
  readonly id: string;
  readonly users: readonly PlaceUser[];
  /** The only names in it whose sizes count as `bytes`, where that is so: the rest is what a driver keeps beside the files. */
  readonly counted?: readonly string[];
}

/** What a store says of its roots. */
export interface StoreUsage {
  /** Absolute, without links; one may lie in another. */
  readonly directories: readonly ByteString[];
  readonly places: readonly OwnedPlace[];
  readonly images: readonly PlaceUser[];
  readonly containers: readonly PlaceUser[];
  /** What could not be read, so that it is not known whose something is. */
  readonly damage: readonly Error[];
}

export interface PlaceUsage extends Omit<OwnedPlace, 'counted'> {
  /** Sizes of what is in it but directories: for a layer, of its files. */
  readonly bytes: number;
  /** On disk, with directories and what the driver keeps beside the files. */
  readonly allocated: number;
}

/** What tells users apart. */
export function userKey({ kind, id, namespace = '' }: PlaceUser): string {
  return `${kind} ${namespace} ${id}`;
}

/** Where two stores of one root speak of one directory, the one that knows less gives way. */
const RANKS: Partial<Record<PlaceKind, number>> = { records: 1, other: 2, beside: 3 };

/** A directory on the way to a place, or a place. */
interface Step {
  readonly names: Map<string, Step>;
  /** Index of its place. */
  place?: number;
}

/** Of all stores of a root, each path once, and the roots themselves first. */
export function placesOf(usages: readonly StoreUsage[]): readonly OwnedPlace[] {
  const roots = outermost(usages.flatMap(({ directories }) => directories));
  const best = new Map<ByteString, OwnedPlace>();
  for (const place of [
    ...roots.map((path): OwnedPlace => ({ path, kind: 'records', id: '', users: [] })),
    ...usages.flatMap(({ places }) => places),
  ]) {
    const known = best.get(place.path);
    if (known === undefined || rankOf(place) < rankOf(known)) best.set(place.path, place);
  }
  return [...best.values()];
}

export class DiskUsage {
  readonly survey: Survey;
  readonly images: readonly PlaceUser[];
  readonly containers: readonly PlaceUser[];
  readonly damage: readonly Error[];
  readonly #roots: readonly ByteString[];
  readonly #places: readonly OwnedPlace[];

  /** `usages` are those of all stores of a root, at least one. */
  constructor(usages: readonly StoreUsage[]) {
    this.#roots = outermost(usages.flatMap(({ directories }) => directories));
    this.images = usages.flatMap(({ images }) => images);
    this.containers = [
      ...new Map(usages.flatMap((usage) => usage.containers.map((one) => [userKey(one), one]))).values(),
    ];
    this.damage = usages.flatMap(({ damage }) => damage);
    this.#places = placesOf(usages);
    this.survey = new Survey(stackOf(this.#roots));
  }

  /** After `survey` was walked: the places that there are; their sums are all that is in the roots. */
  places(): readonly PlaceUsage[] {
    const { table, roots } = this.survey;
    const { parent, first, size, blocks } = table.columns;
    const steps = this.#steps();
    const sums = this.#places.map(() => ({ bytes: 0, allocated: 0, isThere: false }));
    const stepOf: (Step | undefined)[] = new Array(table.end);
    const placeOf = new Uint32Array(table.end);
    const isCounted = new Uint8Array(table.end);
    for (const [layer, row] of roots.entries()) stepOf[row] = steps[layer];
    // A directory has a lower row than what is in it.
    for (let row = 1; row < table.end; row++) {
      const above = parent[row] as number;
      const step = above === 0 ? stepOf[row] : stepOf[above]?.names.get(table.nameOf(row));
      stepOf[row] = step;
      const inherited = placeOf[above] as number;
      const place = step?.place ?? inherited;
      placeOf[row] = place;
      const { counted } = this.#places[place] as OwnedPlace;
      if (counted === undefined) isCounted[row] = 1;
      else if (step?.place === undefined)
        isCounted[row] = isCounted[above] || counted.includes(table.nameOf(row)) ? 1 : 0;
      const sum = sums[place] as (typeof sums)[number];
      sum.isThere = true;
      if (first[row] !== 0 && first[row] !== row) continue;
      sum.allocated += (blocks[row] as number) * ALLOCATION_BLOCK;
      if (isCounted[row] === 1 && !table.isDirectory(row)) sum.bytes += size[row] as number;
    }
    return this.#places.flatMap(({ counted: _, ...place }, index) => {
      const { bytes = 0, allocated = 0, isThere = false } = sums[index] ?? {};
      return isThere ? [{ ...place, bytes, allocated }] : [];
    });
  }

  /** Where a path lies, as it is shown: below the only root, or absolute. */
  shown(path: ByteString): ByteString {
    const [root = asBytes(''), ...others] = this.#roots;
    return others.length === 0 ? asBytes(path.slice(root.length + 1)) : path;
  }

  /** Of each root. Places outside of all roots, which a damaged record may name, are nowhere. */
  #steps(): Step[] {
    const steps = this.#roots.map((): Step => ({ names: new Map() }));
    for (const [index, { path }] of this.#places.entries()) {
      const root = this.#roots.findIndex((each) => path === each || path.startsWith(`${each}/`));
      let step = steps[root];
      for (const name of path
        .slice(this.#roots[root]?.length ?? 0)
        .split('/')
        .filter(Boolean)) {
        const next: Step = step?.names.get(name) ?? { names: new Map() };
        step?.names.set(name, next);
        step = next;
      }
      if (step !== undefined) step.place = index;
    }
    return steps;
  }
}

function rankOf({ kind }: OwnedPlace): number {
  return RANKS[kind] ?? 0;
}

function outermost(directories: readonly ByteString[]): ByteString[] {
  return [...new Set(directories)].filter(
    (one) => !directories.some((other) => other !== one && one.startsWith(`${other}/`)),
  );
}

function stackOf(roots: readonly ByteString[]): LayerStack {
  const layers = roots.map((path) => ({ source: { kind: 'directory', path }, role: 'plain' }) as const);
  return { label: roots.join(', '), kind: 'lowerdir', layers, dataLayers: [], dialect: 'trusted' };
}
