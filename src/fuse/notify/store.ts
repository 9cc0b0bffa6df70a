// FUSE_NOTIFY_STORE: puts a file's first bytes into the kernel's page cache without being asked.
import { E } from '../../sys/errors.ts';
import { NOTIFY, STRUCT } from '../abi.ts';
import { type Frame, OUT_ERROR, OUT_LEN, OUT_UNIQUE, PAYLOAD } from '../frame.ts';

const OUT = STRUCT.fuse_notify_store_out;
const NODE = (PAYLOAD + OUT.nodeid) >> 2;
const OFFSET = (PAYLOAD + OUT.offset) >> 2;
const SIZE = (PAYLOAD + OUT.size) >> 2;
/** Byte of a frame where the file's contents go. */
export const CONTENTS = PAYLOAD + OUT.sizeof;

/**
 * Makes the message whose `size` bytes of contents, the whole file, are in the frame already; answers its length.
 * It must not be sent by the only thread that serves: the kernel takes it when no READ of the same page is under way,
 * and such a READ ends only when it is answered (fs/fuse/dev.c, fuse_notify_store).
 */
export function sealStore(frame: Frame, node: number, size: number): number {
  const { words } = frame;
  const length = CONTENTS + size;
  words[OUT_LEN] = length;
  words[OUT_ERROR] = NOTIFY.FUSE_NOTIFY_STORE;
  words[OUT_UNIQUE] = 0;
  words[OUT_UNIQUE + 1] = 0;
  words[NODE] = node;
  words[NODE + 1] = 0;
  words[OFFSET] = 0;
  words[OFFSET + 1] = 0;
  words[SIZE] = size;
  words[SIZE + 1] = 0;
  return length;
}

/** Whether the kernel's answer to a message says that no more of them are welcome; else it only had no use for this one. */
export function isFinal(result: number): boolean {
  return result === -E.ENODEV || result === -E.ENOSYS || result === -E.EPERM || result === -E.EBADF;
}
