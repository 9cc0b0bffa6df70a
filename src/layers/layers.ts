// All layers of a stack at once, each as it lies on disk, and the overlay's rules over them: for questions that the merged
// tree cannot answer, because they are about what it hides. One real directory is one record, whichever way leads to it.

import type { Directories } from '../overlay/layer/directories.ts';
import type { Entry } from '../overlay/layer/entry.ts';
import type { Listing } from '../overlay/layer/listing.ts';
import { shownXattr } from '../overlay/layer/marks.ts';
import type { OpenContents } from '../overlay/layer/open-contents.ts';
import type { LayerReader } from '../overlay/layer/reader.ts';
import { type MergeOptions, type Resolution, resolve, type Source } from '../overlay/merge.ts';
import { readableLayers } from '../overlay/opened.ts';
import { OpenDirectories } from '../overlay/opened-directories.ts';
import { mergeOptions } from '../overlay/options.ts';
import type { RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import type { Time } from '../overlay/status.ts';
import type { Layer, LayerStack } from '../store/layer-stack.ts';
import { asBytes, type ByteString, bytesOf } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { fileSize } from '../sys/file-size.ts';
import { bigLongAt, longAt } from '../sys/long.ts';
import { deviceAt, STATX, STATX_ATIME, STATX_BTIME, STATX_CTIME, timeAt } from '../sys/statx.ts';

/** As many directories as are kept open. */
const OPEN_DIRECTORIES = 128;

/** Address space for names and places of directories; memory is taken only as far as it is used. */
const TABLE_BYTES = 2 ** 28;

/** What `lstat` says of one object of one layer. */
export interface ObjectAttributes {
  /** With type bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** As `FileSize`. */
  readonly exactSize?: bigint;
  readonly nlink: number;
  readonly ino: bigint;
  /** As the kernel encodes it. */
  readonly rdev: number;
  /** Of 512 bytes. */
  readonly blocks: number;
  readonly mtime: Time;
  /** Absent where a record tells of the object, and not of these. */
  readonly atime?: Time;
  readonly ctime?: Time;
  /** Absent where the file system has none, too. */
  readonly btime?: Time;
}

export type FoundName = Resolution<number, Entry>;

export class Layers {
  readonly stack: LayerStack;
  /** Records of the layers' roots, top first; of those that are there. */
  readonly roots: readonly number[];
  readonly #opened: OpenDirectories;
  readonly #directories: Directories;
  readonly #reader: LayerReader;
  readonly #source: Source<number, Entry>;
  readonly #options: MergeOptions;
  /** Of the directories in `keep`. */
  #listings = new Map<number, Listing>();
  readonly #target = Buffer.alloc(4096);

  /**
   * Opens nothing yet. Data-only layers are left out: they have no names. `recorded` is for each layer what is believed
   * of its metadata instead of the disk.
   */
  constructor(stack: LayerStack, recorded?: readonly (RecordedLayer | undefined)[]) {
    this.stack = stack;
    const opened = new OpenDirectories(readableLayers(stack, recorded), {
      most: TABLE_BYTES,
      capacity: OPEN_DIRECTORIES,
      interns: true,
    });
    this.#opened = opened;
    this.#directories = opened.directories;
    this.#reader = opened.reader;
    this.roots = this.#directories.roots.filter((_, i) => stack.layers[i]?.missing === undefined);
    this.#source = {
      roots: this.roots,
      layerOf: (record) => this.layerOf(record),
      find: (record, name) => this.find(record, name),
    };
    this.#options = mergeOptions(stack);
  }

  close(): void {
    this.#opened.close();
  }

  /** Those of the roots that the merged view is made of: the first that is opaque hides all below it. Throws Errno. */
  shownRoots(): readonly number[] {
    return this.#reader.rootStack(this.roots);
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

  /** Record of a layer's root. */
  rootOf(index: number): number {
    this.layer(index);
    return this.#directories.roots[index] as number;
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
  resolve(parts: readonly number[], name: string): FoundName | undefined {
    return resolve(parts, name, this.#source, this.#options);
  }

  /** The attributes of a layer's root. Throws Errno. */
  rootAttributes(index: number): ObjectAttributes {
    this.#reader.examine(this.rootOf(index), '.');
    return objectAttributes(this.#reader.status);
  }

  linkTarget({ holder, name }: Place): ByteString {
    const length = this.#reader.readLink(holder, name, this.#target);
    if (length < 0) throw new Errno(-length, 'read a link');
    return bytesOf(this.#target, 0, length);
  }

  /** Extended attributes as the overlay shows them: without its own marks. Throws Errno. */
  xattrs({ holder, name }: Place): Map<ByteString, Buffer> {
    const all = new Map<ByteString, Buffer>();
    for (const onDisk of this.#reader.xattrNames(holder, name)) {
      const shown = shownXattr(onDisk, this.#reader.prefixOf(holder));
      if (shown === undefined) continue;
      const value = this.#reader.xattrAnswer(holder, name, onDisk);
      if (value === -E.ENODATA) continue;
      if (typeof value === 'number') throw new Errno(-value, 'read an extended attribute');
      all.set(asBytes(shown), value);
    }
    return all;
  }

  /** A regular file's contents, to be closed. Throws Errno; EIO where a record tells of another size. */
  openFile({ holder, name, status }: Entry): OpenContents {
    const file = this.#reader.openContents(holder, name);
    if (this.#reader.isRecorded(holder) && file.size() !== objectAttributes(status).size) {
      file.close();
      throw new Errno(E.EIO, 'open a file that has another size than recorded');
    }
    return file;
  }
}

/** An object by its name in a real directory; `.` for the directory itself. */
type Place = Pick<Entry, 'holder' | 'name'>;

/** `words` is a `struct statx`. */
export function objectAttributes(words: Uint32Array): ObjectAttributes {
  const word = (field: number) => words[field] as number;
  const told = (time: number) => (word(STATX.mask) & time) !== 0;
  const time = (field: number): Time => timeAt(words, field);
  return {
    mode: word(STATX.mode) & 0xffff,
    uid: word(STATX.uid),
    gid: word(STATX.gid),
    ...fileSize(word(STATX.size), word(STATX.size + 1)),
    nlink: word(STATX.nlink),
    ino: bigLongAt(words, STATX.ino),
    rdev: deviceAt(words),
    blocks: longAt(words, STATX.blocks),
    mtime: time(STATX.mtime),
    ...(told(STATX_ATIME) ? { atime: time(STATX.atime) } : {}),
    ...(told(STATX_CTIME) ? { ctime: time(STATX.ctime) } : {}),
    ...(told(STATX_BTIME) ? { btime: time(STATX.btime) } : {}),
  };
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
