// Where no command writes: the layers it reads, and the store they are in.
import type { LayerStack } from '../store/layer-stack.ts';
import { type ByteString, bytesOfText } from '../sys/bytes.ts';
import { errnoOf } from '../sys/errors.ts';
import type { Kept } from '../sys/kept.ts';
import { realPath } from '../sys/mount/clone.ts';

/** `root` is the store's directory, of no account where the stack is of plain directories or from an archive. */
export function keptOf(stack: LayerStack, root: string): Kept[] {
  const { layers, dataLayers } = stack;
  return [
    ...placeOf(stack, root),
    ...[...layers, ...dataLayers].flatMap(({ source }) =>
      source.kind === 'directory' ? [{ directory: source.path, what: 'the layer' }] : [],
    ),
  ];
}

function placeOf({ kind, archive }: LayerStack, root: string): Kept[] {
  if (archive !== undefined) return [{ directory: withoutLinks(archive), what: 'the archive' }];
  return kind === 'lowerdir' ? [] : [{ directory: withoutLinks(bytesOfText(root)), what: 'the store' }];
}

/** So that no look at the store is an access to a link that names it. */
function withoutLinks(path: ByteString): ByteString {
  try {
    return realPath(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return path;
  }
}
