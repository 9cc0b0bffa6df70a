// The files of one layer's directory by their path in the layer: confined to it, links never followed, nothing opened but
// regular files, no access time changed.

import type { Directories } from '../overlay/layer/directories.ts';
import type { Listing } from '../overlay/layer/listing.ts';
import { xattrNames, xattrValue } from '../overlay/layer/marks.ts';
import { nameArgument } from '../overlay/layer/name-argument.ts';
import type { LayerReader } from '../overlay/layer/reader.ts';
import { OVERRIDE, parseOverride } from '../overlay/layer/translated.ts';
import { OpenDirectories } from '../overlay/opened-directories.ts';
import type { Table } from '../overlay/table.ts';
import type { OwnerIds } from '../store/owner.ts';
import { type ByteString, bytesOf, cString, type ReadSome } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { close, read, readlinkat } from '../sys/libc.ts';
import { longAt } from '../sys/long.ts';
import { deviceAt, encodeDevice, S_IFCHR, S_IFDIR, S_IFMT, S_IFREG, STATX, timeAt } from '../sys/statx.ts';
import { lastName, parentPath } from '../tar/path.ts';

/** Directories that may be open at once. */
const OPEN_DIRECTORIES = 64;
/** Address space for the names and places of directories; memory is taken only as far as it is used. */
const TABLE_BYTES = 2 ** 27;

/** Which mark hides a name in this layer. `.wh.` names are told by their names. */
export type MarkDialect = 'trusted' | 'user';

export interface FileStatus {
  /** With type bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly nlink: number;
  /** Device and inode number, as a key. */
  readonly inode: string;
  /** As the kernel encodes it. */
  readonly rdev: number;
  readonly mtime: { readonly seconds: number; readonly nanoseconds: number };
}

/** Errors that say there is nothing at a path: itself or a directory on the way is missing, or is something else. */
const ABSENT: readonly number[] = [E.ENOENT, E.ENOTDIR, E.ELOOP];

/** Whether a failed open of `LayerFiles` means that no regular file is there. */
export function isAbsence(errno: number): boolean {
  return ABSENT.includes(errno) || errno === E.EINVAL;
}

export class LayerFiles {
  readonly #opened: OpenDirectories;
  readonly #table: Table;
  readonly #directories: Directories;
  readonly #reader: LayerReader;
  /** Path → record. */
  readonly #records = new Map<string, number>();
  readonly #target = Buffer.alloc(4096);
  /** Whose all files are on disk, where an attribute says what they are. */
  #forcedOwner: OwnerIds | undefined;

  /** Opens nothing yet. `directory` is the layer's `diff`. */
  constructor(directory: ByteString, dialect: MarkDialect) {
    const layer = { source: { kind: 'directory', path: directory }, role: 'plain' } as const;
    const opened = new OpenDirectories([{ layer, dialect }], {
      most: TABLE_BYTES,
      capacity: OPEN_DIRECTORIES,
    });
    this.#opened = opened;
    this.#table = opened.table;
    this.#directories = opened.directories;
    this.#reader = opened.reader;
  }

  close(): void {
    this.#opened.close();
  }

  /** From now on owners, modes and types are those that an attribute of the files says (`force_mask`); `owner` is root. */
  believeOverrides(owner: OwnerIds): void {
    this.#forcedOwner = owner;
  }

  #record(path: ByteString): number {
    if (path === '') return this.#directories.roots[0] as number;
    const known = this.#records.get(path);
    if (known !== undefined) return known;
    const name = lastName(path);
    const record = this.#directories.child(
      this.#record(parentPath(path)),
      this.#table.addName(name),
      name.length,
    );
    this.#records.set(path, record);
    return record;
  }

  /** Undefined where nothing is there. Throws Errno. */
  status(path: ByteString): FileStatus | undefined {
    const { status } = this.#reader;
    try {
      const [holder, name] = this.#place(path);
      if (!this.#reader.examine(holder, name)) return undefined;
    } catch (error) {
      if (error instanceof Errno && ABSENT.includes(error.errno)) return undefined;
      throw error;
    }
    const word = (field: number) => status[field] as number;
    const onDisk = {
      mode: word(STATX.mode) & 0xffff,
      uid: word(STATX.uid),
      gid: word(STATX.gid),
      size: longAt(status, STATX.size),
      nlink: word(STATX.nlink),
      inode: `${word(STATX.devMajor)}:${word(STATX.devMinor)}:${word(STATX.ino + 1)}:${word(STATX.ino)}`,
      rdev: deviceAt(status),
      mtime: timeAt(status, STATX.mtime),
    };
    return this.#forcedOwner === undefined ? onDisk : this.#overridden(path, onDisk, this.#forcedOwner);
  }

  #overridden(path: ByteString, onDisk: FileStatus, owner: OwnerIds): FileStatus {
    const type = onDisk.mode & S_IFMT;
    const isPlain = type === S_IFREG || type === S_IFDIR;
    const said = isPlain ? parseOverride(this.#attributes(path).get(OVERRIDE) ?? '') : undefined;
    if (said === undefined) {
      const isRoots = onDisk.uid === owner.uid && onDisk.gid === owner.gid;
      return isRoots ? { ...onDisk, uid: 0, gid: 0 } : onDisk;
    }
    const { uid, gid, mode, device: [major, minor] = [0, 0] } = said;
    return { ...onDisk, mode: (said.type ?? type) | mode, uid, gid, rdev: encodeDevice(major, minor) };
  }

  #place(path: ByteString): [holder: number, name: string] {
    return path === '' ? [this.#record(path), '.'] : [this.#record(parentPath(path)), lastName(path)];
  }

  /** Gives a regular file to `use`. Answers a negative errno where it cannot be opened: EINVAL for all but a regular file. */
  withFile<T>(path: ByteString, use: (read: ReadSome) => T): T | number {
    const descriptor = this.#open(path);
    if (descriptor < 0) return descriptor;
    try {
      return use((buffer) => read(descriptor, buffer, buffer.length));
    } finally {
      close(descriptor);
    }
  }

  #open(path: ByteString): number {
    try {
      const status = this.status(path);
      if (status === undefined) return -E.ENOENT;
      if ((status.mode & S_IFMT) !== S_IFREG) return -E.EINVAL;
      const [holder, name] = this.#place(path);
      return this.#directories.openFile(holder, cString(name as ByteString));
    } catch (error) {
      if (error instanceof Errno) return -error.errno;
      throw error;
    }
  }

  linkTarget(path: ByteString): ByteString {
    const [holder, name] = this.#place(path);
    const descriptor = this.#directories.descriptor(holder);
    const length = readlinkat(descriptor, nameArgument(name), this.#target, this.#target.length);
    if (length < 0) throw new Errno(-length, 'read a link');
    return bytesOf(this.#target, 0, length);
  }

  /** Names and values as they are on disk, but for what is believed as status. */
  xattrs(path: ByteString): Map<string, ByteString> {
    const all = this.#attributes(path);
    if (this.#forcedOwner !== undefined) all.delete(OVERRIDE);
    return all;
  }

  #attributes(path: ByteString): Map<string, ByteString> {
    const [holder, name] = this.#place(path);
    const descriptor = this.#directories.descriptor(holder);
    const all = new Map<string, ByteString>();
    for (const attribute of xattrNames(descriptor, nameArgument(name))) {
      const value = xattrValue(descriptor, nameArgument(name), attribute);
      if (value !== undefined) all.set(attribute, bytesOf(value));
    }
    return all;
  }

  /** What lies in a directory. Throws Errno. */
  list(path: ByteString): Listing {
    return this.#reader.list(this.#record(path));
  }
}

/** A character device 0:0, the kernel's whiteout. */
export function isWhiteout({ mode, rdev }: FileStatus): boolean {
  return (mode & S_IFMT) === S_IFCHR && rdev === 0;
}
