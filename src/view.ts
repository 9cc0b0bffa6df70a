// A merged tree, seen as what `fuse/` serves: the only file that knows both halves.
import type { FileSystem } from './fuse/filesystem.ts';
import { putStatfs } from './fuse/stat.ts';
import type { Live } from './overlay/live.ts';
import type { Shown, Walker } from './overlay/shown.ts';
import { E, Errno } from './sys/errors.ts';
import { STATFS } from './sys/statfs.ts';
import { S_IFDIR, S_IFREG } from './sys/statx.ts';

/** An attribute that the layers do not have. */
export interface VirtualXattr {
  readonly name: string;
  readonly value: (node: number) => Uint8Array;
}

/** Has files in the kernel's cache before they are read; a `Push` is one. */
export interface ReadAhead {
  /** Told of a file's first open, of which the kernel has nothing yet; `size` is the file's. */
  open(node: number, size: number): void;
  /** Told of each read from a file's beginning, with the file's size. */
  read(node: number, size: number): void;
  /** A small part of the work, in an idle moment; false where there is nothing to do. */
  work(): boolean;
}

export interface ViewOptions {
  /** Of files and directories, beside their own; the kernel gives `user.*` of no others. */
  readonly virtualXattr?: VirtualXattr | undefined;
  readonly readAhead?: ReadAhead | undefined;
}

export class View implements FileSystem {
  /** Only metacopy files can lack data, or have data of another length; and only a changing tree can lose a file. */
  readonly open?: (node: number) => boolean;
  nodesAfter?: NonNullable<FileSystem['nodesAfter']>;
  readonly nodeIn?: (entry: number, directory: number) => number;
  readonly #tree: Shown;
  readonly #live: Live | undefined;
  readonly #walk: Walker;
  readonly #readAhead: ReadAhead | undefined;
  readonly #virtualXattr: VirtualXattr | undefined;

  /** The tree stays its owner's, who closes it. */
  constructor(tree: Shown, { virtualXattr, readAhead }: ViewOptions = {}) {
    const { live } = tree;
    this.#tree = tree;
    this.#live = live;
    this.#walk = tree.walkAhead();
    this.#readAhead = readAhead;
    this.#virtualXattr = virtualXattr;
    if (tree.nodeIn !== undefined) {
      this.nodeIn = (entry, directory) => {
        this.#mustHave(directory);
        return tree.nodeIn?.(entry, directory) ?? entry;
      };
    }
    if (tree.followsMetacopy || live !== undefined) {
      this.open = (node) => {
        this.#mustHave(node);
        if (live === undefined) return tree.isDataAsLongAsSize(node);
        return unlessReplaced(live, node, () => tree.isDataAsLongAsSize(node));
      };
    }
    if (live !== undefined) {
      this.nodesAfter = (directory, node) => {
        this.#mustHave(directory);
        return live.nodesAfter(directory, node);
      };
    }
  }

  has(node: number): boolean {
    return this.#tree.has(node);
  }

  lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    this.#mustHave(directory);
    if (this.#live !== undefined) return this.#live.lookup(directory, nameOf(from, start, end));
    return this.#tree.lookup(directory, from, start, end);
  }

  /** A number that the kernel was never told must not reach past the table. */
  #mustHave(node: number): void {
    if (!this.#tree.has(node)) throw new Errno(E.ESTALE, `use node ${node}`);
  }

  nodeOf(entry: number): number {
    return this.#tree.nodeOf(entry);
  }

  parentOf(node: number): number {
    this.#mustHave(node);
    return this.#tree.parentOf(node);
  }

  copyAttributes(entry: number, out: Uint32Array, at: number): void {
    this.#mustHave(entry);
    if (this.#live !== undefined) this.#live.update(entry);
    this.#tree.copyAttributes(entry, out, at);
  }

  errnoOf(entry: number): number {
    return this.#tree.errnoOf(entry);
  }

  firstEntry(directory: number): number {
    this.#mustHave(directory);
    const first = this.#tree.firstEntry(directory);
    this.#walk.listed(directory, first, this.#tree.entryCount(directory));
    return first;
  }

  loadAhead(): boolean {
    return (this.#readAhead?.work() ?? false) || this.#walk.work();
  }

  entryCount(directory: number): number {
    return this.#tree.entryCount(directory);
  }

  nameLength(entry: number): number {
    return this.#tree.nameLength(entry);
  }

  copyName(entry: number, out: Uint8Array, at: number): void {
    this.#tree.copyName(entry, out, at);
  }

  inodeLow(entry: number): number {
    return this.#tree.inodeLow(entry);
  }

  inodeHigh(entry: number): number {
    return this.#tree.inodeHigh(entry);
  }

  typeOf(entry: number): number {
    return this.#tree.typeOf(entry);
  }

  opened(node: number): void {
    this.#readAhead?.open(node, this.#tree.sizeOf(node));
  }

  sizeOf(node: number): number {
    this.#mustHave(node);
    return this.#tree.sizeOf(node);
  }

  readLink(node: number, out: Uint8Array, at: number, capacity: number): number {
    this.#mustHave(node);
    const tree = this.#tree;
    if (this.#live === undefined) return tree.readLink(node, out, at, capacity);
    return unlessReplaced(this.#live, node, () => tree.readLink(node, out, at, capacity));
  }

  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    this.#mustHave(node);
    if (offset === 0) this.#readAhead?.read(node, this.#tree.sizeOf(node));
    return this.#tree.read(node, offset, out, at, size);
  }

  readFar(node: number, offset: bigint, out: Uint8Array, at: number, size: number): number {
    this.#mustHave(node);
    return this.#tree.readFar(node, offset, out, at, size);
  }

  seek(node: number, offset: bigint, whence: number): bigint {
    this.#mustHave(node);
    return this.#tree.seekFar(node, offset, whence);
  }

  dataDescriptor(node: number): number {
    this.#mustHave(node);
    const tree = this.#tree;
    if (this.#live === undefined) return tree.wholeDataDescriptor(node);
    return unlessReplaced(this.#live, node, () => tree.wholeDataDescriptor(node));
  }

  getXattr(node: number, name: string, out: Uint8Array, at: number, capacity: number, _uid: number): number {
    this.#mustHave(node);
    const virtual = this.#virtualXattr;
    if (name === virtual?.name) return put(virtual.value(node), out, at, capacity);
    const value = this.#tree.xattrAnswer(node, name);
    return typeof value === 'number' ? value : put(value, out, at, capacity);
  }

  listXattr(node: number, out: Uint8Array, at: number, capacity: number, uid: number): number {
    this.#mustHave(node);
    // ovl_can_list(): trusted.* is for CAP_SYS_ADMIN; the caller being root is what a request tells of that.
    const names = this.#tree.xattrNames(node).filter((name) => uid === 0 || !name.startsWith('trusted.'));
    const type = this.typeOf(node);
    const virtual = this.#virtualXattr;
    if (virtual !== undefined && (type === S_IFREG || type === S_IFDIR)) names.push(virtual.name);
    return put(Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1'), out, at, capacity);
  }

  inodeFlags(node: number, command: number, out: Uint8Array): number {
    this.#mustHave(node);
    const tree = this.#tree;
    if (this.#live === undefined) return tree.inodeFlags(node, command, out);
    return unlessReplaced(this.#live, node, () => tree.inodeFlags(node, command, out));
  }

  statfs(out: Buffer, at: number): void {
    const from = Buffer.alloc(STATFS.size);
    this.#tree.statfs(from);
    putStatfs(from, out, at);
  }

  birthTime(node: number): { readonly seconds: bigint; readonly nanoseconds: number } | undefined {
    this.#mustHave(node);
    return this.#tree.birthTime(node);
  }
}

/** Where an object was replaced, even while it is used, the kernel is to look its path up again. */
function unlessReplaced<T>(live: Live, node: number, use: () => T): T {
  live.mustBeSame(node);
  try {
    return use();
  } catch (error) {
    live.mustBeSame(node);
    throw error;
  }
}

function nameOf(from: Uint8Array, start: number, end: number): string {
  return Buffer.from(from.buffer, from.byteOffset + start, end - start).toString('latin1');
}

/** An attribute's bytes, or only their length where the caller asked for that; -ERANGE where they do not fit. */
function put(value: Uint8Array, out: Uint8Array, at: number, capacity: number): number {
  if (capacity === 0) return value.length;
  if (value.length > capacity) return -E.ERANGE;
  out.set(value, at);
  return value.length;
}
