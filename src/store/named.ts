// Paths that a person named, of stores and of archives: links are followed, as everywhere outside of a store.
import { type Stats, statSync } from 'node:fs';
import { type ByteString, bufferOf } from '../sys/bytes.ts';
import { errnoOf, type Trouble } from '../sys/errors.ts';
import { realPath } from '../sys/mount/clone.ts';
import { type FileKind, stateOfErrno, trouble } from './file-state.ts';
import { kindOfStatus } from './files.ts';

/** The absolute path of a data root, which itself may be a link. */
export function realRoot(root: ByteString): ByteString {
  return realDirectory(root, (state, cause) => trouble('open', root, state, cause));
}

/** The absolute path, without links, of a directory that a person named; links are followed. */
export function realDirectory(
  path: ByteString,
  refuse: (state: string, cause?: unknown) => Trouble,
): ByteString {
  const { path: real, kind } = realNamed(path, refuse, 'directory');
  if (kind !== 'directory') throw refuse('not a directory');
  return real;
}

/** The same of whatever lies there, and what that is; `wanted` is a word for what should be there. */
export function realNamed(
  path: ByteString,
  refuse: (state: string, cause?: unknown) => Trouble,
  wanted = 'file',
): { readonly path: ByteString; readonly kind: FileKind } {
  try {
    const real = realPath(path);
    return { path: real, kind: kindOfStatus(statSync(bufferOf(real))) };
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === undefined) throw cause;
    throw refuse(stateOfErrno(errno, wanted), cause);
  }
}

/** What lies at a path, links followed; undefined where nothing does, or it cannot be told. */
export function kindAtPath(path: ByteString): FileKind | undefined {
  let status: Stats | undefined;
  try {
    status = statSync(bufferOf(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
  return status && kindOfStatus(status);
}

/** The same text as long as what lies at a path, links followed, is the same file with the same bytes; undefined where it cannot be told. */
export function versionAtPath(path: ByteString): string | undefined {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(bufferOf(path), { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join();
  } catch {
    return undefined;
  }
}
