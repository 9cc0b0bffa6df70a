// What the layers of a stack store for nothing: trees that a newer layer deleted, and files that a newer layer wrote again;
// each deleted tree is one thing, and so is all that one layer rewrote of another in the same way.
import type { ByteString } from '../../sys/bytes.ts';
import type { Copies } from './survey-copies.ts';
import { STATE, type SurveyedStack } from './survey-stack.ts';
import { ALLOCATION_BLOCK, eachObject, ownBytes } from './survey-sums.ts';

export interface Waste {
  /** copied: rewritten with the contents it had; moved: shown from another place by a redirect. */
  readonly kind: 'deleted' | 'replaced' | 'moved' | 'rewritten' | 'copied';
  /** Indices of the layer that stores it and of the one that hides it, 0 at the top. */
  readonly layer: number;
  readonly by: number;
  /** The object, or the directory that all of them are in; with a leading slash. */
  readonly path: ByteString;
  readonly objects: number;
  readonly bytes: number;
  readonly allocated: number;
  /** Of copies: which of these the newer layer changed. */
  readonly changed: readonly ('mode' | 'owner')[];
}

const KINDS: readonly Waste['kind'][] = ['deleted', 'deleted', 'replaced', 'moved'];

/** The largest first. Directories take no bytes of their own here. */
export function wasteOf(stack: SurveyedStack, copies: Copies): Waste[] {
  const { table } = stack.survey;
  const gathered = new Map<string, Gathered>();
  eachObject(stack, (row) => {
    if (stack.state[row] !== STATE.hidden || table.isDirectory(row)) return;
    const top = topOf(stack, row);
    const isRewritten = stack.rival[row] !== 0;
    const kind = !isRewritten ? (KINDS[stack.how[row] as number] as Waste['kind']) : kindOf(copies, row);
    const [layer, by] = [stack.layerOf(row), stack.by[row] as number];
    const key = `${kind} ${layer} ${by} ${isRewritten ? '' : top}`;
    let one = gathered.get(key);
    if (one === undefined) {
      one = new Gathered(kind, layer, by);
      gathered.set(key, one);
    }
    one.add(stack, row, isRewritten ? row : top);
  });
  return [...gathered.values()]
    .map((one) => one.result(stack))
    .sort((a, b) => b.bytes - a.bytes || a.layer - b.layer || (a.path < b.path ? -1 : 1));
}

function kindOf(copies: Copies, row: number): Waste['kind'] {
  return copies.isCopied(row) ? 'copied' : 'rewritten';
}

/** The directory highest up that the same layer took away in the same way, or the object itself. */
function topOf({ survey, state, by, how, rival }: SurveyedStack, row: number): number {
  const { parent } = survey.table.columns;
  let top = row;
  for (let at = parent[row] as number; at !== 0; at = parent[at] as number) {
    const isSame = state[at] === STATE.hidden && by[at] === by[row] && how[at] === how[row];
    if (!isSame || rival[top] !== 0) break;
    top = at;
  }
  return top;
}

class Gathered {
  readonly #kind: Waste['kind'];
  readonly #layer: number;
  readonly #by: number;
  #objects = 0;
  #bytes = 0;
  #allocated = 0;
  readonly #changed = new Set<'mode' | 'owner'>();
  /** Row of the thing, or of the nearest directory that all are in. */
  #common = 0;

  constructor(kind: Waste['kind'], layer: number, by: number) {
    this.#kind = kind;
    this.#layer = layer;
    this.#by = by;
  }

  add(stack: SurveyedStack, row: number, thing: number): void {
    const { table } = stack.survey;
    const { mode, uid, gid, blocks, parent } = table.columns;
    this.#objects += 1;
    this.#bytes += ownBytes(stack, row);
    this.#allocated += (blocks[row] as number) * ALLOCATION_BLOCK;
    this.#common = this.#common === 0 ? thing : commonOf(parent, this.#common, thing);
    if (this.#kind !== 'copied') return;
    const rival = stack.rival[row] as number;
    if (mode[row] !== mode[rival]) this.#changed.add('mode');
    if (uid[row] !== uid[rival] || gid[row] !== gid[rival]) this.#changed.add('owner');
  }

  result({ survey: { table } }: SurveyedStack): Waste {
    return {
      kind: this.#kind,
      layer: this.#layer,
      by: this.#by,
      path: (table.pathOf(this.#common) || '/') as ByteString,
      objects: this.#objects,
      bytes: this.#bytes,
      allocated: this.#allocated,
      changed: [...this.#changed].sort(),
    };
  }
}

/** The nearest row above both, or one of them that is above the other. */
function commonOf(parent: Uint32Array, a: number, b: number): number {
  if (a === b) return a;
  const above = new Set<number>();
  for (let at = a; at !== 0; at = parent[at] as number) above.add(at);
  let at = b;
  while (!above.has(at)) at = parent[at] as number;
  return at;
}
