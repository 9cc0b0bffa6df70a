// `user.stratafs.layer`: which layer supplies an object, as an extended attribute of a mounted view.
import type { Tree } from '../overlay/tree.ts';
import { layerNumber } from '../store/reference/choice.ts';
import { Trouble } from '../sys/errors.ts';

/** The word of `mount -o` that asks for it. */
const PROVENANCE_WORD = 'provenance';

/**
 * The attribute's name, and what it says of a node of `tree`: `NUMBER ROLE`, then the layer's diff ID and its step where
 * they are known, a blank between them.
 */
export function layerXattr(tree: Tree): { name: string; value: (node: number) => Uint8Array } {
  const { stack } = tree;
  const values = stack.layers.map(({ role, diffId, history }, index) => {
    const words = [layerNumber(stack, index), role, diffId, history?.createdBy];
    return Buffer.from(words.filter((word) => word !== undefined).join(' '), 'utf8');
  });
  return {
    name: 'user.stratafs.layer',
    value: (node) => values[tree.source(node).layer] ?? Buffer.alloc(0),
  };
}

/** Parts mount options, comma-separated words in lists, into whether the attribute is asked for, and all others. */
export function partProvenance(words: readonly string[]): { provenance: boolean; others: string[] } {
  const wrong = words.find((word) => word.startsWith(`${PROVENANCE_WORD}=`));
  if (wrong !== undefined)
    throw new Trouble('usage', `Cannot use mount option "${wrong}": it takes no value`);
  const others = words.filter((word) => word !== PROVENANCE_WORD);
  return { provenance: others.length < words.length, others };
}
