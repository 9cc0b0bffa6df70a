// Which paths a comparison looks at. Filters prune: what cannot hold a wanted path is not read.
import type { ByteString } from '../sys/bytes.ts';
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from '../sys/statx.ts';

/** Letters of find(1)'s `-type`. */
export const TYPE_LETTERS: ReadonlyMap<string, number> = new Map([
  ['f', S_IFREG],
  ['d', S_IFDIR],
  ['l', S_IFLNK],
  ['c', S_IFCHR],
  ['b', S_IFBLK],
  ['p', S_IFIFO],
  ['s', S_IFSOCK],
]);

/** A pattern of paths (`/` at the front). */
export interface Glob {
  /** Nothing matches that is neither above, nor at, nor below this path. */
  readonly base: string;
  matches(path: string): boolean;
}

export interface FilterOptions {
  /** Paths (`/` at the front, none at the end) to look at, with all below; none means all. */
  readonly paths?: readonly ByteString[];
  readonly include?: readonly Glob[];
  readonly exclude?: readonly Glob[];
  /** `S_IFMT` values. */
  readonly types?: ReadonlySet<number>;
}

export class Filter {
  readonly #paths: readonly string[];
  readonly #include: readonly Glob[];
  readonly #exclude: readonly Glob[];
  readonly #types: ReadonlySet<number> | undefined;
  /** Below which paths an included one can lie. */
  readonly #bases: readonly string[];
  /** Whether nothing is left out. */
  readonly isOpen: boolean;

  constructor({ paths = [], include = [], exclude = [], types }: FilterOptions = {}) {
    this.#paths = paths.map((path) => (path === '/' ? '' : path));
    this.#include = include;
    this.#exclude = exclude;
    this.#types = types;
    this.#bases = include.map(({ base }) => base);
    this.isOpen = paths.length + include.length + exclude.length === 0 && types === undefined;
  }

  /** Whether a directory can hold something wanted, or is it. */
  enters(path: string): boolean {
    if (this.isOpen) return true;
    if (this.#isExcluded(path)) return false;
    const leads = (target: string) => isWithin(path, target) || isWithin(target, path);
    if (this.#paths.length > 0 && !this.#paths.some(leads)) return false;
    return this.#bases.length === 0 || this.#bases.some(leads);
  }

  /** Whether a difference at this path is to be told. */
  accepts(path: string, type: number): boolean {
    if (this.isOpen) return true;
    if (this.#types !== undefined && !this.#types.has(type)) return false;
    if (this.#paths.length > 0 && !this.#paths.some((target) => isWithin(path, target))) return false;
    if (this.#isExcluded(path)) return false;
    return this.#include.length === 0 || this.#include.some((glob) => glob.matches(path));
  }

  #isExcluded(path: string): boolean {
    return path !== '/' && this.#exclude.some((glob) => glob.matches(path));
  }
}

/** Whether `path` is `ancestor` or below it; the root is written empty or `/`. */
function isWithin(path: string, ancestor: string): boolean {
  const above = ancestor === '/' ? '' : ancestor;
  return above === '' || path === above || (path.startsWith(above) && path[above.length] === '/');
}
