// A layer stack named by its directories, in the syntax of overlayfs's `lowerdir=` option (fs/overlayfs/params.c):
// `lowerdir=TOP:…:LOWEST`, a backslash takes the next character as it is, and `::` begins data-only lower layers.
// Needs no store. A comma needs no backslash here, since no other option can follow.
import { asBytes, type ByteString, bufferOf, bytesOfText, shownBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import type { Dialect, Layer, LayerStack } from '../layer-stack.ts';
import { realDirectory } from '../named.ts';

export interface LowerdirOptions {
  /** The kernel's choice without and with the mount option `userxattr`; trusted where it is not given. */
  readonly dialect?: Dialect;
}

/** Paths, top first. */
export interface LowerdirPaths {
  readonly layers: readonly ByteString[];
  readonly dataLayers: readonly ByteString[];
}

const PREFIX = 'lowerdir=';

export function isLowerdir(reference: string): boolean {
  return reference.startsWith(PREFIX);
}

/** The stack of a whole reference, as text from a command line. Directories are checked, and made absolute without links. */
export function parseLowerdir(reference: string, options: LowerdirOptions = {}): LayerStack {
  return stackOfLowerdir(bytesOfText(reference.slice(PREFIX.length)), options);
}

/** The same from the bytes that follow `lowerdir=`, which need not be UTF-8. */
export function stackOfLowerdir(
  value: ByteString,
  { dialect = 'trusted' }: LowerdirOptions = {},
): LayerStack {
  const { layers, dataLayers } = splitLowerdir(value);
  return {
    label: `${PREFIX}${bufferOf(value).toString('utf8')}`,
    kind: 'lowerdir',
    layers: layers.map(plainLayer),
    dataLayers: dataLayers.map(plainLayer),
    dialect,
  };
}

/** The paths of a `lowerdir=` value as they are written there, unescaped. */
export function splitLowerdir(value: ByteString): LowerdirPaths {
  const layers: ByteString[] = [];
  const dataLayers: ByteString[] = [];
  // The first match is at the start, every other one at one or more colons.
  for (const [, colons = '', escaped = ''] of value.matchAll(/(^|:+)((?:\\.|[^:\\])*\\?)/gs)) {
    if (colons.length > 2) throw refused(value, 'more than two colons in a row');
    // As the kernel: a backslash at the very end vanishes.
    const path = asBytes(escaped.replace(/\\(.?)/gs, '$1'));
    if (path === '') throw refused(value, 'an empty path');
    if (colons === '::') dataLayers.push(path);
    else if (dataLayers.length === 0) layers.push(path);
    else throw refused(value, 'a single colon after a double one: data-only layers come last');
  }
  return { layers, dataLayers };
}

function plainLayer(path: ByteString): Layer {
  const real = realDirectory(
    path,
    (state, cause) => new Trouble('reference', `Cannot use layer "${shownBytes(path)}": ${state}`, { cause }),
  );
  return { source: { kind: 'directory', path: real }, role: 'plain' };
}

function refused(value: ByteString, state: string): Trouble {
  return new Trouble('reference', `Cannot understand reference "${PREFIX}${shownBytes(value)}": ${state}`);
}
