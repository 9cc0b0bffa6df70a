// IOCTL, as far as it asks an inode for its flags: the kernel sends FS_IOC_GETFLAGS and FS_IOC_FSGETXATTR on when lsattr(1) or
// file_getattr(2) want them (fs/fuse/ioctl.c, fuse_fileattr_get). Nothing else is known here.
import { E } from '../sys/errors.ts';
import { flagsSize } from '../sys/inode-flags.ts';
import { STRUCT } from './abi.ts';
import type { FileSystem } from './filesystem.ts';
import { type Frame, HEADER, PAYLOAD } from './frame.ts';

const COMMAND = (HEADER + STRUCT.fuse_ioctl_in.cmd) >> 2;
const OUT_SIZE = (HEADER + STRUCT.fuse_ioctl_in.out_size) >> 2;
const OUT = STRUCT.fuse_ioctl_out.sizeof;

/** Payload length or negative errno. */
export function answerIoctl(
  fs: FileSystem,
  node: number,
  words: Uint32Array,
  length: number,
  reply: Frame,
): number {
  if (length < HEADER + STRUCT.fuse_ioctl_in.sizeof) return -E.EINVAL;
  const command = words[COMMAND] as number;
  const size = flagsSize(command);
  if (size === undefined) return -E.ENOTTY;
  // The kernel takes a reply of this length only.
  if (words[OUT_SIZE] !== size) return -E.EINVAL;
  const out = reply.bytes.subarray(PAYLOAD, PAYLOAD + OUT + size).fill(0);
  const error = fs.inodeFlags(node, command, out.subarray(OUT));
  return error < 0 ? error : OUT + size;
}
