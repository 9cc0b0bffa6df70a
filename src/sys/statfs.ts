// `struct statfs` of 64-bit Linux (asm-generic and x86): 64-bit fields, by their offsets; and that of a place by its path.
import { type ByteString, cString } from './bytes.ts';
import { close, fstatfs, O, open } from './libc.ts';

export const STATFS = {
  type: 0,
  bsize: 8,
  blocks: 16,
  bfree: 24,
  bavail: 32,
  files: 40,
  ffree: 48,
  frsize: 72,
  size: 120,
} as const;

/** 0 or a negative errno; `out` is as long as the structure. A link is not followed. */
export function statfsAt(path: ByteString, out: Uint8Array): number {
  const fd = open(cString(path), O.PATH | O.NOFOLLOW | O.CLOEXEC);
  if (fd < 0) return fd;
  try {
    return fstatfs(fd, out);
  } finally {
    close(fd);
  }
}
