// Some layers of a reference: `REF#3` the third alone, `REF#1-3` the lowest three, `REF^` all but the top one, `REF^^` all
// but two. No image or container has `#` or `^` in its name.
import { Trouble } from '../../sys/errors.ts';
import type { LayerStack } from '../layer-stack.ts';

export interface LayerChoice {
  /** As it was written, with the reference. */
  readonly text: string;
  readonly reference: string;
  /** Layers are counted from 1, the lowest. */
  readonly range: (count: number) => readonly [from: number, to: number];
}

/** Undefined where the words choose no layers. */
export function parseLayerChoice(text: string): LayerChoice | undefined {
  let end = text.length;
  while (text[end - 1] === '^') end--;
  const carets = text.length - end;
  if (carets > 0 && end > 0) {
    return { text, reference: text.slice(0, end), range: (count) => [1, count - carets] };
  }
  const at = text.lastIndexOf('#');
  const [whole, first, last = first] = /^#(\d+)(?:-(\d+))?$/.exec(text.slice(at)) ?? [];
  if (at < 1 || whole === undefined) return undefined;
  return { text, reference: text.slice(0, at), range: () => [Number(first), Number(last)] };
}

/** Throws Trouble where the stack has no such layers. */
export function chooseLayers(stack: LayerStack, { text, reference, range }: LayerChoice): LayerStack {
  const count = stack.layers.length;
  const [from, to] = range(count);
  if (from < 1 || to < from || to > count) {
    const has = count === 1 ? '1 layer' : `${count} layers, 1 the lowest`;
    throw new Trouble('reference', `Cannot take layers "${text}": "${reference}" has ${has}`);
  }
  return { ...someLayers(stack, from, to), label: text };
}

/** One layer alone; `index` is 0 at the top. */
export function oneLayer(stack: LayerStack, index: number): LayerStack {
  const place = stack.layers.length - index;
  return { ...someLayers(stack, place, place), label: `${stack.label}#${layerNumber(stack, index)}` };
}

/** Those from `from` to `to`, counted from 1, the lowest of the stack. */
function someLayers(stack: LayerStack, from: number, to: number): LayerStack {
  const count = stack.layers.length;
  const layers = stack.layers.slice(count - to, count - from + 1);
  const layersBelow = (stack.layersBelow ?? 0) + from - 1;
  const changesOnly = layersBelow > 0 && layers.some(({ holds }) => holds === 'tree');
  return { ...stack, layers, layersBelow, ...(changesOnly ? { changesOnly } : {}) };
}

/**
 * Layers are numbered from the lowest, 1, so that the number of a layer changes neither when another comes on top nor where
 * only some are looked at. `index` is 0 at the top.
 */
export function layerNumber({ layers, layersBelow = 0 }: LayerStack, index: number): number {
  return layersBelow + layers.length - index;
}

/** The index of the layer of a number; it may be none of the stack's. */
export function layerIndexOf({ layers, layersBelow = 0 }: LayerStack, number: number): number {
  return layersBelow + layers.length - number;
}
