// FUSE_NOTIFY_INVAL_ENTRY: has the kernel forget a name, and all below it that nobody uses.
import type { ByteString } from '../../sys/bytes.ts';
import { NOTIFY, STRUCT } from '../abi.ts';
import { type Frame, OUT_ERROR, OUT_LEN, OUT_UNIQUE, PAYLOAD } from '../frame.ts';

const OUT = STRUCT.fuse_notify_inval_entry_out;
const PARENT = (PAYLOAD + OUT.parent) >> 2;
const NAMELEN = (PAYLOAD + OUT.namelen) >> 2;
const FLAGS = (PAYLOAD + OUT.flags) >> 2;
const NAME = PAYLOAD + OUT.sizeof;
/** Bytes of the longest such message: a name of 255 and its NUL. */
export const LONGEST_NAME_NOTICE = NAME + 256;

/**
 * Writes the message to a frame; answers its length. It must not be sent by the only thread that serves: the kernel takes it
 * when no lookup in the directory is under way (fs/fuse/dir.c, fuse_reverse_inval_entry), and that ends when it is answered.
 */
export function putNameNotice(frame: Frame, directory: number, name: ByteString): number {
  const { words, bytes } = frame;
  const length = NAME + name.length + 1;
  words[OUT_LEN] = length;
  words[OUT_ERROR] = NOTIFY.FUSE_NOTIFY_INVAL_ENTRY;
  words[OUT_UNIQUE] = 0;
  words[OUT_UNIQUE + 1] = 0;
  words[PARENT] = directory;
  words[PARENT + 1] = 0;
  words[NAMELEN] = name.length;
  words[FLAGS] = 0;
  bytes.write(name, NAME, 'latin1');
  bytes[length - 1] = 0;
  return length;
}
