// The calls by which a layer's tar is unpacked, on a model of the layer's directory instead of a disk: what each leaves
// there, and with which errno it fails, is what the kernel does for root in a chroot. Nothing leads out of the model.
import { FIRST_FLAG, RECORDED_ROOT, type RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import type { ByteString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../sys/statx.ts';
import { TarDamage } from '../tar/entry.ts';
import {
  ACCESS_ACL,
  aclWithMode,
  DEFAULT_ACL,
  formatAcl,
  inheritedAcl,
  isMinimal,
  modeOfAcl,
  parseAcl,
} from './acl.ts';

/** Made because something was to lie in it. */
export const IMPLIED = FIRST_FLAG;

const NAME_MAX = 255;
const PATH_MAX = 4096;
/** Symbolic links the kernel follows on one way (fs/namei.c MAXSYMLINKS). */
const MOST_LINKS = 40;
/** Directories in directories: by links any number could be made, but a path to the last of them has to be held. */
const DEEPEST = 1024;
/** Names looked up on all ways together: an answer has to come, whatever links were put in the way. */
const MOST_STEPS = 300e6;
const UMASK = 0o022;
const SETUID = 0o4000;
const SETGID = 0o2000;
const GROUP_EXECUTE = 0o010;
const CAPABILITY = 'security.capability';
/** As a number of a user or group: leave it as it is. */
const UNCHANGED = 0xffffffff;

export class ModelFiles {
  readonly #layer: RecordedLayer;
  #steps = 0;
  /** The directory that was last found, which most entries share with the one before; until something is removed. */
  #lastPath = '';
  #last = RECORDED_ROOT;

  constructor(layer: RecordedLayer) {
    this.#layer = layer;
  }

  /** The object at a path, its last name not followed where it is a link; or a negative errno. */
  lstat(path: string): number {
    return path === '' ? RECORDED_ROOT : this.#walk(path, false);
  }

  stat(path: string): number {
    return path === '' ? RECORDED_ROOT : this.#walk(path, true);
  }

  isLink(object: number): boolean {
    return (this.#layer.mode(object) & S_IFMT) === S_IFLNK;
  }

  #walk(path: string, follow: boolean): number {
    if (path.length >= PATH_MAX) return -E.ENAMETOOLONG;
    const slash = path.lastIndexOf('/');
    // The common case: a plain name in the directory of the name before.
    if (!follow && slash > 0 && path.slice(0, slash) === this.#lastPath) {
      const name = path.slice(slash + 1);
      if (name !== '' && name !== '.' && name !== '..') return this.#step(this.#last, name);
    }
    // What is ahead, the next name last; a link's names are put there in its place.
    const ahead = path.split('/').reverse();
    let at = RECORDED_ROOT;
    for (let links = 0; ahead.length > 0; ) {
      const name = ahead.pop() as string;
      if (name === '' || name === '.') {
        // A slash at the end asks for a directory.
        if (!this.#layer.isDirectory(at)) return -E.ENOTDIR;
        continue;
      }
      if (!this.#layer.isDirectory(at)) return -E.ENOTDIR;
      const found = name === '..' ? this.#layer.parent(at) : this.#step(at, name);
      if (found < 0) return found;
      if (!this.isLink(found) || (ahead.length === 0 && !follow)) {
        at = found;
        continue;
      }
      links += 1;
      if (links > MOST_LINKS) return -E.ELOOP;
      const target = this.#layer.target(found);
      if (target.startsWith('/')) at = RECORDED_ROOT;
      for (const part of target.split('/').reverse()) ahead.push(part);
    }
    return at;
  }

  #step(directory: number, name: string): number {
    this.#steps += 1;
    if (this.#steps > MOST_STEPS) throw new TarDamage('its names lead through too many links');
    if (name.length > NAME_MAX) return -E.ENAMETOOLONG;
    const found = this.#layer.find(directory, name);
    return found === 0 ? -E.ENOENT : found;
  }

  /** The directory that holds the last name of a path, links to it followed. Throws Errno. */
  holder(path: string): number {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (parent !== '' && parent === this.#lastPath) return this.#last;
    const found = this.stat(parent);
    if (found < 0) throw new Errno(-found, 'find a directory');
    if (!this.#layer.isDirectory(found)) throw new Errno(E.ENOTDIR, 'find a directory');
    if (parent !== '') {
      this.#lastPath = parent;
      this.#last = found;
    }
    return found;
  }

  /** Makes an object of a type, with the mode that is asked for; answers its number. Throws Errno. */
  create(path: string, mode: number): number {
    const layer = this.#layer;
    const [directory, name] = this.#free(path);
    const type = mode & S_IFMT;
    if (type === S_IFDIR && layer.depth(directory) >= DEEPEST)
      throw new TarDamage('a directory lies too deep');
    const object = layer.make(mode);
    if (type !== S_IFLNK) this.#inherit(directory, object, mode);
    layer.name(directory, name, object);
    layer.touch(directory);
    return object;
  }

  #free(path: string): [directory: number, name: string] {
    const directory = this.holder(path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const found = name === '' ? -E.EEXIST : this.#step(directory, name);
    if (found !== -E.ENOENT) throw new Errno(found > 0 ? E.EEXIST : -found, 'make a file');
    return [directory, name];
  }

  /** What a new object has of the directory it is made in (posix_acl_create, inode_init_owner). */
  #inherit(directory: number, object: number, asked: number): void {
    const layer = this.#layer;
    const isDirectory = (asked & S_IFMT) === S_IFDIR;
    let mode = asked;
    const inherited = layer.xattrs(directory).get(DEFAULT_ACL);
    const acl = inherited === undefined ? undefined : parseAcl(inherited);
    if (inherited === undefined || acl === undefined) mode &= ~UMASK;
    else {
      const own = inheritedAcl(acl, mode);
      mode = (mode & ~0o777) | modeOfAcl(own);
      const xattrs = new Map<string, ByteString>();
      if (!isMinimal(own)) xattrs.set(ACCESS_ACL, formatAcl(own));
      if (isDirectory) xattrs.set(DEFAULT_ACL, inherited);
      layer.setXattrs(object, xattrs);
    }
    if ((layer.mode(directory) & SETGID) !== 0) {
      layer.set(object, 'gid', layer.get(directory, 'gid'));
      if (isDirectory) mode |= SETGID;
    }
    layer.set(object, 'mode', mode);
  }

  /** Throws Errno. */
  symlink(target: ByteString, path: string): number {
    if (target === '') throw new Errno(E.ENOENT, 'make a link');
    if (target.length >= PATH_MAX) throw new Errno(E.ENAMETOOLONG, 'make a link');
    const object = this.create(path, S_IFLNK | 0o777);
    this.#layer.setTarget(object, target);
    return object;
  }

  /** Throws Errno. */
  link(from: string, path: string): number {
    const object = this.lstat(from);
    if (object < 0) throw new Errno(-object, 'link a file');
    const [directory, name] = this.#free(path);
    if (this.#layer.isDirectory(object)) throw new Errno(E.EPERM, 'link a directory');
    this.#layer.name(directory, name, object);
    this.#layer.touch(directory);
    return object;
  }

  /** Takes away what is at a path, and all in it. Throws Errno. */
  remove(path: string): void {
    if (path === '') throw new Errno(E.EBUSY, 'remove the root');
    const directory = this.holder(path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const object = this.#step(directory, name);
    if (object < 0) return;
    this.#lastPath = '';
    this.#last = RECORDED_ROOT;
    const layer = this.#layer;
    layer.unname(directory, name);
    layer.touch(directory);
    for (const below = [object]; below.length > 0; ) {
      const next = below.pop() as number;
      if (!layer.isDirectory(next)) continue;
      for (const [inside, child] of [...layer.names(next)]) {
        layer.unname(next, inside);
        below.push(child);
      }
    }
  }

  /** Numbers that no user has leave things as they are. A change takes privileges from a file, whoever makes it. */
  chown(object: number, uid: number, gid: number): void {
    const layer = this.#layer;
    if (uid >>> 0 !== UNCHANGED) layer.set(object, 'uid', uid >>> 0);
    if (gid >>> 0 !== UNCHANGED) layer.set(object, 'gid', gid >>> 0);
    if (layer.isDirectory(object)) return;
    const mode = layer.mode(object);
    layer.set(object, 'mode', mode & ~((mode & GROUP_EXECUTE) === 0 ? SETUID : SETUID | SETGID));
    this.#removeXattr(object, CAPABILITY);
  }

  /** Never of a link: there is no such call. */
  chmod(object: number, permissions: number): void {
    const layer = this.#layer;
    layer.set(object, 'mode', (layer.mode(object) & S_IFMT) | (permissions & 0o7777));
    const value = layer.xattrs(object).get(ACCESS_ACL);
    const acl = value === undefined ? undefined : parseAcl(value);
    if (acl !== undefined) this.#putXattr(object, ACCESS_ACL, formatAcl(aclWithMode(acl, permissions)));
  }

  /** Answers 0 or a negative errno. */
  setXattr(object: number, name: string, value: ByteString): number {
    const mode = this.#layer.mode(object);
    const type = mode & S_IFMT;
    if (name === ACCESS_ACL || name === DEFAULT_ACL) return this.#setAcl(object, name, value);
    if (/^(?:trusted|security)\../.test(name)) this.#putXattr(object, name, value);
    else if (!/^user\../.test(name)) return -E.EOPNOTSUPP;
    else if (type !== S_IFREG && type !== S_IFDIR) return -E.EPERM;
    else this.#putXattr(object, name, value);
    return 0;
  }

  #setAcl(object: number, name: string, value: ByteString): number {
    const layer = this.#layer;
    const mode = layer.mode(object);
    if (this.isLink(object)) return -E.EOPNOTSUPP;
    const acl = parseAcl(value);
    if (acl === undefined) return -E.EINVAL;
    if (acl.length === 0) {
      this.#removeXattr(object, name);
      return 0;
    }
    if (name === DEFAULT_ACL) {
      if (!layer.isDirectory(object)) return -E.EACCES;
      this.#putXattr(object, name, formatAcl(acl));
      return 0;
    }
    layer.set(object, 'mode', (mode & ~0o777) | modeOfAcl(acl));
    if (isMinimal(acl)) this.#removeXattr(object, name);
    else this.#putXattr(object, name, formatAcl(acl));
    return 0;
  }

  #putXattr(object: number, name: string, value: ByteString): void {
    this.#layer.setXattrs(object, new Map([...this.#layer.xattrs(object), [name, value]]));
  }

  #removeXattr(object: number, name: string): void {
    const xattrs = this.#layer.xattrs(object);
    if (!xattrs.has(name)) return;
    this.#layer.setXattrs(object, new Map([...xattrs].filter(([known]) => known !== name)));
  }
}
