// A FileSystem in memory, for callbacks that are asked without a mount.
import { STRUCT } from '../../../src/fuse/abi.ts';
import type { FileSystem } from '../../../src/fuse/filesystem.ts';
import { E, Errno } from '../../../src/sys/errors.ts';
import { S_IFDIR, S_IFMT } from '../../../src/sys/statx.ts';

const ATTR = STRUCT.fuse_attr;

export interface MemoryEntry {
  /** Bytes as latin1, from the root: `/etc/passwd`. Directories before what they hold. */
  readonly path: string;
  /** A directory where it is absent. */
  readonly mode?: number;
  readonly ino?: bigint;
  readonly size?: bigint;
  readonly rdev?: number;
  /** Nanoseconds since 1970, of all three times. */
  readonly time?: bigint;
  /** Of a link its target. */
  readonly data?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
  /** As of an entry that is listed and cannot be looked up. */
  readonly errno?: number;
  /** Thrown by all that is asked of it but its name and type. */
  readonly bug?: Error;
}

/** Entries of one directory have consecutive numbers, as FileSystem wants it: they stand one after the other. */
export class MemoryTree implements FileSystem {
  /** How often `lookup` was asked. */
  lookups = 0;
  readonly open?: (node: number) => boolean;
  readonly #entries: readonly MemoryEntry[];

  constructor(entries: readonly MemoryEntry[], open?: (node: number) => boolean) {
    this.#entries = [{ path: '' }, { path: '' }, ...entries];
    if (open !== undefined) this.open = open;
  }

  #entry(number: number): MemoryEntry {
    const entry = this.#entries[number];
    if (entry === undefined) throw new Error(`no entry ${number}`);
    return entry;
  }

  #sound(number: number): MemoryEntry {
    const entry = this.#entry(number);
    if (entry.bug !== undefined) throw entry.bug;
    return entry;
  }

  #name(number: number): string {
    const { path } = this.#entry(number);
    return path.slice(path.lastIndexOf('/') + 1);
  }

  #children(directory: number): number[] {
    const { path } = this.#sound(directory);
    return this.#entries.flatMap((entry, number) =>
      number > 1 && entry.path.slice(0, entry.path.lastIndexOf('/')) === path ? [number] : [],
    );
  }

  has(number: number): boolean {
    return number > 0 && number < this.#entries.length;
  }

  lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    this.lookups += 1;
    const name = Buffer.from(from.subarray(start, end)).toString('latin1');
    return this.#children(directory).find((child) => this.#name(child) === name) ?? 0;
  }

  nodeOf(entry: number): number {
    return entry;
  }

  parentOf(node: number): number {
    const { path } = this.#entry(node);
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    return this.#entries.findIndex((entry, number) => number > 0 && entry.path === parent);
  }

  copyAttributes(number: number, out: Uint32Array, at: number): void {
    const { ino = BigInt(number), size = 0n, mode = S_IFDIR, rdev = 0, time = 0n } = this.#sound(number);
    const set = (offset: number, value: number) => {
      out[at + (offset >> 2)] = value;
    };
    const long = (offset: number, value: bigint) => {
      set(offset, Number(BigInt.asUintN(32, value)));
      set(offset + 4, Number(BigInt.asUintN(32, value >> 32n)));
    };
    const second = 1_000_000_000n;
    const nanoseconds = ((time % second) + second) % second;
    out.fill(0, at, at + (ATTR.sizeof >> 2));
    long(ATTR.ino, ino);
    long(ATTR.size, size);
    set(ATTR.mode, mode);
    set(ATTR.rdev, rdev);
    for (const field of ['atime', 'mtime', 'ctime'] as const) {
      long(ATTR[field], (time - nanoseconds) / second);
      set(ATTR[`${field}nsec`], Number(nanoseconds));
    }
  }

  errnoOf(entry: number): number {
    return this.#entry(entry).errno ?? 0;
  }

  firstEntry(directory: number): number {
    return this.#children(directory)[0] ?? 2;
  }

  entryCount(directory: number): number {
    return this.#children(directory).length;
  }

  nameLength(entry: number): number {
    return this.#name(entry).length;
  }

  copyName(entry: number, out: Uint8Array, at: number): void {
    out.set(Buffer.from(this.#name(entry), 'latin1'), at);
  }

  inodeLow(entry: number): number {
    return Number(BigInt.asUintN(32, this.#entry(entry).ino ?? BigInt(entry)));
  }

  inodeHigh(entry: number): number {
    return Number((this.#entry(entry).ino ?? 0n) >> 32n);
  }

  typeOf(entry: number): number {
    return (this.#entry(entry).mode ?? S_IFDIR) & S_IFMT;
  }

  sizeOf(node: number): number {
    return Number(this.#entry(node).size ?? 0n);
  }

  readLink(node: number, out: Uint8Array, at: number, capacity: number): number {
    const target = Buffer.from(this.#sound(node).data ?? '', 'latin1').subarray(0, capacity);
    out.set(target, at);
    return target.length;
  }

  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    const data = Buffer.from(this.#sound(node).data ?? '', 'latin1').subarray(offset, offset + size);
    out.set(data, at);
    return data.length;
  }

  readFar(): number {
    throw new Errno(E.EINVAL, 'read');
  }

  seek(): bigint {
    throw new Errno(E.EINVAL, 'seek');
  }

  dataDescriptor(): number {
    throw new Errno(E.EIO, 'open');
  }

  getXattr(node: number, name: string, out: Uint8Array, at: number, capacity: number): number {
    const value = this.#sound(node).xattrs?.[name];
    return value === undefined ? -E.ENODATA : put(value, out, at, capacity);
  }

  listXattr(node: number, out: Uint8Array, at: number, capacity: number, uid: number): number {
    const names = Object.keys(this.#sound(node).xattrs ?? {}).filter(
      (name) => uid === 0 || !name.startsWith('trusted.'),
    );
    return put(names.map((name) => `${name}\0`).join(''), out, at, capacity);
  }

  inodeFlags(): number {
    return -E.ENOTTY;
  }

  statfs(out: Buffer, at: number): void {
    const { blocks, bfree, bavail, files, ffree, bsize, namelen, frsize } = STRUCT.fuse_kstatfs;
    for (const field of [blocks, bfree, bavail]) out.writeBigUInt64LE(1n << 33n, at + field);
    for (const field of [files, ffree]) out.writeBigUInt64LE(1000n, at + field);
    for (const field of [bsize, frsize]) out.writeUInt32LE(4096, at + field);
    out.writeUInt32LE(255, at + namelen);
  }

  birthTime(): undefined {
    return undefined;
  }
}

function put(value: string, out: Uint8Array, at: number, capacity: number): number {
  if (capacity === 0) return value.length;
  if (value.length > capacity) return -E.ERANGE;
  out.set(Buffer.from(value, 'latin1'), at);
  return value.length;
}
