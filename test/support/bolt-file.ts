// A bbolt database written from values, as bbolt itself lays one out: what the reader is held against where no engine
// runs, and what hostile files are made from.
import { readFileSync, writeFileSync } from 'node:fs';
import { fnv1a } from '../../src/store/formats/bolt-page.ts';

/** A bucket: key → value, or bucket in it. Keys and texts are latin1. */
export interface BoltTree {
  readonly [key: string]: string | Buffer | BoltTree;
}

export interface BoltOptions {
  readonly pageSize?: number;
  readonly transaction?: bigint;
  /** Buckets of at most so many bytes lie within the page that names them. */
  readonly inline?: number;
}

interface Element {
  readonly key: Buffer;
  /** Of a branch: the child. */
  readonly value: Buffer | number;
  readonly isBucket: boolean;
}

const HEADER = 16;
const ELEMENT = 16;
const LEAST_ON_PAGE = 2;

export function boltFile(tree: BoltTree, options: BoltOptions = {}): Buffer {
  return new Writer(options).write(tree);
}

/** Writes a checksum that fits what the meta page says now. */
export function sealMeta(file: Buffer, at: number): void {
  file.writeBigUInt64LE(fnv1a(file.subarray(at + 16, at + 72)), at + 72);
}

/** Makes the checksum of the newest meta page wrong, so that the transaction before is read. */
export function damageNewestMeta(path: string): void {
  const file = readFileSync(path);
  const at = 4096 + 72;
  file.writeUInt8(file.readUInt8(at) ^ 1, at);
  writeFileSync(path, file);
}

class Writer {
  readonly #pageSize: number;
  readonly #transaction: bigint;
  readonly #inline: number;
  /** Pages from 4 on: two of meta, the free list and the one free page that is in it come before. */
  readonly #pages: Buffer[] = [];
  #next = 4;

  constructor({ pageSize = 4096, transaction = 7n, inline = 64 }: BoltOptions) {
    this.#pageSize = pageSize;
    this.#transaction = transaction;
    this.#inline = inline;
  }

  write(tree: BoltTree): Buffer {
    const root = this.#bucket(tree);
    const head = Buffer.alloc(4 * this.#pageSize);
    this.#meta(head, 0, this.#transaction - 1n, root);
    this.#meta(head, 1, this.#transaction, root);
    const freeList = 2 * this.#pageSize;
    header(head, freeList, 2, 0x10, 1, 0);
    head.writeBigUInt64LE(3n, freeList + HEADER);
    return Buffer.concat([head, ...this.#pages]);
  }

  #meta(head: Buffer, page: number, transaction: bigint, root: number): void {
    const at = page * this.#pageSize;
    header(head, at, page, 0x04, 0, 0);
    head.writeUInt32LE(0xed0cdaed, at + 16);
    head.writeUInt32LE(2, at + 20);
    head.writeUInt32LE(this.#pageSize, at + 24);
    head.writeBigUInt64LE(BigInt(root), at + 32);
    head.writeBigUInt64LE(2n, at + 48);
    head.writeBigUInt64LE(BigInt(this.#next), at + 56);
    head.writeBigUInt64LE(transaction, at + 64);
    sealMeta(head, at);
  }

  /** The page where it begins. */
  #bucket(tree: BoltTree): number {
    let level = this.#put(this.#elements(tree), 0x02);
    while (level.length > 1) level = this.#put(level, 0x01);
    return Number(level[0]?.value);
  }

  #elements(tree: BoltTree): Element[] {
    const keys = Object.keys(tree).map((key) => Buffer.from(key, 'latin1'));
    return keys.sort(Buffer.compare).map((key) => {
      const value = tree[key.toString('latin1')] ?? '';
      if (typeof value === 'string') return { key, value: Buffer.from(value, 'latin1'), isBucket: false };
      if (Buffer.isBuffer(value)) return { key, value, isBucket: false };
      return { key, value: this.#bucketValue(value), isBucket: true };
    });
  }

  #bucketValue(tree: BoltTree): Buffer {
    const root = Buffer.alloc(16);
    const isFlat = Object.values(tree).every((value) => typeof value === 'string' || Buffer.isBuffer(value));
    if (isFlat) {
      const page = render(this.#elements(tree), 0x02, 0, 0);
      if (page.length <= this.#inline) return Buffer.concat([root, page]);
    }
    root.writeBigUInt64LE(BigInt(this.#bucket(tree)), 0);
    return root;
  }

  /** Puts elements into as many pages as they need; returns the elements of the branch above them. */
  #put(elements: readonly Element[], flags: number): Element[] {
    const groups: Element[][] = [[]];
    let size = HEADER;
    for (const element of elements) {
      const bytes =
        ELEMENT + element.key.length + (typeof element.value === 'number' ? 0 : element.value.length);
      // Two at least, as in bbolt, so that each level is smaller than the one below.
      if ((groups.at(-1)?.length ?? 0) >= LEAST_ON_PAGE && size + bytes > this.#pageSize) {
        groups.push([]);
        size = HEADER;
      }
      groups.at(-1)?.push(element);
      size += bytes;
    }
    return groups.map((group) => {
      const length = render(group, flags, 0, 0).length;
      const count = Math.max(1, Math.ceil(length / this.#pageSize));
      const id = this.#next;
      this.#next += count;
      const page = Buffer.alloc(count * this.#pageSize);
      render(group, flags, id, count - 1).copy(page);
      this.#pages.push(page);
      return { key: group[0]?.key ?? Buffer.alloc(0), value: id, isBucket: false };
    });
  }
}

function header(to: Buffer, at: number, id: number, flags: number, count: number, overflow: number): void {
  to.writeBigUInt64LE(BigInt(id), at);
  to.writeUInt16LE(flags, at + 8);
  to.writeUInt16LE(count, at + 10);
  to.writeUInt32LE(overflow, at + 12);
}

function render(elements: readonly Element[], flags: number, id: number, overflow: number): Buffer {
  const head = Buffer.alloc(HEADER + elements.length * ELEMENT);
  header(head, 0, id, flags, elements.length, overflow);
  const data: Buffer[] = [];
  let end = head.length;
  for (const [index, { key, value, isBucket }] of elements.entries()) {
    const at = HEADER + index * ELEMENT;
    if (typeof value === 'number') {
      head.writeUInt32LE(end - at, at);
      head.writeUInt32LE(key.length, at + 4);
      head.writeBigUInt64LE(BigInt(value), at + 8);
      data.push(key);
    } else {
      head.writeUInt32LE(isBucket ? 1 : 0, at);
      head.writeUInt32LE(end - at, at + 4);
      head.writeUInt32LE(key.length, at + 8);
      head.writeUInt32LE(value.length, at + 12);
      data.push(key, value);
    }
    end += key.length + (typeof value === 'number' ? 0 : value.length);
  }
  return Buffer.concat([head, ...data]);
}
