// Which members an archive in the form of a tar has and where in it their contents lie: read header by header, without the
// contents where these can be passed over. What was found before a damaged place stays found. Resolves links within the
// archive, and knows nothing of what its members mean.
import { type BlobBytes, BlobDamage, type BlobScan } from '../blob/blob.ts';
import { type BombLimits, mustBeNoBomb } from '../blob/bomb.ts';
import { type ByteString, shownBytes } from '../sys/bytes.ts';
import { TarDamage, type TarEntry } from './entry.ts';
import { cleanPath, joinPath, leadsOut, parentPath } from './path.ts';
import { type StoredContents, TarStream } from './stream.ts';
import { hasNoContents, TAR_TYPE } from './type.ts';

export interface TarMember {
  /** From the root of the archive, clean. */
  readonly path: ByteString;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  /** Where a symbolic or a hard link leads, as `path`; undefined where that is out of the archive. */
  readonly target?: ByteString;
  /** Of the contents, from the start of the tar. */
  readonly at: number;
  /** Bytes that the contents should have. */
  readonly size: number;
  /** Whether the tar holds only part of them. */
  readonly sparse: boolean;
}

/** As many as a hostile archive may have us hold in memory. */
export interface MemberLimits {
  readonly members: number;
  readonly nameBytes: number;
  /** Of what a compressed archive may become. */
  readonly bomb?: BombLimits;
}

const LIMITS: MemberLimits = { members: 1_000_000, nameBytes: 64 << 20 };
/** Links on the way to a file: as the kernel's. */
const MOST_LINKS = 40;
/** Bytes that are read at once: many headers where the members are small, not much where each is large. */
const WINDOW = 64 << 10;
/** That are named in a sentence. */
const MOST_NAMED = 3;

export class TarMembers {
  readonly #members = new Map<ByteString, TarMember>();
  readonly #limits: MemberLimits;
  readonly #repeated = new Set<ByteString>();
  #outside = 0;
  #nameBytes = 0;
  /** Why the rest was not read, the end of a sentence. */
  damage: string | undefined;
  /** Whether the mark at the end of a tar was met. */
  hasEndMark = false;
  /** The path of the last one in the archive; empty where there is none. */
  last = '' as ByteString;

  constructor(limits: MemberLimits = LIMITS) {
    this.#limits = limits;
  }

  /** In the order of the archive; of several of one path the last. */
  get paths(): Iterable<ByteString> {
    return this.#members.keys();
  }

  get count(): number {
    return this.#members.size;
  }

  /** What is odd about the names, a sentence each. */
  notes(): string[] {
    const names = [...this.#repeated].slice(0, MOST_NAMED).map((path) => `"${shownBytes(path)}"`);
    const more = this.#repeated.size - names.length;
    return [
      ...(names.length === 0
        ? []
        : [
            `it has more than one member ${names.join(', ')}${more > 0 ? ` (and ${more} more)` : ''}: the last of each is used, as "docker load" does`,
          ]),
      ...(this.#outside === 0
        ? []
        : [`members of it whose names lead out of it are not used: ${this.#outside}`]),
    ];
  }

  /** Throws TarDamage where there are more than can be held. */
  add(entry: TarEntry, { at, size }: StoredContents): void {
    if (entry.type === TAR_TYPE.globalPax) return;
    if (leadsOut(entry.name)) {
      this.#outside += 1;
      return;
    }
    const path = cleanPath(entry.name);
    const kind = kindOf(entry.type);
    const target = kind === 'link' ? targetOf(entry, path) : undefined;
    this.#nameBytes += path.length + (target?.length ?? 0);
    if (this.#nameBytes > this.#limits.nameBytes || this.#members.size >= this.#limits.members) {
      throw new TarDamage(`it has more than ${this.#members.size} members, which is too many`);
    }
    if (this.#members.has(path) && kind !== 'directory') this.#repeated.add(path);
    const { sparse } = entry;
    this.last = path;
    this.#members.set(path, { path, kind, at, size, sparse, ...(target === undefined ? {} : { target }) });
  }

  /** The file at a clean path, links followed; undefined where nothing is there; a state where it is something else. */
  find(path: ByteString): TarMember | string | undefined {
    let member = this.#members.get(path);
    for (let links = 0; member?.kind === 'link'; links++) {
      if (member.target === undefined) return 'a link that leads out of the archive';
      if (links === MOST_LINKS) return 'a link that leads round in a circle';
      const { target }: TarMember = member;
      member = this.#members.get(target);
      if (member === undefined) return `a link to "${shownBytes(target)}", which is not in the archive`;
    }
    if (member === undefined || member.kind === 'file') return member;
    return member.kind === 'directory' ? 'a directory' : 'not a regular file';
  }
}

/** Of a tar that can be read anywhere; contents are passed over. Throws Errno. */
export function membersOf(bytes: BlobBytes, limits?: MemberLimits): TarMembers {
  const members = new TarMembers(limits);
  const stream = new TarStream({ entry: (entry, contents) => members.add(entry, contents) });
  const window = Buffer.allocUnsafe(WINDOW);
  noting(members, stream, () => {
    for (let at = 0; at < bytes.size && !stream.hasEnded; ) {
      const length = bytes.read(at, window);
      if (length === 0) break;
      stream.push(window.subarray(0, length));
      at += length;
      const skipped = Math.min(stream.contentsLeft, Math.max(0, bytes.size - at));
      stream.skip(skipped);
      at += skipped;
    }
    stream.end();
  });
  return members;
}

export interface ScanOptions {
  readonly limits?: MemberLimits;
  /** Called now and then with how many bytes of the compressed file are done. */
  readonly progress?: (taken: number) => void;
}

/** Of a tar that comes from a compressed file, to its end. Throws Errno, and Trouble where there is no room to decompress it. */
export function membersInScan(scan: BlobScan, { limits, progress }: ScanOptions = {}): TarMembers {
  const members = new TarMembers(limits);
  const stream = new TarStream({ entry: (entry, contents) => members.add(entry, contents) });
  noting(members, stream, () => {
    let size = 0;
    for (let bytes = scan.next(); bytes !== undefined; bytes = scan.next()) {
      size += bytes.length;
      mustBeNoBomb(size, scan.taken, limits?.bomb);
      stream.push(bytes);
      progress?.(scan.taken);
    }
    stream.end();
  });
  return members;
}

function noting(members: TarMembers, stream: TarStream, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof TarDamage || error instanceof BlobDamage)) throw error;
    members.damage = error.message;
  }
  members.hasEndMark = stream.hasEnded;
}

function kindOf(type: string): TarMember['kind'] {
  if (type === TAR_TYPE.directory) return 'directory';
  if (type === TAR_TYPE.hardLink || type === TAR_TYPE.symlink) return 'link';
  return hasNoContents(type) ? 'other' : 'file';
}

/** A symbolic link counts from its own directory, a hard link from the root. */
function targetOf({ type, linkName }: TarEntry, path: ByteString): ByteString | undefined {
  const isAbsolute = type === TAR_TYPE.hardLink || linkName.startsWith('/');
  const whole = isAbsolute ? linkName : joinPath(parentPath(path), linkName);
  return leadsOut(whole) ? undefined : cleanPath(whole);
}
