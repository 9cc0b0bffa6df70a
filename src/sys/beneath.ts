// Opening files below a directory, without ever following a symbolic link or leaving that directory, and listing names
// without touching an access time. Knows nothing of what the files mean.
import { asBytes, type ByteString, cString } from './bytes.ts';
import { E } from './errors.ts';
import { AT_EMPTY_PATH, AT_FDCWD, close, getdents64, O, openat2, openat2At } from './libc.ts';
import { type Address, pinned } from './memory.ts';
import { S_IFMT, STATX, STATX_SIZE, STATX_TYPE } from './statx.ts';
import { statx } from './statx-call.ts';

/** RESOLVE_NO_XDEV, and RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH (linux/openat2.h). */
const RESOLVE_NO_XDEV = 0x01;
const RESOLVE = 0x02 | 0x04 | 0x08;
/** RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT. */
const RESOLVE_AS_ROOT = 0x02 | 0x10;

/** What is said of ENOSYS from the opens here, which nothing replaces. */
export const NO_OPENAT2 =
  'the system call openat2 is missing or forbidden; Linux 5.6 or newer is needed, and no filter against it';

/** `struct open_how` in 32-bit words: three u64, of which the last is `resolve`; their high halves stay 0. */
const OPEN_HOW = { words: 6, flags: 0, resolve: 4 } as const;

/** `struct linux_dirent64`: d_ino, d_off (u64), d_reclen (u16), d_type (u8), then the name and a NUL. */
const DIRENT = { length: 16, type: 18, name: 19 } as const;

const DOT = 0x2e;

const MOST_TRIES = 100;

const { buffer: howBytes, address: howAddress } = pinned(OPEN_HOW.words * 4);
const empty = cString(asBytes(''));
const slash = cString(asBytes('/'));
const status = new Uint32Array(STATX_SIZE / 4);
const how = new Uint32Array(howBytes.buffer);
const { buffer: dirents, address: direntsAddress } = pinned(1 << 17);

/**
 * A descriptor for `path`, relative to the open `directory`, or a negative errno: ELOOP where any component is a link,
 * EXDEV where the path would leave the directory; mounts inside are crossed. Close-on-exec always; without access times
 * where that is allowed.
 */
export function openBeneath(directory: number, path: ByteString, flags: number): number {
  return openUnseen(directory, path, flags, RESOLVE);
}

/** The same with that directory as `/`, links followed: none of them, no `..` and no absolute path leads out of it. */
export function openAsRoot(directory: number, path: ByteString, flags: number): number {
  return openUnseen(directory, path, flags, RESOLVE_AS_ROOT);
}

function openUnseen(directory: number, path: ByteString, flags: number, resolve: number): number {
  const name = cString(path);
  const fd = openConfined(directory, name, flags | (flags & O.PATH ? 0 : O.NOATIME), resolve);
  // O_NOATIME is for the file's owner and the privileged.
  return fd === -E.EPERM ? openConfined(directory, name, flags, resolve) : fd;
}

/** The same, with the flags as they are, for a NUL-terminated path; EXDEV also where it would cross into another mount. */
export function openWithinMount(directory: number, path: Uint8Array, flags: number): number {
  return openConfined(directory, path, flags, RESOLVE | RESOLVE_NO_XDEV);
}

/** The same for a path in memory that does not move. */
export function openWithinMountAt(directory: number, path: Address, flags: number): number {
  sayHow(flags, RESOLVE | RESOLVE_NO_XDEV);
  let fd = openat2At(directory, path, howAddress);
  for (let tries = 1; fd === -E.EAGAIN && tries < MOST_TRIES; tries++)
    fd = openat2At(directory, path, howAddress);
  return fd === -E.EPERM && isForbidden() ? -E.ENOSYS : fd;
}

function openConfined(directory: number, path: Uint8Array, flags: number, resolve: number): number {
  sayHow(flags, resolve);
  let fd = openat2(directory, path, how);
  if (fd === -E.EPERM && isForbidden()) return -E.ENOSYS;
  // A rename or mount anywhere while `..` was followed: the kernel could not tell whether it left (openat2(2)).
  for (let tries = 1; fd === -E.EAGAIN && tries < MOST_TRIES; tries++) fd = openat2(directory, path, how);
  return fd;
}

let forbidden: boolean | undefined;

/** Whether a filter of system calls lets this process make none of `openat2`, and answers as if it were about permissions. */
function isForbidden(): boolean {
  if (forbidden === undefined) {
    const saved = how.slice();
    sayHow(O.PATH, 0);
    const fd = openat2(AT_FDCWD, slash, how);
    how.set(saved);
    if (fd >= 0) close(fd);
    forbidden = fd === -E.EPERM;
  }
  return forbidden;
}

/** A `struct open_how` of its own, that stays where it is: for opens within a mount that are done later. */
export function openHow(flags: number): { readonly bytes: Buffer; readonly address: Address } {
  const { buffer, address } = pinned(OPEN_HOW.words * 4);
  buffer.writeUInt32LE(flags | O.CLOEXEC, OPEN_HOW.flags * 4);
  buffer.writeUInt32LE(RESOLVE | RESOLVE_NO_XDEV, OPEN_HOW.resolve * 4);
  return { bytes: buffer, address };
}

/** The type bits of an open file's mode; 0 where it does not tell. */
export function fileType(fd: number): number {
  const error = statx(fd, empty, AT_EMPTY_PATH, STATX_TYPE, status);
  return error < 0 ? 0 : (status[STATX.mode] as number) & S_IFMT;
}

function sayHow(flags: number, resolve: number): void {
  how[OPEN_HOW.flags] = flags | O.CLOEXEC;
  how[OPEN_HOW.resolve] = resolve;
}

/** The names in an open directory without `.` and `..`, in the order the file system gives them; or a negative errno. */
export function readNames(directory: number): ByteString[] | number {
  const names: ByteString[] = [];
  const error = eachName(directory, (name) => names.push(name));
  return error < 0 ? error : names;
}

/** Tells each of them with its `d_type` to `tell`, which must list nothing itself. Answers 0 or a negative errno. */
export function eachName(directory: number, tell: (name: ByteString, type: number) => void): number {
  return eachNameBytes(directory, (from, start, end, type) =>
    tell(from.toString('latin1', start, end) as ByteString, type),
  );
}

/** The same for names as the bytes `start` to `end` of a buffer, which is good until `tell` returns. */
export function eachNameBytes(
  directory: number,
  tell: (from: Buffer, start: number, end: number, type: number) => void,
): number {
  for (;;) {
    const filled = getdents64(directory, direntsAddress, dirents.length);
    if (filled <= 0) return filled;
    for (let at = 0; at < filled; at += dirents.readUInt16LE(at + DIRENT.length)) {
      const start = at + DIRENT.name;
      let end = start;
      while (dirents[end] !== 0) end++;
      if (isDots(start, end - start)) continue;
      tell(dirents, start, end, dirents[at + DIRENT.type] as number);
    }
  }
}

/** Whether a name is `.` or `..`. */
function isDots(start: number, length: number): boolean {
  return dirents[start] === DOT && (length === 1 || (length === 2 && dirents[start + 1] === DOT));
}
