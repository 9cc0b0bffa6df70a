// Where a path of the command line leads, as names from the root: what questions to the layers are asked by.
import { componentsOf } from '../layers/layers.ts';
import { walk } from '../overlay/path.ts';
import type { Tree } from '../overlay/tree.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';

/** The names that lead to a path without links on the way; what is not there any more is taken as it is written. */
export function canonical(tree: Tree, path: ByteString): ByteString[] {
  const names = componentsOf(path);
  for (let count = names.length; count >= 0; count--) {
    const isWhole = count === names.length;
    const start = isWhole ? path : asBytes(`/${names.slice(0, count).join('/')}`);
    const found = tryWalk(tree, start, { follow: !isWhole });
    if (found !== undefined) return [...namesOf(tree, found), ...names.slice(count)];
  }
  return names;
}

function tryWalk(tree: Tree, path: ByteString, options: { readonly follow: boolean }): number | undefined {
  try {
    return walk(tree, path, options);
  } catch (error) {
    if (error instanceof Errno) return undefined;
    throw error;
  }
}

function namesOf(tree: Tree, entry: number): ByteString[] {
  const names: ByteString[] = [];
  for (let at = entry; at !== tree.root; at = tree.parentOf(at)) names.push(tree.name(at));
  return names.reverse();
}
