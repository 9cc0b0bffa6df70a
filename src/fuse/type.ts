// What the kernel calls the mounts made here.

export const SUBTYPE = 'stratafs';
export const MOUNT_TYPE = `fuse.${SUBTYPE}`;
