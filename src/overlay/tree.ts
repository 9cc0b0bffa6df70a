// The merged tree of a layer stack: nodes by number, loaded one directory at a time, never changed after.
// Numbers are rows of the table; an entry is a row too, and a hard-linked file's entries lead to one node.
import type { LayerStack } from '../store/store.ts';
import { type ByteString, cString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { AT_SYMLINK_NOFOLLOW, fstatfs, lseek, pread, prlimit, statx } from '../sys/libc.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, STATX, STATX_BTIME, STATX_MASK } from '../sys/statx.ts';
import { FileData } from './data.ts';
import { Directories } from './directories.ts';
import { LayerReader, nameArgument } from './layer.ts';
import { Live } from './live.ts';
import { type FaultLog, Loader } from './load.ts';
import { shownXattr, storedXattr } from './marks.ts';
import { mergeOptions } from './options.ts';
import { RecordedReader } from './recorded.ts';
import type { RecordedLayer } from './recorded-layer.ts';
import {
  FLAG,
  LOADING,
  NOT_LOADED,
  newTableMemory,
  ROW,
  Table,
  TableFull,
  type TableMemory,
} from './table.ts';

export interface TreeOptions {
  /** Told of damage that only costs one name. */
  readonly log?: FaultLog;
  /** For each layer of the stack, what is believed of its metadata instead of the disk; a whole stack's, or absent. */
  readonly recorded?: readonly (RecordedLayer | undefined)[];
  /** Whether layers that may change are looked at again and again, by way of `live`; else each directory is read once. */
  readonly follows?: boolean;
  /** Memory of the same stack's tree in another thread, to share it. */
  readonly memory?: TableMemory;
}

export interface Time {
  readonly seconds: number;
  /** 0 to 999,999,999, added to the seconds, also when these are negative. */
  readonly nanoseconds: number;
}

/** What `lstat` on the kernel's overlay would say. */
export interface Status {
  readonly ino: bigint;
  /** With type bits. */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** As the kernel encodes it (`encodeDevice`). */
  readonly rdev: number;
  readonly size: number;
  /** Of 512 bytes. */
  readonly blocks: number;
  readonly blksize: number;
  readonly atime: Time;
  readonly mtime: Time;
  readonly ctime: Time;
}

const ROOT = 1;
/** Names that every file system knows; whether it knows another one has to be asked. */
const COMMON_XATTR = /^(?:user|trusted|security)\.|^system\.posix_acl_(?:access|default)$/;
const XATTR_NAME_MAX = 255;
const SEEK_END = 2;
const RLIMIT_NOFILE = 7;
const current = cString('.' as ByteString);

/** Descriptors for directories and for files: a share of what the process may have open. */
function descriptorShares(): { directories: number; files: number } {
  const limits = new Uint32Array(4);
  prlimit(RLIMIT_NOFILE, null, limits);
  const soft = limits[1] === 0 ? (limits[0] as number) : 2 ** 20;
  const share = (part: number, most: number) => Math.max(4, Math.min(most, Math.floor(soft / part)));
  return { directories: share(8, 512), files: share(8, 512) };
}

function wide(high: number, low: number): number {
  return (high | 0) * 2 ** 32 + low;
}

export class Tree {
  readonly root = ROOT;
  readonly stack: LayerStack;
  /** Whether there can be files whose data are another object's. */
  readonly followsMetacopy: boolean;
  /** For a tree of the same stack in another thread. */
  readonly memory: TableMemory;
  readonly table: Table;
  /** Where it was asked for and a layer may change: what directories hold now. */
  readonly live: Live | undefined;
  readonly #directories: Directories;
  readonly #reader: LayerReader;
  readonly #loader: Loader;
  readonly #data: FileData;

  /** Opens the layers and reads the root's status. Throws Errno where a layer cannot be opened. */
  constructor(stack: LayerStack, options: TreeOptions = {}) {
    this.stack = stack;
    this.memory = options.memory ?? newTableMemory();
    this.table = new Table(this.memory);
    const layers = [...stack.layers, ...stack.dataLayers];
    const shares = descriptorShares();
    const directories = new Directories(
      this.table,
      layers.map((layer) => layer.directory),
      stack.dataLayers.length,
      shares.directories,
    );
    this.#directories = directories;
    const { recorded } = options;
    this.#reader =
      recorded === undefined
        ? new LayerReader(this.table, directories, stack.dialect)
        : new RecordedReader(this.table, directories, stack.dialect, recorded);
    const merge = mergeOptions(stack);
    this.followsMetacopy = merge.metacopy;
    const fileSystems = numberFileSystems(directories);
    const isLive = layers.map(({ live }) => live === true);
    const follows = options.follows === true && isLive.includes(true);
    const log = options.log ?? (() => {});
    this.#loader = new Loader(this.table, this.#reader, merge, fileSystems, log, !follows);
    this.#data = new FileData(this.table, directories, this.#reader, this.#loader, shares.files);
    this.live = follows ? new Live(this.table, this.#reader, this.#loader, ROOT, isLive) : undefined;
    if (options.memory === undefined) {
      this.#reader.examine(directories.roots[0] as number, '.');
      this.#loader.fillRoot(this.table.takeRows(1), this.#reader.status);
    }
  }

  /** Closes every descriptor. */
  close(): void {
    this.#data.close();
    this.#directories.close();
  }

  /** Whether a number is a node or entry of this tree. */
  has(row: number): boolean {
    return this.table.has(row);
  }

  isDirectory(node: number): boolean {
    return (this.table.word(node, ROW.mode) & S_IFMT) === S_IFDIR;
  }

  /** The record of a directory's listing, loading it when it is not. Waits where another thread is loading it. */
  #listing(directory: number): number {
    const { table } = this;
    const word = table.at(directory) + ROW.listing;
    for (;;) {
      const record = Atomics.load(table.rows, word);
      if (record > LOADING) return record;
      if (record === LOADING) {
        Atomics.wait(table.signedRows, word, LOADING);
        continue;
      }
      if (!this.isDirectory(directory)) throw new Errno(E.ENOTDIR, 'list a file');
      if (table.word(directory, ROW.errno) !== 0) throw new Errno(table.word(directory, ROW.errno), 'list');
      if (Atomics.compareExchange(table.rows, word, NOT_LOADED, LOADING) !== NOT_LOADED) continue;
      let loaded = NOT_LOADED;
      try {
        loaded = this.#loader.load(directory);
        return loaded;
      } catch (cause) {
        if (cause instanceof TableFull) throw new Errno(E.ENOMEM, cause.message, { cause });
        // The directory is known to be there: that it is gone now is damage, not absence.
        const lost = cause instanceof Errno && [E.ENOENT, E.ENOTDIR, E.ELOOP, E.EXDEV].includes(cause.errno);
        throw lost ? new Errno(E.EIO, 'load a directory', { cause }) : cause;
      } finally {
        Atomics.store(table.rows, word, loaded);
        Atomics.notify(table.signedRows, word);
      }
    }
  }

  /** The entries of a directory are the rows from this one on, in byte order of their names. Throws Errno. */
  firstEntry(directory: number): number {
    return this.table.record(this.#listing(directory), 0);
  }

  entryCount(directory: number): number {
    return this.table.record(this.#listing(directory), 1);
  }

  entries(directory: number): number[] {
    const first = this.firstEntry(directory);
    return Array.from({ length: this.entryCount(directory) }, (_, i) => first + i);
  }

  /** The entry whose name is the bytes `start` to `end` of `from`, 0 where there is none. Throws Errno. */
  lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    const listing = this.#listing(directory);
    let low = this.table.record(listing, 0);
    let high = low + this.table.record(listing, 1) - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = this.table.compareName(middle, from, start, end);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return 0;
  }

  /** As `lookup`, for a name as a string; throws the errno of an entry that cannot be looked up. */
  find(directory: number, name: ByteString): number {
    const entry = this.lookup(directory, cString(name), 0, name.length);
    if (entry !== 0) this.#mustBeSound(entry);
    return entry;
  }

  #mustBeSound(entry: number): void {
    const errno = this.table.word(entry, ROW.errno);
    if (errno !== 0) throw new Errno(errno, `look up "${this.table.rowName(entry)}"`);
  }

  nodeOf(entry: number): number {
    return this.table.word(entry, ROW.node);
  }

  parentOf(node: number): number {
    return this.table.word(node, ROW.parent);
  }

  errnoOf(entry: number): number {
    return this.table.word(entry, ROW.errno);
  }

  name(entry: number): ByteString {
    return this.table.rowName(entry) as ByteString;
  }

  status(entry: number): Status {
    const word = (field: number) => this.table.word(entry, field);
    const time = (field: number, ns: number): Time => ({
      seconds: wide(word(field + 1), word(field)),
      nanoseconds: word(ns),
    });
    return {
      ino: (BigInt(word(ROW.ino + 1)) << 32n) | BigInt(word(ROW.ino)),
      mode: word(ROW.mode),
      nlink: word(ROW.nlink),
      uid: word(ROW.uid),
      gid: word(ROW.gid),
      rdev: word(ROW.rdev),
      size: wide(word(ROW.size + 1), word(ROW.size)),
      blocks: wide(word(ROW.blocks + 1), word(ROW.blocks)),
      blksize: word(ROW.blksize),
      atime: time(ROW.atime, ROW.atimeNs),
      mtime: time(ROW.mtime, ROW.mtimeNs),
      ctime: time(ROW.ctime, ROW.ctimeNs),
    };
  }

  /** Where an entry's attributes come from: the index of its layer, top first, and its path inside that layer. */
  source(entry: number): { readonly layer: number; readonly path: ByteString } {
    const [holder, name] = this.#place(entry);
    const path = this.#directories.pathOf(holder);
    const full = name === '.' ? path : path === '' ? name : `${path}/${name}`;
    return { layer: this.#directories.layerOf(holder), path: full as ByteString };
  }

  /** The real directory to ask about a node, and the name to ask for: `.` for a directory. */
  #place(node: number): [holder: number, name: string] {
    const source = this.table.word(node, ROW.source);
    if (this.table.word(node, ROW.errno) !== 0) return [source, this.table.rowName(node)];
    if (this.isDirectory(node)) return [this.table.record(source, 1), '.'];
    return [source, this.table.rowName(node)];
  }

  /** Writes a link's target to `out` at `at`, at most `capacity` bytes; answers its length. */
  readLink(node: number, out: Uint8Array, at: number, capacity: number): number {
    if ((this.table.word(node, ROW.mode) & S_IFMT) !== S_IFLNK) throw new Errno(E.EINVAL, 'read a link');
    const [holder, name] = this.#place(node);
    const length = this.#reader.readLink(holder, name, out.subarray(at, at + capacity));
    if (length < 0) throw new Errno(length === -E.ENOENT ? E.EIO : -length, `read ${this.#describe(node)}`);
    return length;
  }

  linkTarget(node: number): ByteString {
    const target = Buffer.alloc(4096);
    return target.toString('latin1', 0, this.readLink(node, target, 0, target.length)) as ByteString;
  }

  /** A descriptor of a regular file's data, owned by the tree and valid until its next call. */
  dataDescriptor(node: number): number {
    const type = this.table.word(node, ROW.mode) & S_IFMT;
    if (type === S_IFDIR) throw new Errno(E.EISDIR, 'read a directory');
    if (type !== S_IFREG) throw new Errno(E.EINVAL, 'read a special file');
    return this.#data.descriptor(node);
  }

  /** False for a metacopy file whose data are longer or shorter than it says. Throws Errno where it cannot be opened. */
  isDataAsLongAsSize(node: number): boolean {
    const fd = this.dataDescriptor(node);
    if (this.table.word(node, ROW.listing) === 0) return true;
    return lseek(fd, 0, SEEK_END) === this.status(node).size;
  }

  /** Reads from byte `offset` on to `out` at `at`; answers fewer than `size` bytes only at the end of the file. */
  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    const fd = this.dataDescriptor(node);
    let done = 0;
    while (done < size) {
      const count = pread(fd, out.subarray(at + done), size - done, offset + done);
      if (count < 0) throw new Errno(-count, `read ${this.#describe(node)}`);
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
    const { table } = this;
    if (end >= wide(table.word(node, ROW.size + 1), table.word(node, ROW.size))) return;
    if (table.word(node, ROW.listing) !== 0 || this.#isLive(node)) return;
    throw new Errno(E.EIO, `read ${this.#describe(node)}, which was cut short`);
  }

  /** Whether a node is of a layer that a running container writes to. */
  #isLive(node: number): boolean {
    return this.stack.layers[this.table.word(node, ROW.layer) >>> 16]?.live === true;
  }

  #describe(node: number): string {
    const [holder, name] = this.#place(node);
    return this.#directories.describe(holder, name);
  }

  /** `SEEK_DATA` or `SEEK_HOLE`; ENXIO past the last data. */
  seek(node: number, offset: number, whence: number): number {
    const found = lseek(this.dataDescriptor(node), offset, whence);
    if (found < 0) throw new Errno(-found, 'seek in a file');
    return found;
  }

  /** Names as the overlay shows them. */
  xattrNames(node: number): string[] {
    if ((this.table.flags(node) & FLAG.noXattrs) !== 0) return [];
    const [holder, name] = this.#place(node);
    const names = this.#reader.xattrNames(holder, name);
    return names.flatMap((onDisk) => shownXattr(onDisk, this.#reader.prefix) ?? []);
  }

  xattr(node: number, shown: string): Buffer | undefined {
    const value = this.xattrAnswer(node, shown);
    if (typeof value !== 'number') return value;
    if (value === -E.ENODATA || value === -E.EOPNOTSUPP) return undefined;
    throw new Errno(-value, 'read an extended attribute');
  }

  /** The value, or the negative errno with which it cannot be had: ENODATA, EOPNOTSUPP for a name no attribute can have. */
  xattrAnswer(node: number, shown: string): Buffer | number {
    const { prefix } = this.#reader;
    // xattr_resolve_name(): the overlay's own prefix alone is no name.
    if (shown === prefix) return -E.EINVAL;
    const stored = storedXattr(shown, prefix);
    // ovl_xattr_escape_name(): escaping may make a name too long.
    if (stored.length > XATTR_NAME_MAX) return -E.EOPNOTSUPP;
    if ((this.table.flags(node) & FLAG.noXattrs) !== 0 && COMMON_XATTR.test(shown)) return -E.ENODATA;
    const [holder, name] = this.#place(node);
    return this.#reader.xattrAnswer(holder, name, stored);
  }

  xattrs(node: number): Map<ByteString, Buffer> {
    const all = new Map<ByteString, Buffer>();
    for (const name of this.xattrNames(node)) {
      const value = this.xattr(node, name);
      if (value !== undefined) all.set(name as ByteString, value);
    }
    return all;
  }

  /** `struct statfs` of the top layer's file system, into a buffer of at least 120 bytes. */
  statfs(out: Uint8Array): void {
    const error = fstatfs(this.#directories.descriptor(this.#directories.roots[0] as number), out);
    if (error < 0) throw new Errno(-error, 'examine the file system');
  }

  /** Birth time; undefined where the layer's file system has none. */
  birthTime(node: number): { readonly seconds: bigint; readonly nanoseconds: number } | undefined {
    const [holder, name] = this.#place(node);
    if (this.#reader.isRecorded(holder)) return undefined;
    const { status } = this.#reader;
    const fd = this.#directories.descriptor(holder);
    const error = statx(
      fd,
      name === '.' ? current : nameArgument(name),
      AT_SYMLINK_NOFOLLOW,
      STATX_MASK,
      status,
    );
    if (error < 0 || ((status[STATX.mask] as number) & STATX_BTIME) === 0) return undefined;
    const [low, high, nanoseconds] = [status[STATX.btime], status[STATX.btime + 1], status[STATX.btime + 2]];
    const seconds = BigInt.asIntN(64, (BigInt(high as number) << 32n) | BigInt(low as number));
    return { seconds, nanoseconds: nanoseconds as number };
  }
}

/** Index of each layer's file system, in the order in which the layers first show them. */
function numberFileSystems(directories: Directories): number[] {
  const devices: string[] = [];
  return [...directories.roots, ...directories.dataRoots].map((root) => {
    const device = directories.deviceOf(root);
    if (!devices.includes(device)) devices.push(device);
    return devices.indexOf(device);
  });
}
