// File contents of a tree, read through descriptors of the layers' files: opened when needed, bounded in number.

import { E, Errno } from '../sys/errors.ts';
import { close, ioctl, lseek, lseekFar, preadAt } from '../sys/libc.ts';
import { addressOf } from '../sys/memory.ts';
import { S_IFDIR, S_IFMT, S_IFREG } from '../sys/statx.ts';
import type { Attributes } from './attributes.ts';
import type { Directories } from './layer/directories.ts';
import type { TarFileContents } from './layer/open-contents.ts';
import type { LayerReader } from './layer/reader.ts';
import { NodeFiles } from './node-files.ts';
import { layerOf, type Places } from './place.ts';
import { rowSize, sizeOfRow } from './status.ts';
import { ROW, type Table } from './table.ts';

/** What file data are found by. */
export interface FileDataParts {
  readonly table: Table;
  readonly reader: LayerReader;
  readonly attributes: Attributes;
  readonly places: Places;
  /** Of each layer, top first, whether it may change. */
  readonly isLive: readonly boolean[];
  /** How many files may be open at once, at least 2. */
  readonly capacity: number;
}

export class FileData {
  readonly #table: Table;
  readonly #directories: Directories;
  readonly #reader: LayerReader;
  readonly #places: Places;
  readonly #files: NodeFiles;
  readonly #isLive: readonly boolean[];
  readonly #capacity: number;
  /** Node → descriptor, least recently used first. */
  readonly #open = new Map<number, number>();
  readonly #addresses = new WeakMap<Uint8Array, number>();
  #latest = 0;
  #latestDescriptor = -1;
  /** The node that was last read where layers are tars, and its data where they lie in one. */
  #latestInTar = 0;
  #latestContents: TarFileContents | undefined;

  constructor({ table, reader, attributes, places, isLive, capacity }: FileDataParts) {
    this.#table = table;
    this.#directories = reader.directories;
    this.#reader = reader;
    this.#places = places;
    this.#files = new NodeFiles(table, reader, attributes);
    this.#isLive = isLive;
    this.#capacity = capacity;
    reader.directories.onShortage = () => this.close();
  }

  /** Throws Errno as a read would, where a regular file's data cannot be opened. */
  open(node: number): void {
    if (this.#inTar(node) === undefined) this.#descriptor(node);
  }

  /** The data of a regular file that lie in a tar. Throws Errno. */
  #inTar(node: number): TarFileContents | undefined {
    if (!this.#reader.hasTars) return undefined;
    if (node === this.#latestInTar) return this.#latestContents;
    this.#mustBeRegular(node);
    // The data of a metacopy file are another's.
    if (this.#table.word(node, ROW.listing) !== 0) return undefined;
    this.#latestContents = this.#reader.tarContents(...this.#places.of(node));
    this.#latestInTar = node;
    return this.#latestContents;
  }

  /** A descriptor of a regular file's data, valid until the next call. Throws Errno; EIO where the file was replaced. */
  #descriptor(node: number): number {
    if (node === this.#latest) return this.#latestDescriptor;
    this.#mustBeRegular(node);
    let fd = this.#open.get(node);
    if (fd !== undefined) this.#open.delete(node);
    else {
      fd = this.#files.open(node);
      if (this.#open.size >= this.#capacity) this.#closeOldest();
    }
    this.#open.set(node, fd);
    this.#latest = node;
    this.#latestDescriptor = fd;
    return fd;
  }

  #mustBeRegular(node: number): void {
    const type = this.#table.word(node, ROW.mode) & S_IFMT;
    if (type === S_IFDIR) throw new Errno(E.EISDIR, 'read a directory');
    if (type !== S_IFREG) throw new Errno(E.EINVAL, 'read a special file');
  }

  #closeOldest(): void {
    for (const [node, fd] of this.#open) {
      close(fd);
      this.#open.delete(node);
      return;
    }
  }

  /** Closes everything; what is asked for afterwards is opened again. */
  close(): void {
    for (const fd of this.#open.values()) close(fd);
    this.#open.clear();
    this.#latest = 0;
  }

  /**
   * Has a file or directory itself answer one of the ioctls of `inode-flags.ts` (ovl_fileattr_get): a metacopy file is not
   * where its data are, a merged directory is its top one. 0 or a negative errno: ENOTTY of all else, which is not opened,
   * and of what a record tells of. Throws Errno.
   */
  inodeFlags(node: number, command: number, out: Uint8Array): number {
    const table = this.#table;
    const type = table.word(node, ROW.mode) & S_IFMT;
    const [holder] = this.#places.of(node);
    if ((type !== S_IFREG && type !== S_IFDIR) || this.#reader.isRecorded(holder)) return -E.ENOTTY;
    if (type === S_IFREG && table.word(node, ROW.listing) === 0)
      return ioctl(this.#descriptor(node), command, out);
    const fd = type === S_IFREG ? this.#files.openOwn(node) : this.#directories.openItself(holder);
    try {
      return ioctl(fd, command, out);
    } finally {
      close(fd);
    }
  }

  /** As `Tree.wholeDataDescriptor`. */
  wholeDescriptor(node: number): number {
    if (this.#inTar(node) !== undefined) return -1;
    const fd = this.#descriptor(node);
    if (!this.#isFixed(node)) return fd;
    return this.#files.isListedSize(fd, node) ? fd : -1;
  }

  /** Whether a file's data are its own and, by all rules, do not change. */
  #isFixed(node: number): boolean {
    const table = this.#table;
    return table.word(node, ROW.listing) === 0 && !this.#isLive[layerOf(table, node)];
  }

  /** False for a metacopy file whose data are longer or shorter than it says. Throws Errno where it cannot be opened. */
  isAsLongAsSize(node: number): boolean {
    if (this.#inTar(node) !== undefined) return true;
    const fd = this.#descriptor(node);
    if (this.#table.word(node, ROW.listing) === 0) return true;
    return this.#files.isListedSize(fd, node);
  }

  /** Reads from byte `offset` on to `out` at `at`; answers fewer than `size` bytes only at the end of the file. */
  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    const inTar = this.#inTar(node);
    if (inTar !== undefined) return inTar.read(offset, out.subarray(at, at + size));
    const isOnce = offset === 0 && size >= rowSize(this.#table, node) && !this.#open.has(node);
    if (!isOnce) return this.#readFrom(this.#descriptor(node), node, offset, out, at, size);
    // Whoever has the whole of it will not ask for it again.
    this.#mustBeRegular(node);
    const fd = this.#files.open(node);
    try {
      return this.#readFrom(fd, node, offset, out, at, size);
    } finally {
      close(fd);
    }
  }

  #readFrom(fd: number, node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    const start = this.#addressOf(out) + at;
    let done = 0;
    while (done < size) {
      const count = preadAt(fd, start + done, size - done, offset + done);
      if (count < 0) throw new Errno(-count, `read ${this.#places.describe(node)}`);
      if (count === 0) {
        this.#mustEnd(node, offset + done);
        break;
      }
      done += count;
    }
    return done;
  }

  /** `read` for what a number cannot count: from 2^53 on. */
  readFar(node: number, offset: bigint, out: Uint8Array, at: number, size: number): number {
    // No entry of a tar is so large.
    if (this.#inTar(node) !== undefined) return 0;
    const fd = this.#descriptor(node);
    const start = this.#addressOf(out) + at;
    let done = 0;
    while (done < size) {
      const count = preadAt(fd, start + done, size - done, offset + BigInt(done));
      if (count < 0) throw new Errno(-count, `read ${this.#places.describe(node)}`);
      if (count === 0) break;
      done += count;
    }
    if (done === size || !this.#isFixed(node)) return done;
    const { size: rounded, exactSize = BigInt(rounded) } = sizeOfRow(this.#table, node);
    if (offset + BigInt(done) >= exactSize) return done;
    throw new Errno(E.EIO, `read ${this.#places.describe(node)}, which was cut short`);
  }

  /** Most reads are to the same few buffers. */
  #addressOf(out: Uint8Array): number {
    let address = this.#addresses.get(out);
    if (address === undefined) {
      address = addressOf(out);
      this.#addresses.set(out, address);
    }
    return address;
  }

  /** A file that ends before its size was cut since: the kernel would make it shorter, or fill it up with zeroes. */
  #mustEnd(node: number, end: number): void {
    if (end >= rowSize(this.#table, node) || !this.#isFixed(node)) return;
    throw new Errno(E.EIO, `read ${this.#places.describe(node)}, which was cut short`);
  }

  /** `SEEK_DATA` or `SEEK_HOLE`: the place, or a negative errno, -ENXIO past the last data. */
  seek(node: number, offset: number, whence: number): number {
    const inTar = this.#inTar(node);
    if (inTar !== undefined) return inTar.seek(offset, whence);
    return lseek(this.#descriptor(node), offset, whence);
  }

  seekFar(node: number, offset: bigint, whence: number): bigint {
    if (this.#inTar(node) !== undefined) return BigInt(this.seek(node, Number(offset), whence));
    return lseekFar(this.#descriptor(node), offset, whence);
  }
}
