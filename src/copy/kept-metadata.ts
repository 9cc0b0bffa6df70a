// What a copy has of the object it was made from besides its contents: owner, attributes, mode and times.

import { chmodSync, closeSync, constants, fchmodSync, fchownSync, lchownSync, openSync } from 'node:fs';
import type { NodeAttributes } from '../layers/nodes.ts';
import { asBytes, type ByteString, bufferOf, cString, shownBytes } from '../sys/bytes.ts';
import { errnoOf } from '../sys/errors.ts';
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, fsetxattr, futimens, lsetxattr, O, utimensat } from '../sys/libc.ts';
import { S_IFLNK, S_IFMT } from '../sys/statx.ts';

/** The object that is copied, all of it read before anything is made. */
export interface Original {
  readonly attributes: NodeAttributes;
  /** As they are to be set; empty where they are not wanted. */
  readonly xattrs: ReadonlyMap<ByteString, Uint8Array>;
}

/** Told of what could not be kept: `owner`, `attribute user.x`. */
export type NotKept = (what: string, errno: number) => void;

/** The set-id and sticky bits. */
const SPECIAL_BITS = 0o7000;
const SET_ID_BITS = 0o6000;

/** A file or directory that is open. */
export function keepOnDescriptor(
  descriptor: number,
  { attributes, xattrs }: Original,
  notKept: NotKept,
): void {
  const owned = attempt('owner', notKept, () => fchownSync(descriptor, attributes.uid, attributes.gid));
  keepXattrs(xattrs, notKept, (name, value) => fsetxattr(descriptor, name, value, value.length));
  attempt('mode', notKept, () => fchmodSync(descriptor, modeOf(attributes, owned)));
}

/** A symbolic link, device, fifo or socket that was just made at a path. */
export function keepOnPath(path: ByteString, { attributes, xattrs }: Original, notKept: NotKept): void {
  const owned = attempt('owner', notKept, () => lchownSync(bufferOf(path), attributes.uid, attributes.gid));
  const place = cString(path);
  keepXattrs(xattrs, notKept, (name, value) => lsetxattr(place, name, value, value.length));
  // A link has no mode of its own.
  if ((attributes.mode & S_IFMT) !== S_IFLNK)
    attempt('mode', notKept, () => chmodNoFollow(path, modeOf(attributes, owned)));
}

/** A file that could not be given to its owner must not lend its new one's rights. */
function modeOf({ mode }: NodeAttributes, owned: boolean): number {
  return mode & 0o7777 & (owned ? -1 : ~SET_ID_BITS);
}

function chmodNoFollow(path: ByteString, mode: number): void {
  const descriptor = openSync(bufferOf(path), O.PATH | constants.O_NOFOLLOW);
  try {
    chmodSync(`/proc/self/fd/${descriptor}`, mode);
  } finally {
    closeSync(descriptor);
  }
}

/** After the change of owner, which takes capabilities away; before that of mode, after which not even the owner may write. */
function keepXattrs(
  xattrs: Original['xattrs'],
  notKept: NotKept,
  set: (name: Buffer, value: Uint8Array) => number,
): void {
  for (const [name, value] of xattrs) {
    const result = set(cString(name), value);
    if (result < 0) notKept(`attribute ${shownBytes(name)}`, -result);
  }
}

function attempt(what: string, notKept: NotKept, change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    notKept(what, errno);
    return false;
  }
}

/** The rights a copy gets that keeps no more than these: none beyond what the umask left. */
export function keepRights(descriptor: number, { mode }: NodeAttributes, made: number): void {
  const rights = made & mode & ~SPECIAL_BITS & 0o7777;
  if (rights !== (made & 0o7777)) fchmodSync(descriptor, rights);
}

/** `where` is a descriptor, or a path whose last name is not followed. */
export function keepTimes(
  where: number | ByteString,
  { atime, mtime }: NodeAttributes,
  notKept: NotKept,
): void {
  const times = Buffer.alloc(32);
  for (const [index, { seconds, nanoseconds }] of [atime ?? mtime, mtime].entries()) {
    times.writeBigInt64LE(BigInt(seconds), 16 * index);
    times.writeBigInt64LE(BigInt(nanoseconds), 16 * index + 8);
  }
  const result =
    typeof where === 'number'
      ? futimens(where, times)
      : utimensat(AT_FDCWD, cString(asBytes(where)), times, AT_SYMLINK_NOFOLLOW);
  if (result < 0) notKept('time', -result);
}
