// The root filesystem of an image or a container through the library: its merged tree, read without a mount. Directories are loaded as
// they are asked for; what was loaded stays in memory until the tree is closed, some 200 bytes a name.

import { openStack, openTree, recordsOf, type StoreOptions } from '../open/stack.ts';
import { walk } from '../overlay/path.ts';
import type { Tree } from '../overlay/tree.ts';
import { asBytes, type ByteString, bytesOf, bytesOfText, shownBytes } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { S_IFDIR, S_IFREG } from '../sys/statx.ts';
import { jsonEntry } from '../told/entry.ts';
import { jsonName } from '../told/escape.ts';
import { checkArgument, checkOptions, type OptionForms } from './arguments.ts';
import { guarded, guardedAsync, libraryError, StratafsError } from './errors.ts';
import {
  commandOptions,
  LOCATION_FORMS,
  type LocationOptions,
  SHOWING_FORMS,
  type ShowingOptions,
} from './options.ts';
import { inTurns, type Sequence } from './turns.ts';
import type { EntryInfo, Path, XattrInfo } from './types.ts';

export interface OpenTreeOptions extends LocationOptions, ShowingOptions {}

export interface WalkOptions {
  /** Told of what cannot be looked up or listed, after which the walk goes on; else it is thrown. */
  readonly onError?: (error: StratafsError) => void;
  /** Ends the walk where it is aborted: its reason is thrown. */
  readonly signal?: AbortSignal;
}

export interface ReadOptions {
  /** The first byte, 0 where it is not given. */
  readonly start?: number;
  /** The byte behind the last; the end of the file where it is not given. */
  readonly end?: number;
  /** Ends the reading where it is aborted: its reason is thrown. */
  readonly signal?: AbortSignal;
}

const WALK_FORMS: OptionForms<WalkOptions> = { onError: 'function', signal: 'signal' };

/** Bytes that are read at once. */
const PIECE = 1 << 18;
/** Bytes that `readFile` answers at most, where no other limit is given. */
const MOST_READ = 64 << 20;

/** Opens the merged tree of a reference: `nginx:latest`, a container's name, `./app.tar`, `REF#1-3`, `lowerdir=…`. */
export function openLibraryTree(reference: string, options: OpenTreeOptions = {}): Promise<OpenedTree> {
  return guardedAsync(async () => {
    checkArgument('openTree', 'reference', reference, 'string');
    checkOptions('openTree', options, { ...LOCATION_FORMS, ...SHOWING_FORMS });
    return openedTree(reference, await commandOptions(options, 'openTree', [reference]));
  });
}

/** @internal Throws Trouble. */
export async function openedTree(reference: string, options: StoreOptions): Promise<OpenedTree> {
  const stack = await openStack(reference, options);
  try {
    return new OpenedTree(await openTree(stack, await recordsOf(stack, options)), options.tars);
  } catch (error) {
    options.tars?.close();
    throw error;
  }
}

/** Errors are StratafsError, of code `path` with `errno` where a path is not there or not what was asked for. */
export class OpenedTree implements Disposable {
  /** The reference as a person would write it. */
  readonly label: string;
  readonly #tree: Tree;
  readonly #tars: StoreOptions['tars'];
  #isClosed = false;

  /** @internal `tars` has what its layers are read from, where these are tars; it is closed with the tree. */
  constructor(tree: Tree, tars: StoreOptions['tars']) {
    this.label = tree.stack.label;
    this.#tree = tree;
    this.#tars = tars;
  }

  /** What is at a path; of a link in the last place what it leads to, unless `follow` is false. Links stay inside the image. */
  stat(path: Path, options: { readonly follow?: boolean } = {}): EntryInfo {
    checkCall('stat', path, options, { follow: 'boolean' });
    const { follow = true } = options;
    const bytes = bytesOfPath(path);
    return this.#read(`look up "${shownBytes(bytes)}"`, (tree) =>
      entryInfo(tree, walk(tree, bytes, { follow }), bytes),
    );
  }

  /** The names in a directory, in byte order. */
  list(path: Path = '/', options: WalkOptions = {}): Sequence<EntryInfo> {
    checkCall('list', path, options, WALK_FORMS);
    return inTurns(this.#names(path, options), options.signal);
  }

  /** All that is below a directory, each directory before what it holds; links are not followed. */
  walk(path: Path = '/', options: WalkOptions = {}): Sequence<EntryInfo> {
    checkCall('walk', path, options, WALK_FORMS);
    return inTurns(this.#below(path, options), options.signal);
  }

  /** The bytes of a regular file, piece by piece; each is the caller's own. */
  read(path: Path, options: ReadOptions = {}): Sequence<Uint8Array> {
    checkCall('read', path, options, { start: 'number', end: 'number', signal: 'signal' });
    return inTurns(this.#pieces(path, options), options.signal);
  }

  /** All of a regular file; throws where it has more bytes than `limit`, 64 MiB where that is not given. */
  readFile(path: Path, options: { readonly limit?: number } = {}): Uint8Array {
    checkCall('readFile', path, options, { limit: 'number' });
    const { limit = MOST_READ } = options;
    const bytes = bytesOfPath(path);
    const size = this.#read(`read "${shownBytes(bytes)}"`, (tree) => tree.sizeOf(fileAt(tree, bytes)));
    if (size > limit) {
      const message = `Cannot read "${shownBytes(bytes)}" at once: it has ${size} bytes, more than ${limit}`;
      throw new StratafsError('usage', message);
    }
    return Buffer.concat([...this.read(path, { end: size })]);
  }

  /** Extended attributes as the overlay shows them, in its order; links are not followed. */
  xattrs(path: Path): readonly XattrInfo[] {
    checkArgument('xattrs', 'path', path, 'path');
    const bytes = bytesOfPath(path);
    return this.#read(`look up "${shownBytes(bytes)}"`, (tree) => {
      const found = tree.xattrs(tree.nodeOf(walk(tree, bytes, { follow: false })));
      return [...found].map(([name, value]) => ({
        ...(jsonName('name', name) as Pick<XattrInfo, 'name'>),
        value,
      }));
    });
  }

  /** Closes all that is open of the layers; once is enough. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tree.close();
    this.#tars?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #read<T>(doing: string, read: (tree: Tree) => T): T {
    if (this.#isClosed) throw new StratafsError('usage', `Cannot ${doing}: the tree is closed`);
    return guarded(() => read(this.#tree), doing);
  }

  *#names(path: Path, options: WalkOptions): Generator<EntryInfo, void> {
    const bytes = bytesOfPath(path);
    const directory = this.#read(`list "${shownBytes(bytes)}"`, (tree) =>
      walk(tree, bytes, { follow: true }),
    );
    for (const [info] of this.#list(directory, bytes, options)) yield info;
  }

  *#below(path: Path, options: WalkOptions): Generator<EntryInfo, void> {
    const bytes = bytesOfPath(path);
    const start = this.#read(`list "${shownBytes(bytes)}"`, (tree) => walk(tree, bytes, { follow: true }));
    const open = [this.#list(start, bytes, options)];
    for (let listing = open.at(-1); listing !== undefined; listing = open.at(-1)) {
      const next = listing.next();
      if (next.done === true) {
        open.pop();
        continue;
      }
      const [info, entry, at] = next.value;
      yield info;
      if (info.type === 'dir') open.push(this.#list(entry, at, options));
    }
  }

  *#pieces(
    path: Path,
    { start = 0, end = Number.POSITIVE_INFINITY }: ReadOptions,
  ): Generator<Uint8Array, void> {
    const bytes = bytesOfPath(path);
    const doing = `read "${shownBytes(bytes)}"`;
    if (!isPlace(start) || !(isPlace(end) || end === Number.POSITIVE_INFINITY)) {
      throw new StratafsError('usage', `Cannot ${doing}: from ${start} to ${end} is no part of a file`);
    }
    const node = this.#read(doing, (tree) => fileAt(tree, bytes));
    for (let at = start; at < end; ) {
      const piece = new Uint8Array(Math.min(PIECE, end - at));
      const read = this.#read(doing, (tree) => tree.read(node, at, piece, 0, piece.length));
      if (read === 0) return;
      at += read;
      yield read < piece.length ? piece.subarray(0, read) : piece;
    }
  }

  *#list(
    directory: number,
    path: ByteString,
    { onError }: WalkOptions,
  ): Generator<readonly [info: EntryInfo, entry: number, path: ByteString], void> {
    const fail = (doing: string, error: unknown): void => {
      const told = libraryError(error, doing);
      if (onError === undefined || !(told instanceof StratafsError)) throw told;
      onError(told);
    };
    let [first, count] = [0, 0];
    try {
      [first, count] = this.#read(`list "${shownBytes(path)}"`, (tree) => {
        const node = tree.nodeOf(directory);
        if (tree.typeOf(node) !== S_IFDIR) throw new Errno(E.ENOTDIR, 'list');
        return [tree.firstEntry(node), tree.entryCount(node)];
      });
    } catch (error) {
      fail('list', error);
    }
    for (let entry = first; entry < first + count; entry++) {
      const at = asBytes(`${path}${path.endsWith('/') ? '' : '/'}${this.#tree.name(entry)}`);
      try {
        const info = this.#read(`look up "${shownBytes(at)}"`, (tree) => {
          const errno = tree.errnoOf(entry);
          if (errno !== 0) throw new Errno(errno, 'look up');
          return entryInfo(tree, entry, at);
        });
        yield [info, entry, at];
      } catch (error) {
        fail('look up', error);
      }
    }
  }
}

function checkCall<T extends object>(of: string, path: Path, options: T, forms: OptionForms<T>): void {
  checkArgument(of, 'path', path, 'path');
  checkOptions(of, options, forms);
}

function isPlace(offset: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 0;
}

/** @internal */
export function bytesOfPath(path: Path): ByteString {
  return typeof path === 'string' ? bytesOfText(path) : bytesOf(path);
}

/** The node of a regular file. Throws Errno. */
function fileAt(tree: Tree, path: ByteString): number {
  const node = tree.nodeOf(walk(tree, path, { follow: true }));
  const type = tree.typeOf(node);
  if (type === S_IFDIR) throw new Errno(E.EISDIR, 'read');
  if (type !== S_IFREG) throw new Errno(E.EINVAL, 'read what is no regular file');
  return node;
}

/** As `ls --json` tells it, without its `t`. */
function entryInfo(tree: Tree, entry: number, path: ByteString): EntryInfo {
  const { t: _, ...info } = jsonEntry(tree, entry, path) as { t: string } & EntryInfo;
  return info;
}
