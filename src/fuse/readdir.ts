// Fills a reply with directory entries, for READDIR and READDIRPLUS. Offset 0 is '.', 1 is '..', and the entries follow,
// so an offset is a place in an order that never changes and a seek needs no state. Where directories change, it is the
// number of the node before instead.
import { E } from '../sys/errors.ts';
import { FUSE_REC_ALIGN, STRUCT } from './abi.ts';
import {
  ENTRY_WORDS,
  FOREVER,
  fileSizeIn,
  nodeInDirectory,
  putEntry,
  type Validity,
  validityOfNames,
} from './entry.ts';
import type { FileSystem } from './filesystem.ts';
import { type Frame, PAYLOAD } from './frame.ts';

const DIRENT = STRUCT.fuse_dirent;
const INO = DIRENT.ino >> 2;
const OFF = DIRENT.off >> 2;
const NAMELEN = DIRENT.namelen >> 2;
const TYPE = DIRENT.type >> 2;
const DOT = 0x2e;
/** '.' and '..' come before the first entry. */
const DOTS = 2;
const RECORD = STRUCT.fuse_direntplus.dirent;
const NODEID = STRUCT.fuse_entry_out.nodeid >> 2;

/** The records of one reply at a time, written behind the header of `out`. */
export class DirectoryReply {
  readonly #fs: FileSystem;
  readonly #out: Frame;
  readonly #onFile: (node: number, size: number) => void;
  /** How long what may change holds; undefined where records carry no `fuse_entry_out`. */
  #plus: Validity | undefined;
  /** How long the names of the directory hold. */
  #named: Validity = FOREVER;
  #at = 0;
  #end = 0;

  /** `onFile` is told of each regular file that the kernel is told of, with its size in bytes. */
  constructor(fs: FileSystem, out: Frame, onFile: (node: number, size: number) => void) {
    this.#fs = fs;
    this.#out = out;
    this.#onFile = onFile;
  }

  /**
   * Writes at most `size` bytes of records, from place `offset` on; answers the bytes written, -EINVAL where the first does
   * not fit. With `plus` each record carries its `fuse_entry_out`, but for '.', '..' and names that cannot be looked up:
   * their node id is 0, which the kernel takes as "ask when you need it". Where it throws, no node was given.
   */
  put(directory: number, offset: number, size: number, plus: Validity | undefined): number {
    this.#plus = plus;
    if (plus !== undefined) this.#named = validityOfNames(this.#fs, directory, plus);
    this.#at = PAYLOAD;
    this.#end = PAYLOAD + size;
    const nodes = this.#fs.nodesAfter?.(directory, Math.max(0, offset - DOTS));
    try {
      const isWhole =
        nodes === undefined ? this.#putFixed(directory, offset) : this.#putChanging(directory, offset, nodes);
      return !isWhole && this.#at === PAYLOAD ? -E.EINVAL : this.#at - PAYLOAD;
    } catch (error) {
      if (plus !== undefined) this.#takeBack();
      throw error;
    }
  }

  /** Of a reply that is not sent. */
  #takeBack(): void {
    if (this.#fs.forget === undefined) return;
    for (const node of nodesInReply(this.#out, this.#at - PAYLOAD)) this.#fs.forget(node, 1);
  }

  /** Of a directory whose order never changes: an offset is a place in it. False where the reply is full. */
  #putFixed(directory: number, offset: number): boolean {
    const first = this.#fs.firstEntry(directory);
    const places = this.#fs.entryCount(directory) + DOTS;
    if (!this.#putDots(directory, offset)) return false;
    for (let place = Math.max(offset, DOTS); place < places; place++) {
      if (!this.#put(directory, first + place - DOTS, place + 1)) return false;
    }
    return true;
  }

  /** Of a directory that changes: an offset says after which node; `nodes` are those. False where the reply is full. */
  #putChanging(directory: number, offset: number, nodes: Iterable<number>): boolean {
    if (!this.#putDots(directory, offset)) return false;
    for (const node of nodes) if (!this.#put(directory, node, node + DOTS)) return false;
    return true;
  }

  #putDots(directory: number, offset: number): boolean {
    if (offset < 1 && !this.#putDot(directory, 1)) return false;
    return offset >= DOTS || this.#putDot(this.#fs.parentOf(directory), DOTS);
  }

  /** `.` or `..`: as many dots as the place after it has before it. */
  #putDot(directory: number, dots: number): boolean {
    const nameAt = this.#putRecord(directory, 0, dots, dots);
    if (nameAt < 0) return false;
    this.#out.bytes.fill(DOT, nameAt, nameAt + dots);
    return true;
  }

  #put(directory: number, entry: number, after: number): boolean {
    const fs = this.#fs;
    const node = fs.errnoOf(entry) === 0 ? nodeInDirectory(fs, entry, directory) : 0;
    const nameAt = this.#putRecord(node === 0 ? entry : node, node, fs.nameLength(entry), after);
    if (nameAt < 0) return false;
    fs.copyName(entry, this.#out.bytes, nameAt);
    return true;
  }

  /**
   * All of a record but its name; answers where that goes, -1 where there is no room. `shown` is the node or entry that it
   * tells of, `node` what the kernel may use without a lookup, or 0; `after` is the next record's offset.
   */
  #putRecord(shown: number, node: number, length: number, after: number): number {
    const fs = this.#fs;
    const { words } = this.#out;
    const start = this.#at >> 2;
    const word = this.#plus === undefined ? start : start + ENTRY_WORDS;
    const nameAt = (word << 2) + DIRENT.name;
    const next = (nameAt + length + FUSE_REC_ALIGN - 1) & -FUSE_REC_ALIGN;
    if (next > this.#end) return -1;
    words[word + INO] = fs.inodeLow(shown);
    words[word + INO + 1] = fs.inodeHigh(shown);
    words[word + OFF] = after;
    words[word + OFF + 1] = 0;
    words[word + NAMELEN] = length;
    words[word + TYPE] = fs.typeOf(shown) >> 12;
    // The last 8 bytes are zeroed before the name goes over them: what is left of them is the padding.
    words[(next >> 2) - 2] = 0;
    words[(next >> 2) - 1] = 0;
    // The last that may throw: what the file system remembers and what is written are one.
    if (this.#plus !== undefined) {
      if (node !== 0) this.#putEntry(node, start, this.#plus);
      else words.fill(0, start, word);
    }
    this.#at = next;
    return nameAt;
  }

  #putEntry(node: number, at: number, plus: Validity): void {
    const { words } = this.#out;
    putEntry(this.#fs, node, words, at, this.#named, plus);
    const size = fileSizeIn(words, at);
    if (size > 0) this.#onFile(node, size);
  }
}

/** The nodes that the records of a READDIRPLUS reply, `size` bytes behind the header, have given to the kernel. */
export function* nodesInReply({ bytes, words }: Frame, size: number): Generator<number> {
  for (let at = PAYLOAD; at + RECORD + DIRENT.name <= PAYLOAD + size; ) {
    const node = words[(at >> 2) + NODEID] as number;
    if (node !== 0) yield node;
    const length = bytes.readUInt32LE(at + RECORD + DIRENT.namelen);
    at += (RECORD + DIRENT.name + length + FUSE_REC_ALIGN - 1) & -FUSE_REC_ALIGN;
  }
}
