// The names that an image itself has for its users and groups, of its /etc/passwd and /etc/group. Those of this machine are
// nobody's in there. The files are anybody's: what is no line of theirs names nobody.
import { walk } from '../../overlay/path.ts';
import type { Tree } from '../../overlay/tree.ts';
import { asBytes, bytesOf } from '../../sys/bytes.ts';
import { Errno } from '../../sys/errors.ts';
import { isRegular } from '../../sys/file-types.ts';
import { escapeBytes } from '../../told/escape.ts';

/** Of an ID: its name, printable; the number where it has none. */
export interface AccountNames {
  readonly user: (uid: number) => string;
  readonly group: (gid: number) => string;
}

export const NUMBERS: AccountNames = { user: String, group: String };

/** A file with more bytes is read no further. */
const MOST = 1 << 20;
/** useradd allows 32 characters. A longer name would move all columns. */
const LONGEST = 32;

export function accountNames(tree: Tree): AccountNames {
  const users = namesIn(tree, '/etc/passwd');
  const groups = namesIn(tree, '/etc/group');
  return {
    user: (uid) => users.get(uid) ?? String(uid),
    group: (gid) => groups.get(gid) ?? String(gid),
  };
}

function namesIn(tree: Tree, path: string): Map<number, string> {
  try {
    const entry = walk(tree, asBytes(path), { follow: true });
    if (!isRegular(tree.status(entry).mode)) return new Map();
    const bytes = Buffer.alloc(MOST);
    let size = 0;
    for (let more = -1; more !== 0 && size < MOST; size += more)
      more = tree.read(tree.nodeOf(entry), size, bytes, size, MOST - size);
    return parseAccounts(bytesOf(bytes.subarray(0, size)));
  } catch (error) {
    if (error instanceof Errno) return new Map();
    throw error;
  }
}

/** `NAME:PASSWORD:NUMBER:…` a line, bytes; the first of a number counts, as for getpwuid(3). */
export function parseAccounts(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [, name = '', number = ''] = /^([^:+-][^:]*):[^:]*:(\d{1,10}):/.exec(line) ?? [];
    if (name === '' || name.length > LONGEST || name.startsWith('#') || names.has(Number(number))) continue;
    names.set(Number(number), escapeBytes(asBytes(name)));
  }
  return names;
}
