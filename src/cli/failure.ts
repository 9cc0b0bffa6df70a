// Words for a kernel error number on a path inside an image or a layer.
import type { Damage } from '../layers/removal.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import { layerNumber } from '../store/reference/choice.ts';
import { type ByteString, shownBytes } from '../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../sys/errors.ts';
import { escapeBytes, escapeText } from '../told/escape.ts';

/** `Cannot open "/x" in nginx:latest: no such file or directory` */
export function pathMessage(doing: string, path: ByteString, label: string, state: string): string {
  return `Cannot ${doing} "${escapeBytes(path)}" in ${escapeText(label)}: ${state}`;
}

/** An `Errno` as trouble with a path inside the image; any other error as it is. */
export function pathFailure(doing: string, path: ByteString, label: string, error: unknown): unknown {
  if (!(error instanceof Errno)) return error;
  return new Trouble('path', pathMessage(doing, path, label, errnoWords(error.errno)), { cause: error });
}

/** What of a layer could not be read. */
export function layerFailure(stack: LayerStack, { path, layer, error }: Damage): Trouble {
  const place = `layer ${layerNumber(stack, layer)} of ${stack.label}`;
  return new Trouble('path', `Cannot read "${shownBytes(path)}" in ${place}: ${errnoWords(error.errno)}`);
}
