// Which names are one file: told for names that both sides have, whose other names are not the same ones. Both trees are
// walked whole, since a file that nobody touched can lose a name. A sink that puts this in its place among the rest.

import type { ByteString } from '../sys/bytes.ts';
import { addTo } from '../sys/groups.ts';
import type { Change, PathError, Sink } from './change.ts';
import { type Item, inodeOf, isDirectoryItem, nlinkOf, type Side, type SideName, typeBits } from './item.ts';
import { walkSide } from './walk.ts';

interface Links {
  /** Path → the item, for names of files with several. */
  readonly items: Map<string, Item>;
  /** Path → a number that stands for all names of the file in this tree. */
  readonly names: Map<string, number>;
}

/** `known` numbers lists of names, for both sides: so that no two of them are compared letter by letter for each name. */
function linksOf(side: Side, known: Map<string, number>): Links {
  const items = new Map<string, Item>();
  const groups = new Map<string, string[]>();
  walkSide(side, {
    item(path, item) {
      if (isDirectoryItem(item) || nlinkOf(item) < 2) return;
      items.set(path, item);
      const inode = inodeOf(item);
      addTo(groups, inode, path);
    },
    // Trouble is told by the comparison itself.
    error() {},
  });
  const names = new Map<string, number>();
  for (const paths of groups.values()) {
    const all = paths.join('\0');
    const number = known.get(all) ?? known.size;
    known.set(all, number);
    for (const path of paths) names.set(path, number);
  }
  return { items, names };
}

export interface LinkChange {
  readonly path: string;
  readonly a: Item;
  readonly b: Item;
}

/** In path order. */
export function differentLinks(
  sides: Readonly<Record<SideName, Side>>,
  find: (side: Side, path: string) => Item | undefined,
): LinkChange[] {
  const known = new Map<string, number>();
  const [a, b] = [linksOf(sides.a, known), linksOf(sides.b, known)];
  const changes: LinkChange[] = [];
  for (const path of new Set([...a.names.keys(), ...b.names.keys()])) {
    if (isSameList(path, a.names.get(path), b.names.get(path), known)) continue;
    const [left, right] = [
      a.items.get(path) ?? find(sides.a, path),
      b.items.get(path) ?? find(sides.b, path),
    ];
    if (left === undefined || right === undefined || typeBits(left) !== typeBits(right)) continue;
    changes.push({ path, a: left, b: right });
  }
  return changes.sort((x, y) => compare(x.path, y.path));
}

/** A name without a number is the file's only one, or nothing. */
function isSameList(
  path: string,
  a: number | undefined,
  b: number | undefined,
  known: ReadonlyMap<string, number>,
): boolean {
  return (a ?? known.get(path)) === (b ?? known.get(path));
}

/** The order of a walk: names by their bytes, a directory before what it holds. */
function compare(a: string, b: string): number {
  const [x, y] = [a.replaceAll('/', '\0'), b.replaceAll('/', '\0')];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Adds `links` to what is told anyway, and tells the others where their path comes. */
export class LinkSink implements Sink {
  readonly #sink: Sink;
  readonly #links: readonly LinkChange[];
  readonly #added: () => void;
  #next = 0;

  /** `added` is called for each change that is told for its links alone. */
  constructor(
    sink: Sink,
    links: readonly LinkChange[],
    options: { readonly accepts: (link: LinkChange) => boolean; readonly added: () => void },
  ) {
    this.#sink = sink;
    this.#links = links.filter(options.accepts);
    this.#added = options.added;
  }

  change(change: Change): void {
    this.#tellBefore(change.path);
    const link = this.#links[this.#next];
    if (link?.path !== change.path || change.op !== 'modify') {
      this.#sink.change(change);
      return;
    }
    this.#next++;
    this.#sink.change({ ...change, what: [...change.what, 'links'] });
  }

  inside(change: Change): void {
    this.#sink.inside?.(change);
  }

  error(error: PathError): void {
    this.#tellBefore(error.path);
    this.#sink.error(error);
  }

  finish(): void {
    this.#tellBefore(undefined);
  }

  #tellBefore(path: string | undefined): void {
    for (; this.#next < this.#links.length; this.#next++) {
      const link = this.#links[this.#next] as LinkChange;
      if (path !== undefined && compare(link.path, path) >= 0) return;
      const { a, b } = link;
      this.#added();
      this.#sink.change({ path: link.path as ByteString, op: 'modify', what: ['links'], flags: [], a, b });
    }
  }
}
