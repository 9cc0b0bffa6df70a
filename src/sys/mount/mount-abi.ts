// The part of linux/mount.h that is used here, under the kernel's names.

export const FSCONFIG = { SET_FLAG: 0, SET_STRING: 1, CMD_CREATE: 6 } as const;
export const MOVE_MOUNT = { F_EMPTY_PATH: 0x04, T_EMPTY_PATH: 0x40 } as const;
export const MOUNT_ATTR = {
  RDONLY: 0x01,
  NOSUID: 0x02,
  NODEV: 0x04,
  NOEXEC: 0x08,
  NOATIME: 0x10,
  STRICTATIME: 0x20,
  /** What sets one of the ways above clears first. */
  ATIME_MASK: 0x70,
  NODIRATIME: 0x80,
} as const;
export const MNT = { FORCE: 1, DETACH: 2, NOFOLLOW: 8 } as const;
