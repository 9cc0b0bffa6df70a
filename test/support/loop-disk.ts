// A disk that is a file, mounted by the loop device.
import { spawnSync } from 'node:child_process';
import { until } from './temporary.ts';

/** Undoes its mount; another process may have a copy of it for a moment, and then it is tried again. */
export async function unmountDisk(directory: string): Promise<void> {
  await until('the disk to be free', () => spawnSync('umount', [directory]).status === 0);
}
