// A name as the system calls that take a directory and a name want it.
import { E, Errno } from '../../sys/errors.ts';

/** Bytes of the longest name (linux/limits.h). */
export const NAME_MAX = 255;
const nameBuffer = Buffer.alloc(NAME_MAX + 1);

/** A name, NUL-terminated, in a buffer that the next call overwrites. Throws Errno: some file systems list longer names. */
export function nameArgument(name: string): Buffer {
  const length = name.length;
  if (length > NAME_MAX) throw new Errno(E.ENAMETOOLONG, 'look up a name');
  for (let i = 0; i < length; i++) nameBuffer[i] = name.charCodeAt(i);
  nameBuffer[length] = 0;
  return nameBuffer;
}
