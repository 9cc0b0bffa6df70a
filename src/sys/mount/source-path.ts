// Where a path of a machine leads whose root is some directory here: links followed as on that machine, none of them out of it, and no
// mount entered that this process serves itself, since it would wait for its own answer.
import { lstatSync, type Stats } from 'node:fs';
import { asBytes, type ByteString, bufferOf, shownBytes } from '../bytes.ts';
import { E, Errno, errnoOf } from '../errors.ts';
import { readLinkUnseen } from './clone.ts';

const MOST_LINKS = 40;

export interface SourcePath {
  /** Absolute, without links. */
  readonly path: ByteString;
  /** The mode, with the type. */
  readonly mode: number;
}

/** `root` is free of links; `own` are mount points. Throws Errno: EDEADLK where such a mount is in the way. */
export function sourcePath(root: ByteString, path: ByteString, own: readonly ByteString[]): SourcePath {
  const prefix = root === '/' ? '' : root;
  const rest = path.split('/').reverse();
  let way: string[] = [];
  let links = 0;
  let mode = lstatSync(bufferOf(root)).mode;
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      way.pop();
      continue;
    }
    const above = asBytes([prefix, ...way].join('/') || '/');
    const at = asBytes([prefix, ...way, name].join('/'));
    if (own.includes(at)) throw new Errno(E.EDEADLK, `look into "${shownBytes(at)}"`);
    const status = lstat(at);
    if (status.isSymbolicLink()) {
      if (++links > MOST_LINKS) throw new Errno(E.ELOOP, `resolve "${shownBytes(path)}"`);
      const target = readLinkUnseen(above, asBytes(name));
      if (target.startsWith('/')) way = [];
      for (const each of target.split('/').reverse()) rest.push(each);
      continue;
    }
    if (!status.isDirectory() && rest.some((one) => one !== ''))
      throw new Errno(E.ENOTDIR, `resolve "${shownBytes(path)}"`);
    way.push(name);
    ({ mode } = status);
  }
  const last = asBytes([prefix, ...way].join('/') || '/');
  return { path: last, mode: way.length === 0 ? mode : lstat(last).mode };
}

function lstat(path: ByteString): Stats {
  try {
    return lstatSync(bufferOf(path));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new Errno(errno, `look at "${shownBytes(path)}"`, { cause: error });
  }
}
