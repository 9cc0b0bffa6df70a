// Directories in which nothing may be made: the store and the layers. They are told by identity as well as by name, because
// a bind mount shows one directory under two names.
import { readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path/posix';
import { asBytes, type ByteString, bufferOf, bytesOf } from './bytes.ts';
import { E, systemWords, Trouble } from './errors.ts';

export interface Kept {
  readonly directory: ByteString;
  /** What it is to a person: `the store`, `the layer`. */
  readonly what: string;
}

/** Where something is, or would be made. */
export interface Place {
  /** The nearest directory or file that is there, absolute and without links. */
  readonly existing: ByteString;
  /** The names below it that are not there. */
  readonly missing: readonly ByteString[];
}

/** As many links as the kernel follows for one path. */
const MOST_LINKS = 40;

/** Follows links, one that leads to nothing too, as making a file there would. Throws Node's system errors. */
export function placeOf(path: ByteString): Place {
  // Not normalised: after a link, `..` is not what stands before it.
  let at: string = isAbsolute(path) ? path : `${bytesOf(Buffer.from(process.cwd()))}/${path}`;
  const missing: ByteString[] = [];
  for (let links = 0; ; ) {
    try {
      return { existing: realPath(asBytes(at)), missing };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const target = linkTarget(asBytes(at));
      if (target !== undefined && links < MOST_LINKS) {
        links += 1;
        at = isAbsolute(target) ? target : `${dirname(at)}/${target}`;
        continue;
      }
      const name = at.replace(/\/+$/, '').split('/').at(-1) ?? '';
      if (at === '/' || name === '..') throw error;
      if (name !== '.') missing.unshift(asBytes(name));
      at = dirname(at);
    }
  }
}

/** Throws Trouble where a file or directory of this path lies, or would lie, in a kept directory. */
export function checkWritable(path: ByteString, kept: readonly Kept[]): void {
  const doing = `Cannot write to "${bufferOf(path).toString()}"`;
  const around = keptAround(existingOf(path, doing), kept);
  if (around === undefined) return;
  const directory = bufferOf(around.directory).toString();
  throw new Trouble('usage', `${doing}: it lies inside ${around.what} "${directory}"`);
}

function existingOf(path: ByteString, doing: string): ByteString {
  try {
    return placeOf(path).existing;
  } catch (cause) {
    throw new Trouble('usage', `${doing}: ${systemWords(cause)}`, { cause });
  }
}

/** The first of `kept` that is this path or above it. The path is absolute and without links. */
export function keptAround<T extends Kept>(path: ByteString, kept: readonly T[]): T | undefined {
  const above = new Set(ancestors(path).map(identity));
  return kept.find(({ directory }) => {
    const target = identity(directory);
    return target !== undefined && above.has(target);
  });
}

/** The path itself first, `/` last. */
export function ancestors(path: ByteString): ByteString[] {
  const paths = [path];
  for (let last: string = path; last !== '/'; ) {
    last = dirname(last);
    paths.push(asBytes(last));
  }
  return paths;
}

/** Undefined where there is nothing to be told apart, or nothing that answers. */
export function identity(path: ByteString): string | undefined {
  try {
    const { dev, ino } = statSync(bufferOf(path), { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Without links. Throws Node's system errors. */
export function realPath(path: ByteString): ByteString {
  return asBytes(realpathSync.native(bufferOf(path), { encoding: 'latin1' }));
}

function linkTarget(path: ByteString): ByteString | undefined {
  try {
    return bytesOf(readlinkSync(bufferOf(path), 'buffer'));
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException;
    if ([E.EINVAL, E.ENOENT].includes(-errno)) return undefined;
    throw error;
  }
}
