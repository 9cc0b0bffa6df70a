// Reads the files of a store: below one root, no symbolic link followed, nothing but regular files, never more than a
// limit, and no access time changed where the system allows that. Each failure is a Trouble that names the file.

import { closeSync, fstatSync, readSync, type Stats, statSync } from 'node:fs';
import type { OpenBlob } from '../blob/blob.ts';
import { FileBytes } from '../blob/file-bytes.ts';
import { openBeneath, readNames } from '../sys/beneath.ts';
import {
  asBytes,
  type ByteString,
  bufferOf,
  bytesOf,
  cString,
  type ReadSome,
  shownBytes,
} from '../sys/bytes.ts';
import { E, Errno, errnoName } from '../sys/errors.ts';
import { O, open, read, readlinkat } from '../sys/libc.ts';
import { type FileKind, notA, stateOfErrno, trouble, WHO_MAY } from './file-state.ts';

/** Bytes of the largest file that is read whole. Real ones stay below 1 MiB. */
export const LARGEST_FILE = 16 * 1024 * 1024;
/** Bytes of the largest file that holds one id or number. */
const LARGEST_TEXT = 4096;

/** A regular file that is read in parts. */
export interface FileParts {
  /** Absolute. */
  readonly path: ByteString;
  /** Bytes, as of now. */
  size(): number;
  /** Fewer bytes than asked for where the file ends before. Throws Trouble. */
  read(position: number, length: number): Buffer;
}

/** An open file, which has to be closed. */
export interface OpenFile extends FileParts {
  /** Reads on from the beginning, whatever else is read between. */
  readonly readNext: ReadSome;
  close(): void;
}

export class StoreFiles {
  /** Absolute, without links. */
  readonly directory: ByteString;

  /** `directory` is absolute and free of links (`realRoot`). */
  constructor(directory: ByteString) {
    this.directory = directory;
  }

  /** Paths here and below are relative to the root and made of checked parts. */
  pathOf(path: string): ByteString {
    return asBytes(this.directory === '/' ? `/${path}` : `${this.directory}/${path}`);
  }

  read(path: string, limit = LARGEST_FILE): Buffer {
    return this.readIfPresent(path, limit) ?? this.#fail('read', path, E.ENOENT, 'file');
  }

  /** Undefined where there is no such file. */
  readIfPresent(path: string, limit = LARGEST_FILE): Buffer | undefined {
    const fd = this.#openRegular(path);
    return fd === undefined ? undefined : closing(fd, () => this.#readAll(fd, path, limit));
  }

  /** Gives a regular file to `use`, open; undefined where there is no such file. */
  withPartsIfPresent<T>(path: string, use: (file: FileParts) => T): T | undefined {
    const file = this.openIfPresent(path);
    try {
      return file && use(file);
    } finally {
      file?.close();
    }
  }

  /** A regular file. Throws Trouble where there is none. */
  open(path: string): OpenFile {
    return this.openIfPresent(path) ?? this.#fail('read', path, E.ENOENT, 'file');
  }

  /** Undefined where there is no such file. */
  openIfPresent(path: string): OpenFile | undefined {
    const fd = this.#openRegular(path);
    if (fd === undefined) return undefined;
    return {
      path: this.pathOf(path),
      size: () => fstatSync(fd).size,
      read: (position, length) => {
        const buffer = Buffer.allocUnsafe(length);
        let filled = 0;
        for (let got = 1; got > 0 && filled < length; filled += got) {
          got = this.#readSome(fd, path, buffer.subarray(filled), position + filled);
        }
        return buffer.subarray(0, filled);
      },
      readNext: (buffer) => read(fd, buffer, buffer.length),
      close: () => closeSync(fd),
    };
  }

  /** The bytes of a regular file, by place; undefined where there is no such file. */
  openBlobIfPresent(path: string): OpenBlob | undefined {
    const descriptor = this.#openRegular(path);
    if (descriptor === undefined) return undefined;
    const bytes = new FileBytes({ descriptor, offset: 0, size: fstatSync(descriptor).size });
    return {
      size: bytes.size,
      read: (offset, room) => bytes.read(offset, room),
      close: () => closeSync(descriptor),
    };
  }

  /** A small file without the white space around its content, as moby reads them (strings.TrimSpace). */
  readText(path: string): string {
    return this.read(path, LARGEST_TEXT).toString('latin1').trim();
  }

  readTextIfPresent(path: string): string | undefined {
    return this.readIfPresent(path, LARGEST_TEXT)?.toString('latin1').trim();
  }

  /** Sorted; undefined where there is no such directory. */
  namesIfPresent(path: string): readonly ByteString[] | undefined {
    const fd = this.#open(path, O.RDONLY | O.NOFOLLOW | O.DIRECTORY);
    if (fd === -E.ENOENT) return undefined;
    if (fd < 0) return this.#fail('list', path, -fd, 'directory');
    const names = closing(fd, () => readNames(fd));
    return typeof names === 'number' ? this.#fail('list', path, -names, 'directory') : names.sort();
  }

  /** Returns the absolute path of what must be a directory. */
  requireDirectory(path: string): ByteString {
    const kind = this.kindOf(path);
    if (kind === undefined) return this.#fail('use', path, E.ENOENT, 'directory');
    if (kind !== 'directory') throw trouble('use', this.pathOf(path), notA('directory', kind));
    return this.pathOf(path);
  }

  /** Undefined where there is nothing. */
  kindOf(path: string): FileKind | undefined {
    const status = this.#status(path);
    return status && kindOfStatus(status);
  }

  /** What a symbolic link says, which is not followed; undefined where nothing is there. Throws Trouble where it is something else. */
  linkIfPresent(path: string): ByteString | undefined {
    const fd = this.#open(path, O.PATH | O.NOFOLLOW);
    if (fd < 0) return fd === -E.ENOENT ? undefined : this.#fail('read', path, -fd, 'link');
    const target = Buffer.alloc(LARGEST_TEXT);
    const length = closing(fd, () => readlinkat(fd, cString(asBytes('')), target, target.length));
    if (length < 0) throw trouble('read', this.pathOf(path), 'not a symbolic link');
    return bytesOf(target, 0, length);
  }

  /** Words that are other ones once one of what lies at these paths is another, or was written to: a file, or a directory's names. */
  stampOf(paths: readonly string[]): string {
    return paths
      .map((path) => {
        const fd = this.#open(path, O.PATH | O.NOFOLLOW);
        if (fd < 0) return errnoName(-fd);
        const { dev, ino, size, mtimeNs, ctimeNs } = closing(fd, () => fstatSync(fd, { bigint: true }));
        return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
      })
      .join('\n');
  }

  /** The user and group who own it, undefined where there is nothing. */
  ownerOf(path: string): { readonly uid: number; readonly gid: number } | undefined {
    const status = this.#status(path);
    return status && { uid: status.uid, gid: status.gid };
  }

  /** A descriptor; undefined where there is no such file. */
  #openRegular(path: string): number | undefined {
    // To open a device is to use it, so its type is asked first.
    const kind = this.kindOf(path);
    if (kind === undefined) return undefined;
    if (kind !== 'file') throw trouble('read', this.pathOf(path), notA('regular file', kind));
    const fd = this.#open(path, O.RDONLY | O.NONBLOCK | O.NOFOLLOW);
    if (fd < 0) return this.#fail('read', path, -fd, 'file');
    // Something else may lie there by now.
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    throw trouble('read', this.pathOf(path), notA('regular file', 'other'));
  }

  #status(path: string): Stats | undefined {
    const status = this.#probe(path);
    if (typeof status !== 'number') return status;
    return status === -E.ENOENT ? undefined : this.#fail('read', path, -status, 'file');
  }

  /** A negative errno where it cannot be told. */
  #probe(path: string): Stats | number {
    const fd = this.#open(path, O.PATH | O.NOFOLLOW);
    return fd < 0 ? fd : closing(fd, () => fstatSync(fd));
  }

  /** A descriptor or a negative errno. */
  #open(path: string, flags: number): number {
    const root = open(cString(this.directory), O.PATH | O.DIRECTORY | O.CLOEXEC);
    if (root < 0) throw trouble('open', this.directory, stateOfErrno(-root, 'directory'));
    return closing(root, () => openBeneath(root, asBytes(path), flags));
  }

  #readAll(fd: number, path: string, limit: number): Buffer {
    // One byte more than it should hold, to see that nothing follows.
    let buffer = Buffer.allocUnsafe(Math.min(fstatSync(fd).size, limit) + 1);
    let filled = 0;
    for (;;) {
      const got = this.#readSome(fd, path, buffer.subarray(filled), null);
      if (got === 0) return buffer.subarray(0, filled);
      filled += got;
      if (filled > limit) throw trouble('read', this.pathOf(path), `larger than ${limit} bytes`);
      if (filled === buffer.length) buffer = Buffer.concat([buffer], Math.min(filled * 2, limit + 1));
    }
  }

  /** At `position`, or on from what was read last. */
  #readSome(fd: number, path: string, buffer: Buffer, position: number | null): number {
    try {
      return readSync(fd, buffer, 0, buffer.length, position);
    } catch (cause) {
      throw trouble('read', this.pathOf(path), stateOfErrno(errnoOf(cause), 'file'), cause);
    }
  }

  #fail(doing: string, path: string, errno: number, wanted: string): never {
    throw trouble(doing, this.pathOf(path), this.#blockage(path, errno) ?? stateOfErrno(errno, wanted));
  }

  /** Where a path is blocked on the way by a link, a file or a directory that may not be searched: which one it is. */
  #blockage(path: string, errno: number): string | undefined {
    if (errno !== E.ELOOP && errno !== E.ENOTDIR && errno !== E.EACCES) return undefined;
    const parts = path.split('/');
    for (let count = 1; count <= parts.length; count++) {
      const part = parts.slice(0, count).join('/');
      const status = this.#probe(part);
      if (status === -E.EACCES) return this.#unsearchable(parts.slice(0, count - 1).join('/'));
      if (typeof status === 'number') return undefined;
      const kind = kindOfStatus(status);
      if (kind === 'directory') continue;
      if (count < parts.length) return `"${shownBytes(this.pathOf(part))}" is ${notA('directory', kind)}`;
      return errno === E.EACCES ? undefined : notA('directory', kind);
    }
    return undefined;
  }

  #unsearchable(path: string): string {
    const directory = path === '' ? this.directory : this.pathOf(path);
    const { uid, mode } = statSync(bufferOf(directory));
    const bits = (mode & 0o7777).toString(8).padStart(4, '0');
    return `permission denied at "${shownBytes(directory)}" (owner ${uid}, mode ${bits}); ${WHO_MAY}`;
  }
}

export function kindOfStatus(status: Stats): FileKind {
  if (status.isDirectory()) return 'directory';
  if (status.isFile()) return 'file';
  return status.isSymbolicLink() ? 'link' : 'other';
}

function errnoOf(error: unknown): number {
  if (error instanceof Errno) return error.errno;
  const errno = error instanceof Error ? (error as NodeJS.ErrnoException).errno : undefined;
  // Not a system error: a bug, which is not to be dressed as trouble.
  if (errno === undefined) throw error;
  return -errno;
}

function closing<T>(fd: number, use: () => T): T {
  try {
    return use();
  } finally {
    closeSync(fd);
  }
}
