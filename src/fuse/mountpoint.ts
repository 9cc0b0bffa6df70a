// Whether a directory may be mounted on: it must be there, and neither in what is served nor above it, because the server
// would then wait for itself.
import { type BigIntStats, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { asBytes, type ByteString, bufferOf } from '../sys/bytes.ts';
import { E, errnoName, Trouble } from '../sys/errors.ts';

/** A directory that a mount point must not hide. */
export interface Needed {
  readonly directory: ByteString;
  /** What it is to a person: `the store`, `the layer`. */
  readonly what: string;
  /** Nor may the mount point lie in it. */
  readonly isServed: boolean;
}

/** The mount point as an absolute path without links. */
export function checkMountPoint(directory: ByteString, needed: readonly Needed[]): ByteString {
  const doing = `Cannot mount on "${bufferOf(directory).toString()}"`;
  const stat = look(directory, doing);
  if (!stat.isDirectory()) throw new Trouble('mount', `${doing}: not a directory`);
  const point = asBytes(realpathSync.native(bufferOf(directory), { encoding: 'latin1' }));

  // By identity as well as by name: a bind mount shows one directory under two names.
  const above = new Set(ancestors(point).map(identity));
  const climbed = new Set<string>();
  for (const { directory: kept, what, isServed } of needed) {
    const target = identity(kept);
    if (target === undefined) continue;
    const name = `${what} "${bufferOf(kept).toString()}"`;
    if (isServed && above.has(target)) throw new Trouble('mount', `${doing}: it lies inside ${name}`);
    for (const ancestor of ancestors(real(kept))) {
      if (climbed.has(ancestor)) break;
      climbed.add(ancestor);
      if (ancestor === point || identity(ancestor) === `${stat.dev}:${stat.ino}`) {
        throw new Trouble('mount', `${doing}: ${name} lies in it and would be hidden`);
      }
    }
  }
  return point;
}

function look(directory: ByteString, doing: string): BigIntStats {
  try {
    return statSync(bufferOf(directory), { bigint: true });
  } catch (cause) {
    const errno = -((cause as NodeJS.ErrnoException).errno ?? -E.EIO);
    const states = new Map([
      [E.ENOENT, 'no such directory'],
      [E.ENOTDIR, 'not a directory'],
      [E.EACCES, 'permission denied'],
      [E.ENOTCONN, 'a mount whose server has died is there; "umount -l" it first'],
    ]);
    throw new Trouble('mount', `${doing}: ${states.get(errno) ?? errnoName(errno)}`, { cause });
  }
}

/** The path itself first, `/` last. */
function ancestors(path: ByteString): ByteString[] {
  const paths = [path];
  for (let last: string = path; last !== '/'; ) {
    last = dirname(last);
    paths.push(asBytes(last));
  }
  return paths;
}

function real(path: ByteString): ByteString {
  try {
    return asBytes(realpathSync.native(bufferOf(path), { encoding: 'latin1' }));
  } catch {
    return path;
  }
}

/** Undefined where there is nothing to be told apart, or nothing that answers. */
function identity(path: ByteString): string | undefined {
  try {
    const { dev, ino } = statSync(bufferOf(path), { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
