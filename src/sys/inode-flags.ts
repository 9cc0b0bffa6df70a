// What lsattr(1) and xfs_io(1) ask an inode for: the numbers of linux/fs.h, and how long each answer is. Only what tells.

/** `_IOR` of types `f` and `X`: the same numbers on x86-64 and arm64. */
export const FS_IOC = {
  FS_IOC_GETFLAGS: 0x80086601,
  FS_IOC_FSGETXATTR: 0x801c581f,
} as const;

/** Bytes of a `struct fsxattr`. */
export const FSXATTR_SIZE = 28;

/** The flags are an `int`, although the ioctl's number says `long`. */
const SIZES = new Map<number, number>([
  [FS_IOC.FS_IOC_GETFLAGS, 4],
  [FS_IOC.FS_IOC_FSGETXATTR, FSXATTR_SIZE],
]);

/** Bytes of the answer to one of these ioctls, undefined for any other. */
export function flagsSize(command: number): number | undefined {
  return SIZES.get(command);
}
