// A FileSystem of seven entries, all in memory: what a session's replies are tested with.
//
//   1 /            2 /etc   3 /file   4 /gone (listed, lookup fails with EPERM)   5 /link -> "etc"
//                  6 /etc/a (same node as 3)   7 /etc/\xff
import type { FileSystem } from '../../../src/fuse/filesystem.ts';
import { E, Errno } from '../../../src/sys/errors.ts';

const S = { dir: 0o040755, file: 0o100644, link: 0o120777 } as const;

interface Row {
  readonly name: string;
  readonly parent: number;
  readonly mode: number;
  readonly node: number;
  readonly errno: number;
  readonly first: number;
  readonly count: number;
}

function row(name: string, parent: number, mode: number, more: Partial<Row> = {}): Row {
  return { name, parent, mode, node: 0, errno: 0, first: 0, count: 0, ...more };
}

const ROWS: readonly Row[] = [
  row('', 0, 0),
  row('', 1, S.dir, { first: 2, count: 4 }),
  row('etc', 1, S.dir, { first: 6, count: 2 }),
  row('file', 1, S.file),
  row('gone', 1, S.file, { errno: E.EPERM }),
  row('link', 1, S.link),
  row('a', 2, S.file, { node: 3 }),
  row('\xff', 2, S.file),
];

export const CONTENT = Buffer.from('0123456789');
export const XATTRS: Readonly<Record<string, string>> = { 'user.a': 'alpha', 'user.empty': '' };
/** The inode number of entry 2 has high bits. */
const INODE_HIGH = 0x0102;

export class SmallTree implements FileSystem {
  /** Thrown by the next `read`. */
  failure: unknown;

  #row(number: number): Row {
    const found = ROWS[number];
    if (found === undefined || number === 0) throw new Error(`no row ${number}`);
    return found;
  }

  has(number: number): boolean {
    return number > 0 && number < ROWS.length;
  }

  lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    const { first, count } = this.#row(directory);
    const name = Buffer.from(from.subarray(start, end)).toString('latin1');
    for (let entry = first; entry < first + count; entry++) if (this.#row(entry).name === name) return entry;
    return 0;
  }

  nodeOf(entry: number): number {
    return this.#row(entry).node || entry;
  }

  parentOf(node: number): number {
    return this.#row(node).parent;
  }

  copyAttributes(entry: number, out: Uint32Array, at: number): void {
    const { mode } = this.#row(entry);
    for (let word = 0; word < 22; word++) out[at + word] = 0xa0 + word;
    out[at] = this.inodeLow(entry);
    out[at + 1] = this.inodeHigh(entry);
    out[at + 15] = mode;
    // rdev 0x12345678: major 0x456, minor 0x12378.
    out[at + 19] = 0x1234_5678;
  }

  errnoOf(entry: number): number {
    return this.#row(entry).errno;
  }

  firstEntry(directory: number): number {
    return this.#row(directory).first;
  }

  entryCount(directory: number): number {
    return this.#row(directory).count;
  }

  nameLength(entry: number): number {
    return this.#row(entry).name.length;
  }

  copyName(entry: number, out: Uint8Array, at: number): void {
    out.set(Buffer.from(this.#row(entry).name, 'latin1'), at);
  }

  inodeLow(entry: number): number {
    return this.nodeOf(entry) + 0x10;
  }

  inodeHigh(entry: number): number {
    return entry === 2 ? INODE_HIGH : 0;
  }

  typeOf(entry: number): number {
    return this.#row(entry).mode & 0o170000;
  }

  sizeOf(): number {
    return CONTENT.length;
  }

  readLink(_: number, out: Uint8Array, at: number): number {
    out.set(Buffer.from('etc'), at);
    return 3;
  }

  read(_: number, offset: number, out: Uint8Array, at: number, size: number): number {
    if (this.failure !== undefined) throw this.failure;
    const part = CONTENT.subarray(Math.min(offset, CONTENT.length), offset + size);
    out.set(part, at);
    return part.length;
  }

  /** From 2^53 on the letter x is all there is. */
  readFar(_: number, offset: bigint, out: Uint8Array, at: number, size: number): number {
    if (offset !== 2n ** 60n + 7n) return 0;
    out.fill(0x78, at, at + Math.min(size, 1));
    return 1;
  }

  seek(_: number, offset: bigint, whence: number): bigint {
    if (offset >= 2n ** 61n) return BigInt(-E.ENXIO);
    return whence === 3 ? offset : 2n ** 33n + 5n;
  }

  dataDescriptor(node: number): number {
    if (node === 7) throw new Errno(E.EACCES, 'open');
    return 100 + node;
  }

  getXattr(_: number, name: string, out: Uint8Array, at: number, capacity: number, uid: number): number {
    const value = name === 'user.uid' ? String(uid) : XATTRS[name];
    if (value === undefined) return -E.ENODATA;
    if (capacity !== 0) out.set(Buffer.from(value).subarray(0, capacity), at);
    return value.length;
  }

  listXattr(_: number, out: Uint8Array, at: number, capacity: number): number {
    const list = Object.keys(XATTRS)
      .map((name) => `${name}\0`)
      .join('');
    if (capacity !== 0) out.set(Buffer.from(list).subarray(0, capacity), at);
    return list.length;
  }

  /** Node n has the flags n, but node 1 has none. */
  inodeFlags(node: number, _command: number, out: Uint8Array): number {
    if (node === 1) return -E.ENOTTY;
    new DataView(out.buffer, out.byteOffset).setUint32(0, node, true);
    return 0;
  }

  statfs(out: Buffer, at: number): void {
    for (let i = 0; i < 80; i++) out[at + i] = i;
  }

  birthTime(node: number): { seconds: bigint; nanoseconds: number } | undefined {
    return node === 3 ? { seconds: -2n, nanoseconds: 500_000_000 } : undefined;
  }
}
