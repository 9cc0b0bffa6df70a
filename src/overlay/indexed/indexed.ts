// Listing by what was remembered of layers: the index of each says what a directory held, and is believed as far as the disk
// says that the directory has not changed since. Attributes are asked of every object, as without. What the indexes do not
// have is learnt on the way.
import type { ByteString } from '../../sys/bytes.ts';
import { E } from '../../sys/errors.ts';
import { AT_EMPTY_PATH, close, fstatfs, nameToHandleAt, O, openByHandleAt } from '../../sys/libc.ts';
import { type Address, pinned } from '../../sys/memory.ts';
import { STATFS } from '../../sys/statfs.ts';
import { STATX, STATX_MASK, STATX_SIZE } from '../../sys/statx.ts';
import { statxAt } from '../../sys/statx-call.ts';
import { blocksRead } from '../../sys/usage.ts';
import type { Directories } from '../layer/directories.ts';
import { NAME_MAX } from '../layer/name-argument.ts';
import type { Names } from '../names.ts';
import { FLAG, ROW, type Table } from '../table.ts';
import { HANDLE_BYTES, HANDLE_HEAD, IndexedLayer, type LayerDescription } from './indexed-layer.ts';
import { type Ctime, LearnedLayer } from './learned-layer.ts';

/** Where indexes are kept, each by the path of its layer. What the system refuses is not thrown: the store tells of it. */
export interface LayerIndexStore {
  /** Undefined where there is none that can be used. */
  read(path: ByteString): LayerDescription | undefined;
  write(path: ByteString, layer: LayerDescription): void;
  close(): void;
}

/** What layers are indexed by. */
export interface IndexedParts {
  readonly table: Table;
  readonly directories: Directories;
  /** Path of each layer, top first. */
  readonly paths: readonly ByteString[];
  readonly store: LayerIndexStore;
  /** Where `examine` writes a `struct statx`. */
  readonly status: Uint32Array;
  readonly statusAddress: Address;
}

interface Known {
  readonly path: ByteString;
  readonly root: number;
  /** Two words, of its root. */
  readonly device: readonly (number | undefined)[];
  readonly index: IndexedLayer | undefined;
  readonly learned: LearnedLayer;
  /** Real directories that were found as in the index, by their places there. */
  readonly unchanged: Map<number, number>;
  /** Whether files can be asked for by their handles. */
  hasHandles: boolean;
}

/** One real directory of the merged one that is being loaded. */
interface Pass {
  readonly layer: Known | undefined;
  readonly directory: number;
  /** Number of the next entry in the layer's index; -1 where the directory is not listed by it. */
  next: number;
  /** Past the last one. */
  readonly end: number;
  /** The directory's `struct statx`, where it is being learnt, and the number of its first entry then. */
  status: Uint32Array | undefined;
  readonly first: number;
}

/**
 * Magic numbers (linux/magic.h) of ext4, XFS and btrfs: file systems of this machine alone, whose times of change are those of the
 * last change, to the clock's tick. A server's may be older than the change, and what it caches as well.
 */
const TRUSTED = [0xef53, 0x5846_5342, 0x9123_683e];

/** A change that comes within a tick of the clock leaves no trace in a time: what changed so lately is not learnt. */
const SETTLED_SECONDS = 2;
/** Loads without a read from a disk, after which it is taken for cached. */
const PATIENCE = 1024;
const DT_DIR = 4;

const empty = pinned(1);
const mountId = pinned(4);
const { buffer: handle, address: handleAddress } = pinned(HANDLE_HEAD + HANDLE_BYTES);
const { buffer: statusBytes, address: statusAddress } = pinned(STATX_SIZE);
const status = new Uint32Array(statusBytes.buffer);

export class Indexed {
  readonly #parts: IndexedParts;
  readonly #layers: readonly (Known | undefined)[];
  readonly #hasIndexes: boolean;
  #pass: Pass[] = [];
  /** Whether loading reads from a disk at the moment: a handle then spares reading the directory, which a name needs. */
  #isCold = false;
  #blocksRead = blocksRead();
  #patience = 0;

  /** Reads the indexes. Throws Errno where a layer cannot be opened. */
  constructor(parts: IndexedParts) {
    const { directories, paths, store } = parts;
    this.#parts = parts;
    this.#layers = paths.map((path, i) => {
      const root = directories.roots[i] as number;
      if (!isTrusted(directories.descriptor(root))) return undefined;
      const description = store.read(path);
      const index = description && new IndexedLayer(description);
      // Through no clone of the layer's mount, something else may be mounted on a file: only its name leads there.
      const hasHandles = !directories.isForeign(root, -1);
      const device = deviceOf(directories.descriptor(root));
      return { path, root, device, index, learned: new LearnedLayer(), unchanged: new Map(), hasHandles };
    });
    this.#hasIndexes = this.#layers.some((layer) => layer?.index !== undefined);
  }

  /** Begins a merged directory; what was learnt of one that could not be listed is forgotten. */
  begin(): void {
    for (const pass of this.#pass) forget(pass);
    this.#pass = [];
    const blocks = blocksRead();
    if (blocks !== this.#blocksRead) this.#patience = PATIENCE;
    this.#blocksRead = blocks;
    this.#isCold = this.#patience > 0;
    if (this.#isCold) this.#patience--;
  }

  /** Adds the names of its next real directory; false where they must be read from the disk. Throws Errno. */
  list(directory: number, names: Names): boolean {
    const layer = this.#layers[this.#parts.directories.layerOf(directory)];
    const pass = this.#passOf(layer, directory);
    this.#pass.push(pass);
    const index = layer?.index;
    if (index === undefined || pass.next < 0) return false;
    names.begin();
    for (let entry = pass.next; entry < pass.end; entry++) {
      const at = index.nameAt(entry);
      names.add(index.names, at, at + index.nameLength(entry), index.typeOf(entry));
    }
    return true;
  }

  #passOf(layer: Known | undefined, directory: number): Pass {
    const none = { layer, directory, next: -1, end: -1, status: undefined, first: 0 };
    if (layer === undefined) return none;
    const fd = this.#parts.directories.descriptor(directory);
    if (statxAt(fd, empty.address, AT_EMPTY_PATH, STATX_MASK, statusAddress) < 0) return none;
    // A snapshot of btrfs below the root has the inode numbers and times of what it was made of, and handles that lead there.
    if (!isOnDevice(status, layer.device)) return none;
    const found = layer.index?.find(status) ?? -1;
    if (layer.index !== undefined && found >= 0) {
      layer.unchanged.set(found, directory);
      const next = layer.index.firstOf(found);
      return { ...none, next, end: next + layer.index.countOf(found) };
    }
    // Of two directories of one layer only the first is learnt, as entries of one stand together.
    const isTaken = this.#pass.some((other) => other.layer === layer && other.status !== undefined);
    if (isTaken || !isSettled(status, STATX.ctime) || !isSettled(status, STATX.mtime)) return none;
    return { ...none, status: status.slice(), first: layer.learned.count };
  }

  /**
   * The number that the first of the equal names `from` to `end` has in the index of its layer, -1 where it has none. To be
   * asked for all names in their order.
   */
  next(names: Names, from: number, end: number): number {
    let number = -1;
    for (let i = end - 1; i >= from; i--) {
      const pass = this.#pass[names.level(i)] as Pass;
      number = pass.next;
      if (pass.next >= 0) pass.next++;
    }
    return number;
  }

  /** Writes an object's status as the reader would; false where that must be asked by its name. */
  examine(directory: number, entry: number): boolean {
    if (!this.#isCold) return false;
    const { directories, statusAddress } = this.#parts;
    const layer = this.#layers[directories.layerOf(directory)];
    if (layer?.index === undefined || !layer.hasHandles) return false;
    const address = layer.index.handleOf(entry);
    if (address === 0) return false;
    const fd = openByHandleAt(directories.descriptor(layer.root), address, O.PATH | O.CLOEXEC);
    if (fd < 0) {
      if (fd !== -E.ESTALE) layer.hasHandles = false;
      return false;
    }
    const error = statxAt(fd, empty.address, AT_EMPTY_PATH, STATX_MASK, statusAddress);
    close(fd);
    return error === 0;
  }

  /** Whether the file that was examined last has no extended attribute, for sure. */
  hasNoXattrs(directory: number, entry: number): boolean {
    const layer = this.#layers[this.#parts.directories.layerOf(directory)];
    return layer?.index?.hasNoXattrs(entry, this.#parts.status) === true;
  }

  /** Learns the equal names `from` to `end`, of which the first is at `at` in the table and shown by `row`, 0 where it is not. */
  learn(names: Names, from: number, end: number, at: number, row: number): void {
    for (let i = from; i < end; i++) {
      const pass = this.#pass[names.level(i)] as Pass;
      const { layer, directory, status } = pass;
      if (layer === undefined || status === undefined) continue;
      const isTwice = i > from && names.level(i) === names.level(i - 1);
      if (isTwice || names.length(i) > NAME_MAX) {
        forget(pass);
        continue;
      }
      const isFirst = i === from;
      const type = names.type(i);
      const ctime = isFirst && row !== 0 ? this.#ctimeWithoutXattrs(row) : undefined;
      const found =
        isFirst && type !== DT_DIR && layer.hasHandles ? this.#handleOf(directory, at) : undefined;
      layer.learned.addEntry(names.bytes, names.place(i), names.length(i), type, ctime, found);
    }
  }

  #ctimeWithoutXattrs(row: number): Ctime | undefined {
    const { table } = this.#parts;
    if (table.errnoOf(row) !== 0 || (table.flags(row) & FLAG.noXattrs) === 0) return undefined;
    const time: Ctime = [
      table.word(row, ROW.ctime),
      table.word(row, ROW.ctime + 1),
      table.word(row, ROW.ctimeNs),
    ];
    return isSettled(time, 0) ? time : undefined;
  }

  #handleOf(directory: number, nameAt: number): Buffer | undefined {
    const { table, directories } = this.#parts;
    handle.writeUInt32LE(HANDLE_BYTES, 0);
    const fd = directories.descriptor(directory);
    const error = nameToHandleAt(fd, table.addressAt(nameAt), handleAddress, mountId.address);
    return error < 0 ? undefined : handle.subarray(0, HANDLE_HEAD + handle.readUInt32LE(0));
  }

  /** Ends a merged directory that was listed. */
  end(): void {
    const { directories } = this.#parts;
    for (const { layer, directory, status, first } of this.#pass)
      if (status !== undefined) layer?.learned.addDirectory(status, first, directories.pathOf(directory));
    this.#pass = [];
  }

  /** Whether a directory is listed without a name being looked up in it: two links are its own name and its `.`. */
  spares(row: number): boolean {
    return this.#hasIndexes && this.#parts.table.word(row, ROW.nlink) === 2;
  }

  /** Has what was learnt kept, where something was. */
  close(): void {
    try {
      this.#save();
    } finally {
      this.#parts.store.close();
    }
  }

  #save(): void {
    const { directories } = this.#parts;
    for (const layer of this.#layers) {
      if (layer === undefined || layer.learned.isEmpty) continue;
      if (layer.index !== undefined) {
        const unchanged = [...layer.unchanged].map(
          ([at, directory]) => [at, directories.pathOf(directory)] as const,
        );
        layer.learned.takeOver(layer.index, new Map(unchanged));
      }
      this.#parts.store.write(layer.path, layer.learned.description);
    }
  }
}

/** What was learnt of a directory until now is not learnt, nor the rest. */
function forget(pass: Pass): void {
  if (pass.status === undefined) return;
  pass.layer?.learned.forget(pass.first);
  pass.status = undefined;
}

/** Undefined words where the kernel does not tell. */
function deviceOf(directory: number): readonly (number | undefined)[] {
  const isTold = statxAt(directory, empty.address, AT_EMPTY_PATH, STATX_MASK, statusAddress) >= 0;
  return isTold ? [status[STATX.devMajor], status[STATX.devMinor]] : [];
}

function isOnDevice(status: Uint32Array, [major, minor]: readonly (number | undefined)[]): boolean {
  return status[STATX.devMajor] === major && status[STATX.devMinor] === minor;
}

function isTrusted(directory: number): boolean {
  const statfs = new Uint32Array(STATFS.size / 4);
  return fstatfs(directory, statfs) === 0 && TRUSTED.includes(statfs[STATFS.type >> 2] as number);
}

/** Whether the time at a place of these words is not of late, nor to come. */
function isSettled(words: { readonly [at: number]: number | undefined }, at: number): boolean {
  const seconds = ((words[at + 1] as number) | 0) * 2 ** 32 + (words[at] as number);
  return Date.now() / 1000 - seconds >= SETTLED_SECONDS;
}
