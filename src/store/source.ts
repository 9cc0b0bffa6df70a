// What a layer is made of, for those to whom a directory and a tar are not the same.
import { type ByteString, shownBytes } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import type { LayerSource } from './store.ts';

/** What it is called where it is told of. */
export function sourceName(source: LayerSource): ByteString {
  return source.kind === 'directory' ? source.path : source.name;
}

/** The path of a directory; `does` says what is done with it: `examine`. Throws Trouble for a tar. */
export function directoryOf(source: LayerSource, does: string): ByteString {
  if (source.kind === 'directory') return source.path;
  throw new Trouble(
    'store',
    `Cannot ${does} "${shownBytes(source.name)}": the layer is a tar that was never unpacked`,
  );
}
