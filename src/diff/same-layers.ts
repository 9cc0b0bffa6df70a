// Which layers of two sides are the same although they do not lie in one place, so that they need not be compared: tars by proof,
// and, where the word of stores and archives is taken, whatever has one chain ID.
import type { DiffId } from '../store/digest.ts';
import type { Layer, LayerStack } from '../store/layer-stack.ts';
import type { UnpackRules } from '../store/record.ts';
import type { Store } from '../store/store.ts';
import { attempt, Trouble } from '../sys/errors.ts';

export interface SideStack {
  readonly stack: LayerStack;
  /** Absent for what no store has. */
  readonly store?: Store;
  /** Whether records are believed of its directories, instead of the disk. */
  readonly hasRecords: boolean;
}

/** By stack and layer, a word: layers of one word are the same. */
export type Identities = readonly (readonly (string | undefined)[])[];

/** What of the tars of one side is to be read, and how. */
export interface WantedTars {
  /** Diff IDs that another side's tars claim too: those tars are to be proven the same. */
  readonly proves: ReadonlySet<DiffId>;
  /** Layers that are read of another side. */
  readonly without: ReadonlySet<Layer>;
}

/** By chain IDs, as stores and archives say them: below an equal one all is equal too. */
export function trustedIdentities(sides: readonly SideStack[]): Identities {
  const [first, ...others] = sides;
  if (first === undefined) return [];
  const known = new Map(first.stack.layers.map((layer) => [wordOf(first, layer), layer]));
  const ofOther = (side: SideStack) => (layer: Layer) => {
    const word = wordOf(side, layer);
    const there = word === undefined ? undefined : known.get(word);
    return there === undefined || isUnpackedAlike([first, there], [side, layer]) ? word : undefined;
  };
  return [
    first.stack.layers.map((layer) => wordOf(first, layer)),
    ...others.map((side) => side.stack.layers.map(ofOther(side))),
  ];
}

/** Undefined where nothing is to be taken at its word. How a directory is to be understood is part of it: a tar has the kernel's marks. */
function wordOf({ stack }: SideStack, { chainId, holds, source, dialect = stack.dialect }: Layer) {
  if (chainId === undefined) return undefined;
  if (source.kind === 'tar') return `${chainId}  trusted`;
  const owners = stack.owners === undefined ? '' : ` ${JSON.stringify(stack.owners)}`;
  // Drivers write one layer in several ways.
  return `${chainId} ${holds ?? ''} ${dialect}${owners}`;
}

/** Two directories are believed to be; a tar is what its engine's rules make of it, so a directory has to be made by the same. */
function isUnpackedAlike(a: readonly [SideStack, Layer], b: readonly [SideStack, Layer]): boolean {
  if (a[1].source.kind === 'directory' && b[1].source.kind === 'directory') return true;
  const engine = engineOf(...a);
  return engine !== undefined && engine === engineOf(...b);
}

/** Whose rules made, or would make, all of a layer; undefined where they were bent, or nothing tells. */
function engineOf({ stack, store, hasRecords }: SideStack, layer: Layer): UnpackRules['engine'] | undefined {
  const { source } = layer;
  if (source.kind === 'tar') return source.engine;
  if (hasRecords || source.objects !== undefined) return undefined;
  const record = attempt(() => store?.record(layer, stack));
  if (record === undefined || record instanceof Trouble) return undefined;
  const { engine, inPlace, withoutDevices, losesXattrs, root } = record.rules;
  const isBent = inPlace || withoutDevices || losesXattrs === true || root.uid !== 0 || root.gid !== 0;
  return isBent ? undefined : engine;
}

/** `side` is the number of one of the stacks, which are read in their order. */
export function wantedTars(
  stacks: readonly LayerStack[],
  side: number,
  identities: Identities = [],
): WantedTars {
  const without = new Set<Layer>();
  for (const [index, layer] of (stacks[side]?.layers ?? []).entries()) {
    const word = identities[side]?.[index];
    if (word !== undefined && isReadElsewhere(stacks, side, identities, word)) without.add(layer);
  }
  return { proves: claimedByBoth(stacks), without };
}

/** A directory needs no reading; of tars the first is read. */
function isReadElsewhere(
  stacks: readonly LayerStack[],
  side: number,
  identities: Identities,
  word: string,
): boolean {
  return stacks.some(({ layers }, other) => {
    const there = other === side ? undefined : layers[identities[other]?.indexOf(word) ?? -1];
    return there !== undefined && (there.source.kind === 'directory' || other < side);
  });
}

/** Diff IDs that tars of both stacks claim to have, in different files. */
function claimedByBoth(stacks: readonly LayerStack[]): ReadonlySet<DiffId> {
  const [a = new Map(), b = new Map()] = stacks.map(tarsByDiffId);
  return new Set([...a.keys()].filter((diffId) => b.has(diffId) && b.get(diffId) !== a.get(diffId)));
}

function tarsByDiffId({ layers }: LayerStack): Map<DiffId, string> {
  const names = new Map<DiffId, string>();
  for (const { source, diffId } of layers) {
    if (source.kind === 'tar' && diffId !== undefined) names.set(diffId, source.name);
  }
  return names;
}
