// What `stat` says of directories and files that are on no disk.
import { STRUCT } from '../fuse/abi.ts';
import { setLong } from '../sys/long.ts';
import { S_IFDIR, S_IFREG } from '../sys/statx.ts';
import type { Scene } from './scenery.ts';

/** High word of the inode number of whatever has its node's number there; layers leave these numbers free. */
export const OWN_INODES = 0x0001_0000;
const BLOCK = 4096;
const ATTR = STRUCT.fuse_attr;

/** Whose they are. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Writes a `struct fuse_attr`, 22 words, to `out` at word `at`. */
export function copyScene(scene: Scene, { uid, gid }: Owner, out: Uint32Array, at: number): void {
  const isFile = scene.item.kind === 'file';
  const size = scene.bytes?.length ?? 0;
  out.fill(0, at, at + (ATTR.sizeof >> 2));
  const set = (field: number, value: number) => {
    out[at + (field >> 2)] = value;
  };
  set(ATTR.ino, scene.number);
  set(ATTR.ino + 4, OWN_INODES);
  setLong(out, at + (ATTR.size >> 2), size);
  setLong(out, at + (ATTR.blocks >> 2), Math.ceil(size / 512));
  const seconds = Math.floor(scene.changed / 1000);
  for (const field of [ATTR.atime, ATTR.mtime, ATTR.ctime]) setLong(out, at + (field >> 2), seconds);
  for (const field of [ATTR.atimensec, ATTR.mtimensec, ATTR.ctimensec]) {
    set(field, Math.floor((scene.changed % 1000) * 1e6));
  }
  set(ATTR.mode, isFile ? S_IFREG | 0o444 : S_IFDIR | 0o555);
  set(ATTR.nlink, 1);
  set(ATTR.uid, uid);
  set(ATTR.gid, gid);
  set(ATTR.blksize, BLOCK);
}

/** The `S_IFMT` bits. */
export function typeOfScene({ item }: Scene): number {
  if (item.kind === 'stack') return item.type ?? S_IFDIR;
  return item.kind === 'file' ? S_IFREG : S_IFDIR;
}
