// Opening files below a directory, without ever following a symbolic link or leaving that directory, and listing names
// without touching an access time. Knows nothing of what the files mean.
import { type ByteString, cString } from './bytes.ts';
import { E } from './errors.ts';
import { getdents64, O, openat2 } from './libc.ts';

/** RESOLVE_NO_XDEV, and RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH (linux/openat2.h). */
const RESOLVE_NO_XDEV = 0x01n;
const RESOLVE = 0x02n | 0x04n | 0x08n;

/** `struct open_how`: three u64, of which the last is `resolve`. */
const OPEN_HOW = { size: 24, flags: 0, resolve: 16 } as const;

/** `struct linux_dirent64`: d_ino, d_off (u64), d_reclen (u16), d_type (u8), then the name and a NUL. */
const DIRENT = { length: 16, type: 18, name: 19 } as const;

const MOST_TRIES = 100;

const how = Buffer.alloc(OPEN_HOW.size);
const dirents = Buffer.alloc(1 << 17);

/**
 * A descriptor for `path`, relative to the open `directory`, or a negative errno: ELOOP where any component is a link,
 * EXDEV where the path would leave the directory; mounts inside are crossed. Close-on-exec always; without access times
 * where that is allowed.
 */
export function openBeneath(directory: number, path: ByteString, flags: number): number {
  const name = cString(path);
  const fd = openConfined(directory, name, flags | (flags & O.PATH ? 0 : O.NOATIME), RESOLVE);
  // O_NOATIME is for the file's owner and the privileged.
  return fd === -E.EPERM ? openConfined(directory, name, flags, RESOLVE) : fd;
}

/** The same, with the flags as they are, for a NUL-terminated path; EXDEV also where it would cross into another mount. */
export function openWithinMount(directory: number, path: Uint8Array, flags: number): number {
  return openConfined(directory, path, flags, RESOLVE | RESOLVE_NO_XDEV);
}

function openConfined(directory: number, path: Uint8Array, flags: number, resolve: bigint): number {
  how.writeBigUInt64LE(BigInt(flags | O.CLOEXEC), OPEN_HOW.flags);
  how.writeBigUInt64LE(resolve, OPEN_HOW.resolve);
  let fd = openat2(directory, path, how);
  // A rename or mount anywhere while `..` was followed: the kernel could not tell whether it left (openat2(2)).
  for (let tries = 1; fd === -E.EAGAIN && tries < MOST_TRIES; tries++) fd = openat2(directory, path, how);
  return fd;
}

/** The names in an open directory without `.` and `..`, in the order the file system gives them; or a negative errno. */
export function readNames(directory: number): ByteString[] | number {
  const names: ByteString[] = [];
  const error = eachName(directory, (name) => names.push(name));
  return error < 0 ? error : names;
}

/** Tells each of them with its `d_type` to `tell`, which must list nothing itself. Answers 0 or a negative errno. */
export function eachName(directory: number, tell: (name: ByteString, type: number) => void): number {
  for (;;) {
    const filled = getdents64(directory, dirents, dirents.length);
    if (filled <= 0) return filled;
    for (let at = 0; at < filled; at += dirents.readUInt16LE(at + DIRENT.length)) {
      const start = at + DIRENT.name;
      const name = dirents.toString('latin1', start, dirents.indexOf(0, start)) as ByteString;
      if (name !== '.' && name !== '..') tell(name, dirents[at + DIRENT.type] as number);
    }
  }
}
