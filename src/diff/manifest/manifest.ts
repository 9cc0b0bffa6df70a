// One side of a comparison that is an mtree(5) file (`read-mtree.ts`): each object is what its keywords say of it, and what
// they do not tell is not compared.
import type { ByteString } from '../../sys/bytes.ts';
import { setLong } from '../../sys/long.ts';
import { decodeDevice, S_IFREG, STATX, STATX_SIZE } from '../../sys/statx.ts';
import type { Aspect, Item, Side } from '../item.ts';
import { MTREE_TYPES } from './mtree.ts';

const TYPES = new Map([...MTREE_TYPES].map(([bits, word]) => [word, bits]));
const NO_PARTS: readonly number[] = [];

/** By their names; a keyword without a value has an empty one. */
export type Keywords = Map<string, string>;

export class ManifestItem implements Item {
  readonly status = new Uint32Array(STATX_SIZE / 4);
  readonly parts = NO_PARTS;
  readonly layer = 0;
  readonly role = 'manifest';
  readonly live = false;
  readonly untold: ReadonlySet<Aspect>;
  readonly hasSize: boolean;
  readonly children: Map<string, ManifestItem> = new Map();
  readonly digest?: string;
  readonly #keywords: Keywords;

  /** Throws RangeError where a value is malformed. */
  constructor(keywords: Keywords, options: { readonly allXattrs: boolean }) {
    this.#keywords = keywords;
    const untold = new Set<Aspect>(['links']);
    const word = keywords.get('type');
    if (word === undefined) throw new RangeError('no type');
    const type = TYPES.get(word);
    if (type === undefined) throw new RangeError(`type=${word}`);
    this.#number(untold, 'mode', 'mode', (mode) => this.#set(STATX.mode, mode & 0o7777), 8);
    this.status[STATX.mode] = (this.status[STATX.mode] ?? 0) | type;
    this.#number(untold, 'uid', 'uid', (uid) => this.#set(STATX.uid, uid));
    this.#number(untold, 'gid', 'gid', (gid) => this.#set(STATX.gid, gid));
    this.#number(new Set(), 'nlink', 'links', (nlink) => this.#set(STATX.nlink, nlink));
    this.hasSize = keywords.has('size');
    this.#size();
    this.#time(untold);
    this.#device(untold);
    const digest = keywords.get('sha256digest') ?? keywords.get('sha256');
    if (digest !== undefined && !/^[0-9a-f]{64}$/i.test(digest)) throw new RangeError(`sha256=${digest}`);
    if (digest !== undefined) this.digest = digest.toLowerCase();
    else if (type === S_IFREG) untold.add('content');
    if (!keywords.has('link')) untold.add('target');
    const hasXattrs = options.allXattrs || [...keywords.keys()].some(isXattr);
    if (!hasXattrs) for (const aspect of ['xattr', 'caps', 'acl'] as const) untold.add(aspect);
    this.untold = untold;
  }

  #set(word: number, value: number): void {
    this.status[word] = value;
  }

  #number(untold: Set<Aspect>, key: string, aspect: Aspect, use: (value: number) => void, radix = 10): void {
    const text = this.#keywords.get(key);
    if (text === undefined) {
      untold.add(aspect);
      return;
    }
    const value = Number.parseInt(text, radix);
    const digits = radix === 8 ? /^[0-7]+$/ : /^\d+$/;
    // What has more than 32 bits would be taken for its remainder.
    if (!digits.test(text) || value > 2 ** 32 - 1) throw new RangeError(`${key}=${text}`);
    use(value);
  }

  /** Up to 63 bits. */
  #size(): void {
    const text = this.#keywords.get('size');
    if (text === undefined) return;
    const size = /^\d{1,19}$/.test(text) ? BigInt(text) : -1n;
    if (size < 0n || size >= 2n ** 63n) throw new RangeError(`size=${text}`);
    this.#set(STATX.size, Number(size & 0xffff_ffffn));
    this.#set(STATX.size + 1, Number(size >> 32n));
  }

  /** `seconds.nanoseconds`: the fraction is a number of nanoseconds, not decimals. */
  #time(untold: Set<Aspect>): void {
    const text = this.#keywords.get('time');
    if (text === undefined) {
      untold.add('mtime');
      return;
    }
    const parts = /^(-?\d+)(?:\.(\d{1,9}))?$/.exec(text);
    if (parts === null) throw new RangeError(`time=${text}`);
    const seconds = Number(parts[1]);
    setLong(this.status, STATX.mtime, seconds);
    this.#set(STATX.mtime + 2, Number(parts[2] ?? 0));
  }

  #device(untold: Set<Aspect>): void {
    const text = this.#keywords.get('device');
    // Other formats than the system's own, with a subunit, are not compared.
    if (text === undefined || /^[a-z0-9]+,\d+,\d+,\d+$/.test(text)) {
      untold.add('rdev');
      return;
    }
    const words = /^(?:[a-z0-9]+,)?(\d+),(\d+)$/.exec(text);
    if (words !== null) {
      this.#set(STATX.rdevMajor, Number(words[1]));
      this.#set(STATX.rdevMinor, Number(words[2]));
    } else if (/^(0x[0-9a-f]{1,8}|\d{1,9})$/.test(text)) {
      // NetBSD's mtree writes the number as the C library has it.
      const { major, minor } = decodeDevice(Number(text));
      this.#set(STATX.rdevMajor, major);
      this.#set(STATX.rdevMinor, minor);
    } else throw new RangeError(`device=${text}`);
  }

  addKeywords(keywords: Keywords): void {
    for (const [key, value] of keywords) this.#keywords.set(key, value);
  }

  xattrs(): Map<string, Buffer> {
    const values = new Map<string, Buffer>();
    for (const [key, value] of this.#keywords) {
      if (isXattr(key)) values.set(unvis(key.slice(key.indexOf('.') + 1)), Buffer.from(value, 'base64'));
    }
    return values;
  }

  target(): ByteString {
    return unvis(this.#keywords.get('link') ?? '');
  }
}

export class ManifestSide implements Side {
  readonly root: ManifestItem;

  constructor(root: ManifestItem) {
    this.root = root;
  }

  names(directory: Item): Iterable<string> {
    return directory instanceof ManifestItem ? directory.children.keys() : [];
  }

  find(directory: Item, name: string): Item | undefined {
    return directory instanceof ManifestItem ? directory.children.get(name) : undefined;
  }

  glance(directory: Item, name: string): Item | undefined {
    return this.find(directory, name);
  }

  settle(_directory: Item, _name: string, found: Item): Item {
    return found;
  }

  leave(): void {}
}

/** go-mtree's words for extended attributes, of two ages. */
export function isXattr(key: string): boolean {
  return key.startsWith('xattr.') || key.startsWith('xattrs.');
}

const LETTERS = new Map([
  ['s', ' '],
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['b', '\b'],
  ['a', '\x07'],
  ['v', '\v'],
  ['f', '\f'],
  ['0', '\0'],
]);

/** What vis(3) encoded: `\303`, `\n`, `\^A` for a control, and `\M-C` or `\M^A` for the same with the highest bit. */
export function unvis(text: string): ByteString {
  return text.replace(
    /\\(?:([0-7]{3})|(M?)\^([?-_])|M-([ -~])|(.))/g,
    (_, octal?: string, meta?: string, control?: string, high?: string, letter = '') => {
      if (octal !== undefined) return byte(Number.parseInt(octal, 8));
      if (control !== undefined) return byte((control.charCodeAt(0) ^ 0x40) | (meta === '' ? 0 : 0x80));
      if (high !== undefined) return byte(high.charCodeAt(0) | 0x80);
      return LETTERS.get(letter) ?? letter;
    },
  ) as ByteString;
}

function byte(code: number): string {
  return String.fromCharCode(code & 0xff);
}
