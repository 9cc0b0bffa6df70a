// Makes and undoes the mount itself: mount(2) where that is allowed, fusermount3 where it is not.
import { readFileSync, writeFileSync } from 'node:fs';
import { asBytes, type ByteString, bytesOfText, cString } from '../sys/bytes.ts';
import { E, errnoName, Trouble } from '../sys/errors.ts';
import * as libc from '../sys/libc.ts';
import { type MountEntry, mountAt, readMounts } from '../sys/mounts.ts';
import { openDevice } from './device.ts';
import { MAX_READ } from './init.ts';
import { sourceOf } from './label.ts';
import type { MountOptions } from './options.ts';

const SUBTYPE = 'stratafs';
export const MOUNT_TYPE = `fuse.${SUBTYPE}`;

const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

/** The kernel's read-ahead of 128 KiB would cut large files into as many READs; this makes each as large as it can be. */
const READ_AHEAD_KB = MAX_READ >> 10;

export interface MountRequest {
  /** Absolute, without links. */
  readonly point: ByteString;
  /** What /proc/mounts is to show as the source. */
  readonly label: string;
  readonly options: MountOptions;
}

export interface Mounted {
  /** The device the requests come from. */
  readonly fd: number;
  readonly point: ByteString;
  /** Which of the mounts at `point` is ours. */
  readonly id: number;
  /** `0:39`. */
  readonly device: string;
}

/** Mounts; the kernel's first request waits on the descriptor. Throws Trouble. */
export async function mount(request: MountRequest): Promise<Mounted> {
  const fd = await attach(request);
  const entry = mountOf(fd, request.point);
  if (entry === undefined) {
    libc.close(fd);
    throw new Trouble(
      'mount',
      `Cannot find the mount at "${shown(request.point)}" just made: is it in another namespace?`,
    );
  }
  raiseReadAhead(entry.device);
  return { fd, point: request.point, id: entry.id, device: entry.device };
}

/**
 * The mount at `point` that a device serves, which another may cover by now. Kernels that do not tell which connection a
 * descriptor is of are taken at what is seen there.
 */
export function mountOf(fd: number, point: ByteString): MountEntry | undefined {
  const told = /^fuse_connection:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
  if (told !== null) {
    const device = `0:${told[1]}`;
    return readMounts().findLast((mount) => mount.point === point && mount.device === device);
  }
  const seen = mountAt(point);
  return seen?.type === MOUNT_TYPE ? seen : undefined;
}

async function attach(request: MountRequest): Promise<number> {
  if (process.geteuid?.() !== 0) return attachUnprivileged(request);
  const fd = openDevice();
  const { point, label, options } = request;
  const words = [
    `fd=${fd}`,
    'rootmode=40000',
    `user_id=${process.getuid?.()}`,
    `group_id=${process.getgid?.()}`,
    'default_permissions',
    `max_read=${MAX_READ}`,
    ...(options.allowOther ? ['allow_other'] : []),
  ];
  const result = libc.mount(
    cString(bytesOfText(sourceOf(label))),
    cString(point),
    cString(asBytes(MOUNT_TYPE)),
    options.flags,
    cString(asBytes(words.join(','))),
  );
  if (result >= 0) return fd;
  libc.close(fd);
  // Root without CAP_SYS_ADMIN, as in a container.
  if (result === -E.EPERM) return attachUnprivileged(request);
  throw new Trouble('mount', `Cannot mount on "${shown(point)}": ${errnoName(-result)}`);
}

async function attachUnprivileged({ point, label, options }: MountRequest): Promise<number> {
  const { fusermountMount } = await import('./fusermount.ts');
  return fusermountMount(point, sourceOf(label), SUBTYPE, MAX_READ, options);
}

function raiseReadAhead(device: string): void {
  try {
    writeFileSync(`/sys/class/bdi/${device}/read_ahead_kb`, String(READ_AHEAD_KB));
  } catch {
    // Not root, or sysfs is read-only: slower, nothing else.
  }
}

/** Whether the mount that is seen at its mount point is still this one. */
export function isSeen(mounted: Mounted, entry: MountEntry | undefined = mountAt(mounted.point)): boolean {
  return entry?.id === mounted.id && entry.device === mounted.device;
}

/**
 * Unmounts what is seen at `point`, on another thread: the caller may be serving it. `detach` frees the mount point even
 * where it is in use. 0 or a negative errno.
 */
export async function unmount(point: ByteString, { detach }: { readonly detach: boolean }): Promise<number> {
  const result = await libc.umount2Aside(cString(point), UMOUNT_NOFOLLOW | (detach ? MNT_DETACH : 0));
  if (result !== -E.EPERM) return result;
  const { fusermountUnmount } = await import('./fusermount.ts');
  return fusermountUnmount(point, detach);
}

function shown(point: ByteString): string {
  return Buffer.from(point, 'latin1').toString();
}
