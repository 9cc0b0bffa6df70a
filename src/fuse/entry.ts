// The parts of a reply that say which node a name leads to and how long the kernel may believe it.
import { S_IFMT, S_IFREG } from '../sys/statx.ts';
import { STRUCT } from './abi.ts';
import type { FileSystem } from './filesystem.ts';

const ENTRY = STRUCT.fuse_entry_out;
const ATTR_OUT = STRUCT.fuse_attr_out;

/** Words of a `fuse_entry_out`. */
export const ENTRY_WORDS = ENTRY.sizeof >> 2;
const NODEID = ENTRY.nodeid >> 2;
const ENTRY_VALID = ENTRY.entry_valid >> 2;
const ENTRY_VALID_NSEC = ENTRY.entry_valid_nsec >> 2;
const ATTR_VALID = ENTRY.attr_valid >> 2;
const ATTR_VALID_NSEC = ENTRY.attr_valid_nsec >> 2;
const ENTRY_ATTR = ENTRY.attr >> 2;
const OUT_VALID = ATTR_OUT.attr_valid >> 2;
const OUT_VALID_NSEC = ATTR_OUT.attr_valid_nsec >> 2;
const OUT_ATTR = ATTR_OUT.attr >> 2;

const ENTRY_SIZE = (ENTRY.attr + STRUCT.fuse_attr.size) >> 2;
const ENTRY_MODE = (ENTRY.attr + STRUCT.fuse_attr.mode) >> 2;
const WORD = 2 ** 32;

/** How long the kernel may keep names and attributes. */
export interface Validity {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/**
 * 31 years. The kernel turns seconds into jiffies by a 64-bit product that it clamps too late for larger values
 * (include/linux/jiffies.h: `timespec64_to_jiffies` overflows past 2^32 seconds at some HZ); this one is safe at every HZ.
 */
export const FOREVER: Validity = { seconds: 1_000_000_000, nanoseconds: 0 };

export function validityOf(seconds: number | undefined): Validity {
  if (seconds === undefined) return FOREVER;
  const whole = Math.min(Math.floor(seconds), FOREVER.seconds);
  return { seconds: whole, nanoseconds: Math.floor((seconds - Math.floor(seconds)) * 1e9) };
}

const NO_TIME: Validity = { seconds: 0, nanoseconds: 0 };

/** How long the names in a directory hold; `short` where they may change. */
export function validityOfNames(fs: FileSystem, directory: number, short: Validity): Validity {
  return fs.namesPass?.(directory) === true ? NO_TIME : validityFor(fs, directory, short);
}

/** How long holds what is told of a node; `short` where it may change. */
export function validityFor(fs: FileSystem, node: number, short: Validity): Validity {
  return fs.holds === undefined || !fs.holds(node) ? short : FOREVER;
}

export function nodeInDirectory(fs: FileSystem, entry: number, directory: number): number {
  return fs.nodeIn === undefined ? fs.nodeOf(entry) : fs.nodeIn(entry, directory);
}

/**
 * Writes a `fuse_entry_out` at word `at`, and has the file system remember the node; node 0 is "no such name, and you may
 * remember that". `named` is how long the name holds, `short` how long what may change.
 */
export function putEntry(
  fs: FileSystem,
  node: number,
  out: Uint32Array,
  at: number,
  named: Validity,
  short: Validity,
): void {
  out.fill(0, at, at + ENTRY_ATTR);
  out[at + ENTRY_VALID] = named.seconds;
  out[at + ENTRY_VALID_NSEC] = named.nanoseconds;
  if (node === 0) {
    out.fill(0, at + ENTRY_ATTR, at + ENTRY_WORDS);
    return;
  }
  const valid = validityFor(fs, node, short);
  out[at + NODEID] = node;
  out[at + ATTR_VALID] = valid.seconds;
  out[at + ATTR_VALID_NSEC] = valid.nanoseconds;
  fs.copyAttributes(node, out, at + ENTRY_ATTR);
  fs.remember?.(node);
}

/** Bytes of the regular file that the `fuse_entry_out` at word `at` tells of; 0 where it tells of something else. */
export function fileSizeIn(words: Uint32Array, at: number): number {
  if (((words[at + ENTRY_MODE] as number) & S_IFMT) !== S_IFREG) return 0;
  return (words[at + ENTRY_SIZE + 1] as number) * WORD + (words[at + ENTRY_SIZE] as number);
}

/** Writes a `fuse_attr_out` at word `at`; `short` as for `putEntry`. */
export function putAttributes(
  fs: FileSystem,
  node: number,
  out: Uint32Array,
  at: number,
  short: Validity,
): void {
  const valid = validityFor(fs, node, short);
  out[at + OUT_VALID] = valid.seconds;
  out[at + OUT_VALID + 1] = 0;
  out[at + OUT_VALID_NSEC] = valid.nanoseconds;
  out[at + OUT_VALID_NSEC + 1] = 0;
  fs.copyAttributes(node, out, at + OUT_ATTR);
}
