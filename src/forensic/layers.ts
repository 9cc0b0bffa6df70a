// All layers of a stack at once, each as it lies on disk, and the overlay's rules over them: for questions that the merged
// tree cannot answer, because they are about what it hides. One real directory is one record, whichever way leads to it.
import type { Directories } from '../overlay/directories.ts';
import { InternedDirectories } from '../overlay/interned.ts';
import { type Entry, LayerReader, type Listing, nameArgument } from '../overlay/layer.ts';
import { type MergeOptions, type Resolution, resolve, type Source } from '../overlay/merge.ts';
import { mergeOptions } from '../overlay/options.ts';
import type { Time } from '../overlay/status.ts';
import { Table } from '../overlay/table.ts';
import type { Layer, LayerStack } from '../store/store.ts';
import { type ByteString, bytesOf } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { close, read, readlinkat } from '../sys/libc.ts';
import { encodeDevice, STATX, STATX_BTIME } from '../sys/statx.ts';

/** As many directories as are kept open. */
const OPEN_DIRECTORIES = 128;

/** Address space for names and places of directories; memory is taken only as far as it is used. */
const TABLE_BYTES = 2 ** 28;

/** What `lstat` says of one object of one layer. */
export interface Attributes {
  /** With type bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly nlink: number;
  readonly ino: bigint;
  /** As the kernel encodes it. */
  readonly rdev: number;
  readonly atime: Time;
  readonly mtime: Time;
  readonly ctime: Time;
  /** Absent where the file system has none. */
  readonly btime?: Time;
}

export type Found = Resolution<number, Entry>;

export class Layers {
  readonly stack: LayerStack;
  /** Records of the layers' roots, top first. */
  readonly roots: readonly number[];
  readonly #directories: Directories;
  readonly #reader: LayerReader;
  readonly #source: Source<number, Entry>;
  readonly #options: MergeOptions;
  /** Of the directories in `keep`. */
  #listings = new Map<number, Listing>();
  readonly #target = Buffer.alloc(4096);

  /** Opens nothing yet. Data-only layers are left out: they have no names. */
  constructor(stack: LayerStack) {
    this.stack = stack;
    const table = new Table({
      rows: new SharedArrayBuffer(4096),
      names: new SharedArrayBuffer(TABLE_BYTES),
      records: new SharedArrayBuffer(TABLE_BYTES),
      links: new SharedArrayBuffer(4),
      counters: new SharedArrayBuffer(16),
    });
    this.#directories = new InternedDirectories(
      table,
      stack.layers.map((layer) => layer.directory),
      OPEN_DIRECTORIES,
    );
    this.#reader = new LayerReader(table, this.#directories, stack.dialect);
    this.roots = this.#directories.roots;
    this.#source = {
      roots: this.roots,
      layerOf: (record) => this.layerOf(record),
      find: (record, name) => this.find(record, name),
    };
    this.#options = mergeOptions(stack);
  }

  close(): void {
    this.#directories.close();
  }

  /** Index of a record's layer, 0 at the top. */
  layerOf(record: number): number {
    return this.#directories.layerOf(record);
  }

  layer(index: number): Layer {
    const layer = this.stack.layers[index];
    if (layer === undefined)
      throw new RangeError(`no layer ${index} in a stack of ${this.stack.layers.length}`);
    return layer;
  }

  /** Path of a directory in its layer, without a leading slash; empty for the root. */
  pathOf(record: number): ByteString {
    return this.#directories.pathOf(record);
  }

  /** What one real directory holds; whiteouts are among it. Throws Errno. */
  list(record: number): Listing {
    return this.#listings.get(record) ?? this.#reader.list(record);
  }

  /** Lists directories, and answers from these listings until the next call. Throws Errno. */
  keep(records: readonly number[]): Listing[] {
    const listings = records.map((record) => this.list(record));
    this.#listings = new Map(records.map((record, i) => [record, listings[i] as Listing]));
    return listings;
  }

  /** What one real directory says of a name, whiteouts included. Throws Errno. */
  find(record: number, name: string): Entry | undefined {
    const kept = this.#listings.get(record);
    if (kept !== undefined && !kept.types.has(name)) return undefined;
    return this.#reader.find(record, name);
  }

  /** What a merged directory, its real directories top first, shows by a name. Throws Errno as the kernel's lookup. */
  resolve(parts: readonly number[], name: string): Found | undefined {
    return resolve(parts, name, this.#source, this.#options);
  }

  /** The attributes of a layer's root. Throws Errno. */
  rootAttributes(index: number): Attributes {
    this.#reader.examine(this.roots[index] as number, '.');
    return attributesOf(this.#reader.status);
  }

  linkTarget({ holder, name }: Entry): ByteString {
    const fd = this.#directories.descriptor(holder);
    const length = readlinkat(fd, nameArgument(name), this.#target, this.#target.length);
    if (length < 0) throw new Errno(-length, 'read a link');
    return bytesOf(this.#target, 0, length);
  }

  /** Gives a regular file's contents to `use`, piece by piece; a piece is valid until the next. Throws Errno. */
  readFile({ holder, name }: Entry, chunk: Buffer, use: (piece: Buffer) => void): void {
    const fd = this.#directories.openFile(holder, Buffer.from(`${name}\0`, 'latin1'));
    if (fd < 0) throw new Errno(-fd, 'open a file');
    try {
      for (;;) {
        const count = read(fd, chunk, chunk.length);
        if (count < 0) throw new Errno(-count, 'read a file');
        if (count === 0) return;
        use(chunk.subarray(0, count));
      }
    } finally {
      close(fd);
    }
  }
}

/** `words` is a `struct statx`. */
export function attributesOf(words: Uint32Array): Attributes {
  const word = (field: number) => words[field] as number;
  const time = (field: number): Time => ({
    seconds: (word(field + 1) | 0) * 2 ** 32 + word(field),
    nanoseconds: word(field + 2),
  });
  return {
    mode: word(STATX.mode) & 0xffff,
    uid: word(STATX.uid),
    gid: word(STATX.gid),
    size: word(STATX.size + 1) * 2 ** 32 + word(STATX.size),
    nlink: word(STATX.nlink),
    ino: (BigInt(word(STATX.ino + 1)) << 32n) | BigInt(word(STATX.ino)),
    rdev: encodeDevice(word(STATX.rdevMajor), word(STATX.rdevMinor)),
    atime: time(STATX.atime),
    mtime: time(STATX.mtime),
    ctime: time(STATX.ctime),
    ...((word(STATX.mask) & STATX_BTIME) === 0 ? {} : { btime: time(STATX.btime) }),
  };
}

/** Layers are numbered for people from the lowest, 1. */
export function numberOfLayer({ layers }: LayerStack, index: number): number {
  return layers.length - index;
}

/** The names of a path, `.` and empty ones left out; `..` takes the one before it away and stops at the root. */
export function componentsOf(path: ByteString): ByteString[] {
  const names: ByteString[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name as ByteString);
  }
  return names;
}

/** Both without a slash at the end; the root is empty. */
export function below(directory: ByteString, name: string): ByteString {
  return `${directory}/${name}` as ByteString;
}
