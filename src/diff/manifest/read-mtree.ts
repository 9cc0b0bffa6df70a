// Reads mtree(5), in the full-path form or the classic one with `..` lines. Whatever is no entry, keyword or comment of
// mtree is refused with its line: a file of another kind must not pass for a tree in which little is told.
import { Trouble } from '../../sys/errors.ts';
import { isDirectoryItem } from '../item.ts';
import { isXattr, type Keywords, ManifestItem, ManifestSide, unvis } from './manifest.ts';
import { MTREE_XATTRS } from './mtree.ts';

/** Of mtree(5) in FreeBSD, NetBSD and libarchive, and of go-mtree; those that are compared and all others. */
const VALUED = new Set(
  (
    'cksum contents device flags gid gname inode link md5 md5digest mode nlink resdevice ripemd160digest rmd160 ' +
    'rmd160digest sha1 sha1digest sha256 sha256digest sha384 sha384digest sha512 sha512digest sha512256 ' +
    'sha512256digest size sm3 sm3digest tags tar_time time type uid uname'
  ).split(' '),
);
const BARE = new Set(['ignore', 'nochange', 'optional']);

/** So much of a line that is wrong is shown. */
const LONGEST_SHOWN = 60;

/** Lines as they count: one that ends with a backslash goes on in the next. */
function* entries(text: string): Generator<{ readonly line: number; readonly words: readonly string[] }> {
  let before = '';
  let first = 0;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (before === '') first = index + 1;
    const isContinued = /(?<!\\)(?:\\\\)*\\$/.test(line);
    before += isContinued ? `${line.slice(0, -1)} ` : line;
    if (isContinued) continue;
    yield { line: first, words: wordsOf(before) };
    before = '';
  }
  if (before !== '') yield { line: first, words: wordsOf(before) };
}

/** Not `trim`, for which the last byte of `à` is a blank. */
function wordsOf(line: string): string[] {
  return line.split(/[ \t]+/).filter((word) => word !== '');
}

/** `text` latin1; `label` is for messages. Throws Trouble where it is no mtree specification. */
export function readMtree(text: string, label: string): ManifestSide {
  const reader = new Reader({ allXattrs: text.includes(`\n${MTREE_XATTRS}\n`) });
  for (const { line, words } of entries(text)) {
    try {
      reader.take(words);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      const { message } = cause;
      const shown = message.length > LONGEST_SHOWN ? `${message.slice(0, LONGEST_SHOWN)}…` : message;
      throw new Trouble('path', `Cannot read "${label}": line ${line} is not mtree: ${shown}`, { cause });
    }
  }
  const { root } = reader;
  if (root === undefined) throw new Trouble('path', `Cannot read "${label}": no entry of mtree in it`);
  return new ManifestSide(root);
}

class Reader {
  root: ManifestItem | undefined;
  readonly #options: { readonly allXattrs: boolean };
  readonly #defaults: Keywords = new Map();
  /** Of the classic form: the directories the next name is in, innermost last. */
  #below: ManifestItem[] = [];
  #last: ManifestItem | undefined;

  constructor(options: { readonly allXattrs: boolean }) {
    this.#options = options;
  }

  /** The words of one line. Throws RangeError where they are not mtree. */
  take(words: readonly string[]): void {
    const [first = '', ...rest] = words;
    if (first === '#' && rest[0]?.startsWith('xattr.')) this.#last?.addKeywords(keywordsOf(rest));
    if (first === '' || first.startsWith('#')) return;
    if (first === '/set') for (const [key, value] of keywordsOf(rest)) this.#defaults.set(key, value);
    else if (first === '/unset') this.#unset(rest);
    else if (first === '..') this.#leave(rest);
    else this.#entry(first, new Map([...this.#defaults, ...keywordsOf(rest)]));
  }

  #unset(keys: readonly string[]): void {
    for (const key of keys) {
      if (key === 'all') this.#defaults.clear();
      else if (VALUED.has(key) || BARE.has(key)) this.#defaults.delete(key);
      else throw new RangeError(`/unset ${key}`);
    }
  }

  #leave(rest: readonly string[]): void {
    if (rest.length > 0) throw new RangeError(`.. ${rest.join(' ')}`);
    if (this.#below.pop() === undefined) throw new RangeError('.. above the root');
  }

  #entry(word: string, keywords: Keywords): void {
    const item = this.#made(keywords);
    this.#last = item;
    if (word === '.') {
      if (!isDirectoryItem(item)) throw new RangeError('. is no directory');
      // The root's line may come after others.
      for (const [name, child] of this.root?.children ?? []) item.children.set(name, child);
      this.root = item;
      this.#below = [item];
      return;
    }
    this.root ??= this.#made(new Map([['type', 'dir']]));
    if (word.includes('/')) {
      this.#place(this.root, word.split('/').filter(isName).map(nameOf), item);
      return;
    }
    put(this.#below.at(-1) ?? this.root, nameOf(word), item);
    if (isDirectoryItem(item)) this.#below.push(item);
  }

  #made(keywords: Keywords): ManifestItem {
    return new ManifestItem(keywords, this.#options);
  }

  /** Directories on the way that have no line are made, and nothing of them is compared but that they are there. */
  #place(root: ManifestItem, names: readonly string[], item: ManifestItem): void {
    const last = names.at(-1);
    if (last === undefined) throw new RangeError('an entry without a name');
    let at = root;
    for (const name of names.slice(0, -1)) {
      const next = at.children.get(name) ?? this.#made(new Map([['type', 'dir']]));
      put(at, name, next);
      at = next;
    }
    for (const [name, child] of at.children.get(last)?.children ?? []) put(item, name, child);
    put(at, last, item);
  }
}

function put(directory: ManifestItem, name: string, item: ManifestItem): void {
  if (!isDirectoryItem(directory)) throw new RangeError(`${name} is below what is no directory`);
  directory.children.set(name, item);
}

function isName(word: string): boolean {
  return word !== '' && word !== '.';
}

/** A name as it may stand in a directory. Throws RangeError. */
function nameOf(word: string): string {
  if (/[\x00-\x1f\x7f]/.test(word)) throw new RangeError('a control character in a name');
  const name = unvis(word);
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
    throw new RangeError(`the name ${word}`);
  return name;
}

function keywordsOf(words: readonly string[]): Keywords {
  const keywords: Keywords = new Map();
  for (const word of words) {
    const equals = word.indexOf('=');
    const key = equals < 0 ? word : word.slice(0, equals);
    const isKnown = equals < 0 ? BARE.has(key) : VALUED.has(key) || isXattr(key);
    if (!isKnown) throw new RangeError(word);
    keywords.set(key, equals < 0 ? '' : word.slice(equals + 1));
  }
  return keywords;
}
