// A disk that is a file, mounted by the loop device.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { run, succeed } from './command.ts';
import { type Temporary, until } from './temporary.ts';

/** The file that is the disk, and the directory that it is mounted on; neither is there yet. */
interface LoopDisk {
  readonly image: string;
  readonly disk: string;
}

/** Makes a disk and mounts it, until `temporary` ends. `mkfs` is what makes its file system: a program and all arguments but the file. */
export async function mountNewDisk(
  temporary: Temporary,
  { image, disk }: LoopDisk,
  size: string,
  [program, ...args]: readonly [program: string, ...args: string[]],
): Promise<void> {
  mkdirSync(disk);
  await succeed('truncate', ['-s', size, image]);
  await succeed(program, [...args, image]);
  await succeed('mount', ['-o', 'loop', image, disk]);
  temporary.undo(async () => void (await run('umount', ['-l', disk])));
}

/** Undoes its mount; another process may have a copy of it for a moment, and then it is tried again. */
export async function unmountDisk(directory: string): Promise<void> {
  await until('the disk to be free', () => spawnSync('umount', [directory]).status === 0);
}
