// Directories in which nothing may be made: the store and the layers. They are told by identity, not by name, because a bind
// mount shows a directory, or a part of it, under another one.
import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path/posix';
import { asBytes, type ByteString, bufferOf, bytesOf, cString } from './bytes.ts';
import { E, errnoOf, errnoWords, Trouble } from './errors.ts';
import { close, O, open } from './libc.ts';
import { realPath } from './mount/clone.ts';
import { descriptorPath, type MountEntry, mountIdOf, readMounts } from './mount/mounts.ts';

export interface Kept {
  readonly directory: ByteString;
  /** What it is to a person: `the store`, `the layer`. */
  readonly what: string;
}

/** Where something is, or would be made. */
export interface WritePlace {
  /** The nearest directory or file that is there, absolute and without links. */
  readonly existing: ByteString;
  /** The names below it that are not there. */
  readonly missing: readonly ByteString[];
}

/** As many links as the kernel follows for one path. */
const MOST_LINKS = 40;

/** Follows links, one that leads to nothing too, as making a file there would. Throws Node's system errors, and Errno. */
export function writePlaceOf(path: ByteString): WritePlace {
  // Not normalised: after a link, `..` is not what stands before it.
  let at: string = isAbsolute(path) ? path : `${bytesOf(Buffer.from(process.cwd()))}/${path}`;
  const missing: ByteString[] = [];
  for (let links = 0; ; ) {
    try {
      return { existing: realPath(asBytes(at)), missing };
    } catch (error) {
      if (errnoOf(error) !== E.ENOENT) throw error;
      const target = linkTarget(asBytes(at));
      if (target !== undefined && links < MOST_LINKS) {
        links += 1;
        at = isAbsolute(target) ? target : `${dirname(at)}/${target}`;
        continue;
      }
      const name = at.split('/').findLast(Boolean) ?? '';
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

/** The same of an open directory, wherever it is by now; `shown` is what a person calls it. Throws Errno and system errors too. */
export function checkWritableInside(directory: number, shown: string, kept: readonly Kept[]): void {
  const around = keptAround(realPath(descriptorPath(directory)), kept);
  if (around === undefined) return;
  const outer = bufferOf(around.directory).toString();
  throw new Trouble('usage', `Cannot write to "${shown}": it lies inside ${around.what} "${outer}"`);
}

function existingOf(path: ByteString, doing: string): ByteString {
  try {
    return writePlaceOf(path).existing;
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === undefined) throw cause;
    throw new Trouble('usage', `${doing}: ${errnoWords(errno)}`, { cause });
  }
}

/** The first of `kept` that a path, absolute and without links, is or lies in, by whichever mount either is seen. */
export function keptAround<T extends Kept>(path: ByteString, kept: readonly T[]): T | undefined {
  const above = new Set(ancestors(path).map(identity));
  const mounts = readMounts();
  const place = inFileSystem(path, mounts);
  return kept.find(({ directory }) => {
    const target = identity(directory);
    if (target === undefined) return false;
    return above.has(target) || (place !== undefined && isInside(place, inFileSystem(directory, mounts)));
  });
}

/** Where something is in its file system, which is the same whichever mount shows it. */
interface Inside {
  readonly mount: MountEntry;
  /** What is open there. */
  readonly path: string;
}

/** Undefined where nothing is there, or /proc does not tell. */
function inFileSystem(path: ByteString, mounts: readonly MountEntry[]): Inside | undefined {
  const fd = open(cString(path), O.PATH | O.CLOEXEC);
  if (fd < 0) return undefined;
  try {
    const id = mountIdOf(fd);
    const mount = mounts.find((each) => each.id === id);
    const seen = readlinkSync(descriptorPath(fd), 'latin1');
    if (mount === undefined || !isBelow(seen, mount.point)) return undefined;
    const below = mount.point === '/' ? seen : seen.slice(mount.point.length);
    return { mount, path: `${mount.root === '/' ? '' : mount.root}${below}` };
  } finally {
    close(fd);
  }
}

/** NFS says of every mount that it shows the file system's root. */
function isInside(place: Inside, kept: Inside | undefined): boolean {
  if (kept === undefined || kept.mount.device !== place.mount.device) return false;
  return !kept.mount.type.startsWith('nfs') && isBelow(place.path, kept.path);
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
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

/** Undefined where there is nothing to be told apart, or nothing that answers. A link is followed, and has been accessed. */
export function identity(path: ByteString): string | undefined {
  try {
    const { dev, ino } = statSync(bufferOf(path), { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Which object is at a path, told from one that was made anew with its inode number; empty where nothing is that answers. */
export function birthOf(path: ByteString): string {
  try {
    const { dev, ino, birthtimeNs } = lstatSync(bufferOf(path), { bigint: true });
    return `${dev}:${ino} ${birthtimeNs}`;
  } catch {
    return '';
  }
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
