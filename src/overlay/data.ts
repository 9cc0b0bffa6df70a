// File contents of a tree: descriptors of the layers' files, opened when needed, bounded in number, checked for identity.

import type { ByteString } from '../sys/bytes.ts';
import { cString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { AT_EMPTY_PATH, close, lseek, pread, statx } from '../sys/libc.ts';
import { S_IFDIR, S_IFMT, S_IFREG, STATX, STATX_MASK, STATX_SIZE } from '../sys/statx.ts';
import type { Attributes } from './attributes.ts';
import type { Directories } from './directories.ts';
import type { LayerReader } from './layer.ts';
import type { Places } from './place.ts';
import { sizeOf } from './status.ts';
import { ROW, type Table } from './table.ts';

const SEEK_END = 2;
const empty = cString('' as ByteString);
const status = new Uint32Array(STATX_SIZE / 4);

export class FileData {
  readonly #table: Table;
  readonly #directories: Directories;
  readonly #reader: LayerReader;
  readonly #attributes: Attributes;
  readonly #places: Places;
  readonly #isLive: readonly boolean[];
  readonly #capacity: number;
  /** Node → descriptor, least recently used first. */
  readonly #open = new Map<number, number>();
  #latest = 0;
  #latestDescriptor = -1;

  /** `isLive` says of each layer whether it may change; `capacity` is how many files may be open at once, at least 2. */
  constructor(
    table: Table,
    reader: LayerReader,
    attributes: Attributes,
    places: Places,
    isLive: readonly boolean[],
    capacity: number,
  ) {
    this.#table = table;
    this.#directories = reader.directories;
    this.#reader = reader;
    this.#attributes = attributes;
    this.#places = places;
    this.#isLive = isLive;
    this.#capacity = capacity;
    reader.directories.onShortage = () => this.close();
  }

  /** A descriptor of a regular file's data, valid until the next call. Throws Errno; EIO where the file was replaced. */
  descriptor(node: number): number {
    if (node === this.#latest) return this.#latestDescriptor;
    this.#mustBeRegular(node);
    let fd = this.#open.get(node);
    if (fd !== undefined) this.#open.delete(node);
    else {
      fd = this.#openNode(node);
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

  /** The same for whoever reads by himself; -1 where the data are not as long as was listed, and `read` tells the truth. */
  wholeDescriptor(node: number): number {
    const fd = this.descriptor(node);
    if (!this.#isFixed(node)) return fd;
    const error = statx(fd, empty, AT_EMPTY_PATH, STATX_MASK, status);
    return error === 0 && this.#isListedSize(node) ? fd : -1;
  }

  /** Whether `status` has the size that was listed. */
  #isListedSize(node: number): boolean {
    const table = this.#table;
    const isSame = (word: number) => status[STATX.size + word] === table.word(node, ROW.size + word);
    return isSame(0) && isSame(1);
  }

  /** Whether a file's data are its own and, by all rules, do not change. */
  #isFixed(node: number): boolean {
    const table = this.#table;
    return table.word(node, ROW.listing) === 0 && !this.#isLive[table.word(node, ROW.layer) >>> 16];
  }

  /** False for a metacopy file whose data are longer or shorter than it says. Throws Errno where it cannot be opened. */
  isAsLongAsSize(node: number): boolean {
    const fd = this.descriptor(node);
    if (this.#table.word(node, ROW.listing) === 0) return true;
    return lseek(fd, 0, SEEK_END) === sizeOf(this.#table, node);
  }

  /** Reads from byte `offset` on to `out` at `at`; answers fewer than `size` bytes only at the end of the file. */
  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    const isOnce = offset === 0 && size >= sizeOf(this.#table, node) && !this.#open.has(node);
    if (!isOnce) return this.#readFrom(this.descriptor(node), node, offset, out, at, size);
    // Whoever has the whole of it will not ask for it again.
    this.#mustBeRegular(node);
    const fd = this.#openNode(node);
    try {
      return this.#readFrom(fd, node, offset, out, at, size);
    } finally {
      close(fd);
    }
  }

  #readFrom(fd: number, node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    let done = 0;
    while (done < size) {
      const count = pread(fd, out.subarray(at + done), size - done, offset + done);
      if (count < 0) throw new Errno(-count, `read ${this.#places.describe(node)}`);
      if (count === 0) {
        this.#mustEnd(node, offset + done);
        break;
      }
      done += count;
    }
    return done;
  }

  /** A file that ends before its size was cut since: the kernel would make it shorter, or fill it up with zeroes. */
  #mustEnd(node: number, end: number): void {
    if (end >= sizeOf(this.#table, node) || !this.#isFixed(node)) return;
    throw new Errno(E.EIO, `read ${this.#places.describe(node)}, which was cut short`);
  }

  /** `SEEK_DATA` or `SEEK_HOLE`: the place, or a negative errno, -ENXIO past the last data. */
  seek(node: number, offset: number, whence: number): number {
    return lseek(this.descriptor(node), offset, whence);
  }

  #openNode(node: number): number {
    const table = this.#table;
    const data = table.word(node, ROW.listing);
    if (data === 0) return this.#openOwn(node);
    const holder = table.record(data, 0);
    const name = table.nameAt(table.record(data, 1), table.record(data, 2));
    return holder === 0 ? this.#openDataOnly(name) : this.#openRegular(holder, name);
  }

  #openOwn(node: number): number {
    const table = this.#table;
    const holder = table.word(node, ROW.source);
    const name = table.rowName(node);
    const fd = this.#openRegular(...this.#reader.contents(holder, name));
    if (!this.#isWhatWasListed(node, holder)) {
      close(fd);
      throw new Errno(E.EIO, `open ${this.#directories.describe(holder, name)}, which was replaced`);
    }
    return fd;
  }

  /** Judges `status`: by identity, or where a record told of the file, by the size it told. */
  #isWhatWasListed(node: number, holder: number): boolean {
    return this.#reader.isRecorded(holder) ? this.#isListedSize(node) : this.#attributes.isSame(node, status);
  }

  /** Opens a regular file and leaves its status in `status`. */
  #openRegular(holder: number, name: string): number {
    const fd = this.#directories.openFile(holder, cString(name as ByteString));
    if (fd < 0) {
      const vanished = fd === -E.ENOENT || fd === -E.ELOOP || fd === -E.ENXIO || fd === -E.EXDEV;
      throw new Errno(vanished ? E.EIO : -fd, `open ${this.#directories.describe(holder, name)}`);
    }
    const error = statx(fd, empty, AT_EMPTY_PATH, STATX_MASK, status);
    if (error < 0 || ((status[STATX.mode] as number) & S_IFMT) !== S_IFREG) {
      close(fd);
      throw new Errno(
        E.EIO,
        `open ${this.#directories.describe(holder, name)}, which is no regular file now`,
      );
    }
    return fd;
  }

  /**
   * Looks an absolute path up in the data-only layers, top first (ovl_lookup_data_layers). Where none has a regular file
   * by it, throws the errno with which the last one failed.
   */
  #openDataOnly(path: string): number {
    const name = cString(path.slice(1) as ByteString);
    let errno = E.ENOENT;
    for (const root of this.#directories.dataRoots) {
      const found = this.#directories.findFile(root, name);
      if (found < 0) {
        errno = -found;
        continue;
      }
      const error = statx(found, empty, AT_EMPTY_PATH, STATX_MASK, status);
      close(found);
      if (error === 0 && ((status[STATX.mode] as number) & S_IFMT) === S_IFREG) {
        const fd = this.#directories.openFile(root, name);
        if (fd >= 0) return fd;
        throw new Errno(-fd, `open the data "${path}" in a data-only layer`);
      }
      errno = E.ENOENT;
    }
    throw new Errno(errno, `find the data "${path}" in the data-only layers`);
  }
}
