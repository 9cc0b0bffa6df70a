// Where no command writes: the layers it reads, and the store they are in.
import type { LayerStack } from '../store/layer-stack.ts';
import { type ByteString, bytesOfText } from '../sys/bytes.ts';
import { errnoOf } from '../sys/errors.ts';
import type { Kept } from '../sys/kept.ts';
import { realPath } from '../sys/mount/clone.ts';

/** `root` is the store's directory, of no account where the stack is of plain directories. */
export function keptOf({ kind, layers, dataLayers }: LayerStack, root: string): Kept[] {
  return [
    ...(kind === 'lowerdir' ? [] : [{ directory: withoutLinks(root), what: 'the store' }]),
    ...[...layers, ...dataLayers].flatMap(({ source }) =>
      source.kind === 'directory' ? [{ directory: source.path, what: 'the layer' }] : [],
    ),
  ];
}

/** So that no look at the store is an access to a link that names it. */
function withoutLinks(root: string): ByteString {
  const path = bytesOfText(root);
  try {
    return realPath(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return path;
  }
}
