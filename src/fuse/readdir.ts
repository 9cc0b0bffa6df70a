// Fills a reply with directory entries, for READDIR and READDIRPLUS. Offset 0 is '.', 1 is '..', and the entries follow,
// so an offset is a place in an order that never changes and a seek needs no state. Where directories change, it is the
// number of the node before instead.
import { E } from '../sys/errors.ts';
import { FUSE_REC_ALIGN, STRUCT } from './abi.ts';
import { ENTRY_WORDS, putEntry, type Validity } from './entry.ts';
import type { FileSystem } from './filesystem.ts';
import type { Frame } from './frame.ts';

const DIRENT = STRUCT.fuse_dirent;
const INO = DIRENT.ino >> 2;
const OFF = DIRENT.off >> 2;
const NAMELEN = DIRENT.namelen >> 2;
const TYPE = DIRENT.type >> 2;
const DOT = 0x2e;
/** '.' and '..' come before the first entry. */
const DOTS = 2;

/**
 * Writes records to byte `start` of `out`, at most `size` bytes, from place `offset` on; answers the bytes written.
 * With `plus` each record carries its `fuse_entry_out`, but for '.', '..' and names that cannot be looked up: their
 * node id is 0, which the kernel takes as "ask when you need it".
 */
export function putDirectory(
  fs: FileSystem,
  directory: number,
  offset: number,
  out: Frame,
  start: number,
  size: number,
  plus: Validity | undefined,
): number {
  const nodes = fs.nodesAfter?.(directory, Math.max(0, offset - DOTS));
  const first = nodes === undefined ? fs.firstEntry(directory) : 0;
  const places = (nodes?.length ?? fs.entryCount(directory)) + DOTS;
  const { bytes, words } = out;
  const prefix = plus === undefined ? 0 : ENTRY_WORDS;
  const end = start + size;
  let at = start;
  const from = nodes === undefined ? offset : Math.min(offset, DOTS);
  for (let place = from; place < places; place++) {
    const listed = place >= DOTS;
    const entry = listed
      ? nodes === undefined
        ? first + place - DOTS
        : (nodes[place - DOTS] as number)
      : place === 0
        ? directory
        : fs.parentOf(directory);
    const length = listed ? fs.nameLength(entry) : place + 1;
    const nameAt = at + (prefix << 2) + DIRENT.name;
    const next = (nameAt + length + FUSE_REC_ALIGN - 1) & -FUSE_REC_ALIGN;
    if (next > end) return at === start ? -E.EINVAL : at - start;

    let word = at >> 2;
    if (plus !== undefined) {
      if (listed && fs.errnoOf(entry) === 0) putEntry(fs, entry, words, word, plus);
      else words.fill(0, word, word + ENTRY_WORDS);
      word += ENTRY_WORDS;
    }
    words[word + INO] = fs.inodeLow(entry);
    words[word + INO + 1] = fs.inodeHigh(entry);
    words[word + OFF] = nodes === undefined || !listed ? place + 1 : entry + DOTS;
    words[word + OFF + 1] = 0;
    words[word + NAMELEN] = length;
    words[word + TYPE] = fs.typeOf(entry) >> 12;
    // The last 8 bytes are zeroed before the name goes over them: what is left of them is the padding.
    words[(next >> 2) - 2] = 0;
    words[(next >> 2) - 1] = 0;
    if (listed) fs.copyName(entry, bytes, nameAt);
    else bytes.fill(DOT, nameAt, nameAt + length);
    at = next;
  }
  return at - start;
}
