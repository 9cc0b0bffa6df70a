// One page of a bbolt database (go.etcd.io/bbolt page.go, meta.go), taken apart and checked: nothing in it is believed
// before it is known to lie inside the page. Does not know what keys and values mean, nor where pages come from.
import { type ByteString, bytesOf } from '../../sys/bytes.ts';

/** `struct page`: id u64, flags u16, count u16, overflow u32; then the elements. */
const PAGE = { id: 0, flags: 8, count: 10, overflow: 12, size: 16 } as const;
const FLAG = { branch: 0x01, leaf: 0x02 } as const;
/** `struct branchPageElement`: pos u32 from the element itself, ksize u32, pgid u64. */
const BRANCH = { position: 0, keySize: 4, child: 8 } as const;
/** `struct leafPageElement`: flags u32 (1: the value is a bucket), pos u32 from the element itself, ksize u32, vsize u32. */
const LEAF = { flags: 0, position: 4, keySize: 8, valueSize: 12 } as const;
const IS_BUCKET = 0x01;
/** Of an element of either kind. */
const ELEMENT_SIZE = 16;
/** `struct meta`, after a page's header; the checksum is FNV-1a of what stands before it. */
const META = {
  magic: 0,
  version: 4,
  pageSize: 8,
  root: 16,
  highWater: 40,
  transaction: 48,
  checksum: 56,
  size: 64,
} as const;
/** `struct bucket`: root u64, sequence u64; where root is 0, the bucket's only page follows. */
export const BUCKET = { root: 0, size: 16 } as const;

const MAGIC = 0xed0cdaed;
const VERSION = 2;
/** bolt.MaxKeySize */
const LARGEST_KEY = 32768;
export const SMALLEST_BOLT_PAGE = 1024;
export const LARGEST_BOLT_PAGE = 65536;
export const META_BYTES = PAGE.size + META.size;
/** Each transaction writes the one that the transaction before did not. */
export const META_PAGES = 2;

export interface Meta {
  readonly pageSize: number;
  /** The page where the root bucket begins. */
  readonly root: number;
  /** No page of the database has this number or a higher one. */
  readonly highWater: number;
  readonly transaction: bigint;
}

export interface PageHeader {
  readonly id: number;
  /** Pages that follow and belong to it. */
  readonly overflow: number;
}

export interface LeafElement {
  readonly key: ByteString;
  /** A view of the page's bytes. */
  readonly value: Buffer;
  readonly isBucket: boolean;
}

export interface BranchElement {
  /** The first key of the child, or one before it. */
  readonly key: ByteString;
  readonly child: number;
}

export type Page =
  | { readonly kind: 'leaf'; readonly elements: readonly LeafElement[] }
  | { readonly kind: 'branch'; readonly elements: readonly BranchElement[] };

/** `bytes` begin with the page; undefined where it is no meta page, or its checksum is wrong. */
export function parseMeta(bytes: Buffer): Meta | undefined {
  if (bytes.length < META_BYTES) return undefined;
  const meta = bytes.subarray(PAGE.size, META_BYTES);
  if (meta.readUInt32LE(META.magic) !== MAGIC || meta.readUInt32LE(META.version) !== VERSION)
    return undefined;
  if (meta.readBigUInt64LE(META.checksum) !== fnv1a(meta.subarray(0, META.checksum))) return undefined;
  const pageSize = meta.readUInt32LE(META.pageSize);
  if (pageSize < SMALLEST_BOLT_PAGE || pageSize > LARGEST_BOLT_PAGE || (pageSize & (pageSize - 1)) !== 0)
    return undefined;
  return {
    pageSize,
    root: numberAt(meta, META.root),
    highWater: numberAt(meta, META.highWater),
    transaction: meta.readBigUInt64LE(META.transaction),
  };
}

/** What a meta page says that need not be whole; undefined where it ends before. */
export function recordedTransaction(bytes: Buffer): bigint | undefined {
  return bytes.length < META_BYTES ? undefined : bytes.readBigUInt64LE(PAGE.size + META.transaction);
}

/** FNV-1a, 64 bits. */
export function fnv1a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

/** `bytes` are at least as long as a header. */
export function parseHeader(bytes: Buffer): PageHeader {
  return { id: numberAt(bytes, PAGE.id), overflow: bytes.readUInt32LE(PAGE.overflow) };
}

/** The root of a bucket by its value, 0 where its page follows there; undefined where that is no bucket. */
export function parseBucketRoot(value: Buffer): number | undefined {
  return value.length < BUCKET.size ? undefined : numberAt(value, BUCKET.root);
}

/** `bytes` are the whole page with its overflow. A string says what is wrong with it. */
export function parsePage(bytes: Buffer): Page | string {
  if (bytes.length < PAGE.size) return 'it ends within its header';
  const flags = bytes.readUInt16LE(PAGE.flags);
  const count = bytes.readUInt16LE(PAGE.count);
  if (flags !== FLAG.branch && flags !== FLAG.leaf) {
    return `neither a branch nor a leaf (flags 0x${flags.toString(16)})`;
  }
  if (PAGE.size + count * ELEMENT_SIZE > bytes.length) return `its ${count} elements do not fit into it`;
  if (flags === FLAG.branch) {
    if (count === 0) return 'a branch without children';
    return elements(bytes, count, branchElement, (list) => ({ kind: 'branch', elements: list }));
  }
  return elements(bytes, count, leafElement, (list) => ({ kind: 'leaf', elements: list }));
}

interface Placed<T> {
  /** From the beginning of the page. */
  readonly start: number;
  readonly end: number;
  readonly keySize: number;
  readonly make: (key: ByteString) => T;
}

/** bbolt writes keys and values one after the other, so that none shares bytes with another and all together fit. */
function elements<T extends { readonly key: ByteString }>(
  bytes: Buffer,
  count: number,
  read: (bytes: Buffer, at: number) => Placed<T>,
  whole: (list: T[]) => Page,
): Page | string {
  const list: T[] = [];
  let free = PAGE.size + count * ELEMENT_SIZE;
  for (let index = 0; index < count; index++) {
    const { start, end, keySize, make } = read(bytes, PAGE.size + index * ELEMENT_SIZE);
    if (start < free || end > bytes.length) return `element ${index} lies outside of its place`;
    if (keySize > LARGEST_KEY) return `the key of element ${index} is longer than ${LARGEST_KEY} bytes`;
    const key = bytesOf(bytes, start, start + keySize);
    const before = list.at(-1);
    if (before !== undefined && before.key >= key) return `element ${index} is out of order`;
    list.push(make(key));
    free = end;
  }
  return whole(list);
}

function branchElement(bytes: Buffer, at: number): Placed<BranchElement> {
  const start = at + bytes.readUInt32LE(at + BRANCH.position);
  const keySize = bytes.readUInt32LE(at + BRANCH.keySize);
  const child = numberAt(bytes, at + BRANCH.child);
  return { start, end: start + keySize, keySize, make: (key) => ({ key, child }) };
}

function leafElement(bytes: Buffer, at: number): Placed<LeafElement> {
  const start = at + bytes.readUInt32LE(at + LEAF.position);
  const keySize = bytes.readUInt32LE(at + LEAF.keySize);
  const end = start + keySize + bytes.readUInt32LE(at + LEAF.valueSize);
  const isBucket = (bytes.readUInt32LE(at + LEAF.flags) & IS_BUCKET) !== 0;
  return {
    start,
    end,
    keySize,
    make: (key) => ({ key, value: bytes.subarray(start + keySize, end), isBucket }),
  };
}

/** A u64; one past 2^53 is rounded, and is out of any range all the same. */
function numberAt(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}
