// A merged tree as a tar: entries in byte order, parents before children, the root itself left out as `docker export` does.
import type { Status } from '../overlay/status.ts';
import type { Tree } from '../overlay/tree.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { isCountable } from '../sys/file-size.ts';
import { decodeDevice } from '../sys/statx.ts';
import { TarBatch } from '../tar/batch.ts';
import { type DataRuns, sparseRuns } from '../tar/data-runs.ts';
import type { TarEntry } from '../tar/entry.ts';
import { paddingOf } from '../tar/header.ts';
import { joinPath } from '../tar/path.ts';
import { isDeviceType, TAR_TYPE, tarTypeOf } from '../tar/type.ts';
import { tarEnd, tarHeader } from '../tar/write.ts';

export interface TarSink {
  /** The bytes may be reused as soon as this returns. */
  write(bytes: Uint8Array): void;
  /** An entry is left out: a socket, which no tar can hold (EOPNOTSUPP), or what cannot be read. */
  leftOut(path: ByteString, errno: number): void;
  /** Part of an entry could not be read after its header was written: `bytes` in all, from `offset` on, are zeros. */
  lost(path: ByteString, errno: number, offset: number, bytes: number): void;
}

/** An entry with its path in the tree, without a leading slash; empty for the root. */
export interface TarStart {
  readonly path: ByteString;
  readonly entry: number;
}

/**
 * In steps, after each of which it may be ended: then the tar is not whole. `starts`: only these and what is below them, no
 * directory above them.
 */
export function exportTree(tree: Tree, sink: TarSink, starts?: readonly TarStart[]): Generator<void> {
  return new Exporter(tree, sink).run(starts ?? [{ path: asBytes(''), entry: tree.root }]);
}

class Exporter {
  readonly #tree: Tree;
  readonly #sink: TarSink;
  /** Nodes that have several names, by the first name that was written. */
  readonly #names = new Map<number, ByteString>();
  readonly #out: TarBatch;

  constructor(tree: Tree, sink: TarSink) {
    this.#tree = tree;
    this.#sink = sink;
    this.#out = new TarBatch((bytes) => sink.write(bytes));
  }

  *run(starts: readonly TarStart[]): Generator<void> {
    for (const { path, entry } of starts) {
      const isDirectory = path === '' || (yield* this.#write(entry, path));
      if (isDirectory) yield* this.#below(path, entry);
    }
    this.#out.add(tarEnd());
    this.#out.flush();
  }

  *#below(start: ByteString, directory: number): Generator<void> {
    // A stack of its own, since a tree may be deeper than calls can be.
    const stack = [{ path: start, entries: this.#entries(directory, start) }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const entry = top.entries.pop();
      if (entry === undefined) {
        stack.pop();
        continue;
      }
      const path = joinPath(top.path, this.#tree.name(entry));
      const isDirectory = yield* this.#write(entry, path);
      if (isDirectory) stack.push({ path, entries: this.#entries(entry, path) });
    }
  }

  /** Last first. */
  #entries(directory: number, path: ByteString): number[] {
    return this.#trying(path, () => this.#tree.entries(directory).reverse()) ?? [];
  }

  #trying<T>(path: ByteString, attempt: () => T): T | undefined {
    try {
      return attempt();
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.#sink.leftOut(path, error.errno);
      return undefined;
    }
  }

  /** Whether it is a directory, whose entries come next. */
  *#write(entry: number, path: ByteString): Generator<void, boolean> {
    yield;
    const tree = this.#tree;
    const errno = tree.errnoOf(entry);
    const node = tree.nodeOf(entry);
    const status = tree.status(node);
    const type = tarTypeOf(status.mode);
    if (errno !== 0 || type === undefined) {
      this.#sink.leftOut(path, errno !== 0 ? errno : E.EOPNOTSUPP);
      return false;
    }
    // Its offsets are no numbers here, and no reader of tars knows such a file.
    if (type === TAR_TYPE.file && !isCountable(status)) {
      this.#sink.leftOut(path, E.EFBIG);
      return false;
    }
    const first = this.#names.get(node);
    if (first !== undefined) {
      this.#out.add(tarHeader({ ...tarEntry(path, TAR_TYPE.hardLink, status), linkName: first, size: 0 }));
      return false;
    }
    const header = this.#trying(path, () => this.#header(node, path, type, status));
    if (header === undefined) return false;
    if (status.nlink > 1 && type !== TAR_TYPE.directory) this.#names.set(node, path);
    this.#out.add(tarHeader(header.entry, header.runs === undefined ? {} : { runs: header.runs }));
    if (type === TAR_TYPE.file) yield* this.#contents(node, path, header.runs ?? [[0, status.size]]);
    return type === TAR_TYPE.directory;
  }

  #header(
    node: number,
    path: ByteString,
    type: string,
    status: Status,
  ): { entry: TarEntry; runs: DataRuns | undefined } {
    const tree = this.#tree;
    const name = type === TAR_TYPE.directory ? (`${path}/` as ByteString) : path;
    const linkName = type === TAR_TYPE.symlink ? tree.linkTarget(node) : asBytes('');
    const xattrs = new Map(
      [...tree.xattrs(node)].map(([key, value]) => [key, asBytes(value.toString('latin1'))]),
    );
    const entry = { ...tarEntry(name, type, status), linkName, xattrs };
    if (type !== TAR_TYPE.file || status.size === 0) return { entry, runs: undefined };
    // Opens the file, so that one which cannot be read is found before its header is written.
    tree.openData(node);
    return { entry, runs: sparseRuns(status, (offset, whence) => tree.seek(node, offset, whence)) };
  }

  *#contents(node: number, path: ByteString, runs: DataRuns): Generator<void> {
    let total = 0;
    let lost: { errno: number; offset: number; bytes: number } | undefined;
    for (const [offset, length] of runs) {
      for (let done = 0; done < length; ) {
        const room = this.#out.room(length - done);
        this.#read(node, offset + done, room, (errno, at, bytes) => {
          lost = lost === undefined ? { errno, offset: at, bytes } : { ...lost, bytes: lost.bytes + bytes };
        });
        this.#out.advance(room.length);
        done += room.length;
        yield;
      }
      total += length;
    }
    if (lost !== undefined) this.#sink.lost(path, lost.errno, lost.offset, lost.bytes);
    const padding = paddingOf(total);
    if (padding > 0) this.#out.add(Buffer.alloc(padding));
  }

  /** Fills `room`; what cannot be read is zeros there, and told. */
  #read(
    node: number,
    offset: number,
    room: Uint8Array,
    lost: (errno: number, offset: number, bytes: number) => void,
  ): void {
    const whole = this.#readAt(node, offset, room);
    if (whole === 0) return;
    for (let at = 0; at < room.length; at += SECTOR) {
      const part = room.subarray(at, at + SECTOR);
      const errno = this.#readAt(node, offset + at, part);
      if (errno === 0) continue;
      part.fill(0);
      lost(errno, offset + at, part.length);
    }
  }

  /** Answers 0, or the positive errno with which not all of it could be read: EIO where the file became shorter. */
  #readAt(node: number, offset: number, room: Uint8Array): number {
    try {
      return this.#tree.read(node, offset, room, 0, room.length) === room.length ? 0 : E.EIO;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return error.errno;
    }
  }
}

/** What a disk may fail to give while it gives what is beside it. */
const SECTOR = 4096;

function tarEntry(name: ByteString, type: string, status: Status): TarEntry {
  const { mode, uid, gid, size, mtime, rdev } = status;
  return {
    name,
    linkName: asBytes(''),
    type,
    mode: mode & 0o7777,
    uid,
    gid,
    size: type === TAR_TYPE.file ? size : 0,
    mtime,
    ...(isDeviceType(type) ? decodeDevice(rdev) : { major: 0, minor: 0 }),
    xattrs: new Map(),
    sparse: false,
  };
}
