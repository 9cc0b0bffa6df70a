// How far a process has written a file that may have no name yet.
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes in a file below a directory that a process has open, whether it has a name or not. */
export function written(pid: number, directory: string): number {
  const files = `/proc/${pid}/fd`;
  try {
    const fd = readdirSync(files).find((one) => readlinkSync(join(files, one)).startsWith(`${directory}/`));
    return fd === undefined ? 0 : statSync(join(files, fd)).size;
  } catch {
    return 0;
  }
}
