// What a session serves: a read-only tree addressed by numbers, whose answers are written straight into a reply.
// Node and entry numbers are 1 to 2^32-1; the root is 1; both stay valid for as long as the session lives.

/**
 * Thrown where an answer has to be waited for: the request is served once more when `ready` has come, which is never refused.
 * Of `lookup`, `freshen`, `nodesAfter` and `read` alone.
 */
export class NotYet {
  readonly ready: Promise<void>;

  constructor(ready: Promise<void>) {
    this.ready = ready;
  }
}

/** What `ask` answers, asked once more whenever that has to be waited for: as the session does for the kernel. */
export async function answered<Answer>(ask: () => Answer): Promise<Answer> {
  for (;;) {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof NotYet)) throw error;
      await error.ready;
    }
  }
}

/**
 * Failures are thrown as `Errno`; "no such name" is 0, because it is an ordinary answer. Where a failure is ordinary too
 * (`ENODATA`, `ERANGE`, `ENXIO`), `readLink`, `read`, `seek`, `getXattr` and `listXattr` may answer the negative errno
 * instead, which costs no stack trace.
 */
export interface FileSystem {
  /** Whether this is the number of an entry or node at all; asked before any number from outside is used. */
  has(number: number): boolean;
  /** The entry of `name` (bytes `start` to `end` of `from`) in a directory, 0 where there is none. */
  lookup(directory: number, from: Uint8Array, start: number, end: number): number;
  /** The node an entry leads to: hard links are several entries of one node. */
  nodeOf(entry: number): number;
  /**
   * Where directories share their entries, asked instead of `nodeOf`: the node of an entry of `directory`; 0 where that is
   * known only after a `lookup`.
   */
  readonly nodeIn?: (entry: number, directory: number) => number;
  /** The directory that holds a node; the root holds itself. */
  parentOf(node: number): number;
  /** Copies the `struct fuse_attr` of an entry or node, 22 words, to `out` at word `at`. */
  copyAttributes(entry: number, out: Uint32Array, at: number): void;
  /** Whether an entry is listed but cannot be looked up (its errno, positive), 0 where all is well. */
  errnoOf(entry: number): number;

  /** The entries of a directory are `first` to `first + count - 1`, in an order that never changes. Loads it. */
  firstEntry(directory: number): number;
  entryCount(directory: number): number;
  /**
   * Where directories change: their nodes in an order in which those that stay keep their place, from the first whose
   * number is above `node` on; asked for as many as an answer has room for. Nodes are entries there, and `firstEntry` and
   * `entryCount` are not asked. Undefined for a directory that does not change.
   */
  readonly nodesAfter?: (directory: number, node: number) => Iterable<number> | undefined;
  /**
   * Where some things change and others do not: whether what is told of a node, or of the names in a directory, holds for
   * ever. Absent where all is alike.
   */
  readonly holds?: (node: number) => boolean;
  /** Whether a name of a directory is to be looked up at each use; absent where none is. */
  readonly namesPass?: (directory: number) => boolean;
  /** Brings a node's attributes up to date before they are asked for; with it directories that change have a new time at each change. */
  readonly freshen?: (node: number) => void;
  /** Told of each reply that gives the kernel a node, and of as many as it has forgotten; absent where nobody counts. */
  readonly remember?: (node: number) => void;
  readonly forget?: (node: number, count: number) => void;
  nameLength(entry: number): number;
  copyName(entry: number, out: Uint8Array, at: number): void;
  /** Low 32 bits and high 32 bits of the inode number, and the `S_IFMT` type, without a copy. */
  inodeLow(entry: number): number;
  inodeHigh(entry: number): number;
  typeOf(entry: number): number;
  /** Bytes; past 2^53 rounded. */
  sizeOf(node: number): number;

  /** Writes the link target to `out` at `at`, answers its length; at most `capacity`. */
  readLink(node: number, out: Uint8Array, at: number, capacity: number): number;
  /** Writes up to `size` bytes from byte `offset` of the file to `out` at `at`; less than `size` only at the end. */
  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number;
  /** The same from an offset of 2^53 or more. */
  readFar(node: number, offset: bigint, out: Uint8Array, at: number, size: number): number;
  /** `SEEK_DATA` (3) or `SEEK_HOLE` (4). */
  seek(node: number, offset: bigint, whence: number): bigint;
  /**
   * A descriptor of the file's data, owned by the file system and valid until its next call; for passthrough. -1 for a
   * file that the kernel must not read by itself.
   */
  dataDescriptor(node: number): number;
  /**
   * Where opening a file can fail, or a file can hold more or less than its size tells, each open has to be asked for:
   * answers whether the file's data are as long as its size, throws Errno. Absent where all opens are alike.
   */
  readonly open?: (node: number) => boolean;

  /**
   * Told of a file's first open before it is answered: the kernel has asked for nothing of its data yet. Of files that are
   * read the cached way, and only where opens are asked for. Throws nothing.
   */
  readonly opened?: (node: number) => void;

  /** The value's length; written to `out` at `at` where `capacity` is not 0. Errno ENODATA, ERANGE. */
  getXattr(node: number, name: string, out: Uint8Array, at: number, capacity: number, uid: number): number;
  /** Names each ended by NUL; as `getXattr`. `uid` is the caller's: `trusted.*` is shown to 0 only. */
  listXattr(node: number, out: Uint8Array, at: number, capacity: number, uid: number): number;
  /**
   * Has an inode's flags written to `out` as one of the ioctls of `inode-flags.ts` answers them; `out` is as long as that
   * answer. 0 or a negative errno; ENOTTY where there are none.
   */
  inodeFlags(node: number, command: number, out: Uint8Array): number;
  /** Writes a `struct fuse_kstatfs` (80 bytes) to `out` at `at`. */
  statfs(out: Buffer, at: number): void;
  /** Birth time of a node, for FUSE_STATX; undefined where the layer's file system has none. */
  birthTime(node: number): { readonly seconds: bigint; readonly nanoseconds: number } | undefined;
  /** Does a small part of what requests to come will likely need; false where there is nothing to do. Never throws Errno. */
  loadAhead?(): boolean;
}
