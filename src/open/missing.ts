// Layers whose directory is not there: what is refused for them, with word of what can be had.

import type { Layer, LayerStack } from '../store/layer-stack.ts';
import { layerNumber } from '../store/reference/choice.ts';
import { Trouble } from '../sys/errors.ts';

/** Throws Trouble where the layer is not there. */
export function mustBeThere({ missing }: Layer): void {
  if (missing !== undefined) throw new Trouble('store', missing);
}

/**
 * A merged view without one of its layers would be wrong, so it is refused, with word of what can be had. `stack` is the
 * whole of `reference`, or some of its layers. Throws Trouble.
 */
export function mustBeWhole(stack: LayerStack, whole: LayerStack, reference: string): void {
  const gone = stack.layers.find(({ missing }) => missing !== undefined);
  if (gone?.missing === undefined) return;
  const number = layerNumber(whole, whole.layers.indexOf(gone));
  const rest = runsOf(whole).map(([from, to]) => `"${reference}#${from === to ? from : `${from}-${to}`}"`);
  const left = rest.length === 0 ? '' : `; what is left of it: ${rest.join(', ')}`;
  throw new Trouble('store', `${gone.missing}; it is layer ${number} of "${reference}"${left}`);
}

/** First and last numbers of the layers that are there and lie together, the lowest first. */
function runsOf(stack: LayerStack): [from: number, to: number][] {
  const runs: [from: number, to: number][] = [];
  for (const [i, { missing }] of stack.layers.toReversed().entries()) {
    const last = runs.at(-1);
    if (missing !== undefined) continue;
    if (last?.[1] === i) last[1] = i + 1;
    else runs.push([i + 1, i + 1]);
  }
  return runs;
}

/** Throws Trouble where no layer of a stack is there. */
export function mustHaveLayers({ layers }: LayerStack): void {
  const [top] = layers;
  if (top !== undefined && layers.every(({ missing }) => missing !== undefined)) mustBeThere(top);
}
