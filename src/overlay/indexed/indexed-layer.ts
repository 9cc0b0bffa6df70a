// The index of one layer: what its directories held when they were listed, and which of their files had no extended
// attribute. Of each it says by what the disk can be asked whether that is so still. As bytes, what is not whole, of another
// version, for another layer or does not hang together is told apart; whoever made it cannot make it reach past its end.
import { createHash } from 'node:crypto';
import { addressOf } from '../../sys/memory.ts';
import { STATX } from '../../sys/statx.ts';
import { NAME_MAX } from '../layer/name-argument.ts';

/** Magic and version, the SHA-256 of all that follows, the SHA-256 of what it was made for, and the lengths of the sections. */
const MAGIC = Buffer.from('stratafs tree 2\n', 'latin1');
const HASH_BYTES = 32;
const SECTIONS = 4;
const START = MAGIC.length + 2 * HASH_BYTES + SECTIONS * 4;

/** Of a `struct statx`, what changes with each change of what a directory holds; nobody can set a time of change. */
const IDENTITY = [STATX.ino, STATX.btime, STATX.ctime, STATX.mtime].flatMap((field) =>
  field === STATX.ino ? [field, field + 1] : [field, field + 1, field + 2],
);

/** Words of a directory: its identity, the number of its first entry and how many there are, and where its path begins. */
export const INDEXED_DIRECTORY = {
  words: IDENTITY.length + 4,
  first: IDENTITY.length,
  count: IDENTITY.length + 1,
  path: IDENTITY.length + 2,
  pathLength: IDENTITY.length + 3,
} as const;

/** Words of an entry. */
export const INDEXED_ENTRY = {
  words: 6,
  /** Where its name begins. */
  name: 0,
  /** The name's length in the low 16 bits, 4 of its `d_type`, and `NO_XATTRS`. */
  about: 1,
  /** Time of the file's last change, three words as in a `struct statx`, where it had no attribute. */
  ctime: 2,
  /** Where its `struct file_handle` begins; 0 where there is none. */
  handle: 5,
} as const;
export const TYPE_SHIFT = 16;
export const NO_XATTRS = 1 << 20;
/** Where the first handle begins, and what each begins at a multiple of. */
export const HANDLE_ALIGN = 8;
/** MAX_HANDLE_SZ of linux/exportfs.h, and the two words before it. */
export const HANDLE_BYTES = 128;
export const HANDLE_HEAD = 8;

const SLASH = 0x2f;
const DOT = 0x2e;
const WORD = 2 ** 32;

/** An index is a description with the means to look things up. */
export interface LayerDescription {
  readonly directories: Uint32Array;
  /** Those of one directory stand together, in byte order of their names. */
  readonly entries: Uint32Array;
  /** Each NUL-terminated; and the directories' paths. */
  readonly names: Buffer;
  readonly handles: Buffer;
}

export class IndexedLayer implements LayerDescription {
  readonly directories: Uint32Array;
  readonly entries: Uint32Array;
  readonly names: Buffer;
  readonly handles: Buffer;
  /** Of `handles`. */
  readonly #address: number;
  readonly #byInode = new Map<number, number>();

  constructor({ directories, entries, names, handles }: LayerDescription) {
    this.directories = directories;
    this.entries = entries;
    this.names = names;
    this.handles = handles;
    this.#address = addressOf(handles);
    for (let at = 0; at < directories.length; at += INDEXED_DIRECTORY.words)
      this.#byInode.set(inodeAt(directories, at), at);
  }

  /** The directory that a `struct statx` is of, unchanged; -1 where there is none. */
  find(status: Uint32Array): number {
    const at = this.#byInode.get(inodeAt(status, STATX.ino)) ?? -1;
    if (at < 0) return -1;
    for (let i = 0; i < IDENTITY.length; i++)
      if (this.directories[at + i] !== status[IDENTITY[i] as number]) return -1;
    return at;
  }

  firstOf(directory: number): number {
    return this.directories[directory + INDEXED_DIRECTORY.first] as number;
  }

  countOf(directory: number): number {
    return this.directories[directory + INDEXED_DIRECTORY.count] as number;
  }

  /** Below the layer's root as it was when the directory was listed, without a leading slash; empty for the root. */
  pathAt(directory: number): string {
    const start = this.directories[directory + INDEXED_DIRECTORY.path] as number;
    const length = this.directories[directory + INDEXED_DIRECTORY.pathLength] as number;
    return this.names.toString('latin1', start, start + length);
  }

  nameText(entry: number): string {
    const start = this.nameAt(entry);
    return this.names.toString('latin1', start, start + this.nameLength(entry));
  }

  nameAt(entry: number): number {
    return this.entries[entry * INDEXED_ENTRY.words + INDEXED_ENTRY.name] as number;
  }

  nameLength(entry: number): number {
    return this.#about(entry) & 0xffff;
  }

  /** `d_type`. */
  typeOf(entry: number): number {
    return (this.#about(entry) >>> TYPE_SHIFT) & 0xf;
  }

  #about(entry: number): number {
    return this.entries[entry * INDEXED_ENTRY.words + INDEXED_ENTRY.about] as number;
  }

  /** Whether a file that is as its `struct statx` says has no extended attribute, for sure. */
  hasNoXattrs(entry: number, status: Uint32Array): boolean {
    const at = entry * INDEXED_ENTRY.words + INDEXED_ENTRY.ctime;
    return (
      (this.#about(entry) & NO_XATTRS) !== 0 &&
      this.entries[at] === status[STATX.ctime] &&
      this.entries[at + 1] === status[STATX.ctime + 1] &&
      this.entries[at + 2] === status[STATX.ctime + 2]
    );
  }

  /** Address of an entry's `struct file_handle`; 0 where there is none. */
  handleOf(entry: number): number {
    const at = this.entries[entry * INDEXED_ENTRY.words + INDEXED_ENTRY.handle] as number;
    return at === 0 ? 0 : this.#address + at;
  }
}

/** What of a directory's `struct statx` is kept. */
export function identityOf(status: Uint32Array): number[] {
  return IDENTITY.map((field) => status[field] as number);
}

/** As a key; past 2^53 rounded, so that two directories may have one. */
export function inodeAt(words: Uint32Array, at: number): number {
  return (words[at + 1] as number) * WORD + (words[at] as number);
}

/** `key` names what it was made for. */
export function encodeLayerDescription(key: string, layer: LayerDescription): Buffer {
  const sections = [bytesOfWords(layer.directories), bytesOfWords(layer.entries), layer.names, layer.handles];
  const lengths = Uint32Array.from(sections, ({ length }) => length);
  const rest = Buffer.concat([sha256(Buffer.from(key, 'latin1')), bytesOfWords(lengths), ...sections]);
  return Buffer.concat([MAGIC, sha256(rest), rest]);
}

/** Undefined where the bytes are no index made for `key`, are of another version, or were damaged. */
export function decodeLayerDescription(key: string, bytes: Buffer): LayerDescription | undefined {
  if (bytes.length < START || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const rest = bytes.subarray(MAGIC.length + HASH_BYTES);
  if (!sha256(rest).equals(bytes.subarray(MAGIC.length, MAGIC.length + HASH_BYTES))) return undefined;
  if (!rest.subarray(0, HASH_BYTES).equals(sha256(Buffer.from(key, 'latin1')))) return undefined;
  const lengths = Array.from({ length: SECTIONS }, (_, i) => rest.readUInt32LE(HASH_BYTES + i * 4));
  if (lengths.reduce((sum, length) => sum + length, START) !== bytes.length) return undefined;
  let at = START;
  const [directories, entries, names, handles] = lengths.map((length) => {
    at += length;
    // A copy, as words must not lie at odd places, and a buffer of Node's may be a part of another.
    return bytes.buffer.slice(bytes.byteOffset + at - length, bytes.byteOffset + at) as ArrayBuffer;
  }) as [ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer];
  if (directories.byteLength % (INDEXED_DIRECTORY.words * 4) !== 0) return undefined;
  if (entries.byteLength % (INDEXED_ENTRY.words * 4) !== 0) return undefined;
  const layer = {
    directories: new Uint32Array(directories),
    entries: new Uint32Array(entries),
    names: Buffer.from(names),
    handles: Buffer.from(handles),
  };
  return isSound(layer) ? layer : undefined;
}

/** Whether all that it points to is there, and names are names, in order. */
function isSound(layer: LayerDescription): boolean {
  const { directories, entries } = layer;
  const count = entries.length / INDEXED_ENTRY.words;
  for (let at = 0; at < directories.length; at += INDEXED_DIRECTORY.words) {
    const first = directories[at + INDEXED_DIRECTORY.first] as number;
    const end = first + (directories[at + INDEXED_DIRECTORY.count] as number);
    const path = directories[at + INDEXED_DIRECTORY.path] as number;
    const pathLength = directories[at + INDEXED_DIRECTORY.pathLength] as number;
    if (end > count || path + pathLength > layer.names.length) return false;
    for (let entry = first; entry < end; entry++)
      if (!isEntry(layer, entry) || (entry > first && !isAfter(layer, entry))) return false;
  }
  return true;
}

function isEntry({ entries, names, handles }: LayerDescription, entry: number): boolean {
  const at = entry * INDEXED_ENTRY.words;
  const start = entries[at + INDEXED_ENTRY.name] as number;
  const length = (entries[at + INDEXED_ENTRY.about] as number) & 0xffff;
  if (length < 1 || length > NAME_MAX || start + length >= names.length) return false;
  for (let i = start; i < start + length; i++) if (names[i] === 0 || names[i] === SLASH) return false;
  const isDots = names[start] === DOT && (length === 1 || (length === 2 && names[start + 1] === DOT));
  if (names[start + length] !== 0 || isDots) return false;
  const handle = entries[at + INDEXED_ENTRY.handle] as number;
  if (handle === 0) return true;
  if (handle % HANDLE_ALIGN !== 0 || handle + HANDLE_HEAD > handles.length) return false;
  const size = handles.readUInt32LE(handle);
  return size <= HANDLE_BYTES && handle + HANDLE_HEAD + size <= handles.length;
}

/** Whether an entry's name sorts after that of the one before. */
function isAfter({ entries, names }: LayerDescription, entry: number): boolean {
  const at = entry * INDEXED_ENTRY.words + INDEXED_ENTRY.name;
  let left = entries[at - INDEXED_ENTRY.words] as number;
  let right = entries[at] as number;
  while (names[left] === names[right] && names[left] !== 0) {
    left++;
    right++;
  }
  return (names[left] as number) < (names[right] as number);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function bytesOfWords({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
