// The kernel's FUSE protocol, as in linux/fuse.h (7.45), and nothing else: numbers, flags, and where fields lie.
// Names are the kernel's. Only what a read-only server meets; little-endian, 64-bit fields are two words, low first.

export const FUSE_KERNEL_VERSION = 7;
export const FUSE_KERNEL_MINOR_VERSION = 45;

export const OPCODE = {
  FUSE_LOOKUP: 1,
  FUSE_FORGET: 2,
  FUSE_GETATTR: 3,
  FUSE_SETATTR: 4,
  FUSE_READLINK: 5,
  FUSE_SYMLINK: 6,
  FUSE_MKNOD: 8,
  FUSE_MKDIR: 9,
  FUSE_UNLINK: 10,
  FUSE_RMDIR: 11,
  FUSE_RENAME: 12,
  FUSE_LINK: 13,
  FUSE_OPEN: 14,
  FUSE_READ: 15,
  FUSE_WRITE: 16,
  FUSE_STATFS: 17,
  FUSE_RELEASE: 18,
  FUSE_FSYNC: 20,
  FUSE_SETXATTR: 21,
  FUSE_GETXATTR: 22,
  FUSE_LISTXATTR: 23,
  FUSE_REMOVEXATTR: 24,
  FUSE_FLUSH: 25,
  FUSE_INIT: 26,
  FUSE_OPENDIR: 27,
  FUSE_READDIR: 28,
  FUSE_RELEASEDIR: 29,
  FUSE_FSYNCDIR: 30,
  FUSE_GETLK: 31,
  FUSE_SETLK: 32,
  FUSE_SETLKW: 33,
  FUSE_ACCESS: 34,
  FUSE_CREATE: 35,
  FUSE_INTERRUPT: 36,
  FUSE_BMAP: 37,
  FUSE_DESTROY: 38,
  FUSE_IOCTL: 39,
  FUSE_POLL: 40,
  FUSE_NOTIFY_REPLY: 41,
  FUSE_BATCH_FORGET: 42,
  FUSE_FALLOCATE: 43,
  FUSE_READDIRPLUS: 44,
  FUSE_RENAME2: 45,
  FUSE_LSEEK: 46,
  FUSE_COPY_FILE_RANGE: 47,
  FUSE_SETUPMAPPING: 48,
  FUSE_REMOVEMAPPING: 49,
  FUSE_SYNCFS: 50,
  FUSE_TMPFILE: 51,
  FUSE_STATX: 52,
} as const;

/** Room for a counter of each opcode. */
export const OPCODE_LIMIT = 64;

/** INIT flags, bits 0 to 31. */
export const INIT = {
  FUSE_ASYNC_READ: 1 << 0,
  FUSE_EXPORT_SUPPORT: 1 << 4,
  FUSE_AUTO_INVAL_DATA: 1 << 12,
  FUSE_DO_READDIRPLUS: 1 << 13,
  FUSE_READDIRPLUS_AUTO: 1 << 14,
  FUSE_ASYNC_DIO: 1 << 15,
  FUSE_NO_OPEN_SUPPORT: 1 << 17,
  FUSE_PARALLEL_DIROPS: 1 << 18,
  FUSE_POSIX_ACL: 1 << 20,
  FUSE_MAX_PAGES: 1 << 22,
  FUSE_CACHE_SYMLINKS: 1 << 23,
  FUSE_NO_OPENDIR_SUPPORT: 1 << 24,
  FUSE_INIT_EXT: 1 << 30,
} as const;

/** INIT flags, bits 32 to 63, as they stand in `flags2`. */
export const INIT2 = {
  FUSE_PASSTHROUGH: 1 << 5,
  FUSE_NO_EXPORT_SUPPORT: 1 << 6,
} as const;

/** Flags of an OPEN or OPENDIR reply. */
export const FOPEN = {
  FOPEN_DIRECT_IO: 1 << 0,
  FOPEN_KEEP_CACHE: 1 << 1,
  FOPEN_CACHE_DIR: 1 << 3,
  FOPEN_NOFLUSH: 1 << 5,
  FOPEN_PASSTHROUGH: 1 << 7,
} as const;

/** Codes of messages that answer no request, in the place of a reply's error. */
export const NOTIFY = { FUSE_NOTIFY_INVAL_ENTRY: 3, FUSE_NOTIFY_STORE: 4 } as const;

/** `_IOR` and `_IOW` of type 229: the same numbers on x86-64 and arm64. */
export const IOCTL = {
  FUSE_DEV_IOC_CLONE: 0x8004e500,
  FUSE_DEV_IOC_BACKING_OPEN: 0x4010e501,
  FUSE_DEV_IOC_BACKING_CLOSE: 0x4004e502,
} as const;

/** Sizes and field offsets in bytes. */
export const STRUCT = {
  fuse_in_header: { sizeof: 40, len: 0, opcode: 4, unique: 8, nodeid: 16, uid: 24, gid: 28, pid: 32 },
  fuse_out_header: { sizeof: 16, len: 0, error: 4, unique: 8 },
  fuse_notify_inval_entry_out: { sizeof: 16, parent: 0, namelen: 8, flags: 12 },
  fuse_notify_store_out: { sizeof: 24, nodeid: 0, offset: 8, size: 16, padding: 20 },
  fuse_attr: {
    sizeof: 88,
    ino: 0,
    size: 8,
    blocks: 16,
    atime: 24,
    mtime: 32,
    ctime: 40,
    atimensec: 48,
    mtimensec: 52,
    ctimensec: 56,
    mode: 60,
    nlink: 64,
    uid: 68,
    gid: 72,
    rdev: 76,
    blksize: 80,
    flags: 84,
  },
  fuse_entry_out: {
    sizeof: 128,
    nodeid: 0,
    generation: 8,
    entry_valid: 16,
    attr_valid: 24,
    entry_valid_nsec: 32,
    attr_valid_nsec: 36,
    attr: 40,
  },
  fuse_attr_out: { sizeof: 104, attr_valid: 0, attr_valid_nsec: 8, dummy: 12, attr: 16 },
  fuse_forget_in: { sizeof: 8, nlookup: 0 },
  fuse_batch_forget_in: { sizeof: 8, count: 0, dummy: 4 },
  fuse_forget_one: { sizeof: 16, nodeid: 0, nlookup: 8 },
  fuse_init_in: { sizeof: 64, major: 0, minor: 4, max_readahead: 8, flags: 12, flags2: 16 },
  fuse_init_out: {
    sizeof: 64,
    major: 0,
    minor: 4,
    max_readahead: 8,
    flags: 12,
    max_background: 16,
    congestion_threshold: 18,
    max_write: 20,
    time_gran: 24,
    max_pages: 28,
    map_alignment: 30,
    flags2: 32,
    max_stack_depth: 36,
  },
  fuse_open_in: { sizeof: 8, flags: 0, open_flags: 4 },
  fuse_open_out: { sizeof: 16, fh: 0, open_flags: 8, backing_id: 12 },
  fuse_read_in: {
    sizeof: 40,
    fh: 0,
    offset: 8,
    size: 16,
    read_flags: 20,
    lock_owner: 24,
    flags: 32,
    padding: 36,
  },
  fuse_getxattr_in: { sizeof: 8, size: 0, padding: 4 },
  fuse_getxattr_out: { sizeof: 8, size: 0, padding: 4 },
  fuse_ioctl_in: { sizeof: 32, fh: 0, flags: 8, cmd: 12, arg: 16, in_size: 24, out_size: 28 },
  fuse_ioctl_out: { sizeof: 16, result: 0, flags: 4, in_iovs: 8, out_iovs: 12 },
  fuse_lseek_in: { sizeof: 24, fh: 0, offset: 8, whence: 16, padding: 20 },
  fuse_lseek_out: { sizeof: 8, offset: 0 },
  fuse_dirent: { sizeof: 24, ino: 0, off: 8, namelen: 16, type: 20, name: 24 },
  fuse_direntplus: { sizeof: 152, entry_out: 0, dirent: 128 },
  fuse_kstatfs: {
    sizeof: 80,
    blocks: 0,
    bfree: 8,
    bavail: 16,
    files: 24,
    ffree: 32,
    bsize: 40,
    namelen: 44,
    frsize: 48,
    padding: 52,
    spare: 56,
  },
  fuse_statx_in: { sizeof: 24, getattr_flags: 0, reserved: 4, fh: 8, sx_flags: 16, sx_mask: 20 },
  /** `stat` is a `struct statx`. */
  fuse_statx_out: { sizeof: 288, attr_valid: 0, attr_valid_nsec: 8, flags: 12, spare: 16, stat: 32 },
  /** FUSE_DEV_IOC_BACKING_OPEN. */
  fuse_backing_map: { sizeof: 16, fd: 0, flags: 4, padding: 8 },
} as const;

/** Directory entries and their names are padded to this many bytes. */
export const FUSE_REC_ALIGN = 8;

const NAMES = new Map<number, string>(
  Object.entries(OPCODE).map(([name, number]) => [number, name.replace('FUSE_', '')]),
);

/** `LOOKUP` for 1; `opcode 999` for a number this file does not know. */
export function opcodeName(opcode: number): string {
  return NAMES.get(opcode) ?? `opcode ${opcode}`;
}
