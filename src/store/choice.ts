// Some layers of a reference: `REF#3` the third alone, `REF#1-3` the lowest three, `REF^` all but the top one, `REF^^` all
// but two. No image or container has `#` or `^` in its name.
import { Trouble } from '../sys/errors.ts';
import type { LayerStack } from './store.ts';

export interface LayerChoice {
  /** As it was written, with the reference. */
  readonly text: string;
  readonly reference: string;
  /** Layers are counted from 1, the lowest. */
  readonly range: (count: number) => readonly [from: number, to: number];
}

/** Undefined where the words choose no layers. */
export function parseLayerChoice(text: string): LayerChoice | undefined {
  const choice = /^(.+?)(?:#(\d+)(?:-(\d+))?|(\^+))$/s.exec(text);
  if (choice === null) return undefined;
  const [, reference = '', first, last = first, carets] = choice;
  if (carets !== undefined) return { text, reference, range: (count) => [1, count - carets.length] };
  return { text, reference, range: () => [Number(first), Number(last)] };
}

/** Throws Trouble where the stack has no such layers. */
export function chooseLayers(stack: LayerStack, { text, reference, range }: LayerChoice): LayerStack {
  const count = stack.layers.length;
  const [from, to] = range(count);
  if (from < 1 || to < from || to > count) {
    const has = count === 1 ? '1 layer' : `${count} layers, 1 the lowest`;
    throw new Trouble('reference', `Cannot take layers "${text}": "${reference}" has ${has}`);
  }
  return { ...stack, label: text, layers: stack.layers.slice(count - to, count - from + 1) };
}
