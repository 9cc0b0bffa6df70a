// Compares two objects of one name and one type, what lies in a directory apart: attributes at once, contents in their turn.
import type { ByteString } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { S_IFBLK, S_IFCHR, S_IFLNK, S_IFREG } from '../sys/statx.ts';
import { compareMetadata, type XattrFilter } from './aspects.ts';
import type { Change, PathError } from './change.ts';
import { Filter } from './filter.ts';
import {
  ASPECTS,
  type Aspect,
  type Item,
  isDirectoryItem,
  isSameInode,
  isSameSize,
  type Side,
  type SideName,
  typeBits,
} from './item.ts';
import { LayerItem } from './layered.ts';
import type { InOrder } from './order.ts';

export interface ObjectOptions {
  readonly filter?: Filter;
  /** Whether times are told. */
  readonly mtime?: boolean;
  /** Told of each wanted aspect of a pair that a side does not tell. */
  readonly untold?: (aspect: Aspect) => void;
  /** What is compared at all; all of it unless told, but for `links`. */
  readonly wanted?: ReadonlySet<Aspect>;
  readonly isXattrCompared?: XattrFilter;
}

/** Where a pair was found, so that it can be looked up again. */
export interface PairPlace {
  readonly path: string;
  readonly name: string;
  readonly a: Item;
  readonly b: Item;
}

const XATTR_ASPECTS: readonly Aspect[] = ['xattr', 'caps', 'acl'];

export class Objects {
  readonly #out: InOrder;
  readonly #sides: Readonly<Record<SideName, Side>>;
  readonly #filter: Filter;
  readonly #wanted: ReadonlySet<Aspect>;
  readonly #wantedOfPlain: ReadonlySet<Aspect>;
  readonly #isXattrCompared: XattrFilter;
  readonly #options: ObjectOptions;

  constructor(out: InOrder, sides: Readonly<Record<SideName, Side>>, options: ObjectOptions) {
    this.#out = out;
    this.#sides = sides;
    this.#options = options;
    this.#filter = options.filter ?? new Filter();
    this.#wanted = options.wanted ?? new Set(ASPECTS.filter((aspect) => aspect !== 'links'));
    this.#wantedOfPlain = new Set([...this.#wanted].filter((aspect) => !XATTR_ASPECTS.includes(aspect)));
    this.#isXattrCompared = options.isXattrCompared ?? (() => true);
  }

  /** Both as `find` answers them. */
  compare(path: string, a: Item, b: Item): void {
    if (!this.#filter.accepts(path, typeBits(a)) || isOneFile(a, b)) return;
    const what = this.#differentMetadata(path, a, b);
    if (what === undefined) return;
    this.#noteUntold(a, b);
    // The root's time is that of the unpacking: of the host, not of the image. It is told where times are asked for.
    const isHidden = path === '/' && this.#options.mtime !== true;
    const told = isHidden ? what.filter((aspect) => aspect !== 'mtime') : what;
    if (this.#mustRead(a, b)) this.#out.contents({ path, a, b, what: told });
    else if (told.length > 0) this.#out.change(modification(path, a, b, told));
  }

  /**
   * Takes a pair as `glance` answers it where both will be opened, and their attributes can be asked for then; false where
   * they must be settled first.
   */
  compareGlimpsed({ path, name, a: directoryA, b: directoryB }: PairPlace, a: Item, b: Item): boolean {
    const isFile = typeBits(a) === S_IFREG && typeBits(b) === S_IFREG;
    if (!isFile || isSameInode(a, b) || !this.#mustRead(a, b) || !this.#out.opens(a, b)) return false;
    if (!this.#filter.accepts(path, S_IFREG)) return false;
    const what: Aspect[] = [];
    compareMetadata(a, b, this.#wantedOfPlain, this.#isXattrCompared, what);
    const ifAttributed = () => {
      const [left, right] = [
        this.#settled(path, 'a', directoryA, name, a),
        this.#settled(path, 'b', directoryB, name, b),
      ];
      if ('errno' in left) return left;
      return 'errno' in right ? right : this.#compareNow(path, left, right);
    };
    this.#out.contents({ path, a, b, what, ifAttributed });
    return true;
  }

  #settled(path: string, side: SideName, directory: Item, name: string, found: Item): Item | PathError {
    try {
      return this.#sides[side].settle(directory, name, found) ?? found;
    } catch (error) {
      return failure(path, side, 'look up', error);
    }
  }

  #compareNow(path: string, a: Item, b: Item): Change | PathError | undefined {
    const what: Aspect[] = [];
    try {
      compareMetadata(a, b, this.#wanted, this.#isXattrCompared, what);
    } catch (error) {
      return failure(path, 'b', 'read', error);
    }
    if (isSameSize(a, b)) return this.#out.contentsNow({ path, a, b, what });
    return modification(path, a, b, ['content', ...what]);
  }

  #noteUntold(a: Item, b: Item): void {
    if (a.untold.size === 0 && b.untold.size === 0) return;
    for (const aspect of this.#wanted) {
      const isUntold = a.untold.has(aspect) || b.untold.has(aspect);
      const isTime = aspect === 'mtime' && this.#options.mtime !== true;
      if (isUntold && !isTime && hasAspect(a, aspect) && !(aspect === 'content' && hasOtherSize(a, b)))
        this.#options.untold?.(aspect);
    }
  }

  /** Two regular files of one size, or one that is not told. */
  #mustRead(a: Item, b: Item): boolean {
    if (typeBits(a) !== S_IFREG || !this.#wanted.has('content')) return false;
    if (a.untold.has('content') || b.untold.has('content')) return false;
    return !hasOtherSize(a, b);
  }

  /** Of contents only that the sizes differ. */
  #differentMetadata(path: string, a: Item, b: Item): Aspect[] | undefined {
    const what: Aspect[] = [];
    if (typeBits(a) === S_IFREG && this.#wanted.has('content') && hasOtherSize(a, b)) what.push('content');
    try {
      compareMetadata(a, b, this.#wanted, this.#isXattrCompared, what);
      return what;
    } catch (error) {
      this.#out.error(failure(path, 'b', 'read', error));
      return undefined;
    }
  }
}

function hasAspect(item: Item, aspect: Aspect): boolean {
  const type = typeBits(item);
  if (aspect === 'content') return type === S_IFREG;
  if (aspect === 'target') return type === S_IFLNK;
  return aspect !== 'rdev' || type === S_IFCHR || type === S_IFBLK;
}

function modification(path: string, a: Item, b: Item, what: readonly Aspect[]): Change {
  return { path: path as ByteString, op: 'modify', what, flags: [], a, b };
}

function hasOtherSize(a: Item, b: Item): boolean {
  return a.hasSize && b.hasSize && !isSameSize(a, b);
}

/** Whether both are one file on disk, with one file's data. */
function isOneFile(a: Item, b: Item): boolean {
  if (isDirectoryItem(a) || !(a instanceof LayerItem && b instanceof LayerItem)) return false;
  return a.data === undefined && b.data === undefined && isSameInode(a, b);
}

/** A bug is thrown on. */
export function failure(path: string, side: SideName, doing: PathError['doing'], error: unknown): PathError {
  if (!(error instanceof Errno)) throw error;
  return { path: path as ByteString, side, errno: error.errno, doing };
}
