// Makes the mount itself, on the very directory that was checked: by the calls that take descriptors, by mount(2) where the
// kernel has none of them, by fusermount3 where neither is allowed.
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { asBytes, type ByteString, bytesOfText, cString } from '../sys/bytes.ts';
import { E, errnoName, Trouble } from '../sys/errors.ts';
import * as libc from '../sys/libc.ts';
import { FSCONFIG, MOVE_MOUNT } from '../sys/mount/mount-abi.ts';
import { fsconfig, fsmount, fsopen, mountCall as mountByPath, moveMount } from '../sys/mount/mount-calls.ts';
import {
  descriptorPath,
  type MountEntry,
  type MountIdentity,
  mountAt,
  readMounts,
  uniqueIdOf,
} from '../sys/mount/mounts.ts';
import { openDevice } from './device.ts';
import { MAX_READ } from './init.ts';
import { mountSourceOf } from './label.ts';
import type { MountPoint } from './mountpoint.ts';
import { type MountOptions, mountAttributesOf } from './options.ts';
import { MOUNT_TYPE, SUBTYPE } from './type.ts';
import { openRoot, unmount } from './unmount.ts';

/** The kernel's read-ahead of 128 KiB would cut large files into as many READs; this makes each as large as it can be. */
const READ_AHEAD_KB = MAX_READ >> 10;

/** Answers of a kernel that has no such call, of a filter that forbids it, and to a source longer than it takes. */
const NOT_SO: readonly number[] = [-E.ENOSYS, -E.EPERM, -E.EINVAL, -E.EOPNOTSUPP];

const empty = cString(asBytes(''));

export interface MountRequest {
  readonly point: MountPoint;
  /** What /proc/mounts is to show as the source. */
  readonly label: string;
  readonly options: MountOptions;
}

export interface Mounted extends MountIdentity {
  /** The device the requests come from. */
  readonly fd: number;
  /** Where it was mounted; it may have been moved since. */
  readonly point: ByteString;
}

/** Mounts; the kernel's first request waits on the descriptor. Throws Trouble. */
export async function mount(request: MountRequest): Promise<Mounted> {
  const fd = await attach(request);
  try {
    const entry = await mountOn(request.point, fd);
    raiseReadAhead(entry.device);
    return { fd, point: request.point.path, id: entry.id, device: entry.device, unique: uniqueOf(entry) };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

/**
 * The mount that a device serves, on the very directory that was checked. One that is elsewhere, because what the path led to
 * was exchanged before fusermount3 or libfuse followed it, is undone. Throws Trouble.
 */
export async function mountOn({ path, descriptor }: MountPoint, fd: number): Promise<MountEntry> {
  const entry = mountOf(fd, path);
  if (entry !== undefined && readlinkSync(descriptorPath(descriptor), 'latin1') === path) return entry;
  for (const stray of connectedTo(fd)) await unmount(stray, { detach: true });
  throw new Trouble(
    'mount',
    `Cannot find the mount at "${shown(path)}" just made: was its directory moved, or is it in another namespace?`,
  );
}

/**
 * The mount at `point` that a device serves, which another may cover by now. Kernels that do not tell which connection a
 * descriptor is of are taken at what is seen there.
 */
function mountOf(fd: number, point: ByteString): MountEntry | undefined {
  const connected = connectedTo(fd);
  if (connected.length > 0) return connected.find((mount) => mount.point === point);
  const seen = mountAt(point);
  return seen?.type === MOUNT_TYPE ? seen : undefined;
}

function connectedTo(fd: number): MountEntry[] {
  const told = /^fuse_connection:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
  return told === null ? [] : readMounts().filter(({ device }) => device === `0:${told[1]}`);
}

function uniqueOf(entry: MountEntry): bigint | undefined {
  const root = openRoot(entry, entry.point);
  if (root < 0) return undefined;
  const unique = uniqueIdOf(root);
  libc.close(root);
  return unique;
}

async function attach(request: MountRequest): Promise<number> {
  if (process.geteuid?.() !== 0) return attachUnprivileged(request);
  for (const attachBy of [attachDetached, attachByPath]) {
    const fd = openDevice();
    const result = attachBy(fd, request);
    if (result >= 0) return fd;
    libc.close(fd);
    if (NOT_SO.includes(result) && attachBy === attachDetached) continue;
    // Root without CAP_SYS_ADMIN, as in a container.
    if (result === -E.EPERM) break;
    throw new Trouble('mount', `Cannot mount on "${shown(request.point.path)}": ${errnoName(-result)}`);
  }
  return attachUnprivileged(request);
}

/** Makes a mount that is in no place, and moves it to the directory. 0 or a negative errno. */
function attachDetached(fd: number, request: MountRequest): number {
  const tree = newMount(fd, request);
  if (tree < 0) return tree;
  const flags = MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_EMPTY_PATH;
  const result = moveMount(tree, empty, request.point.descriptor, empty, flags);
  libc.close(tree);
  return result;
}

function newMount(fd: number, { label, options }: MountRequest): number {
  const context = fsopen(cString(asBytes('fuse')));
  if (context < 0) return context;
  const set = (key: string, value?: ByteString) => {
    const command = value === undefined ? FSCONFIG.SET_FLAG : FSCONFIG.SET_STRING;
    return fsconfig(context, command, cString(asBytes(key)), value === undefined ? null : cString(value));
  };
  const parameters = [
    () => set('source', bytesOfText(mountSourceOf(label))),
    () => set('subtype', asBytes(SUBTYPE)),
    () => set('ro'),
    ...connectionWords(fd, options).map((word) => () => {
      const [key = '', value] = word.split('=');
      return set(key, value === undefined ? undefined : asBytes(value));
    }),
    () => fsconfig(context, FSCONFIG.CMD_CREATE, null, null),
  ];
  try {
    for (const configure of parameters) {
      const error = configure();
      if (error < 0) return error;
    }
    return fsmount(context, mountAttributesOf(options));
  } finally {
    libc.close(context);
  }
}

/** The directory's name is that of a descriptor, so that no link can take its place. */
function attachByPath(fd: number, { point, label, options }: MountRequest): number {
  return mountByPath(
    cString(bytesOfText(mountSourceOf(label))),
    cString(descriptorPath(point.descriptor)),
    cString(asBytes(MOUNT_TYPE)),
    options.flags,
    cString(asBytes(connectionWords(fd, options).join(','))),
  );
}

function connectionWords(fd: number, { allowOther }: MountOptions): string[] {
  return [
    `fd=${fd}`,
    'rootmode=40000',
    `user_id=${process.getuid?.()}`,
    `group_id=${process.getgid?.()}`,
    'default_permissions',
    `max_read=${MAX_READ}`,
    ...(allowOther ? ['allow_other'] : []),
  ];
}

async function attachUnprivileged({ point, label, options }: MountRequest): Promise<number> {
  const { fusermountMount } = await import('./fusermount.ts');
  return fusermountMount(point.path, mountSourceOf(label), SUBTYPE, MAX_READ, options);
}

function raiseReadAhead(device: string): void {
  try {
    writeFileSync(`/sys/class/bdi/${device}/read_ahead_kb`, String(READ_AHEAD_KB));
  } catch {
    // Not root, or sysfs is read-only: slower, nothing else.
  }
}

function shown(point: ByteString): string {
  return Buffer.from(point, 'latin1').toString();
}
