// Which layer set what of an object: its contents where these bytes first came, mode, owner, times and attributes each where it
// was last changed. A layer that wrote the object again as it was set nothing of it.
import type { Entry } from '../overlay/layer/entry.ts';
import type { OpenContents } from '../overlay/layer/open-contents.ts';
import { isSameTime } from '../overlay/status.ts';

import { Errno, unlessErrno } from '../sys/errors.ts';
import { S_IFLNK, S_IFMT, S_IFREG } from '../sys/statx.ts';
import type { Layers, ObjectAttributes } from './layers.ts';
import type { Provenance, Statement } from './provenance.ts';

/** Indices of layers, 0 at the top; absent where it cannot be told. */
export interface Aspects {
  /** Of a regular file or a symbolic link. */
  readonly content?: number;
  readonly mode: number;
  readonly owner: number;
  readonly mtime: number;
  readonly xattrs?: number;
}

interface Version {
  readonly layer: number;
  readonly entry: Entry;
  readonly attributes: ObjectAttributes;
}

const PIECE = 1 << 18;
const rooms = [Buffer.alloc(PIECE), Buffer.alloc(PIECE)] as const;

/** Told how many bytes of two files were compared. */
type Compared = (bytes: number) => void;

/** Of what is shown at a path; undefined for the root and where nothing is. Contents are read and compared. */
export function aspectsOf(
  layers: Layers,
  { supplier, layers: said }: Provenance,
  compared?: Compared,
): Aspects | undefined {
  if (supplier === undefined) return undefined;
  const versions = versionsOf(said, supplier);
  const [shown] = versions;
  if (shown === undefined) return undefined;
  const type = shown.attributes.mode & S_IFMT;
  const setBy = (isSame: (a: Version, b: Version) => boolean) => lastSame(versions, isSame);
  const content =
    type === S_IFREG || type === S_IFLNK ? unlessErrno(() => setBy(contentsOf(layers, compared))) : undefined;
  const xattrs = unlessErrno(() => setBy((a, b) => sameXattrs(layers, a, b)));
  return {
    ...(content === undefined ? {} : { content }),
    mode: setBy((a, b) => a.attributes.mode === b.attributes.mode),
    owner: setBy((a, b) => a.attributes.uid === b.attributes.uid && a.attributes.gid === b.attributes.gid),
    mtime: setBy((a, b) => isSameTime(a.attributes.mtime, b.attributes.mtime)),
    ...(xattrs === undefined ? {} : { xattrs }),
  };
}

/**
 * Of each version of a path whose contents a newer one has too: index of its layer → that of the newest such layer.
 * What cannot be read is left out.
 */
export function sameContents(
  layers: Layers,
  { layers: said }: Provenance,
  compared?: Compared,
): Map<number, number> {
  const isSame = contentsOf(layers, compared);
  const found = new Map<number, number>();
  /** Versions with the same contents, newest first. */
  const alike: Version[][] = [];
  let above: Version | undefined;
  for (const { layer, statements } of said) {
    const version = versionIn(statements);
    const type = (version?.attributes.mode ?? 0) & S_IFMT;
    if (version?.entry === undefined || (type !== S_IFREG && type !== S_IFLNK)) continue;
    const own = { layer, entry: version.entry, attributes: version.attributes };
    const group = alike.find((one) => isAlike(one.at(-1) as Version, own, above, isSame));
    if (group === undefined) alike.push([own]);
    else {
      group.push(own);
      found.set(layer, (group[0] as Version).layer);
    }
    above = own;
  }
  return found;
}

function isAlike(
  newer: Version,
  older: Version,
  /** The version next above `older`. */
  above: Version | undefined,
  isSame: (a: Version, b: Version) => boolean,
): boolean {
  if ((newer.attributes.mode & S_IFMT) !== (older.attributes.mode & S_IFMT)) return false;
  try {
    // A metacopy file has the contents of the next below it, and of no other.
    return (newer === above || !newer.entry.metacopy()) && isSame(newer, older);
  } catch (error) {
    if (error instanceof Errno) return false;
    throw error;
  }
}

function versionIn(statements: readonly Statement[]): (Statement & { kind: 'version' }) | undefined {
  return statements.find((one): one is Statement & { kind: 'version' } => one.kind === 'version');
}

/** The versions from the one that is shown down to where something else ends them, of one type, newest first. */
function versionsOf(said: Provenance['layers'], supplier: number): Version[] {
  const versions: Version[] = [];
  for (const { layer, statements } of said) {
    if (layer < supplier) continue;
    const version = versionIn(statements);
    // A redirect only says where the layers below have it; all else ends them.
    const isLast = statements.some(({ kind }) => kind !== 'version' && kind !== 'redirect');
    if (version?.entry === undefined) {
      if (isLast) break;
      continue;
    }
    const { attributes, entry } = version;
    const [first] = versions;
    if (first !== undefined && (first.attributes.mode & S_IFMT) !== (attributes.mode & S_IFMT)) break;
    versions.push({ layer, entry, attributes });
    // A directory above that is opaque, or the object's own mark, hides what lies below.
    if (version.opaque || isLast) break;
  }
  return versions;
}

function lastSame(versions: readonly Version[], isSame: (a: Version, b: Version) => boolean): number {
  let at = 0;
  while (at + 1 < versions.length && isSame(versions[at] as Version, versions[at + 1] as Version)) at++;
  return (versions[at] as Version).layer;
}

function contentsOf(layers: Layers, compared?: Compared): (a: Version, b: Version) => boolean {
  return (a, b) => {
    if ((a.attributes.mode & S_IFMT) === S_IFLNK)
      return layers.linkTarget(a.entry) === layers.linkTarget(b.entry);
    // A metacopy file shows the contents of the one below it.
    if (a.entry.metacopy()) return true;
    if (a.attributes.size !== b.attributes.size || b.entry.metacopy()) return false;
    const files: OpenContents[] = [];
    try {
      for (const { entry } of [a, b]) files.push(layers.openFile(entry));
      return sameBytes(files as [OpenContents, OpenContents], compared);
    } finally {
      for (const file of files) file.close();
    }
  };
}

function sameBytes([a, b]: readonly [OpenContents, OpenContents], compared?: Compared): boolean {
  for (let offset = 0; ; offset += PIECE) {
    const [left, right] = [a.read(offset, rooms[0]), b.read(offset, rooms[1])];
    compared?.(left);
    if (left !== right || rooms[0].compare(rooms[1], 0, right, 0, left) !== 0) return false;
    if (left < PIECE) return true;
  }
}

function sameXattrs(layers: Layers, a: Version, b: Version): boolean {
  const [left, right] = [layers.xattrs(a.entry), layers.xattrs(b.entry)];
  if (left.size !== right.size) return false;
  return [...left].every(([name, value]) => right.get(name)?.equals(value) === true);
}
