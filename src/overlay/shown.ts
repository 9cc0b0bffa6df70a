// What a view asks of what it shows: one tree, or a grove of them. Numbers are nodes and entries; all throw Errno.
import type { ByteString } from '../sys/bytes.ts';
import type { Live } from './live.ts';

/** Loads directories before a walker asks for them. */
export interface Walker {
  /** To be told of each listing that a client asks for. `first` and `count` are its entries. */
  listed(directory: number, first: number, count: number): void;
  /** Loads one directory more; false where there is none. */
  work(): boolean;
}

/** As `Tree` has them. */
export interface Shown {
  readonly live: Live | undefined;
  readonly followsMetacopy: boolean;
  has(number: number): boolean;
  lookup(directory: number, from: Uint8Array, start: number, end: number): number;
  /** The same without a listing of the directory, of a tree that does not change. */
  lookupAlone(directory: number, name: ByteString): number;
  nodeOf(entry: number): number;
  /** Where directories share their entries: the node of an entry of `directory`. */
  nodeIn?(entry: number, directory: number): number;
  parentOf(node: number): number;
  errnoOf(entry: number): number;
  typeOf(entry: number): number;
  copyAttributes(entry: number, out: Uint32Array, at: number): void;
  firstEntry(directory: number): number;
  entryCount(directory: number): number;
  nameLength(entry: number): number;
  copyName(entry: number, out: Uint8Array, at: number): void;
  inodeLow(entry: number): number;
  inodeHigh(entry: number): number;
  sizeOf(node: number): number;
  readLink(node: number, out: Uint8Array, at: number, capacity: number): number;
  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number;
  readFar(node: number, offset: bigint, out: Uint8Array, at: number, size: number): number;
  seekFar(node: number, offset: bigint, whence: number): bigint;
  wholeDataDescriptor(node: number): number;
  isDataAsLongAsSize(node: number): boolean;
  xattrNames(node: number): string[];
  xattrAnswer(node: number, shown: string): Buffer | number;
  inodeFlags(node: number, command: number, out: Uint8Array): number;
  statfs(out: Uint8Array): void;
  birthTime(node: number): { readonly seconds: bigint; readonly nanoseconds: number } | undefined;
  walkAhead(): Walker;
}
