// Sums over a surveyed stack: what each layer stores, how much of it is shown, and what hid the rest. An object with several
// names counts once, as shown where one of them is.
import { S_IFMT, S_IFREG } from '../../sys/statx.ts';
import type { Removal } from '../removal.ts';
import type { Copies } from './survey-copies.ts';
import { HOW, STATE, type SurveyedStack } from './survey-stack.ts';

/** Bytes of a block as `lstat` counts them. */
export const ALLOCATION_BLOCK = 512;

export interface Sum {
  /** All but directories. */
  readonly objects: number;
  /** Their sizes: what Docker calls the size of a layer. */
  readonly bytes: number;
  /** Allocated on disk, directories too. */
  readonly allocated: number;
}

/** What one layer hides of another, in one way. */
export interface HiddenSum extends Sum {
  /** Index of the layer that hides, 0 at the top. */
  readonly by: number;
  readonly how: Removal['how'];
  /** Whether each has something else of that layer in its own place. */
  readonly isRewritten: boolean;
  /** Those whose contents the layer wrote again as they were, and which of mode, owner and the rest it changed. */
  readonly copies: Sum & { readonly changed: readonly ('mode' | 'owner')[] };
}

export interface LayerSums {
  readonly stored: Sum;
  readonly shown: Sum;
  readonly hidden: Sum;
  /** What no lookup leads to, and the marks that hide. */
  readonly rest: Sum;
  /** Of regular files alone. */
  readonly fileBytes: number;
  /** The largest first. */
  readonly hiddenBy: readonly HiddenSum[];
}

/** Tells each object of the stack once, by the name that counts: one that is shown if there is one. */
export function eachObject(stack: SurveyedStack, visit: (row: number) => void): void {
  const { table } = stack.survey;
  const { first } = table.columns;
  const best = new Map<number, number>();
  for (let row = 1; row < table.end; row++) {
    const linked = first[row] as number;
    if (linked === 0 || stack.layerOf(row) < 0) continue;
    const known = best.get(linked);
    if (known === undefined || isBetter(stack, row, known)) best.set(linked, row);
  }
  for (let row = 1; row < table.end; row++) {
    if (stack.layerOf(row) < 0) continue;
    const linked = first[row] as number;
    if (linked === 0 || best.get(linked) === row) visit(row);
  }
}

/** Which of two names of one object says what becomes of it: it is gone when the last of them is hidden. */
function isBetter({ state, by }: SurveyedStack, row: number, known: number): boolean {
  const rank = (one: number) => (isShown(state[one] as number) ? 3 : state[one] === STATE.hidden ? 2 : 1);
  if (rank(row) !== rank(known)) return rank(row) > rank(known);
  return rank(row) === 2 && (by[row] as number) < (by[known] as number);
}

export function isShown(state: number): boolean {
  return state === STATE.shown || state === STATE.merged || state === STATE.data;
}

/** Bytes of a row that are its own: those of a metacopy file lie elsewhere. */
export function ownBytes({ survey: { table } }: SurveyedStack, row: number): number {
  return table.isDirectory(row) || table.isMetacopy(row) ? 0 : (table.columns.size[row] as number);
}

/** For each layer of the stack, top first. `copies` are known where contents were compared. */
export function sumLayers(stack: SurveyedStack, copies?: Copies): LayerSums[] {
  const { table } = stack.survey;
  const sums = stack.layers.map(() => new LayerCount());
  eachObject(stack, (row) => {
    const sum = sums[stack.layerOf(row)] as LayerCount;
    const isDirectory = table.isDirectory(row);
    const bytes = ownBytes(stack, row);
    const one: Sum = {
      objects: isDirectory ? 0 : 1,
      bytes,
      allocated: (table.columns.blocks[row] as number) * ALLOCATION_BLOCK,
    };
    const state = stack.state[row] as number;
    sum.stored.add(one);
    if (((table.columns.mode[row] as number) & S_IFMT) === S_IFREG) sum.fileBytes += bytes;
    if (isShown(state)) sum.shown.add(one);
    else if (state !== STATE.hidden) sum.rest.add(one);
    else {
      sum.hidden.add(one);
      sum.hide(stack, row, one, copies?.isCopied(row) === true);
    }
  });
  return sums.map((sum) => sum.result());
}

class Count implements Sum {
  objects = 0;
  bytes = 0;
  allocated = 0;

  add({ objects, bytes, allocated }: Sum): void {
    this.objects += objects;
    this.bytes += bytes;
    this.allocated += allocated;
  }
}

class HiddenCount extends Count {
  readonly by: number;
  readonly how: Removal['how'];
  readonly isRewritten: boolean;
  readonly copied = new Count();
  readonly changed = new Set<'mode' | 'owner'>();

  constructor(by: number, how: Removal['how'], isRewritten: boolean) {
    super();
    this.by = by;
    this.how = how;
    this.isRewritten = isRewritten;
  }
}

class LayerCount {
  readonly stored = new Count();
  readonly shown = new Count();
  readonly hidden = new Count();
  readonly rest = new Count();
  fileBytes = 0;
  readonly #hidden = new Map<number, HiddenCount>();

  hide(stack: SurveyedStack, row: number, one: Sum, isCopied: boolean): void {
    const by = stack.by[row] as number;
    const how = stack.how[row] as number;
    const rival = stack.rival[row] as number;
    const isRewritten = rival !== 0;
    const key = (by * HOW.length + how) * 2 + (isRewritten ? 1 : 0);
    let count = this.#hidden.get(key);
    if (count === undefined) {
      count = new HiddenCount(by, HOW[how] as Removal['how'], isRewritten);
      this.#hidden.set(key, count);
    }
    count.add(one);
    if (!isCopied) return;
    count.copied.add(one);
    const { mode, uid, gid } = stack.survey.table.columns;
    if (mode[row] !== mode[rival]) count.changed.add('mode');
    if (uid[row] !== uid[rival] || gid[row] !== gid[rival]) count.changed.add('owner');
  }

  result(): LayerSums {
    const hiddenBy = [...this.#hidden.values()].map(
      ({ by, how, isRewritten, objects, bytes, allocated, copied, changed }): HiddenSum => ({
        by,
        how,
        isRewritten,
        objects,
        bytes,
        allocated,
        copies: { ...sumOf(copied), changed: [...changed].sort() },
      }),
    );
    return {
      stored: sumOf(this.stored),
      shown: sumOf(this.shown),
      hidden: sumOf(this.hidden),
      rest: sumOf(this.rest),
      fileBytes: this.fileBytes,
      hiddenBy: hiddenBy.sort((a, b) => b.bytes - a.bytes || a.by - b.by),
    };
  }
}

function sumOf({ objects, bytes, allocated }: Sum): Sum {
  return { objects, bytes, allocated };
}
