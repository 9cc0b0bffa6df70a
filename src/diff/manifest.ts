// One side of a comparison that is an mtree(5) file, in the full-path form or the classic one with `..` lines. What a line
// does not tell of its object is not compared.
import type { ByteString } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import { S_IFDIR, S_IFREG, STATX, STATX_SIZE } from '../sys/statx.ts';
import type { Aspect, Item, Side } from './item.ts';
import { MTREE_TYPES, MTREE_XATTRS } from './mtree.ts';

const TYPES = new Map([...MTREE_TYPES].map(([bits, word]) => [word, bits]));
const NO_PARTS: readonly number[] = [];

type Keywords = Map<string, string>;

class ManifestItem implements Item {
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
    const type = TYPES.get(keywords.get('type') ?? 'file');
    if (type === undefined) throw new RangeError(`type=${keywords.get('type')}`);
    this.#number(untold, 'mode', 'mode', (mode) => this.#set(STATX.mode, mode & 0o7777), 8);
    this.status[STATX.mode] = (this.status[STATX.mode] ?? 0) | type;
    this.#number(untold, 'uid', 'uid', (uid) => this.#set(STATX.uid, uid));
    this.#number(untold, 'gid', 'gid', (gid) => this.#set(STATX.gid, gid));
    this.#number(new Set(), 'nlink', 'links', (nlink) => this.#set(STATX.nlink, nlink));
    this.hasSize = keywords.has('size');
    this.#number(new Set(), 'size', 'content', (size) => {
      this.#set(STATX.size, size % 2 ** 32);
      this.#set(STATX.size + 1, Math.floor(size / 2 ** 32));
    });
    this.#time(untold);
    this.#device(untold);
    const digest = keywords.get('sha256digest') ?? keywords.get('sha256');
    if (digest !== undefined) this.digest = digest.toLowerCase();
    else if (type === S_IFREG) untold.add('content');
    if (!keywords.has('link')) untold.add('target');
    const hasXattrs = options.allXattrs || [...keywords.keys()].some((key) => key.startsWith('xattr.'));
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
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new RangeError(`${key}=${text}`);
    use(value);
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
    this.#set(STATX.mtime, seconds);
    this.#set(STATX.mtime + 1, Math.floor(seconds / 2 ** 32));
    this.#set(STATX.mtime + 2, Number(parts[2] ?? 0));
  }

  #device(untold: Set<Aspect>): void {
    const text = this.#keywords.get('device') ?? '';
    const words = /^(?:[a-z]+,)?(\d+),(\d+)$/.exec(text);
    if (words !== null) {
      this.#set(STATX.rdevMajor, Number(words[1]));
      this.#set(STATX.rdevMinor, Number(words[2]));
    } else if (/^(0x[0-9a-f]{1,8}|\d{1,9})$/.test(text)) {
      // NetBSD's mtree writes the number as the C library has it.
      const number = Number(text);
      this.#set(STATX.rdevMajor, (number >>> 8) & 0xfff);
      this.#set(STATX.rdevMinor, (number & 0xff) | ((number >>> 12) & 0xfff00));
    } else untold.add('rdev');
  }

  addKeywords(keywords: Keywords): void {
    for (const [key, value] of keywords) this.#keywords.set(key, value);
  }

  xattrs(): Map<string, Buffer> {
    const values = new Map<string, Buffer>();
    for (const [key, value] of this.#keywords) {
      if (key.startsWith('xattr.')) values.set(unvis(key.slice(6)), Buffer.from(value, 'base64'));
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

/** `text` latin1; `label` is for messages. Throws Trouble where it is no mtree specification. */
export function parseManifest(text: string, label: string): ManifestSide {
  const allXattrs = text.includes(`\n${MTREE_XATTRS}\n`);
  const defaults: Keywords = new Map();
  const made = (keywords: Keywords) => new ManifestItem(keywords, { allXattrs });
  let root: ManifestItem | undefined;
  let below: ManifestItem[] = [];
  let last: ManifestItem | undefined;
  const lines = text.replace(/\\\n/g, ' ').split('\n');
  for (const [index, line] of lines.entries()) {
    const words = line.trim().split(/[ \t]+/);
    const [first = ''] = words;
    if (first === '#' && words[1]?.startsWith('xattr.')) last?.addKeywords(keywordsOf(words));
    if (first === '' || first.startsWith('#')) continue;
    try {
      if (first === '/set') for (const [key, value] of keywordsOf(words)) defaults.set(key, value);
      else if (first === '/unset') for (const word of words.slice(1)) defaults.delete(word);
      else if (first === '..') below.pop();
      else {
        const item = made(new Map([...defaults, ...keywordsOf(words)]));
        last = item;
        const path = unvis(first);
        if (path === '.') {
          root = adopt(item, root);
          below = [root];
          continue;
        }
        root ??= made(new Map([['type', 'dir']]));
        if (path.includes('/')) place(root, path, item, made);
        else {
          (below.at(-1) ?? root).children.set(path, item);
          if (isDirectory(item)) below.push(item);
        }
      }
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new Trouble('path', `Cannot read "${label}": line ${index + 1} is not mtree: ${cause.message}`, {
        cause,
      });
    }
  }
  if (root === undefined) throw new Trouble('path', `Cannot read "${label}": it is no mtree specification`);
  return new ManifestSide(root);
}

function isDirectory(item: ManifestItem): boolean {
  return ((item.status[STATX.mode] as number) & 0o170000) === S_IFDIR;
}

/** The root's line may come after others. */
function adopt(item: ManifestItem, old: ManifestItem | undefined): ManifestItem {
  for (const [name, child] of old?.children ?? []) item.children.set(name, child);
  return item;
}

/** Directories on the way that have no line are made, and nothing of them is compared but that they are there. */
function place(
  root: ManifestItem,
  path: string,
  item: ManifestItem,
  made: (keywords: Keywords) => ManifestItem,
): void {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  const last = names.pop();
  if (last === undefined) throw new RangeError(path);
  let at = root;
  for (const name of names) {
    let next = at.children.get(name);
    if (next === undefined) {
      next = made(new Map([['type', 'dir']]));
      at.children.set(name, next);
    }
    at = next;
  }
  for (const [name, child] of at.children.get(last)?.children ?? []) item.children.set(name, child);
  at.children.set(last, item);
}

function keywordsOf(words: readonly string[]): Keywords {
  const keywords: Keywords = new Map();
  for (const word of words.slice(1)) {
    const equals = word.indexOf('=');
    if (equals < 0) keywords.set(word, '');
    else keywords.set(word.slice(0, equals), word.slice(equals + 1));
  }
  return keywords;
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

function unvis(text: string): ByteString {
  return text.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8) & 0xff) : (LETTERS.get(code) ?? code),
  ) as ByteString;
}
