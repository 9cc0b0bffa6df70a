// Where docker cp puts what it copies: into a directory that is there, else by the name that is given (docker's manual of
// `docker cp`, and moby pkg/archive/copy.go). Knows no disk.
import { asBytes, type ByteString } from '../sys/bytes.ts';

export type DestinationKind = 'directory' | 'other' | undefined;

/** Names below a directory of this machine; none for what is in the source alone. */
export interface CpPlaces {
  /** Path of the directory; it has to be there. */
  readonly directory: ByteString;
  /** By the path of a source. */
  readonly names: (source: ByteString) => readonly ByteString[];
}

/** Why nothing can be put there, in words. */
export type CpProblem = 'not a directory' | 'no such directory';

/** `kind`: what is at `destination`; `isDirectory`: of the source, where there is only one. */
export function cpPlaces(
  destination: ByteString,
  kind: DestinationKind,
  { count, isDirectory }: { readonly count: number; readonly isDirectory: boolean },
): CpPlaces | CpProblem {
  if (kind === 'directory') return { directory: destination, names: namesInto };
  const mustBeDirectory = /\/\.?$/.test(destination);
  if (kind === 'other') {
    if (count > 1 || isDirectory || mustBeDirectory) return 'not a directory';
  } else if (count > 1 || (mustBeDirectory && !isDirectory)) return 'no such directory';
  const parts = (mustBeDirectory ? destination.replace(/\.$/, '') : destination).split('/');
  const last = parts.findLastIndex((part) => part !== '');
  const directory = last === 0 ? '.' : parts.slice(0, last).join('/') || '/';
  const name = asBytes(parts[last] ?? '');
  return { directory: asBytes(directory), names: () => [name] };
}

/** `/etc/conf` is `conf`; of `/`, `/etc/.` and `..` what is in them. */
export function namesInto(source: ByteString): ByteString[] {
  if (/(?:^|\/)\.{1,2}\/*$/.test(source)) return [];
  const name = source.split('/').findLast(Boolean);
  return name === undefined ? [] : [asBytes(name)];
}
