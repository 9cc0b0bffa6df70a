// Undoes one certain mount, wherever it has been moved and whatever its path leads to by now: a path only says where to look,
// and what is found there must have the mount's number before it is unmounted by descriptor.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path/posix';
import { asBytes, type ByteString, cString } from '../sys/bytes.ts';
import { E } from '../sys/errors.ts';
import { close, O, open } from '../sys/libc.ts';
import { MNT } from '../sys/mount/mount-abi.ts';
import { umount2, umount2Aside } from '../sys/mount/mount-calls.ts';
import {
  coverOf,
  descriptorPath,
  findMount,
  type MountEntry,
  type MountIdentity,
  mountIdOf,
  readMounts,
} from '../sys/mount/mounts.ts';

/** A mount may be moved between two looks, but not again and again. */
const MOST_TRIES = 10;

/** `gone`: unmounted, or in another mount namespace; `covered`: another is mounted over it. Else 0 or a negative errno. */
export type Unmounting = number | 'gone' | 'covered';

export interface UnmountOptions {
  /** Frees the mount point even where the mount is in use. */
  readonly detach: boolean;
}

/** On another thread: the caller may be serving the mount. */
export async function unmount(mount: MountIdentity, { detach }: UnmountOptions): Promise<Unmounting> {
  let left: number = -E.EAGAIN;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const mounts = readMounts();
    const entry = findMount(mount, mounts);
    if (entry === undefined) return 'gone';
    if (coverOf(entry, mounts) !== undefined) return 'covered';
    const result = detach ? await detachThere(entry) : await unmountThere(entry);
    if (result === 'elsewhere') continue;
    // Somebody else may have unmounted it since the look.
    if (result === -E.EINVAL) {
      left = result;
      continue;
    }
    if (result !== -E.EPERM) return result;
    const { fusermountUnmount } = await import('./fusermount.ts');
    return fusermountUnmount(entry.point, detach);
  }
  return left;
}

/** The descriptor keeps the mount in use, so that this way is for a detachment only. */
async function detachThere(entry: MountEntry): Promise<number | 'elsewhere'> {
  const root = openRoot(entry, entry.point);
  if (root < 0) return 'elsewhere';
  const result = await umount2Aside(cString(descriptorPath(root)), MNT.DETACH);
  close(root);
  return result;
}

/** By the name in its directory, whatever the directory's path is by now. */
async function unmountThere(entry: MountEntry): Promise<number | 'elsewhere'> {
  const parent = open(cString(asBytes(dirname(entry.point))), O.PATH | O.DIRECTORY | O.CLOEXEC);
  if (parent < 0) return 'elsewhere';
  try {
    const place = asBytes(`${descriptorPath(parent)}/${basename(entry.point)}`);
    const root = openRoot(entry, place);
    if (root < 0) return 'elsewhere';
    close(root);
    return await umount2Aside(cString(place), MNT.NOFOLLOW);
  } finally {
    close(parent);
  }
}

/** Of the mount's root, found at `place`: asks the server nothing. Negative where that is no longer this mount. */
export function openRoot({ id }: MountEntry, place: ByteString): number {
  const fd = open(cString(place), O.PATH | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC);
  if (fd < 0 || mountIdOf(fd) === id) return fd;
  close(fd);
  return -E.ESTALE;
}

/**
 * Ends a mount's connection, so that whoever waits for its server gets an error; the mount stays. Where it is in no place
 * any more, `fusectl` tells of its connection by number. Answers whether it was told to end.
 */
export function cutConnection(mount: MountIdentity): boolean {
  const entry = findMount(mount);
  const root = entry === undefined ? -E.ENOENT : openRoot(entry, entry.point);
  if (root >= 0) {
    // It is in use by this very descriptor: what is left of the call is EBUSY.
    const result = umount2(cString(descriptorPath(root)), MNT.FORCE);
    close(root);
    if (result === -E.EBUSY || result >= 0) return true;
  }
  try {
    writeFileSync(`/sys/fs/fuse/connections/${mount.device.split(':')[1]}/abort`, '1');
    return true;
  } catch {
    return false;
  }
}

/** Whether a process has begun to end, and has not ended yet (linux/sched.h PF_EXITING, PF_SIGNALED). */
export function isEnding(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [, , , , , , flags] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(flags) & 0x404) !== 0;
  } catch {
    return false;
  }
}
