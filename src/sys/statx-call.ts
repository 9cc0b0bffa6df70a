// statx(2), and what stands in for it where a filter of system calls forbids it with EPERM, as those of Docker before 18.04
// do: newfstatat(2). The C library does the same for a kernel without it, but only where the answer is ENOSYS.
import koffi from 'koffi';
import { asBytes, cString } from './bytes.ts';
import { declared } from './declared.ts';
import { E } from './errors.ts';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  AT_STATX_DONT_SYNC,
  AT_SYMLINK_NOFOLLOW,
  type Pointer,
} from './libc.ts';
import type { Address } from './memory.ts';
import { decodeDevice, STATX, STATX_BASIC_STATS, STATX_SIZE, STATX_TYPE } from './statx.ts';

/** Where the fields of `struct stat` lie, in bytes (asm/stat.h); nlink, size of a block and device fit in their low words. */
export interface StatLayout {
  readonly sizeof: number;
  readonly st_dev: number;
  readonly st_ino: number;
  readonly st_nlink: number;
  readonly st_mode: number;
  readonly st_uid: number;
  readonly st_gid: number;
  readonly st_rdev: number;
  readonly st_size: number;
  readonly st_blksize: number;
  readonly st_blocks: number;
  readonly st_atim: number;
  readonly st_mtim: number;
  readonly st_ctim: number;
}

const X64: StatLayout = {
  ...{ sizeof: 144, st_dev: 0, st_ino: 8, st_nlink: 16, st_mode: 24, st_uid: 28, st_gid: 32, st_rdev: 40 },
  ...{ st_size: 48, st_blksize: 56, st_blocks: 64, st_atim: 72, st_mtim: 88, st_ctim: 104 },
};
const GENERIC: StatLayout = {
  ...{ sizeof: 128, st_dev: 0, st_ino: 8, st_mode: 16, st_nlink: 20, st_uid: 24, st_gid: 28, st_rdev: 32 },
  ...{ st_size: 48, st_blksize: 56, st_blocks: 64, st_atim: 72, st_mtim: 88, st_ctim: 104 },
};

/** System calls of each processor by Node's name of it, and what newfstatat(2) writes there. */
const NUMBERS: ReadonlyMap<
  string,
  { readonly statx: number; readonly newfstatat: number; readonly layout: StatLayout }
> = new Map([
  ['x64', { statx: 332, newfstatat: 262, layout: X64 }],
  ['arm64', { statx: 291, newfstatat: 79, layout: GENERIC }],
  ['riscv64', { statx: 291, newfstatat: 79, layout: GENERIC }],
]);
const numbers = NUMBERS.get(process.arch);
/** That of this processor; undefined where there is none to stand in. */
export const STAT_LAYOUT: StatLayout | undefined = numbers?.layout;

const c = {
  ...statxFunctions(),
  newfstatat: declared('long syscall(long n, int dirfd, void *path, void *buffer, int flags)'),
  newfstatatAt: declared('long syscall(long n, int dirfd, intptr_t path, void *buffer, int flags)'),
  memcpy: declared('void *memcpy(intptr_t to, void *from, uint64_t size)'),
};

type StatxFunction<Memory> = (
  dirfd: number,
  path: Memory,
  flags: number,
  mask: number,
  buffer: Memory,
) => number;

/** statx(2) by the C library's function, or where it has none (musl before 1.2.5) by its number. */
function statxFunctions(): {
  readonly statx: StatxFunction<Pointer>;
  readonly statxAt: StatxFunction<Address>;
} {
  try {
    return {
      statx: declared('int statx(int dirfd, void *path, int flags, unsigned int mask, void *buffer)'),
      statxAt: declared('int statx(int dirfd, intptr_t path, int flags, unsigned int mask, intptr_t buffer)'),
    };
  } catch (error) {
    if (numbers === undefined) throw error;
    const call = declared(
      'long syscall(long n, int dirfd, void *path, int flags, unsigned int mask, void *buffer)',
    );
    const callAt = declared(
      'long syscall(long n, int dirfd, intptr_t path, int flags, unsigned int mask, intptr_t buffer)',
    );
    return {
      statx: (dirfd, path, flags, mask, buffer) => call(numbers.statx, dirfd, path, flags, mask, buffer),
      statxAt: (dirfd, path, flags, mask, buffer) => callAt(numbers.statx, dirfd, path, flags, mask, buffer),
    };
  }
}

/** What newfstatat(2) takes of the flags of statx(2). */
const FLAGS = AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW;

const stat = Buffer.alloc(Math.max(X64.sizeof, GENERIC.sizeof));
const told = new Uint32Array(STATX_SIZE / 4);

/**
 * `buffer` is a `struct statx`. Answers 0 or a negative errno; what stands in tells no birth time and no mount, and answers
 * ENOSYS to AT_STATX_DONT_SYNC: it may ask a server.
 */
export function statx(
  dirfd: number,
  path: Pointer,
  flags: number,
  mask: number,
  buffer: Uint8Array | Uint32Array,
): number {
  const error = forbidden ? -E.EPERM : answer(c.statx(dirfd, path, flags, mask, buffer));
  if (error !== -E.EPERM || !isForbidden()) return error;
  return statxByStat(dirfd, path, flags, buffer);
}

/** The same for memory that does not move. */
export function statxAt(dirfd: number, path: Address, flags: number, mask: number, buffer: Address): number {
  const error = forbidden ? -E.EPERM : answer(c.statxAt(dirfd, path, flags, mask, buffer));
  if (error !== -E.EPERM || !isForbidden()) return error;
  if (numbers === undefined || flags & AT_STATX_DONT_SYNC) return -E.ENOSYS;
  const result = answer(c.newfstatatAt(numbers.newfstatat, dirfd, path, stat, flags & FLAGS));
  if (result < 0) return result;
  translate(numbers.layout);
  c.memcpy(buffer, told, STATX_SIZE);
  return 0;
}

/** What `statx` answers where a filter forbids the call. */
export function statxByStat(
  dirfd: number,
  path: Pointer,
  flags: number,
  buffer: Uint8Array | Uint32Array,
): number {
  if (numbers === undefined || flags & AT_STATX_DONT_SYNC) return -E.ENOSYS;
  const result = answer(c.newfstatat(numbers.newfstatat, dirfd, path, stat, flags & FLAGS));
  if (result < 0) return result;
  translate(numbers.layout);
  const bytes = new Uint8Array(told.buffer);
  new Uint8Array(buffer.buffer, buffer.byteOffset, STATX_SIZE).set(bytes);
  return 0;
}

let forbidden: boolean | undefined;

/** Whether it was a filter that answered EPERM: no file system does for the root. */
function isForbidden(): boolean {
  forbidden ??=
    answer(c.statx(AT_FDCWD, cString(asBytes('/')), 0, STATX_TYPE, new Uint32Array(STATX_SIZE / 4))) ===
    -E.EPERM;
  return forbidden;
}

/** From `stat` to `told`. */
function translate(at: StatLayout): void {
  const word = (offset: number) => stat.readUInt32LE(offset);
  const pair = (to: number, offset: number) => {
    told[to] = word(offset);
    told[to + 1] = word(offset + 4);
  };
  const time = (to: number, offset: number) => {
    pair(to, offset);
    told[to + 2] = word(offset + 8);
  };
  const device = decodeDevice(word(at.st_dev));
  const special = decodeDevice(word(at.st_rdev));
  told[STATX.mask] = STATX_BASIC_STATS;
  told[STATX.blksize] = word(at.st_blksize);
  told[STATX.nlink] = word(at.st_nlink);
  told[STATX.uid] = word(at.st_uid);
  told[STATX.gid] = word(at.st_gid);
  told[STATX.mode] = word(at.st_mode);
  pair(STATX.ino, at.st_ino);
  pair(STATX.size, at.st_size);
  pair(STATX.blocks, at.st_blocks);
  time(STATX.atime, at.st_atim);
  time(STATX.ctime, at.st_ctim);
  time(STATX.mtime, at.st_mtim);
  told[STATX.rdevMajor] = special.major;
  told[STATX.rdevMinor] = special.minor;
  told[STATX.devMajor] = device.major;
  told[STATX.devMinor] = device.minor;
}

function answer(result: number): number {
  return result < 0 ? -koffi.errno() : result;
}
