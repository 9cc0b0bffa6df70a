// Reads one object's overlay marks and extended attributes: which names are the overlay's own, and what they say.

import { asBytes, bytesOf, cString } from '../../sys/bytes.ts';
import { E, Errno } from '../../sys/errors.ts';
import {
  AT_SYMLINK_NOFOLLOW,
  getxattrat,
  lgetxattr,
  listxattrat,
  listxattratAt,
  llistxattr,
} from '../../sys/libc.ts';
import { type Address, writeAddress } from '../../sys/memory.ts';

/** XATTR_LIST_MAX and XATTR_SIZE_MAX of linux/limits.h: no list and no value is longer. */
const XATTR_MAX = 65536;
const buffer = Buffer.alloc(XATTR_MAX);

/** `struct xattr_args`: u64 value, u32 size, u32 flags. */
const args = Buffer.alloc(16);
writeAddress(buffer, args, 0);
args.writeUInt32LE(XATTR_MAX, 8);

/** Whether the kernel has listxattrat and getxattrat (6.13); found out by the first call. */
let hasXattrAt = true;

function procPath(dirfd: number, name: Uint8Array): Buffer {
  const end = name.indexOf(0);
  return Buffer.concat([Buffer.from(`/proc/self/fd/${dirfd}/`), name.subarray(0, end + 1)]);
}

/**
 * Length of the list of attribute names of `name` in the directory, which is written to `into`; null asks for the length
 * alone, which takes half the time, as the kernel then allots no buffer (native-notes/performance.md).
 * The object itself is asked, never a link's target. 0 where the file system has no attributes at all.
 */
function list(dirfd: number, name: Uint8Array, into: Buffer | null): number {
  const size = into === null ? 0 : into.length;
  let length: number;
  if (hasXattrAt) {
    length = listxattrat(dirfd, name, AT_SYMLINK_NOFOLLOW, into, size);
    if (isMissing(length)) {
      hasXattrAt = false;
      return list(dirfd, name, into);
    }
  } else {
    length = llistxattr(procPath(dirfd, name), into, size);
  }
  return checked(length);
}

function checked(length: number): number {
  if (length === -E.EOPNOTSUPP) return 0;
  if (length < 0) throw new Errno(-length, 'list extended attributes');
  return length;
}

/** Whether the object has any extended attribute. `name` is NUL-terminated; throws Errno. */
export function hasXattrs(dirfd: number, name: Uint8Array): boolean {
  return list(dirfd, name, null) > 0;
}

/** The same for a name in memory that does not move; undefined where the kernel cannot tell by a directory and a name. */
export function hasXattrsAt(dirfd: number, name: Address): boolean | undefined {
  if (!hasXattrAt) return undefined;
  const length = listxattratAt(dirfd, name, AT_SYMLINK_NOFOLLOW);
  if (isMissing(length)) return undefined;
  return checked(length) > 0;
}

/** Whether an answer says that there is no such call: what filters of system calls answer to those they do not know, too. */
function isMissing(answer: number): boolean {
  return answer === -E.ENOSYS || answer === -E.EPERM;
}

/** Names of an object's attributes as they are on disk, latin1. */
export function xattrNames(dirfd: number, name: Uint8Array): string[] {
  const length = list(dirfd, name, buffer);
  return length === 0 ? [] : bytesOf(buffer, 0, length - 1).split('\0');
}

/** An attribute's value as a copy; undefined where there is none. Throws Errno for all else. */
export function xattrValue(dirfd: number, name: Uint8Array, attribute: string): Buffer | undefined {
  const value = xattrAnswer(dirfd, name, attribute);
  if (typeof value !== 'number') return value;
  if (value === -E.ENODATA || value === -E.EOPNOTSUPP) return undefined;
  throw new Errno(-value, 'read an extended attribute');
}

/** An attribute's value as a copy, or the negative errno with which it cannot be had. */
export function xattrAnswer(dirfd: number, name: Uint8Array, attribute: string): Buffer | number {
  const wanted = cString(asBytes(attribute));
  const length = hasXattrAt
    ? getxattrat(dirfd, name, AT_SYMLINK_NOFOLLOW, wanted, args)
    : lgetxattr(procPath(dirfd, name), wanted, buffer, XATTR_MAX);
  if (hasXattrAt && isMissing(length)) {
    hasXattrAt = false;
    return xattrAnswer(dirfd, name, attribute);
  }
  return length < 0 ? length : Buffer.from(buffer.subarray(0, length));
}

/** The namespace an overlay keeps its marks in. */
export type MarkPrefix = 'trusted.overlay.' | 'user.overlay.';

/** The name under which the overlay shows an attribute, undefined for its own marks (ovl_is_own_xattr, ovl_is_escaped_xattr). */
export function shownXattr(onDisk: string, prefix: MarkPrefix | undefined): string | undefined {
  if (prefix === undefined || !onDisk.startsWith(prefix)) return onDisk;
  const escaped = `${prefix}overlay.`;
  return onDisk.startsWith(escaped) ? prefix + onDisk.slice(escaped.length) : undefined;
}

/** The name on disk of an attribute asked for by its shown name. */
export function storedXattr(shown: string, prefix: MarkPrefix | undefined): string {
  if (prefix === undefined) return shown;
  return shown.startsWith(prefix) ? `${prefix}overlay.${shown.slice(prefix.length)}` : shown;
}

/** Whether a value of `overlay.metacopy` counts: a lookup checks no more than its length (ovl_check_metacopy_xattr). */
export function isMetacopy(value: Buffer | undefined): boolean {
  if (value === undefined) return false;
  if (value.length > 0 && value.length < 4) throw new Errno(E.EIO, 'read a metacopy mark that is too short');
  return true;
}
