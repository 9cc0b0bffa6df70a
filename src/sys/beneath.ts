// Opening files below a directory, without ever following a symbolic link or leaving that directory, and listing names
// without touching an access time. Knows nothing of what the files mean.
import { type ByteString, bytesOf, cString } from './bytes.ts';
import { E } from './errors.ts';
import { getdents64, O, openat2 } from './libc.ts';

/** RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH (linux/openat2.h). Mounts inside are crossed. */
const RESOLVE = 0x02n | 0x04n | 0x08n;

/** `struct open_how`: three u64, of which the last is `resolve`. */
const OPEN_HOW = { size: 24, flags: 0, resolve: 16 } as const;

/** `struct linux_dirent64`: d_ino, d_off (u64), d_reclen (u16), d_type (u8), then the name and a NUL. */
const DIRENT = { length: 16, name: 19 } as const;

const MOST_TRIES = 100;
const LISTING_BUFFER = 64 * 1024;

/**
 * A descriptor for `path`, relative to the open `directory`, or a negative errno: ELOOP where any component is a link,
 * EXDEV where the path would leave the directory. Close-on-exec always; without access times where that is allowed.
 */
export function openBeneath(directory: number, path: ByteString, flags: number): number {
  const fd = openWith(directory, path, flags | (flags & O.PATH ? 0 : O.NOATIME));
  // O_NOATIME is for the file's owner and the privileged.
  return fd === -E.EPERM ? openWith(directory, path, flags) : fd;
}

function openWith(directory: number, path: ByteString, flags: number): number {
  const how = Buffer.alloc(OPEN_HOW.size);
  how.writeBigUInt64LE(BigInt(flags | O.CLOEXEC), OPEN_HOW.flags);
  how.writeBigUInt64LE(RESOLVE, OPEN_HOW.resolve);
  const name = cString(path);
  let fd = openat2(directory, name, how);
  // A rename or mount anywhere while `..` was followed: the kernel could not tell whether it left (openat2(2)).
  for (let tries = 1; fd === -E.EAGAIN && tries < MOST_TRIES; tries++) fd = openat2(directory, name, how);
  return fd;
}

/** The names in an open directory without `.` and `..`, in the order the file system gives them; or a negative errno. */
export function readNames(directory: number): ByteString[] | number {
  const buffer = Buffer.allocUnsafe(LISTING_BUFFER);
  const names: ByteString[] = [];
  for (;;) {
    const filled = getdents64(directory, buffer, buffer.length);
    if (filled < 0) return filled;
    if (filled === 0) return names;
    for (let at = 0; at < filled; at += buffer.readUInt16LE(at + DIRENT.length)) {
      const start = at + DIRENT.name;
      const name = bytesOf(buffer, start, buffer.indexOf(0, start));
      if (name !== '.' && name !== '..') names.push(name);
    }
  }
}
