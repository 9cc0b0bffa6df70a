// Walks a path inside a merged tree, symbolic links included, as the kernel would with the image's root as `/`.

import type { ByteString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { S_IFDIR, S_IFLNK } from '../sys/statx.ts';

/** MAXSYMLINKS of the kernel. */
const MAX_LINKS = 40;

/** What a path is walked in: a `Tree`, or what shows the same by the same numbers. */
export interface NamedTree {
  readonly root: number;
  nodeOf(entry: number): number;
  /** The root holds itself. */
  parentOf(directory: number): number;
  /** The `S_IFMT` bits. */
  typeOf(entry: number): number;
  /** The entry of a name, 0 where there is none. Throws Errno. */
  find(directory: number, name: ByteString): number;
  /** Of a symbolic link. Throws Errno. */
  linkTarget(node: number): ByteString;
}

/**
 * The entry a path leads to. `..` stops at the root; a trailing slash asks for a directory; a link in the last place is
 * followed when `follow` is set or a slash stands after it. Throws Errno ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG,
 * or that of an entry which cannot be looked up.
 */
export function walk(tree: NamedTree, path: ByteString, options: { readonly follow: boolean }): number {
  let rest: string = path;
  let entry = tree.root;
  let links = 0;
  while (true) {
    const component = /^\/*([^/]+)/.exec(rest);
    if (component === null) break;
    const name = component[1] as string;
    rest = rest.slice(component[0].length);
    const directory = tree.nodeOf(entry);
    if (tree.typeOf(directory) !== S_IFDIR) throw new Errno(E.ENOTDIR, `look up "${name}"`);
    if (name === '.') continue;
    if (name === '..') {
      entry = tree.parentOf(directory);
      continue;
    }
    if (name.length > 255) throw new Errno(E.ENAMETOOLONG, 'look up a name');
    const found = tree.find(directory, name as ByteString);
    if (found === 0) throw new Errno(E.ENOENT, `look up "${name}"`);
    if (tree.typeOf(found) === S_IFLNK && (options.follow || rest !== '')) {
      if (++links > MAX_LINKS) throw new Errno(E.ELOOP, `look up "${name}"`);
      const target = tree.linkTarget(tree.nodeOf(found));
      if (target.startsWith('/')) entry = tree.root;
      rest = target + rest;
      continue;
    }
    entry = found;
  }
  if (rest !== '' && tree.typeOf(entry) !== S_IFDIR)
    throw new Errno(E.ENOTDIR, 'look up a path that ends in a slash');
  return entry;
}
