// How much more one stack stores than another, and what became of it: what each layer adds to what is shown and to what is
// hidden. A function of both stacks' sums.
import type { HiddenSum, LayerSums } from './survey-sums.ts';

/** Bytes; of a growth, those of B less those of A. */
export interface StoredBytes {
  readonly stored: number;
  readonly shown: number;
  readonly hidden: number;
}

export interface LayerGrowth extends StoredBytes {
  readonly side: 'a' | 'b';
  /** Index in the stack of that side, 0 at the top. */
  readonly layer: number;
}

/** What one layer hides of those below it, in one way. */
export interface HidingGrowth {
  readonly side: 'a' | 'b';
  readonly hiding: HiddenSum;
}

export interface StackGrowth {
  readonly a: StoredBytes;
  readonly b: StoredBytes;
  /** Layers that only one side has, and those below whose sums differ by what lies above them: these are of side `b`. */
  readonly layers: readonly LayerGrowth[];
  /** By layers that only one side has, the largest first. */
  readonly hiding: readonly HidingGrowth[];
}

/** Both top first; the lowest `shared` layers are the same. */
export function growthOf(a: readonly LayerSums[], b: readonly LayerSums[], shared: number): StackGrowth {
  const [ownA, ownB] = [a.length - shared, b.length - shared];
  const layers: LayerGrowth[] = [];
  for (const [layer, sums] of a.slice(0, ownA).entries())
    layers.push({ side: 'a', layer, ...difference(bytesOf(sums), NOTHING) });
  for (const [layer, sums] of b.entries()) {
    const before = layer < ownB ? NOTHING : bytesOf(a[layer - ownB + ownA] as LayerSums);
    const growth = difference(before, bytesOf(sums));
    if (layer < ownB || growth.shown !== 0 || growth.hidden !== 0)
      layers.push({ side: 'b', layer, ...growth });
  }
  const hiding = [
    ...hidingOf(a, ownA).map((one) => ({ side: 'a' as const, hiding: one })),
    ...hidingOf(b, ownB).map((one) => ({ side: 'b' as const, hiding: one })),
  ];
  return {
    a: total(a),
    b: total(b),
    layers,
    hiding: hiding.sort((x, y) => y.hiding.bytes - x.hiding.bytes),
  };
}

const NOTHING: StoredBytes = { stored: 0, shown: 0, hidden: 0 };

function bytesOf({ stored, shown, hidden }: LayerSums): StoredBytes {
  return { stored: stored.bytes, shown: shown.bytes, hidden: hidden.bytes };
}

function difference(before: StoredBytes, after: StoredBytes): StoredBytes {
  return {
    stored: after.stored - before.stored,
    shown: after.shown - before.shown,
    hidden: after.hidden - before.hidden,
  };
}

function total(sums: readonly LayerSums[]): StoredBytes {
  const sum = { ...NOTHING };
  for (const { stored, shown, hidden } of sums.map(bytesOf)) {
    sum.stored += stored;
    sum.shown += shown;
    sum.hidden += hidden;
  }
  return sum;
}

/** What the topmost `own` layers hide, of all layers together. */
function hidingOf(sums: readonly LayerSums[], own: number): HiddenSum[] {
  const hiding = new Map<string, HiddenSum>();
  for (const one of sums.flatMap(({ hiddenBy }) => hiddenBy)) {
    if (one.by >= own || one.bytes === 0) continue;
    const key = `${one.by} ${one.how} ${one.isRewritten}`;
    const known = hiding.get(key);
    hiding.set(key, known === undefined ? one : added(known, one));
  }
  return [...hiding.values()];
}

function added(a: HiddenSum, b: HiddenSum): HiddenSum {
  const sum = (x: HiddenSum | HiddenSum['copies'], y: HiddenSum | HiddenSum['copies']) => ({
    objects: x.objects + y.objects,
    bytes: x.bytes + y.bytes,
    allocated: x.allocated + y.allocated,
  });
  const changed = [...new Set([...a.copies.changed, ...b.copies.changed])].sort();
  return { ...a, ...sum(a, b), copies: { ...sum(a.copies, b.copies), changed } };
}
