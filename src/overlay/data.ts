// File contents of a tree: descriptors of the layers' files, opened when needed, bounded in number, checked for identity.

import type { ByteString } from '../sys/bytes.ts';
import { cString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { AT_EMPTY_PATH, close, statx } from '../sys/libc.ts';
import { S_IFMT, S_IFREG, STATX, STATX_MASK, STATX_SIZE } from '../sys/statx.ts';
import type { Directories } from './directories.ts';
import type { LayerReader } from './layer.ts';
import type { Loader } from './load.ts';
import { ROW, type Table } from './table.ts';

const empty = cString('' as ByteString);
const status = new Uint32Array(STATX_SIZE / 4);

export class FileData {
  readonly #table: Table;
  readonly #directories: Directories;
  readonly #reader: LayerReader;
  readonly #loader: Loader;
  readonly #capacity: number;
  /** Node → descriptor, least recently used first. */
  readonly #open = new Map<number, number>();
  #latest = 0;
  #latestDescriptor = -1;

  /** `capacity` is how many files may be open at once, at least 2. */
  constructor(table: Table, directories: Directories, reader: LayerReader, loader: Loader, capacity: number) {
    this.#table = table;
    this.#directories = directories;
    this.#reader = reader;
    this.#loader = loader;
    this.#capacity = capacity;
  }

  /** A descriptor of a regular file's data, valid until the next call. Throws Errno; EIO where the file was replaced. */
  descriptor(node: number): number {
    if (node === this.#latest) return this.#latestDescriptor;
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
    if (!this.#reader.isRecorded(holder)) return this.#loader.isSame(node, status);
    const { rows } = this.#table;
    const at = this.#table.at(node) + ROW.size;
    return status[STATX.size] === rows[at] && status[STATX.size + 1] === rows[at + 1];
  }

  /** Opens a regular file and leaves its status in `status`. */
  #openRegular(holder: number, name: string): number {
    const fd = this.#directories.openFile(holder, cString(name as ByteString));
    if (fd === -E.EMFILE || fd === -E.ENFILE) {
      if (this.#open.size === 0) throw new Errno(-fd, 'open a file');
      this.close();
      return this.#openRegular(holder, name);
    }
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
