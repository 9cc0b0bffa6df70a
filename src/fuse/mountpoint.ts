// Whether a directory may be mounted on: it must be there, not a mount of ours already, and neither in what is served nor
// above it or above what the server itself needs, because the server would then wait for itself. What was checked stays open,
// so that nothing can take its place before it is mounted on.
import { type BigIntStats, fstatSync, readlinkSync } from 'node:fs';
import { asBytes, type ByteString, bufferOf, cString } from '../sys/bytes.ts';
import { E, errnoOf, errnoWords, Trouble } from '../sys/errors.ts';
import { ancestors, identity, type Kept, keptAround } from '../sys/kept.ts';
import { close, O, open } from '../sys/libc.ts';
import { realPath } from '../sys/mount/clone.ts';
import { descriptorPath, type MountEntry, mountAt, mountIdOf, readMounts } from '../sys/mount/mounts.ts';
import { ownFiles } from '../sys/own-files.ts';
import { MOUNT_TYPE } from './type.ts';
import { unmount } from './unmount.ts';

/** A directory that a mount point must not hide. */
export interface Needed extends Kept {
  /** Nor may the mount point lie in it. */
  readonly isServed: boolean;
}

export interface MountPoint {
  /** Absolute, without links. */
  readonly path: ByteString;
  /** Of the directory that was checked, open by O_PATH. */
  readonly descriptor: number;
}

/** The server reads what these tell of itself, in requests of its own. */
const KERNELS: readonly Needed[] = ['/proc', '/sys'].map((directory) => ({
  ...{ directory: asBytes(directory), what: "the kernel's own", isServed: true },
}));

/**
 * Checks and opens a mount point, to be closed. Where a mount of ours is whose server has died, that is freed, and `say` is
 * told so. Throws Trouble.
 */
export async function openMountPoint(
  directory: ByteString,
  needed: readonly Needed[],
  say: (message: string) => void,
): Promise<MountPoint> {
  const doing = `Cannot mount on "${bufferOf(directory).toString()}"`;
  const dead = deadMountAt(directory, doing);
  if (dead !== undefined) {
    const result = await unmount(dead, { detach: true });
    if (result !== 0) throw new Trouble('mount', `${doing}: ${DEAD}; "umount -l" it first`);
    say(`"${bufferOf(dead.point).toString()}" was the mount of a server that has died; it is freed`);
  }
  const descriptor = openDirectory(directory, doing);
  try {
    return check(descriptor, needed, doing);
  } catch (error) {
    close(descriptor);
    throw error;
  }
}

const DEAD = 'a mount whose server has died is there';

function openDirectory(directory: ByteString, doing: string): number {
  const fd = open(cString(directory), O.PATH | O.DIRECTORY | O.CLOEXEC);
  if (fd >= 0) return fd;
  const states = new Map([
    [E.ENOENT, 'no such directory'],
    [E.ENOTDIR, 'not a directory'],
    [E.ENOTCONN, DEAD],
  ]);
  throw new Trouble('mount', `${doing}: ${states.get(-fd) ?? errnoWords(-fd)}`);
}

/** The mount of ours at a directory, if nobody serves it any more. Its connection has ended, and cannot begin again. */
function deadMountAt(directory: ByteString, doing: string): MountEntry | undefined {
  const fd = openDirectory(directory, doing);
  try {
    fstatSync(fd);
    return undefined;
  } catch (error) {
    if (errnoOf(error) !== E.ENOTCONN) return undefined;
    const id = mountIdOf(fd);
    return readMounts().find((mount) => mount.id === id && mount.type === MOUNT_TYPE);
  } finally {
    close(fd);
  }
}

function check(descriptor: number, needed: readonly Needed[], doing: string): MountPoint {
  const stat = look(descriptor, doing);
  const path = asBytes(readlinkSync(descriptorPath(descriptor), 'latin1'));
  if (identity(path) !== `${stat.dev}:${stat.ino}`)
    throw new Trouble('mount', `${doing}: it was removed, or no path leads there`);
  // Where something else is mounted, that is hidden as on any mount; twice the same command is a mistake.
  const mounted = mountAt(path);
  if (mounted?.type === MOUNT_TYPE) {
    const source = bufferOf(mounted.source).toString();
    throw new Trouble('mount', `${doing}: "${source}" is mounted there already; "stratafs umount" it first`);
  }

  const all = [...needed, ...KERNELS, ...own()];
  const around = keptAround(
    path,
    all.filter(({ isServed }) => isServed),
  );
  if (around !== undefined) throw new Trouble('mount', `${doing}: it lies inside ${nameOf(around)}`);
  const climbed = new Set<string>();
  for (const kept of all) {
    if (identity(kept.directory) === undefined) continue;
    for (const ancestor of ancestors(real(kept.directory))) {
      if (climbed.has(ancestor)) break;
      climbed.add(ancestor);
      if (ancestor === path || identity(ancestor) === `${stat.dev}:${stat.ino}`) {
        throw new Trouble('mount', `${doing}: ${nameOf(kept)} lies in it and would be hidden`);
      }
    }
  }
  return { path, descriptor };
}

function own(): Needed[] {
  return ownFiles().map((directory) => ({ directory, what: "the server's own", isServed: false }));
}

function look(descriptor: number, doing: string): BigIntStats {
  try {
    return fstatSync(descriptor, { bigint: true });
  } catch (cause) {
    const errno = errnoOf(cause) ?? E.EIO;
    const state = errno === E.ENOTCONN ? `${DEAD}; "umount -l" it first` : errnoWords(errno);
    throw new Trouble('mount', `${doing}: ${state}`, { cause });
  }
}

function nameOf({ what, directory }: Kept): string {
  return `${what} "${bufferOf(directory).toString()}"`;
}

function real(path: ByteString): ByteString {
  try {
    return realPath(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return path;
  }
}
