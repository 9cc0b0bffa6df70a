// What is learnt of a layer while its directories are listed, growing: the description of its next index.
import {
  HANDLE_ALIGN,
  HANDLE_HEAD,
  INDEXED_DIRECTORY,
  INDEXED_ENTRY,
  type IndexedLayer,
  identityOf,
  type LayerDescription,
  NO_XATTRS,
  TYPE_SHIFT,
} from './indexed-layer.ts';
import { stillThere } from './still-there.ts';

/** Room at first, in words and in bytes. */
const ROOM = 1024;

/** What is known of a file that has no extended attribute: the three words of its time of change. */
export type Ctime = readonly [number, number, number];

export class LearnedLayer {
  #directories = new Uint32Array(ROOM);
  #entries = new Uint32Array(ROOM);
  #names = Buffer.alloc(ROOM);
  #handles = Buffer.alloc(ROOM);
  #usedDirectories = 0;
  #usedEntries = 0;
  #usedNames = 0;
  /** 0 stands for no handle. */
  #usedHandles = HANDLE_ALIGN;

  /** Whether there is nothing yet. */
  get isEmpty(): boolean {
    return this.#usedDirectories === 0;
  }

  /** Entries so far. */
  get count(): number {
    return this.#usedEntries / INDEXED_ENTRY.words;
  }

  /**
   * An entry of the directory that is told next, in byte order of names: its name is `length` bytes of `from`. `ctime` is absent
   * where it may have attributes, `handle` (a `struct file_handle`) where it has none.
   */
  addEntry(
    from: Buffer,
    start: number,
    length: number,
    type: number,
    ctime: Ctime | undefined,
    handle: Buffer | undefined,
  ): void {
    const name = this.#usedNames;
    this.#names = withRoom(this.#names, name + length + 1, Buffer.alloc);
    from.copy(this.#names, name, start, start + length);
    this.#names[name + length] = 0;
    this.#usedNames = name + length + 1;
    const about = length | (type << TYPE_SHIFT) | (ctime === undefined ? 0 : NO_XATTRS);
    const place = handle === undefined ? 0 : this.#addHandle(handle);
    this.#addWords([name, about, ...(ctime ?? [0, 0, 0]), place]);
  }

  #addHandle(handle: Buffer): number {
    const at = this.#usedHandles;
    this.#usedHandles = Math.ceil((at + handle.length) / HANDLE_ALIGN) * HANDLE_ALIGN;
    this.#handles = withRoom(this.#handles, this.#usedHandles, Buffer.alloc);
    handle.copy(this.#handles, at);
    return at;
  }

  #addWords(words: readonly number[]): void {
    this.#entries = withRoom(this.#entries, this.#usedEntries + words.length, words32);
    this.#entries.set(words, this.#usedEntries);
    this.#usedEntries += words.length;
  }

  /** The directory of all entries from the number `first` on, as a `struct statx` told of it before it was listed; `path` is a byte string. */
  addDirectory(status: Uint32Array, first: number, path: string): void {
    this.#addDirectory(identityOf(status), first, path);
  }

  #addDirectory(identity: readonly number[], first: number, path: string): void {
    const at = this.#usedNames;
    this.#names = withRoom(this.#names, at + path.length, Buffer.alloc);
    this.#names.write(path, at, 'latin1');
    this.#usedNames = at + path.length;
    const words = [...identity, first, this.count - first, at, path.length];
    this.#directories = withRoom(this.#directories, this.#usedDirectories + words.length, words32);
    this.#directories.set(words, this.#usedDirectories);
    this.#usedDirectories += words.length;
  }

  /** All entries from the number `first` on are forgotten: their directory could not be listed. */
  forget(first: number): void {
    this.#usedEntries = first * INDEXED_ENTRY.words;
  }

  /** Takes over what an older index has of directories that are there still; `unchanged` has the paths of those that were found so, by place. */
  takeOver(older: IndexedLayer, unchanged: ReadonlyMap<number, string>): void {
    for (const at of stillThere(older, unchanged, this.description)) {
      const first = this.count;
      const start = older.firstOf(at);
      for (let entry = start; entry < start + older.countOf(at); entry++) this.#copyEntry(older, entry);
      const identity = older.directories.subarray(at, at + INDEXED_DIRECTORY.first);
      this.#addDirectory([...identity], first, unchanged.get(at) ?? older.pathAt(at));
    }
  }

  #copyEntry(older: IndexedLayer, entry: number): void {
    const at = entry * INDEXED_ENTRY.words;
    const { entries, handles } = older;
    const hasNone = ((entries[at + INDEXED_ENTRY.about] as number) & NO_XATTRS) !== 0;
    const [a = 0, b = 0, c = 0] = entries.subarray(at + INDEXED_ENTRY.ctime, at + INDEXED_ENTRY.ctime + 3);
    const handle = entries[at + INDEXED_ENTRY.handle] as number;
    this.addEntry(
      older.names,
      older.nameAt(entry),
      older.nameLength(entry),
      older.typeOf(entry),
      hasNone ? [a, b, c] : undefined,
      handle === 0
        ? undefined
        : handles.subarray(handle, handle + HANDLE_HEAD + handles.readUInt32LE(handle)),
    );
  }

  /** Good until more is added. */
  get description(): LayerDescription {
    return {
      directories: this.#directories.subarray(0, this.#usedDirectories),
      entries: this.#entries.subarray(0, this.#usedEntries),
      names: this.#names.subarray(0, this.#usedNames),
      handles: this.#handles.subarray(0, this.#usedHandles),
    };
  }
}

function words32(length: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(length);
}

/** The same with room for `length`. */
function withRoom<T extends Uint8Array | Uint32Array>(
  from: T,
  length: number,
  make: (length: number) => T,
): T {
  if (from.length >= length) return from;
  const to = make(Math.max(from.length * 2, length));
  to.set(from);
  return to;
}
