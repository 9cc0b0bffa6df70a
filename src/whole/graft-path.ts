// Where in a tree something is to be mounted: a path walked as the engine walks it, with the tree's root as `/`, links followed and none
// of them leading out (runc's securejoin).
import { answered, type FileSystem } from '../fuse/filesystem.ts';
import { asBytes, type ByteString, bytesOf, cString } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import { S_IFDIR, S_IFLNK } from '../sys/statx.ts';

/** As many as the kernel follows. */
const MOST_LINKS = 40;
const LONGEST_TARGET = 4096;
const LONGEST_NAME = 255;

export interface GraftPlace {
  readonly directory: number;
  readonly name: ByteString;
}

/** `make` makes a directory that is missing and answers its number. Throws Trouble where there is no such place, and Errno. */
export async function graftPlace(
  fs: FileSystem,
  root: number,
  at: ByteString,
  make: (place: GraftPlace) => number,
): Promise<GraftPlace> {
  if (!at.startsWith('/') || at.includes('\0')) throw refused('it is no absolute path');
  const rest = at.split('/').reverse();
  let way: GraftPlace[] = [];
  let directory = root;
  let links = 0;
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      directory = way.pop()?.directory ?? root;
      continue;
    }
    if (name.length > LONGEST_NAME) throw refused('a name in it is too long');
    const place = { directory, name: asBytes(name) };
    const node = await answered(() => lookup(fs, place));
    const type = node === 0 ? S_IFDIR : fs.typeOf(node);
    if (type === S_IFLNK) {
      if (++links > MOST_LINKS) throw refused('too many links');
      const target = readLink(fs, node);
      if (target.startsWith('/')) {
        way = [];
        directory = root;
      }
      for (const each of target.split('/').reverse()) rest.push(each);
      continue;
    }
    if (rest.every((one) => one === '' || one === '.')) return place;
    if (type !== S_IFDIR) throw refused('something on the way is no directory');
    way.push(place);
    directory = node === 0 ? make(place) : node;
  }
  throw refused('it is the root');
}

function refused(state: string): Trouble {
  return new Trouble('store', state);
}

/** The node, 0 where there is none. */
function lookup(fs: FileSystem, { directory, name }: GraftPlace): number {
  const entry = fs.lookup(directory, cString(name), 0, name.length);
  if (entry === 0 || fs.errnoOf(entry) !== 0) return 0;
  return fs.nodeIn === undefined ? fs.nodeOf(entry) : fs.nodeIn(entry, directory);
}

function readLink(fs: FileSystem, node: number): ByteString {
  const target = Buffer.alloc(LONGEST_TARGET);
  const length = fs.readLink(node, target, 0, target.length);
  return bytesOf(target, 0, Math.max(0, length));
}
