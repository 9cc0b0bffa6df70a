// Whether a directory may be mounted on: it must be there, not a mount of ours already, and neither in what is served nor
// above it, because the server would then wait for itself.
import { type BigIntStats, statSync } from 'node:fs';
import { type ByteString, bufferOf } from '../sys/bytes.ts';
import { E, errnoName, Trouble } from '../sys/errors.ts';
import { ancestors, identity, type Kept, keptAround, realPath } from '../sys/kept.ts';
import { mountAt } from '../sys/mounts.ts';
import { MOUNT_TYPE } from './mount.ts';

/** A directory that a mount point must not hide. */
export interface Needed extends Kept {
  /** Nor may the mount point lie in it. */
  readonly isServed: boolean;
}

/** The mount point as an absolute path without links. */
export function checkMountPoint(directory: ByteString, needed: readonly Needed[]): ByteString {
  const doing = `Cannot mount on "${bufferOf(directory).toString()}"`;
  const stat = look(directory, doing);
  if (!stat.isDirectory()) throw new Trouble('mount', `${doing}: not a directory`);
  const point = realPath(directory);
  // Where something else is mounted, that is hidden as on any mount; twice the same command is a mistake.
  const mounted = mountAt(point);
  if (mounted?.type === MOUNT_TYPE) {
    const source = bufferOf(mounted.source).toString();
    throw new Trouble('mount', `${doing}: "${source}" is mounted there already; "stratafs umount" it first`);
  }

  const around = keptAround(
    point,
    needed.filter(({ isServed }) => isServed),
  );
  if (around !== undefined) throw new Trouble('mount', `${doing}: it lies inside ${nameOf(around)}`);
  const climbed = new Set<string>();
  for (const kept of needed) {
    if (identity(kept.directory) === undefined) continue;
    for (const ancestor of ancestors(real(kept.directory))) {
      if (climbed.has(ancestor)) break;
      climbed.add(ancestor);
      if (ancestor === point || identity(ancestor) === `${stat.dev}:${stat.ino}`) {
        throw new Trouble('mount', `${doing}: ${nameOf(kept)} lies in it and would be hidden`);
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

function nameOf({ what, directory }: Kept): string {
  return `${what} "${bufferOf(directory).toString()}"`;
}

function real(path: ByteString): ByteString {
  try {
    return realPath(path);
  } catch {
    return path;
  }
}
