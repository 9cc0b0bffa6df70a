// Where no command writes: the layers it reads, and the store they are in.
import type { LayerStack } from '../store/store.ts';
import { bytesOfText } from '../sys/bytes.ts';
import type { Kept } from '../sys/kept.ts';

/** `root` is the store's directory, of no account where the stack is of plain directories. */
export function keptOf({ kind, layers, dataLayers }: LayerStack, root: string): Kept[] {
  return [
    ...(kind === 'lowerdir' ? [] : [{ directory: bytesOfText(root), what: 'the store' }]),
    ...[...layers, ...dataLayers].map(({ source }) => ({ directory: source.path, what: 'the layer' })),
  ];
}
