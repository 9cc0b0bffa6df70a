// Reads one real directory of one layer: its listing, and what one of its names is to the overlay.
// Whiteouts are recognised here, in the dialect of their layer; `merge.ts` obeys them.
import type { Dialect } from '../../store/layer-stack.ts';
import type { OwnerView } from '../../store/owner.ts';
import { eachName } from '../../sys/beneath.ts';
import { E, Errno } from '../../sys/errors.ts';
import { AT_NO_AUTOMOUNT, AT_SYMLINK_NOFOLLOW, lseek, readlinkat } from '../../sys/libc.ts';
import { bigLongAt } from '../../sys/long.ts';
import { type Address, pinned } from '../../sys/memory.ts';
import {
  S_IFCHR,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
  STATX,
  STATX_BTIME,
  STATX_MASK,
  STATX_SIZE,
} from '../../sys/statx.ts';
import { statx, statxAt } from '../../sys/statx-call.ts';
import type { Names } from '../names.ts';
import type { RecordedLayer } from '../recorded/recorded-layer.ts';
import type { Table } from '../table.ts';
import { Dialects } from './dialects.ts';
import type { Directories } from './directories.ts';
import { Entry } from './entry.ts';
import { AUFS_OPAQUE, AUFS_PREFIX, type Listing, readAufsNames } from './listing.ts';
import { hasXattrs, hasXattrsAt, type MarkPrefix, xattrAnswer, xattrNames, xattrValue } from './marks.ts';
import { NAME_MAX, nameArgument } from './name-argument.ts';
import { FileContents, type OpenContents, type TarFileContents } from './open-contents.ts';

/** What fuse-overlayfs marks an opaque directory with besides, where it may not write `trusted.` attributes. */
const FUSE_OPAQUE = ['user.fuseoverlayfs.opaque', 'user.overlay.opaque'];

/** How a layer is read. */
export interface LayerReading {
  readonly dialect: Dialect;
  /** Absent where its owners are shown as they are on disk. */
  readonly owners?: OwnerView | undefined;
  /** What is believed of its metadata instead of the disk. */
  readonly recorded?: RecordedLayer | undefined;
}

export class LayerReader {
  /** Whether all is shown as it lies on disk. */
  readonly showsDisk: boolean = true;
  readonly directories: Directories;
  readonly #table: Table;
  readonly #dialects: Dialects;
  /** The `struct statx` of the last successful `examine`. */
  readonly status: Uint32Array;
  readonly statusAddress: Address;

  /** `dialects` are those of the layers in the order of the directories' roots. */
  constructor(table: Table, directories: Directories, dialects: readonly Dialect[]) {
    const status = pinned(STATX_SIZE);
    this.status = new Uint32Array(status.buffer.buffer);
    this.statusAddress = status.address;
    this.#table = table;
    this.directories = directories;
    this.#dialects = new Dialects(dialects);
  }

  /** To be told of each layer that the directories are given later. */
  addLayer({ dialect }: LayerReading): void {
    this.#dialects.add(dialect);
  }

  /** The namespace of the marks in a real directory; undefined where nothing is a mark. */
  prefixOf(directory: number): MarkPrefix | undefined {
    const dialects = this.#dialects;
    return dialects.isMixed ? dialects.prefixOf(this.directories.layerOf(directory)) : dialects.prefix;
  }

  /** Whether a character device 0:0 in a real directory is a whiteout. */
  hidesByDevice(directory: number): boolean {
    return !this.#dialects.hasNone || this.#dialectOf(directory) !== 'none';
  }

  #dialectOf(directory: number): Dialect {
    return this.#dialects.of(this.directories.layerOf(directory));
  }

  /** Whether names in a real directory may be marks. */
  marksByNames(directory: number): boolean {
    return this.#dialects.hasAufs && this.#dialectOf(directory) === 'aufs';
  }

  /** Lists a real directory. Throws Errno. */
  list(directory: number): Listing {
    const types = new Map<string, number>();
    const fd = this.#fromStart(directory);
    this.#mustBeListed(
      eachName(fd, (name, type) => types.set(name, type)),
      directory,
    );
    return this.marksByNames(directory) ? readAufsNames(types) : { types, opaque: false };
  }

  /** Whether `listBytes` can list a directory: none of its names is a mark, none is to be stored only once. */
  hasPlainNames(directory: number): boolean {
    return !this.#table.internsNames && !this.marksByNames(directory);
  }

  /** Adds what a real directory with plain names holds. Throws Errno. */
  listBytes(directory: number, names: Names): void {
    this.#mustBeListed(names.read(this.#fromStart(directory)), directory);
  }

  #fromStart(directory: number): number {
    const fd = this.directories.descriptor(directory);
    lseek(fd, 0, 0);
    return fd;
  }

  #mustBeListed(result: number, directory: number): void {
    if (result >= 0) return;
    const errno = result === -E.EBADF ? E.EACCES : -result;
    throw new Errno(errno, `list ${this.directories.describe(directory, '')}`);
  }

  /**
   * Reads the status of a name into `status`; false where it does not exist. Throws Errno,
   * EXDEV where another file system is mounted on it and cannot be looked under.
   */
  examine(directory: number, name: string): boolean {
    const fd = this.directories.descriptor(directory);
    const error = statx(
      fd,
      nameArgument(name),
      AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
      STATX_MASK,
      this.status,
    );
    if (error === 0 && !this.#isForeign(directory)) return true;
    return this.#refuse(error, directory, name);
  }

  /** As `examine`, for a name that the table has. */
  examineStored(directory: number, nameAt: number, length: number): boolean {
    const fd = this.directories.descriptor(directory);
    const error = statxAt(
      fd,
      this.#table.addressAt(nameAt),
      AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
      STATX_MASK,
      this.statusAddress,
    );
    if (error === 0 && length <= NAME_MAX && !this.#isForeign(directory)) return true;
    return this.examine(directory, this.#table.nameAt(nameAt, length));
  }

  #isForeign(directory: number): boolean {
    return this.directories.isForeign(directory, this.status[STATX.mountId] as number);
  }

  /** For an error, or a status that is another file system's. */
  #refuse(error: number, directory: number, name: string): false {
    if (error === -E.ENOENT) return false;
    const what = this.directories.describe(directory, name);
    if (error < 0) throw new Errno(-error, `examine ${what}`);
    throw new Errno(E.EXDEV, `look under the mount on ${what}`);
  }

  /** Undefined where the layer's file system knows none, or the object is there no more. */
  birthTime(
    directory: number,
    name: string,
  ): { readonly seconds: bigint; readonly nanoseconds: number } | undefined {
    const { status } = this;
    const fd = this.directories.descriptor(directory);
    const error = statx(fd, nameArgument(name), AT_SYMLINK_NOFOLLOW, STATX_MASK, status);
    if (error < 0 || ((status[STATX.mask] as number) & STATX_BTIME) === 0) return undefined;
    const seconds = BigInt.asIntN(64, bigLongAt(status, STATX.btime));
    return { seconds, nanoseconds: status[STATX.btime + 2] as number };
  }

  /** Names of an object's attributes as they are on disk. */
  xattrNames(directory: number, name: string): readonly string[] {
    return xattrNames(this.directories.descriptor(directory), nameArgument(name));
  }

  /**
   * The layers' roots that the merged root is made of, top first: all of them, whatever overlayfs's marks on a root say
   * (ovl_get_root reads none); an AUFS mark there ends the merge as in any other directory.
   */
  rootStack(roots: readonly number[]): readonly number[] {
    const opaque = roots.findIndex((root) => this.marksByNames(root) && this.#isAufsOpaque(root));
    return opaque < 0 ? roots : roots.slice(0, opaque + 1);
  }

  hasXattrs(directory: number, name: string): boolean {
    return hasXattrs(this.directories.descriptor(directory), nameArgument(name));
  }

  /** As `hasXattrs`, for a name that the table has. */
  hasXattrsStored(directory: number, nameAt: number, length: number): boolean {
    const fd = this.directories.descriptor(directory);
    return (
      hasXattrsAt(fd, this.#table.addressAt(nameAt)) ??
      this.hasXattrs(directory, this.#table.nameAt(nameAt, length))
    );
  }

  mark(directory: number, name: string, mark: string): Buffer | undefined {
    const prefix = this.prefixOf(directory);
    if (prefix === undefined) return undefined;
    return xattrValue(this.directories.descriptor(directory), nameArgument(name), prefix + mark);
  }

  /** An attribute's value, by its name on disk, or the negative errno with which it cannot be had. */
  xattrAnswer(directory: number, name: string, attribute: string): Buffer | number {
    return xattrAnswer(this.directories.descriptor(directory), nameArgument(name), attribute);
  }

  /** Writes a link's target; answers its length or a negative errno. */
  readLink(directory: number, name: string, out: Uint8Array): number {
    return readlinkat(this.directories.descriptor(directory), nameArgument(name), out, out.length);
  }

  /** Whether a record says what lies in a directory, and the disk has no more than the contents of files. */
  isRecorded(_directory: number): boolean {
    return false;
  }

  /** Where a file's contents lie, where that is a directory. */
  contents(directory: number, name: string): readonly [holder: number, name: string] {
    return [directory, name];
  }

  /** Whether some files' contents lie in tars. */
  hasTars = false;

  /** The contents of a file that lie in a tar; undefined where they lie in a directory. */
  tarContents(_directory: number, _name: string): TarFileContents | undefined {
    return undefined;
  }

  /** A regular file's contents, to be closed. Throws Errno. */
  openContents(directory: number, name: string): OpenContents {
    const inTar = this.tarContents(directory, name);
    if (inTar !== undefined) return inTar;
    const [holder, ownName] = this.contents(directory, name);
    const descriptor = this.directories.openFile(holder, nameArgument(ownName));
    if (descriptor < 0) throw new Errno(-descriptor, 'open a file');
    return new FileContents(descriptor);
  }

  /** `struct statfs` of the top layer, into a buffer of at least 120 bytes. Throws Errno. */
  statfs(out: Uint8Array): void {
    this.directories.statfs(out);
  }

  /** What a real directory says of a name, for `merge.ts`; undefined where it holds nothing by it. */
  find(directory: number, name: string): Entry | undefined {
    const isAufs = this.marksByNames(directory);
    if (isAufs && name.startsWith(AUFS_PREFIX)) return undefined;
    const hidden = isAufs && this.exists(directory, AUFS_PREFIX + name);
    if (!this.examine(directory, name)) {
      // The status of a mark is that of its own name.
      const isMark = hidden && this.examine(directory, AUFS_PREFIX + name);
      return isMark ? new Entry(this, this.#table, directory, name, 'whiteout') : undefined;
    }
    const mode = (this.status[STATX.mode] as number) & S_IFMT;
    const entry = new Entry(this, this.#table, directory, name, this.#kind(directory, name, mode));
    if (entry.kind === 'directory' && isAufs) {
      // A directory beside its own whiteout was made anew in this layer.
      entry.aufsOpaque = hidden || this.#isAufsOpaque(entry.directory());
    }
    return entry;
  }

  #kind(directory: number, name: string, type: number): Entry['kind'] {
    const { status } = this;
    if (type === S_IFDIR) return 'directory';
    if (type === S_IFCHR) {
      const isZero = status[STATX.rdevMajor] === 0 && status[STATX.rdevMinor] === 0;
      return isZero && this.hidesByDevice(directory) ? 'whiteout' : 'other';
    }
    if (type !== S_IFREG) return 'other';
    const isEmpty = status[STATX.size] === 0 && status[STATX.size + 1] === 0;
    return isEmpty && this.mark(directory, name, 'whiteout') !== undefined ? 'whiteout' : 'regular';
  }

  /** Whether the disk has the name at all. */
  exists(directory: number, name: string): boolean {
    if (name.length > NAME_MAX) return false;
    const fd = this.directories.descriptor(directory);
    return (
      statx(
        fd,
        nameArgument(name),
        AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
        0,
        new Uint32Array(STATX_SIZE / 4),
      ) === 0
    );
  }

  #isAufsOpaque(directory: number): boolean {
    if (AUFS_OPAQUE.some((mark) => this.exists(directory, mark))) return true;
    const fd = this.directories.descriptor(directory);
    return FUSE_OPAQUE.some((mark) => xattrValue(fd, nameArgument('.'), mark)?.toString('latin1') === 'y');
  }
}
