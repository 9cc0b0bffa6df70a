// The merged tree of a layer stack: nodes by number, loaded one directory at a time, never changed after.
// Numbers are rows of the table; an entry is a row too, and a hard-linked file's entries lead to one node.

import type { LayerStack } from '../store/layer-stack.ts';
import { type ByteString, cString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../sys/statx.ts';
import { Ahead } from './ahead/ahead.ts';
import type { Prefetch } from './ahead/prefetch.ts';
import type { FileData } from './data.ts';
import type { Indexed } from './indexed/indexed.ts';
import type { Directories } from './layer/directories.ts';
import type { LayerReader } from './layer/reader.ts';
import type { Listings } from './listings.ts';
import type { Live } from './live.ts';
import type { Places } from './place.ts';
import type { Shown } from './shown.ts';
import { rowSize, type Status, statusOf } from './status.ts';
import { ROW, type Table } from './table.ts';
import type { TableMemory } from './table-memory.ts';
import { openTreeParts, ROOT, type TreeOptions } from './tree-parts.ts';
import type { Xattrs } from './xattrs.ts';

export class Tree implements Shown {
  readonly root = ROOT;
  readonly stack: LayerStack;
  /** Whether there can be files whose data are another object's. */
  readonly followsMetacopy: boolean;
  /** For a tree of the same stack in another thread. */
  readonly memory: TableMemory;
  /** Where it was asked for and a layer may change: what directories hold now. */
  readonly live: Live | undefined;
  /** Asks a disk for directories before they are loaded. */
  readonly prefetch: Prefetch;
  readonly #table: Table;
  readonly #directories: Directories;
  readonly #reader: LayerReader;
  readonly #listings: Listings;
  readonly #places: Places;
  readonly #data: FileData;
  readonly #xattrs: Xattrs;
  readonly #indexed: Indexed | undefined;

  /** Opens the layers and reads the root's status. Throws Errno where a layer cannot be opened. */
  constructor(stack: LayerStack, options: TreeOptions = {}) {
    const parts = openTreeParts(stack, options);
    this.stack = stack;
    this.followsMetacopy = parts.followsMetacopy;
    this.memory = parts.memory;
    this.live = parts.live;
    this.prefetch = parts.prefetch;
    this.#table = parts.table;
    this.#directories = parts.directories;
    this.#reader = parts.reader;
    this.#listings = parts.listings;
    this.#places = parts.places;
    this.#data = parts.data;
    this.#xattrs = parts.xattrs;
    this.#indexed = parts.indexed;
  }

  /** Closes every descriptor, and has what was learnt of the layers kept. */
  close(): void {
    try {
      this.#indexed?.close();
    } finally {
      this.prefetch.close();
      this.giveBack();
    }
  }

  /** Closes what is open; what is asked for afterwards is opened again. */
  giveBack(): void {
    this.#data.close();
    this.#directories.close();
  }

  /** Whether a number is a node or entry of this tree. */
  has(row: number): boolean {
    return this.#table.has(row);
  }

  isDirectory(node: number): boolean {
    return this.typeOf(node) === S_IFDIR;
  }

  /** The `S_IFMT` bits. */
  typeOf(entry: number): number {
    return this.#table.word(entry, ROW.mode) & S_IFMT;
  }

  /** The entries of a directory are the rows from this one on, in byte order of their names. Throws Errno. */
  firstEntry(directory: number): number {
    return this.#table.record(this.#listings.of(directory), 0);
  }

  entryCount(directory: number): number {
    return this.#table.record(this.#listings.of(directory), 1);
  }

  entries(directory: number): number[] {
    const first = this.firstEntry(directory);
    return Array.from({ length: this.entryCount(directory) }, (_, i) => first + i);
  }

  /** The entry whose name is the bytes `start` to `end` of `from`, 0 where there is none. Throws Errno. */
  lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    return this.#listings.lookup(directory, from, start, end);
  }

  lookupAlone(directory: number, name: ByteString): number {
    return this.#listings.lookupAlone(directory, name);
  }

  /** As `lookup`, for a name as a string; throws the errno of an entry that cannot be looked up. */
  find(directory: number, name: ByteString): number {
    const entry = this.lookup(directory, cString(name), 0, name.length);
    if (entry !== 0) this.#mustBeSound(entry);
    return entry;
  }

  #mustBeSound(entry: number): void {
    const errno = this.#table.errnoOf(entry);
    if (errno !== 0) throw new Errno(errno, `look up "${this.#table.rowName(entry)}"`);
  }

  /** Loads directories before a walker asks for them; the root at once, unless the tree changes. */
  walkAhead(): Ahead {
    const load = (directory: number): void => {
      try {
        this.firstEntry(directory);
      } catch (error) {
        // Whoever lists this directory will be told.
        if (!(error instanceof Errno)) throw error;
      }
    };
    return new Ahead(this.#table, this.live === undefined ? ROOT : 0, load, this.prefetch);
  }

  nodeOf(entry: number): number {
    return this.#table.nodeOf(entry);
  }

  parentOf(node: number): number {
    return this.#table.word(node, ROW.parent);
  }

  errnoOf(entry: number): number {
    return this.#table.errnoOf(entry);
  }

  name(entry: number): ByteString {
    return this.#table.rowName(entry) as ByteString;
  }

  /** Bytes. */
  nameLength(entry: number): number {
    return this.#table.nameLength(entry);
  }

  copyName(entry: number, out: Uint8Array, at: number): void {
    this.#table.copyName(entry, out, at);
  }

  /** Low and high 32 bits of the inode number. */
  inodeLow(entry: number): number {
    return this.#table.word(entry, ROW.ino);
  }

  inodeHigh(entry: number): number {
    return this.#table.word(entry, ROW.ino + 1);
  }

  /** Copies the `struct fuse_attr` of an entry or node, 22 words, to `out` at word `at`. */
  copyAttributes(entry: number, out: Uint32Array, at: number): void {
    this.#table.copyAttributes(entry, out, at);
  }

  /** Bytes; past 2^53 rounded. */
  sizeOf(node: number): number {
    return rowSize(this.#table, node);
  }

  /** Bytes; 0 for what is no regular file or cannot be looked up. */
  fileSize(entry: number): number {
    if (this.typeOf(entry) !== S_IFREG || this.errnoOf(entry) !== 0) return 0;
    return this.sizeOf(this.nodeOf(entry));
  }

  status(entry: number): Status {
    return statusOf(this.#table, entry);
  }

  /** Where an entry's attributes come from: the index of its layer, top first, and its path inside that layer. */
  source(entry: number): { readonly layer: number; readonly path: ByteString } {
    return this.#places.source(entry);
  }

  /** Writes a link's target to `out` at `at`, at most `capacity` bytes; answers its length. */
  readLink(node: number, out: Uint8Array, at: number, capacity: number): number {
    if (this.typeOf(node) !== S_IFLNK) throw new Errno(E.EINVAL, 'read a link');
    const [holder, name] = this.#places.of(node);
    const length = this.#reader.readLink(holder, name, out.subarray(at, at + capacity));
    if (length >= 0) return length;
    throw new Errno(length === -E.ENOENT ? E.EIO : -length, `read ${this.#places.describe(node)}`);
  }

  linkTarget(node: number): ByteString {
    const target = Buffer.alloc(4096);
    return target.toString('latin1', 0, this.readLink(node, target, 0, target.length)) as ByteString;
  }

  /** Opens a regular file's data ahead of reads of them. Throws Errno where that cannot be done. */
  openData(node: number): void {
    this.#data.open(node);
  }

  /**
   * A descriptor of a regular file's data for a reader that does not go through `read`, owned by the tree and valid until the
   * tree's next call; -1 where there is none, or the data are not as long as was listed, which `read` tells.
   */
  wholeDataDescriptor(node: number): number {
    return this.#data.wholeDescriptor(node);
  }

  /** False for a metacopy file whose data are longer or shorter than it says. Throws Errno where it cannot be opened. */
  isDataAsLongAsSize(node: number): boolean {
    return this.#data.isAsLongAsSize(node);
  }

  /** Reads from byte `offset` on to `out` at `at`; answers fewer than `size` bytes only at the end of the file. */
  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    return this.#data.read(node, offset, out, at, size);
  }

  /** `read` from 2^53 on. */
  readFar(node: number, offset: bigint, out: Uint8Array, at: number, size: number): number {
    return this.#data.readFar(node, offset, out, at, size);
  }

  seekFar(node: number, offset: bigint, whence: number): bigint {
    return this.#data.seekFar(node, offset, whence);
  }

  /** `SEEK_DATA` or `SEEK_HOLE`: the place, or a negative errno, -ENXIO past the last data. */
  seek(node: number, offset: number, whence: number): number {
    return this.#data.seek(node, offset, whence);
  }

  /** Names as the overlay shows them. */
  xattrNames(node: number): string[] {
    return this.#xattrs.names(node);
  }

  /** The value, or a negative errno where there is none: ENODATA, EOPNOTSUPP for a name no attribute can have. Throws Errno. */
  xattrAnswer(node: number, shown: string): Buffer | number {
    return this.#xattrs.answer(node, shown);
  }

  xattrs(node: number): Map<ByteString, Buffer> {
    return this.#xattrs.all(node);
  }

  /** As `FileData`. */
  inodeFlags(node: number, command: number, out: Uint8Array): number {
    return this.#data.inodeFlags(node, command, out);
  }

  /** `struct statfs` of the top layer's file system, or of all layers where that is a tar; at least 120 bytes. */
  statfs(out: Uint8Array): void {
    this.#reader.statfs(out);
  }

  /** Undefined where the layer's file system, or a record, knows none. */
  birthTime(node: number): { readonly seconds: bigint; readonly nanoseconds: number } | undefined {
    return this.#reader.birthTime(...this.#places.of(node));
  }
}
