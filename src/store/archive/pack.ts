// The files that an archive of images is made of, by their paths in it: what lies in a directory, or in a tar.
import type { BlobBytes, OpenBlob } from '../../blob/blob.ts';
import { asBytes, type ByteString, bytesOfText, shownBytes } from '../../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../../sys/errors.ts';
import type { TarMember, TarMembers } from '../../tar/members.ts';
import { cleanPath } from '../../tar/path.ts';
import { trouble } from '../file-state.ts';
import { LARGEST_FILE, type StoreFiles } from '../files.ts';

/** Paths are text as a JSON file of the archive has them, relative to its root. */
export interface Pack {
  /** Of the directory or the tar: absolute. */
  readonly path: ByteString;
  /** What it is, in words: `directory`, `tar`, `gzip tar`. */
  readonly form: string;
  /** How messages name a file in it. */
  nameOf(path: string): ByteString;
  /** Bytes of what is there of a regular file; undefined where nothing is there. Throws Trouble where it is something else. */
  sizeOf(path: string): number | undefined;
  /** All of a small file. Throws Trouble. */
  read(path: string): Buffer;
  /** Throws Trouble. */
  open(path: string): OpenBlob;
  /** The names at its root, sorted. */
  names(): readonly ByteString[];
  /** The names in a directory of it that files have; none where there is no such directory. */
  namesIn(directory: string): readonly ByteString[];
  /** As `Store.stamp`; always the same of what is read once. */
  stamp(): string;
  /** What cannot be read of it, a sentence; undefined where it is whole. */
  readonly damage: string | undefined;
  /** What is odd about it, a sentence each. */
  readonly notes: readonly string[];
}

export class DirectoryPack implements Pack {
  readonly path: ByteString;
  readonly form = 'directory';
  readonly damage = undefined;
  readonly notes = [];
  readonly #files: StoreFiles;

  constructor(files: StoreFiles) {
    this.path = files.directory;
    this.#files = files;
  }

  nameOf(path: string): ByteString {
    return this.#files.pathOf(bytesOfText(path));
  }

  stamp(): string {
    return this.#files.stampOf(['index.json', 'manifest.json', 'blobs/sha256']);
  }

  sizeOf(path: string): number | undefined {
    return this.#files.withPartsIfPresent(inside(this, path), (file) => file.size());
  }

  read(path: string): Buffer {
    return this.#files.read(inside(this, path));
  }

  open(path: string): OpenBlob {
    return this.#files.openBlobIfPresent(inside(this, path)) ?? absent(this, path);
  }

  names(): readonly ByteString[] {
    return this.#files.namesIfPresent('.') ?? [];
  }

  namesIn(directory: string): readonly ByteString[] {
    return this.#files.namesIfPresent(inside(this, directory)) ?? [];
  }
}

/** A tar that can be read anywhere, and stays open: places in it are good for this very file only. */
export interface TarFile {
  readonly path: ByteString;
  readonly form: string;
  readonly bytes: BlobBytes;
  readonly members: TarMembers;
  /** What is wrong with it beside its members. */
  readonly notes: readonly string[];
}

export class TarPack implements Pack {
  readonly path: ByteString;
  readonly form: string;
  readonly damage: string | undefined;
  readonly notes: readonly string[];
  readonly #bytes: BlobBytes;
  readonly #members: TarMembers;

  constructor({ path, form, bytes, members, notes }: TarFile) {
    this.path = path;
    this.form = form;
    this.#bytes = bytes;
    this.#members = members;
    const name = `"${shownBytes(path)}"`;
    this.notes = [...members.notes(), ...notes].map((note) => `${name}: ${note}`);
    // An archive may be cut off between two members; Go's reader takes that for its end.
    const damage =
      members.damage ?? (members.hasEndMark ? undefined : 'there it ends, without the mark that ends a tar');
    this.damage =
      damage === undefined
        ? undefined
        : `${name} cannot be read after its member "${shownBytes(members.last)}": ${damage}`;
  }

  nameOf(path: string): ByteString {
    return asBytes(`${this.path}:${bytesOfText(path)}`);
  }

  stamp(): string {
    return '';
  }

  sizeOf(path: string): number | undefined {
    const member = this.#find(path);
    return member && this.#present(member);
  }

  read(path: string): Buffer {
    const member = this.#require(path);
    if (member.size > LARGEST_FILE) {
      throw trouble('read', this.nameOf(path), `larger than ${LARGEST_FILE} bytes`);
    }
    if (this.#present(member) < member.size) throw trouble('read', this.nameOf(path), 'it is cut off');
    const buffer = Buffer.alloc(member.size);
    const got = readingArchive(this.path, () => this.#bytesOf(member).read(0, buffer));
    if (got < member.size) throw trouble('read', this.nameOf(path), 'the archive became shorter');
    return buffer;
  }

  open(path: string): OpenBlob {
    const member = this.#require(path);
    return { ...this.#bytesOf(member), close() {} };
  }

  names(): readonly ByteString[] {
    const names = new Set<ByteString>();
    for (const path of this.#members.paths) names.add(asBytes(path.split('/', 1)[0] ?? ''));
    return [...names].sort();
  }

  namesIn(directory: string): readonly ByteString[] {
    const prefix = `${cleanPath(bytesOfText(directory))}/`;
    return [...this.#members.paths].flatMap((path) =>
      path.startsWith(prefix) ? [asBytes(path.slice(prefix.length))] : [],
    );
  }

  #bytesOf(member: TarMember): BlobBytes {
    const bytes = this.#bytes;
    const size = this.#present(member);
    return {
      size,
      read: (offset, room) =>
        bytes.read(member.at + offset, room.subarray(0, Math.max(0, Math.min(room.length, size - offset)))),
    };
  }

  /** Bytes of it that the archive has. */
  #present({ at, size }: TarMember): number {
    return Math.max(0, Math.min(size, this.#bytes.size - at));
  }

  #require(path: string): TarMember {
    return this.#find(path) ?? absent(this, path);
  }

  #find(path: string): TarMember | undefined {
    const found = this.#members.find(cleanPath(bytesOfText(path)));
    if (typeof found === 'string') throw trouble('read', this.nameOf(path), found);
    if (found?.sparse === true) {
      throw trouble('read', this.nameOf(path), 'it is stored as a sparse file, as no engine stores one');
    }
    return found;
  }
}

/** A path of a directory as bytes; one that leads out of it is refused by whoever opens it. */
function inside(pack: Pack, path: string): string {
  const clean = cleanPath(bytesOfText(path));
  if (clean === '' || clean.includes('\0'))
    throw trouble('read', pack.nameOf(path), 'that is no name of a file');
  return clean;
}

function absent(pack: Pack, path: string): never {
  const reason = pack.damage === undefined ? '' : ` (the archive is damaged: what follows is not known)`;
  throw trouble('read', pack.nameOf(path), `it is not in the archive${reason}`);
}

/** What the system says of reading an archive, as a Trouble. */
export function readingArchive<T>(path: ByteString, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof Errno)) throw cause;
    throw new Trouble('store', `Cannot read "${shownBytes(path)}": ${errnoWords(cause.errno)}`, { cause });
  }
}
