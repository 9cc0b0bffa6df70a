// The C library through koffi: one declaration a function, no policy. Each call answers as the kernel does:
// a result of 0 or more, or the negative errno. Only libc functions, and system calls with numbers above 424
// (the same on x86-64 and arm64), so that nothing here depends on the processor.
import { constants as fs } from 'node:fs';
import { constants } from 'node:os';
import koffi from 'koffi';
import { declared } from './declared.ts';
import { type Address, writeAddress } from './memory.ts';

/** What koffi takes for `void *`: a view is passed by address, null is NULL. */
export type Pointer = Uint8Array | Uint32Array | null;

const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** `open(2)` flags; the processor-dependent ones come from Node, which was compiled for this processor. */
export const O = {
  RDONLY: 0,
  RDWR: fs.O_RDWR,
  NONBLOCK: fs.O_NONBLOCK,
  DIRECTORY: fs.O_DIRECTORY,
  NOFOLLOW: fs.O_NOFOLLOW,
  NOATIME: 0o1000000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
} as const;

export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_NO_AUTOMOUNT = 0x800;
export const AT_EMPTY_PATH = 0x1000;
export const AT_STATX_DONT_SYNC = 0x4000;
export const AT_RECURSIVE = 0x8000;

export const PROT_READ_WRITE = 3;
/** MAP_SHARED | MAP_POPULATE (asm-generic/mman-common.h). */
export const MAP_SHARED_POPULATE = 0x8001;

const F_SETFD = 2;
const FD_CLOEXEC = 1;

const SYS = {
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  openat2: 437,
  getxattrat: 464,
  listxattrat: 465,
} as const;

const c = {
  open: declared('int open(void *path, int flags)'),
  close: declared('int close(int fd)'),
  dup2: declared('int dup2(int from, int to)'),
  read: declared('int64_t read(int fd, void *buffer, uint64_t size)'),
  write: declared('int64_t write(int fd, void *buffer, uint64_t size)'),
  pread: declared(
    'int64_t pread64(int fd, void *buffer, uint64_t size, int64_t offset)',
    'int64_t pread(int fd, void *buffer, uint64_t size, int64_t offset)',
  ),
  lseek: declared(
    'int64_t lseek64(int fd, int64_t offset, int whence)',
    'int64_t lseek(int fd, int64_t offset, int whence)',
  ),
  getdents64: declared(
    'int64_t getdents64(int fd, intptr_t buffer, uint64_t size)',
    'int getdents(int fd, intptr_t buffer, uint64_t size)',
  ),
  fstatfs: declared('int fstatfs64(int fd, void *buffer)', 'int fstatfs(int fd, void *buffer)'),
  readlinkat: declared('int64_t readlinkat(int dirfd, void *path, void *buffer, uint64_t size)'),
  linkat: declared('int linkat(int fromDir, void *from, int toDir, void *to, int flags)'),
  lgetxattr: declared('int64_t lgetxattr(void *path, void *name, void *value, uint64_t size)'),
  llistxattr: declared('int64_t llistxattr(void *path, void *list, uint64_t size)'),
  flistxattr: declared('int64_t flistxattr(int fd, void *list, uint64_t size)'),
  lsetxattr: declared('int lsetxattr(void *path, void *name, void *value, uint64_t size, int flags)'),
  fsetxattr: declared('int fsetxattr(int fd, void *name, void *value, uint64_t size, int flags)'),
  utimensat: declared('int utimensat(int dirfd, void *path, void *times, int flags)'),
  futimens: declared('int futimens(int fd, void *times)'),
  ioctl: declared('int ioctl(int fd, unsigned long request, void *argument)'),
  socketpair: declared('int socketpair(int domain, int type, int protocol, void *pair)'),
  recvmsg: declared('int64_t recvmsg(int fd, void *message, int flags)'),
  setDescriptorFlags: declared('int fcntl(int fd, int command, int flags)'),
  setsid: declared('int setsid()'),
  execv: declared('int execv(void *path, void *words)'),
  getrusage: declared('int getrusage(int who, intptr_t usage)'),
  prlimit: declared(
    'int prlimit64(int pid, int resource, void *newLimit, void *oldLimit)',
    'int prlimit(int pid, int resource, void *newLimit, void *oldLimit)',
  ),
  openat2: declared('long syscall(long n, int dirfd, void *path, void *how, uint64_t size)'),
  mmap: declared(
    'void *mmap64(void *at, uint64_t length, int protection, int flags, int fd, int64_t offset)',
    'void *mmap(void *at, uint64_t length, int protection, int flags, int fd, int64_t offset)',
  ),
  io_uring_setup: declared('long syscall(long n, unsigned int entries, void *params)'),
  io_uring_enter: declared(
    'long syscall(long n, int fd, unsigned int submit, unsigned int wait, unsigned int flags, void *signals, uint64_t size)',
  ),
  io_uring_register: declared(
    'long syscall(long n, int fd, unsigned int what, void *argument, unsigned int count)',
  ),
  readAt: declared('int64_t read(int fd, intptr_t buffer, uint64_t size)'),
  writeAt: declared('int64_t write(int fd, intptr_t buffer, uint64_t size)'),
  preadAt: declared(
    'int64_t pread64(int fd, intptr_t buffer, uint64_t size, int64_t offset)',
    'int64_t pread(int fd, intptr_t buffer, uint64_t size, int64_t offset)',
  ),
  openat2At: declared('long syscall(long n, int dirfd, intptr_t path, intptr_t how, uint64_t size)'),
  listxattratAt: declared(
    'long syscall(long n, int dirfd, intptr_t path, unsigned int at, intptr_t list, uint64_t size)',
  ),
  nameToHandle: declared(
    'int name_to_handle_at(int dirfd, intptr_t path, intptr_t handle, intptr_t mount, int flags)',
  ),
  openByHandle: declared('int open_by_handle_at(int mount, intptr_t handle, int flags)'),
  getxattrat: declared(
    'long syscall(long n, int dirfd, void *path, unsigned int at, void *name, void *args, uint64_t size)',
  ),
  listxattrat: declared(
    'long syscall(long n, int dirfd, void *path, unsigned int at, void *list, uint64_t size)',
  ),
};

function answer(result: number): number {
  return result < 0 ? -koffi.errno() : result;
}

/** Paths and names are NUL-terminated bytes throughout (`bytes.ts` cString). */
export function open(path: Pointer, flags: number): number {
  return answer(c.open(path, flags));
}
export function close(fd: number): number {
  return answer(c.close(fd));
}
export function dup2(from: number, to: number): number {
  return answer(c.dup2(from, to));
}
export function read(fd: number, buffer: Pointer, size: number): number {
  return answer(c.read(fd, buffer, size));
}
export function write(fd: number, buffer: Pointer, size: number): number {
  return answer(c.write(fd, buffer, size));
}
export function pread(fd: number, buffer: Pointer, size: number, offset: number): number {
  return answer(c.pread(fd, buffer, size, offset));
}
/** Exact up to 2^53; past that the answer is rounded. */
export function lseek(fd: number, offset: number, whence: number): number {
  return answer(Number(c.lseek(fd, offset, whence)));
}
/** Exact everywhere. */
export function lseekFar(fd: number, offset: bigint, whence: number): bigint {
  const result = BigInt(c.lseek(fd, offset, whence));
  return result < 0n ? BigInt(-koffi.errno()) : result;
}
export function getdents64(fd: number, buffer: Address, size: number): number {
  return answer(c.getdents64(fd, buffer, size));
}
export function fstatfs(fd: number, buffer: Pointer): number {
  return answer(c.fstatfs(fd, buffer));
}
export function readlinkat(dirfd: number, path: Pointer, buffer: Pointer, size: number): number {
  return answer(c.readlinkat(dirfd, path, buffer, size));
}
export function linkat(fromDir: number, from: Pointer, toDir: number, to: Pointer, flags: number): number {
  return answer(c.linkat(fromDir, from, toDir, to, flags));
}
export function lgetxattr(path: Pointer, name: Pointer, value: Pointer, size: number): number {
  return answer(c.lgetxattr(path, name, value, size));
}
export function llistxattr(path: Pointer, list: Pointer, size: number): number {
  return answer(c.llistxattr(path, list, size));
}
export function flistxattr(fd: number, list: Pointer, size: number): number {
  return answer(c.flistxattr(fd, list, size));
}
export function lsetxattr(path: Pointer, name: Pointer, value: Pointer, size: number): number {
  return answer(c.lsetxattr(path, name, value, size, 0));
}
export function fsetxattr(fd: number, name: Pointer, value: Pointer, size: number): number {
  return answer(c.fsetxattr(fd, name, value, size, 0));
}
/** `times` are two `struct timespec`: seconds and nanoseconds, 64 bits each, of the access and of the change. */
export function utimensat(dirfd: number, path: Pointer, times: Pointer, flags: number): number {
  return answer(c.utimensat(dirfd, path, times, flags));
}
export function futimens(fd: number, times: Pointer): number {
  return answer(c.futimens(fd, times));
}
let makeNode: ReturnType<typeof declared> | undefined;
/** `mode` with type bits. ENOSYS where the C library has no such function: glibc before 2.33. */
export function mknod(path: Pointer, mode: number, device: number): number {
  try {
    makeNode ??= declared('int mknod(void *path, unsigned int mode, uint64_t device)');
  } catch {
    return -constants.errno.ENOSYS;
  }
  return answer(makeNode(path, mode, device));
}
export function ioctl(fd: number, request: number, argument: Pointer): number {
  return answer(c.ioctl(fd, request, argument));
}
/** `pair` is two 32-bit descriptors. */
export function socketpair(domain: number, type: number, protocol: number, pair: Pointer): number {
  return answer(c.socketpair(domain, type, protocol, pair));
}
/** `message` is a 56-byte `struct msghdr`. */
export function recvmsg(fd: number, message: Pointer, flags: number): number {
  return answer(c.recvmsg(fd, message, flags));
}
/** This process leads a session of its own, without a terminal. */
export function setsid(): number {
  return answer(c.setsid());
}
/**
 * This process becomes another program; returns only to say why not. The words are C strings, the first its name. It keeps
 * the standard descriptors, which Node would close, and others of `kept`.
 */
export function execv(path: Pointer, words: readonly Uint8Array[], kept: readonly number[] = []): number {
  const pointers = Buffer.alloc(8 * (words.length + 1));
  for (const [i, word] of words.entries()) writeAddress(word, pointers, 8 * i);
  for (const fd of [0, 1, 2, ...kept]) c.setDescriptorFlags(fd, F_SETFD, 0);
  const error = answer(c.execv(path, pointers));
  for (const fd of kept) c.setDescriptorFlags(fd, F_SETFD, FD_CLOEXEC);
  return error;
}
/** `usage` is a 144-byte `struct rusage`. */
export function getrusage(who: number, usage: Address): number {
  return answer(c.getrusage(who, usage));
}
/** Limits are pairs of u64: soft, hard. */
export function prlimit(resource: number, newLimit: Pointer, oldLimit: Pointer): number {
  return answer(c.prlimit(0, resource, newLimit, oldLimit));
}
/** `how` is a 24-byte `struct open_how`. */
export function openat2(dirfd: number, path: Pointer, how: Pointer): number {
  return answer(c.openat2(SYS.openat2, dirfd, path, how, 24));
}
/** `args` is a 16-byte `struct xattr_args`. Linux 6.13; ENOSYS before. */
export function getxattrat(dirfd: number, path: Pointer, at: number, name: Pointer, args: Pointer): number {
  return answer(c.getxattrat(SYS.getxattrat, dirfd, path, at, name, args, 16));
}
/** Linux 6.13; ENOSYS before. */
export function listxattrat(dirfd: number, path: Pointer, at: number, list: Pointer, size: number): number {
  return answer(c.listxattrat(SYS.listxattrat, dirfd, path, at, list, size));
}

// The calls that come by the hundred thousand, for memory whose address is known.

export function readAt(fd: number, buffer: Address, size: number): number {
  return answer(c.readAt(fd, buffer, size));
}
export function writeAt(fd: number, buffer: Address, size: number): number {
  return answer(c.writeAt(fd, buffer, size));
}
export function preadAt(fd: number, buffer: Address, size: number, offset: number | bigint): number {
  return answer(c.preadAt(fd, buffer, size, offset));
}
export function openat2At(dirfd: number, path: Address, how: Address): number {
  return answer(c.openat2At(SYS.openat2, dirfd, path, how, 24));
}
/** Length of the list of attributes. Linux 6.13; ENOSYS before. */
export function listxattratAt(dirfd: number, path: Address, at: number): number {
  return answer(c.listxattratAt(SYS.listxattrat, dirfd, path, at, 0, 0));
}
/** `handle` is a `struct file_handle` with room for what its first word says; `mount` has room for an int. A link is not followed. */
export function nameToHandleAt(dirfd: number, path: Address, handle: Address, mount: Address): number {
  return answer(c.nameToHandle(dirfd, path, handle, mount, 0));
}
/** `mount` is any descriptor of the file system. For who has CAP_DAC_READ_SEARCH. */
export function openByHandleAt(mount: number, handle: Address, flags: number): number {
  return answer(c.openByHandle(mount, handle, flags));
}

/** `params` is a 120-byte `struct io_uring_params`. */
export function ioUringSetup(entries: number, params: Pointer): number {
  return answer(c.io_uring_setup(SYS.io_uring_setup, entries, params));
}
export function ioUringEnter(ring: number, submit: number): number {
  return answer(c.io_uring_enter(SYS.io_uring_enter, ring, submit, 0, 0, null, 0));
}
export function ioUringRegister(ring: number, what: number, argument: Pointer, count: number): number {
  return answer(c.io_uring_register(SYS.io_uring_register, ring, what, argument, count));
}
/** A part of an open file as memory, for as long as the process lives; undefined where it cannot be had. */
export function mapFile(
  fd: number,
  length: number,
  protection: number,
  flags: number,
  offset: number,
): ArrayBuffer | undefined {
  const pointer: unknown = c.mmap(null, length, protection, flags, fd, offset);
  // MAP_FAILED is the highest address.
  return koffi.address(pointer) === MAP_FAILED ? undefined : koffi.view(pointer, length);
}

/** Nothing happens where the C library has no such function (musl). */
export function mallopt(parameter: number, value: number): void {
  try {
    declared('int mallopt(int parameter, int value)')(parameter, value);
  } catch {
    // Only glibc has it.
  }
}
