// What a row says of one object on disk: `struct fuse_attr` in wire form, and what tells the object from another by its name.
import { encodeDevice, STATX } from '../sys/statx.ts';
import type { Directories } from './layer/directories.ts';
import { ROW, type Table } from './table.ts';

/** Highest file system index that fits the top byte of an inode number. */
const MAX_INDEX_IN_BYTE = 0xfd;

export class Attributes {
  readonly #table: Table;
  readonly #directories: Directories;
  readonly #fileSystems: readonly number[];
  readonly #remaps: boolean;
  readonly #freeFrom: number;

  /**
   * `fileSystems` has the index of each layer's file system, in the order of the layers; 0 is the top layer's. Among other
   * trees in one file system, `isAmong`, layers may be added, and all numbers from 2^48 on whose top byte is 0 stay free.
   */
  constructor(table: Table, directories: Directories, fileSystems: readonly number[], isAmong = false) {
    this.#table = table;
    this.#directories = directories;
    this.#fileSystems = fileSystems;
    this.#remaps = isAmong || fileSystems.some((index) => index > 0);
    this.#freeFrom = isAmong ? 16 : 24;
  }

  /** Writes them to a row from a `struct statx`; `holder` is the real directory. */
  fill(row: number, status: Uint32Array, holder: number): void {
    const { rows } = this.#table;
    const at = this.#table.at(row);
    rows[at + ROW.ino] = status[STATX.ino] as number;
    rows[at + ROW.ino + 1] = status[STATX.ino + 1] as number;
    rows[at + ROW.size] = status[STATX.size] as number;
    rows[at + ROW.size + 1] = status[STATX.size + 1] as number;
    rows[at + ROW.blocks] = status[STATX.blocks] as number;
    rows[at + ROW.blocks + 1] = status[STATX.blocks + 1] as number;
    rows[at + ROW.atime] = status[STATX.atime] as number;
    rows[at + ROW.atime + 1] = status[STATX.atime + 1] as number;
    rows[at + ROW.mtime] = status[STATX.mtime] as number;
    rows[at + ROW.mtime + 1] = status[STATX.mtime + 1] as number;
    rows[at + ROW.ctime] = status[STATX.ctime] as number;
    rows[at + ROW.ctime + 1] = status[STATX.ctime + 1] as number;
    rows[at + ROW.atimeNs] = status[STATX.atime + 2] as number;
    rows[at + ROW.mtimeNs] = status[STATX.mtime + 2] as number;
    rows[at + ROW.ctimeNs] = status[STATX.ctime + 2] as number;
    rows[at + ROW.nlink] = status[STATX.nlink] as number;
    rows[at + ROW.uid] = status[STATX.uid] as number;
    rows[at + ROW.gid] = status[STATX.gid] as number;
    rows[at + ROW.blksize] = status[STATX.blksize] as number;
    rows[at + ROW.mode] = (status[STATX.mode] as number) & 0xffff;
    rows[at + ROW.rdev] = encodeDevice(status[STATX.rdevMajor] as number, status[STATX.rdevMinor] as number);
    rows[at + ROW.birth] = foldBirth(status);
    if (this.#remaps) {
      this.#remapInode(at, this.#fileSystems[this.#directories.layerOf(holder)] as number);
    }
  }

  /**
   * Layers on several file systems: the file system's index goes into the top byte of the inode number, so that no
   * two objects collide; a number that already uses that byte, whichever layer it is of, is replaced by a hash of itself.
   */
  #remapInode(at: number, fileSystem: number): void {
    const { rows } = this.#table;
    const high = rows[at + ROW.ino + 1] as number;
    if (high >>> this.#freeFrom === 0 && fileSystem <= MAX_INDEX_IN_BYTE) {
      rows[at + ROW.ino + 1] = (high | (fileSystem << 24)) >>> 0;
      return;
    }
    const low = rows[at + ROW.ino] as number;
    rows[at + ROW.ino] = mix(mix(low, high), fileSystem);
    rows[at + ROW.ino + 1] = (mix(mix(high, fileSystem), low) | 0xfe00_0000) >>> 0;
  }

  /** Whether a `struct statx` is of the object that a row was made from. */
  isSame(row: number, status: Uint32Array): boolean {
    return this.#table.word(row, ROW.birth) === foldBirth(status);
  }
}

/**
 * Birth time, or where there is none the inode number alone, in 32 bits. With the device: a btrfs snapshot in a layer has
 * the numbers and times of what it was made of, and a device of its own.
 */
function foldBirth(status: Uint32Array): number {
  const seconds = status[STATX.btime] as number;
  return mix(
    mix(status[STATX.ino] as number, status[STATX.ino + 1] as number),
    mix(mix(seconds, status[STATX.btime + 2] as number), status[STATX.devMinor] as number),
  );
}

function mix(a: number, b: number): number {
  const x = Math.imul(a ^ (b >>> 15) ^ b, 0x85ebca6b);
  return (x ^ (x >>> 13) ^ Math.imul(b, 0xc2b2ae35)) >>> 0;
}
