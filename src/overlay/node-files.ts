// Opens the file that has a node's data, wherever that is: its own, a recorded one's copy, the lower one of a metacopy file, or
// one of a data-only layer. Checks that it still is what was listed; keeps nothing open.
import { type ByteString, cString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { AT_EMPTY_PATH, close } from '../sys/libc.ts';
import { pinned } from '../sys/memory.ts';
import { S_IFMT, S_IFREG, STATX, STATX_MASK, STATX_SIZE } from '../sys/statx.ts';
import { statxAt } from '../sys/statx-call.ts';
import type { Attributes } from './attributes.ts';
import type { Directories } from './layer/directories.ts';
import type { LayerReader } from './layer/reader.ts';
import { ROW, type Table } from './table.ts';

const empty = pinned(1);
const statusMemory = pinned(STATX_SIZE);
const status = new Uint32Array(statusMemory.buffer.buffer);

/** Reads the status of an open file into `status`; answers 0 or a negative errno. */
function examine(fd: number): number {
  return statxAt(fd, empty.address, AT_EMPTY_PATH, STATX_MASK, statusMemory.address);
}

function isRegular(fd: number): boolean {
  return examine(fd) === 0 && ((status[STATX.mode] as number) & S_IFMT) === S_IFREG;
}

export class NodeFiles {
  readonly #table: Table;
  readonly #directories: Directories;
  readonly #reader: LayerReader;
  readonly #attributes: Attributes;

  constructor(table: Table, reader: LayerReader, attributes: Attributes) {
    this.#table = table;
    this.#directories = reader.directories;
    this.#reader = reader;
    this.#attributes = attributes;
  }

  /** A descriptor of a regular file's data. Throws Errno, EIO where the file was replaced. */
  open(node: number): number {
    const table = this.#table;
    const data = table.word(node, ROW.listing);
    if (data === 0) return this.openOwn(node);
    const holder = table.record(data, 0);
    const name = table.nameAt(table.record(data, 1), table.record(data, 2));
    return holder === 0 ? this.#openDataOnly(name) : this.#openRegular(holder, name);
  }

  /** The same of the file itself, which is not where a metacopy file's data are. */
  openOwn(node: number): number {
    const table = this.#table;
    const holder = table.word(node, ROW.source);
    if (this.#reader.isRecorded(holder)) return this.#openRecorded(node, holder);
    const fd = this.#directories.openFileAt(holder, table.addressAt(table.word(node, ROW.name)));
    if (fd < 0 || !isRegular(fd)) this.#refuse(fd, holder, table.rowName(node));
    if (!this.#attributes.isSame(node, status)) this.#refuseReplaced(fd, holder, node);
    return fd;
  }

  /** Whether an open file has the size that was listed of a node. */
  isListedSize(fd: number, node: number): boolean {
    return examine(fd) === 0 && this.#hasListedSize(node);
  }

  /** The same of the file that `status` tells of. */
  #hasListedSize(node: number): boolean {
    const table = this.#table;
    const isSame = (word: number) => status[STATX.size + word] === table.word(node, ROW.size + word);
    return isSame(0) && isSame(1);
  }

  /** Where a record told of the file, the size it told is all there is to judge by. */
  #openRecorded(node: number, holder: number): number {
    const fd = this.#openRegular(...this.#reader.contents(holder, this.#table.rowName(node)));
    if (!this.#hasListedSize(node)) this.#refuseReplaced(fd, holder, node);
    return fd;
  }

  #refuseReplaced(fd: number, holder: number, node: number): never {
    close(fd);
    const name = this.#table.rowName(node);
    throw new Errno(E.EIO, `open ${this.#directories.describe(holder, name)}, which was replaced`);
  }

  /** Opens a regular file and leaves its status in `status`. */
  #openRegular(holder: number, name: string): number {
    const fd = this.#directories.openFile(holder, cString(name as ByteString));
    if (fd < 0 || examine(fd) < 0) this.#refuse(fd, holder, name);
    return fd;
  }

  /** `fd` is what opening answered: a negative errno, or something that is no regular file. */
  #refuse(fd: number, holder: number, name: string): never {
    if (fd < 0) {
      const vanished = fd === -E.ENOENT || fd === -E.ELOOP || fd === -E.ENXIO || fd === -E.EXDEV;
      throw new Errno(vanished ? E.EIO : -fd, `open ${this.#directories.describe(holder, name)}`);
    }
    close(fd);
    throw new Errno(E.EIO, `open ${this.#directories.describe(holder, name)}, which is no regular file now`);
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
      const isFile = isRegular(found);
      close(found);
      if (isFile) {
        const fd = this.#directories.openFile(root, name);
        if (fd >= 0) return fd;
        throw new Errno(-fd, `open the data "${path}" in a data-only layer`);
      }
      errno = E.ENOENT;
    }
    throw new Errno(errno, `find the data "${path}" in the data-only layers`);
  }
}
