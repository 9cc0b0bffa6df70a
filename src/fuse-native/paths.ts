// From the paths of libfuse's callbacks, which are text, to the entries of a tree, whose names are bytes.
import type { FileSystem } from '../fuse/filesystem.ts';
import { E } from '../sys/errors.ts';
import { S_IFDIR } from '../sys/statx.ts';

export const ROOT_PATH = 1;

/**
 * What the binding puts in the place of bytes that are not UTF-8. A name that really holds it cannot be told from one that
 * does not, so both kinds are out of reach.
 */
const REPLACEMENT = '\ufffd';
const NAME_MAX = 255;
/** Of 255 characters each has at most three bytes in UTF-8 for each UTF-16 unit. */
const LONGEST = NAME_MAX * 3;

const REMEMBERED = 1 << 14;

export class Paths {
  readonly #fs: FileSystem;
  readonly #remembered: number;
  readonly #name = Buffer.alloc(LONGEST);
  /** Nodes by path without the slash at the end; nothing here ever becomes wrong. */
  readonly #directories = new Map<string, number>([['', ROOT_PATH]]);

  /** `remembered` directories are known by path; then all are forgotten, and found again by a few look-ups each. */
  constructor(fs: FileSystem, remembered = REMEMBERED) {
    this.#fs = fs;
    this.#remembered = remembered;
  }

  /** The entry at an absolute path that leads through no link, or a negative errno. */
  find(path: string): number {
    const slash = path.lastIndexOf('/');
    const directory = this.#directory(path.slice(0, slash));
    return directory < 0 || slash === path.length - 1
      ? directory
      : this.#child(directory, path.slice(slash + 1));
  }

  #directory(path: string): number {
    const directories = this.#directories;
    let end = path.length;
    let node = directories.get(path);
    while (node === undefined) {
      end = path.lastIndexOf('/', end - 1);
      node = directories.get(path.slice(0, end));
    }
    while (end < path.length) {
      const start = end + 1;
      end = path.indexOf('/', start);
      if (end < 0) end = path.length;
      const entry = this.#child(node, path.slice(start, end));
      if (entry < 0) return entry;
      if (this.#fs.typeOf(entry) !== S_IFDIR) return -E.ENOTDIR;
      node = this.#fs.nodeOf(entry);
      this.#remember(path.slice(0, end), node);
    }
    return node;
  }

  #child(directory: number, name: string): number {
    if (name.length > NAME_MAX) return -E.ENAMETOOLONG;
    if (name.includes(REPLACEMENT)) return -E.EILSEQ;
    const length = this.#name.write(name);
    if (length > NAME_MAX) return -E.ENAMETOOLONG;
    const entry = this.#fs.lookup(directory, this.#name, 0, length);
    if (entry === 0) return -E.ENOENT;
    const errno = this.#fs.errnoOf(entry);
    return errno === 0 ? entry : -errno;
  }

  #remember(path: string, node: number): void {
    if (this.#directories.size >= this.#remembered) {
      this.#directories.clear();
      this.#directories.set('', ROOT_PATH);
    }
    this.#directories.set(path, node);
  }
}

/** The name as libfuse may be given it, so that it comes back as the same bytes; undefined where that cannot be. */
export function nameText(name: Buffer): string | undefined {
  const text = name.toString('utf8');
  return text.includes(REPLACEMENT) ? undefined : text;
}
