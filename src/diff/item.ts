// What a comparison knows of one visible name, wherever it comes from: a layer on disk or a line of a manifest.
import type { Layer } from '../store/layer-stack.ts';
import type { ByteString } from '../sys/bytes.ts';
import { fileSize } from '../sys/file-size.ts';
import { longAt } from '../sys/long.ts';
import { deviceAt, S_IFDIR, S_IFMT, STATX, timeAt } from '../sys/statx.ts';

/** In what two objects of one name can differ. `target` is a link's, `links` which names are one file. */
export const ASPECTS = [
  'content',
  'target',
  'rdev',
  'mode',
  'uid',
  'gid',
  'mtime',
  'xattr',
  'caps',
  'acl',
  'links',
] as const;
export type Aspect = (typeof ASPECTS)[number];

/** Those that are compared where nobody says otherwise. */
export const USUAL_ASPECTS = ASPECTS.filter((aspect) => aspect !== 'links');

/** What a layer can set; `type`: that there is an object of this type at all. */
export type Settable = Exclude<Aspect, 'links'> | 'type';

/** Numbers of layers, 1 the lowest. What cannot be told, because something cannot be read, is absent. */
export type Setters = Readonly<Partial<Record<Settable, number>>>;

/** One of the two that are compared. */
export type SideName = 'a' | 'b';

export interface Item {
  /** Words of a `struct statx`, as `STATX` places them. */
  readonly status: Uint32Array;
  /** The real directories of a directory, top first; empty for all else. */
  readonly parts: readonly number[];
  /** The layer its attributes come from, 1 the lowest; 0 where there is none. */
  readonly layer: number;
  readonly role: Layer['role'] | 'manifest';
  /** What its source does not tell, and is not compared. */
  readonly untold: ReadonlySet<Aspect>;
  /** Whether its size is known. */
  readonly hasSize: boolean;
  /** SHA-256 of its contents in hexadecimal, where a manifest stands for them. */
  readonly digest?: string;
  /** Whether the layer may change while it is read. */
  readonly live: boolean;
  /** Extended attributes as the overlay shows them. Throws Errno. */
  xattrs(): ReadonlyMap<string, Buffer>;
  /** Target of a symbolic link. Throws Errno. */
  target(): ByteString;
}

/** One of two trees, as far as a comparison asks it. */
export interface Side {
  readonly root: Item;
  /** Names in a directory but for those only its lowest `shared` real directories have. Throws Errno. */
  names(directory: Item, shared: number): Iterable<string>;
  /** Throws the Errno of a name that is there but cannot be looked up. */
  find(directory: Item, name: string): Item | undefined;
  /** As `find`, but a regular file may be taken for one without extended attributes; `settle` finds out. */
  glance(directory: Item, name: string): Item | undefined;
  /** What `find` would have answered, from what `glance` did. Throws as `find`. */
  settle(directory: Item, name: string, found: Item): Item | undefined;
  /** Called when nothing below the directory is asked for any more. */
  leave(directory: Item): void;
}

export const NOTHING_UNTOLD: ReadonlySet<Aspect> = new Set();

export function typeBits({ status }: Pick<Item, 'status'>): number {
  return (status[STATX.mode] as number) & S_IFMT;
}

export function isDirectoryItem(item: Pick<Item, 'status'>): boolean {
  return typeBits(item) === S_IFDIR;
}

/** With type bits. */
export function modeOf({ status }: Item): number {
  return (status[STATX.mode] as number) & 0xffff;
}

/** Past 2^53 rounded; `exactSizeOf` then has all digits. */
export function itemSize({ status }: Item): number {
  return longAt(status, STATX.size);
}

export function exactSizeOf({ status }: Item): number | bigint {
  const { size, exactSize } = fileSize(status[STATX.size] as number, status[STATX.size + 1] as number);
  return exactSize ?? size;
}

export function isSameSize(a: Item, b: Item): boolean {
  const same = (word: number) => a.status[word] === b.status[word];
  return same(STATX.size) && same(STATX.size + 1);
}

export function uidOf({ status }: Item): number {
  return status[STATX.uid] as number;
}

export function gidOf({ status }: Item): number {
  return status[STATX.gid] as number;
}

/** As ovl_getattr() tells it: a merged directory has one link. */
export function nlinkOf({ status, parts }: Item): number {
  return parts.length > 1 ? 1 : (status[STATX.nlink] as number);
}

export function rdevOf({ status }: Item): number {
  return deviceAt(status);
}

export function mtimeOf({ status }: Item): { readonly seconds: number; readonly nanoseconds: number } {
  return timeAt(status, STATX.mtime);
}

/** Names the object in its layers: two items of one identity are one file on disk. */
export function inodeOf({ status }: Item): string {
  return `${status[STATX.devMajor]}:${status[STATX.devMinor]}:${status[STATX.ino + 1]}:${status[STATX.ino]}`;
}

export function isSameInode(a: Item, b: Item): boolean {
  const same = (word: number) => a.status[word] === b.status[word];
  return (
    same(STATX.ino) && same(STATX.ino + 1) && same(STATX.devMajor) && same(STATX.devMinor) && a.layer > 0
  );
}
