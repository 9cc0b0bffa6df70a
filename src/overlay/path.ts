// Walks a path inside a merged tree, symbolic links included, as the kernel would with the image's root as `/`.

import type { ByteString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../sys/statx.ts';
import type { Tree } from './tree.ts';

/** MAXSYMLINKS of the kernel. */
const MAX_LINKS = 40;

/**
 * The entry a path leads to. `..` stops at the root; a trailing slash asks for a directory; a link in the last place is
 * followed when `follow` is set or a slash stands after it. Throws Errno ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG,
 * or that of an entry which cannot be looked up.
 */
export function walk(tree: Tree, path: ByteString, options: { readonly follow: boolean }): number {
  let rest: string = path;
  let entry = tree.root;
  let links = 0;
  while (true) {
    const component = /^\/*([^/]+)/.exec(rest);
    if (component === null) break;
    const name = component[1] as string;
    rest = rest.slice(component[0].length);
    const directory = tree.nodeOf(entry);
    if (!isType(tree, directory, S_IFDIR)) throw new Errno(E.ENOTDIR, `look up "${name}"`);
    if (name === '.') continue;
    if (name === '..') {
      entry = tree.parentOf(directory);
      continue;
    }
    if (name.length > 255) throw new Errno(E.ENAMETOOLONG, 'look up a name');
    const found = tree.find(directory, name as ByteString);
    if (found === 0) throw new Errno(E.ENOENT, `look up "${name}"`);
    if (isType(tree, found, S_IFLNK) && (options.follow || rest !== '')) {
      if (++links > MAX_LINKS) throw new Errno(E.ELOOP, `look up "${name}"`);
      const target = tree.linkTarget(tree.nodeOf(found));
      if (target.startsWith('/')) entry = tree.root;
      rest = target + rest;
      continue;
    }
    entry = found;
  }
  if (rest !== '' && !isType(tree, entry, S_IFDIR))
    throw new Errno(E.ENOTDIR, 'look up a path that ends in a slash');
  return entry;
}

function isType(tree: Tree, entry: number, type: number): boolean {
  return (tree.status(entry).mode & S_IFMT) === type;
}
