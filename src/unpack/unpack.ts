// What unpacking a layer's tar leaves on disk, played entry by entry as moby does it (pkg/archive Unpack and createTarFile,
// run in a chroot; native-notes/unpacking.md has the lines), and containerd, whose code began as moby's (pkg/archive/tar.go).
// Takes headers, knows neither where they come from nor a disk.

import { RECORDED_ROOT, RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import { asBytes, type ByteString, shownBytes } from '../sys/bytes.ts';
import { E, Errno, unlessErrno } from '../sys/errors.ts';
import { S_IFCHR, S_IFDIR, S_IFIFO, S_IFREG } from '../sys/statx.ts';
import type { TarEntry, TarTime } from '../tar/entry.ts';
import {
  cleanPath,
  isDot,
  joinPath,
  lastName,
  OPAQUE_NAME,
  parentPath,
  WHITEOUT_PREFIX,
} from '../tar/path.ts';
import { TAR_TYPE, TYPE_BITS } from '../tar/type.ts';
import { type Below, ImpliedDirectories } from './implied.ts';
import { ModelFiles } from './model-files.ts';
import { TRUSTED, type UnpackingRules } from './rules.ts';
import { fileTime, isBound, linkTime } from './times.ts';

/** An entry that cannot be unpacked: the engine would have refused the layer, or it unpacks by other rules than these. */
export interface Refusal {
  /** As far as it can be told. */
  readonly path: ByteString;
  readonly reason: string;
}

/** How many refusals are told of. */
const MOST_REFUSALS = 100;

export class UnpackedTar {
  /** Its objects' `source` is the number of the entry that brought their contents, from 1; 0 for what has none. */
  readonly layer: RecordedLayer;
  readonly refusals: Refusal[] = [];
  /** How many entries were refused. */
  refused = 0;
  entries = 0;
  /** The last entry for the root itself: some engines apply it and some do not. */
  rootEntry: TarEntry | undefined;
  readonly #rules: UnpackingRules;
  readonly #files: ModelFiles;
  /** Directories whose times are set at the end, in the order of their entries. */
  readonly #directories: [path: ByteString, mtime: TarTime][] = [];
  /** Attributes without a value, by object: older versions pass over them, newer ones set them. */
  readonly #empty = new Map<number, readonly ByteString[]>();
  /** Places of the entries that were refused. */
  readonly #unknown = new Set<string>();
  /** Places of the entries that were unpacked, where rules ask for them. */
  readonly #unpacked = new Set<string>();
  readonly #implied: ImpliedDirectories;
  #isEnded = false;
  /** Objects that the tar being unpacked has an entry for; undefined while it is the first. */
  #ofLast: Set<number> | undefined;

  constructor(rules: UnpackingRules, below: Below = () => undefined) {
    this.#rules = rules;
    this.layer = new RecordedLayer(S_IFDIR | rules.rootModes[0]);
    this.#files = new ModelFiles(this.layer);
    this.#implied = new ImpliedDirectories({ layer: this.layer, files: this.#files, rules, below });
    const root = rules.inheritsRoot ? below(asBytes('')) : undefined;
    if (root === undefined) return;
    this.#files.chown(RECORDED_ROOT, root.uid, root.gid);
    this.#files.chmod(RECORDED_ROOT, root.mode);
  }

  /** Throws TarDamage where following its names takes too long. */
  add(entry: TarEntry): void {
    this.#begin();
    this.entries += 1;
    if (entry.type === TAR_TYPE.globalPax) return;
    const path = cleanPath(entry.name);
    this.#attempt(path, () => this.#unpack(entry, path));
  }

  /** After the last entry. What is added then is the tar of another layer, unpacked on top of what is there. */
  end(): void {
    for (const [path, mtime] of this.#directories) this.#attempt(path, () => this.#setTime(path, mtime));
    this.#directories.length = 0;
    this.#isEnded = true;
  }

  /** Whether the last tar that was unpacked has an entry for an object. */
  isOfLast(object: number): boolean {
    return this.#ofLast === undefined || this.#ofLast.has(object);
  }

  #begin(): void {
    if (!this.#isEnded) return;
    this.#isEnded = false;
    this.#unpacked.clear();
    this.#ofLast = new Set();
  }

  emptyXattrs(object: number): readonly ByteString[] {
    return this.#empty.get(object) ?? [];
  }

  #attempt(path: ByteString, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.refused += 1;
      if (this.refusals.length < MOST_REFUSALS) this.refusals.push({ path, reason: error.message });
      const place = this.#place(path);
      if (place !== undefined) this.#unknown.add(place);
    }
  }

  /** Where a name would be, if there is a directory for it. */
  #place(path: ByteString): string | undefined {
    if (path === '') return undefined;
    return unlessErrno(() => placeKey(this.#files.holder(path), lastName(path)));
  }

  /** Whether an entry that was refused would have put something there: whatever it is, it cannot be told. */
  isUnknown(directory: number, name: string): boolean {
    return this.#unknown.has(placeKey(directory, name));
  }

  #unpack(entry: TarEntry, path: ByteString): void {
    const files = this.#files;
    if (path === '') {
      this.rootEntry = entry;
      const { skipsRoot } = this.#rules;
      if (skipsRoot === 'any' || (skipsRoot === 'dot' && isDot(entry.name))) return;
    }
    this.#implied.make(parentPath(path));
    const name = lastName(path);
    const { marks } = this.#rules;
    if (marks === 'removal') {
      if (name.startsWith(WHITEOUT_PREFIX)) {
        this.#remove(path, name);
        return;
      }
      const place = this.#place(path);
      if (place !== undefined) this.#unpacked.add(place);
    }
    const there = files.lstat(path);
    const merges = there > 0 && this.layer.isDirectory(there) && entry.type === TAR_TYPE.directory;
    if (there > 0 && !merges) files.remove(path);
    if (marks === 'overlay' && name.startsWith(WHITEOUT_PREFIX)) this.#mark(entry, path, name);
    else this.#make(entry, path, merges);
  }

  /** containerd's pkg/archive/tar.go applyNaive, where whiteouts are not converted. */
  #remove(path: ByteString, name: ByteString): void {
    const files = this.#files;
    const hidden = name.slice(WHITEOUT_PREFIX.length);
    const parent = parentPath(path);
    if (name === OPAQUE_NAME) this.#removeOthers(files.holder(path), parent);
    else if (hidden === '' || hidden === '.' || hidden === '..')
      throw new Errno(E.EINVAL, 'remove what a mark names');
    else {
      const named = joinPath(parent, asBytes(hidden));
      if (files.lstat(named) > 0) files.remove(named);
    }
  }

  /** All of a directory that no entry before told of. */
  #removeOthers(directory: number, path: ByteString): void {
    for (const [name, object] of [...this.layer.names(directory)]) {
      const place = joinPath(path, asBytes(name));
      if (!this.#unpacked.has(placeKey(directory, name))) this.#files.remove(place);
      else if (this.layer.isDirectory(object)) this.#removeOthers(object, place);
    }
  }

  /** archive_linux.go ConvertRead. */
  #mark({ uid, gid, mtime }: TarEntry, path: ByteString, name: ByteString): void {
    const files = this.#files;
    const holder = files.holder(path);
    if (name === OPAQUE_NAME) {
      files.setXattr(holder, this.#rules.opaque, 'y' as ByteString);
      return;
    }
    const hidden = name.slice(WHITEOUT_PREFIX.length);
    if (hidden === '' || hidden === '.' || hidden === '..') throw new Errno(E.EEXIST, 'make a whiteout');
    const parent = parentPath(path);
    const whiteout = files.create(parent === '' ? hidden : `${parent}/${hidden}`, S_IFCHR);
    files.chown(whiteout, uid, gid);
    // On disk it has the time of the unpacking; where nothing is unpacked, its entry's is the best there is.
    if (isBound(mtime)) this.layer.setTime(whiteout, mtime);
    this.layer.touch(whiteout);
  }

  /** archive.go createTarFile. */
  #make(entry: TarEntry, path: ByteString, merges: boolean): void {
    const files = this.#files;
    const { type, uid, gid, linkName } = entry;
    if (type === TAR_TYPE.hardLink) files.link(cleanPath(linkName), path);
    else if (type === TAR_TYPE.symlink) files.symlink(linkName, path);
    else if (!merges) this.#makeFile(entry, path);
    const object = files.lstat(path);
    this.#ofLast?.add(object);
    files.chown(object, uid, gid);
    for (const [name, value] of entry.xattrs) {
      if (!this.#rules.setsTrusted && name.startsWith(TRUSTED)) continue;
      const answer = files.setXattr(object, name, value);
      // Docker passes over these two: a file system without such attributes, a kind of file that takes none.
      if (answer < 0 && answer !== -E.EOPNOTSUPP && answer !== -E.EPERM) {
        throw new Errno(-answer, `set "${shownBytes(name)}"`);
      }
    }
    if (entry.emptyXattrs !== undefined) {
      this.#empty.set(object, [...this.emptyXattrs(object), ...entry.emptyXattrs]);
    }
    if (type === TAR_TYPE.symlink) this.#setLinkTime(object, entry.mtime);
    else if (type === TAR_TYPE.hardLink && this.#rules.appliesLinks) this.#applyLink(object, entry);
    else if (type !== TAR_TYPE.hardLink || this.#leadsToFile(linkName)) {
      files.chmod(this.#found(path), entry.mode);
      this.#setTime(path, entry.mtime);
    }
    if (type === TAR_TYPE.directory) this.#directories.push([path, entry.mtime]);
  }

  #makeFile({ type, mode, size, major, minor }: TarEntry, path: ByteString): void {
    const kind = TYPE_BITS.get(type);
    if (kind === undefined) throw new Errno(E.EINVAL, `make a file of type "${type}"`);
    const made = this.#files.create(path, kind | mode);
    if (kind === S_IFREG) {
      this.layer.setSize(made, size);
      this.layer.set(made, 'source', this.entries);
    } else if (kind !== S_IFDIR && kind !== S_IFIFO) {
      // As much of them as a device number has room for.
      this.layer.set(made, 'major', major & 0xfff);
      this.layer.set(made, 'minor', minor & 0xfffff);
    }
  }

  /** containerd asks the name itself: a link to a symbolic link gives that its time, and no mode. */
  #applyLink(object: number, { mode, mtime }: TarEntry): void {
    if (this.#files.isLink(object)) this.#setLinkTime(object, mtime);
    else {
      this.#files.chmod(object, mode);
      this.layer.setTime(object, fileTime(mtime));
    }
  }

  /** Docker gives a link's mode and time to a file only if the name it links to, as it stands in the tar, leads to one. */
  #leadsToFile(linkName: ByteString): boolean {
    const target = linkName === '' ? -E.ENOENT : this.#files.lstat(linkName);
    return target > 0 && !this.#files.isLink(target);
  }

  #found(path: ByteString): number {
    const object = this.#files.stat(path);
    if (object < 0) throw new Errno(-object, 'find it again');
    return object;
  }

  #setTime(path: ByteString, mtime: TarTime): void {
    this.layer.setTime(this.#found(path), fileTime(mtime));
  }

  #setLinkTime(link: number, mtime: TarTime): void {
    const time = linkTime(mtime, this.#rules);
    if (time !== undefined) this.layer.setTime(link, time);
  }
}

function placeKey(directory: number, name: string): string {
  return `${directory}/${name}`;
}
