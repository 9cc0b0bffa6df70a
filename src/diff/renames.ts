// Finds what was renamed or moved: whole directories first, then files, by size and then by reading both. A sink that holds
// everything back until the comparison is done, and then tells it in path order.
import { createHash } from 'node:crypto';
import { Errno } from '../sys/errors.ts';
import { S_IFLNK, S_IFREG } from '../sys/statx.ts';
import { compareMetadata, type XattrFilter } from './aspects.ts';
import { Candidates } from './candidates.ts';
import type { Change, PathError, Sink, Summary } from './change.ts';
import { Fold } from './fold.ts';
import { type Aspect, type Item, isDirectoryItem, itemSize, modeOf, typeBits } from './item.ts';
import { LayerItem } from './layered.ts';

/** A file is compared with so many of its size; past that they are too alike to tell which it was. */
const MOST_CANDIDATES = 64;

export interface RenameOptions {
  readonly wanted: ReadonlySet<Aspect>;
  readonly isXattrCompared: XattrFilter;
  readonly mtime: boolean;
  /** One record for a directory that only one side has. */
  readonly folds: boolean;
  /** As that of a comparison. */
  readonly origin?: (item: Item) => number;
  /** Directories that moved as a whole are told as one. */
  readonly wholeDirectories: boolean;
}

/** A name that only one side has, and those below it. */
interface Node {
  readonly change: Change;
  readonly item: Item;
  readonly children: Node[];
  /** Of names, types, modes and sizes below: equal ones are worth a comparison. */
  shape: string;
  entries: number;
  bytes: number;
  matched: boolean;
  /** The directory above, where that is here too. */
  readonly above: Node | undefined;
  /** Whether something below it is matched. */
  holdsMatched: boolean;
}

export class RenameFinder implements Sink {
  readonly #sink: Sink;
  readonly #options: RenameOptions;
  readonly #held: Change[] = [];

  constructor(sink: Sink, options: RenameOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  change(change: Change): void {
    this.#held.push(change);
  }

  error(error: PathError): void {
    this.#sink.error(error);
  }

  /** Tells all, and moves what was renamed from one count to the other. */
  finish(summary: Summary): void {
    const removed = forest(this.#held, 'remove');
    const added = forest(this.#held, 'add');
    const renames = new Map<Change, Change>();
    if (this.#options.wholeDirectories) this.#matchDirectories(removed, added, renames, summary);
    this.#matchFiles(removed, added, renames, summary);
    const nodes = new Map([...flatten(removed), ...flatten(added)].map((node) => [node.change, node]));
    let skipped = '';
    for (const change of this.#held) {
      const node = nodes.get(change);
      if (skipped !== '' && change.path.startsWith(skipped) && node !== undefined) continue;
      skipped = '';
      const rename = renames.get(change);
      if (rename !== undefined) this.#sink.change(rename);
      else if (node?.matched !== true) {
        const isFolded =
          this.#options.folds && node !== undefined && isDirectoryItem(node.item) && isFree(node);
        if (isFolded) skipped = `${change.path}/`;
        const inside = isFolded ? flatten(node.children) : [];
        for (const each of inside) this.#sink.inside?.(each.change);
        this.#sink.change(isFolded ? this.#folded(change, node) : change);
        for (const each of inside) this.#tellFlagged(each.change);
      }
    }
  }

  #tellFlagged(change: Change): void {
    if (change.flags.length > 0) this.#sink.change({ ...change, isCounted: true });
  }

  /** A change of a directory, with what it holds counted. */
  #folded(change: Change, node: Node): Change {
    const fold = new Fold(change);
    for (const { item } of flatten([node])) fold.count(item, this.#options.origin?.(item) ?? item.layer);
    return fold.whole();
  }

  #matchDirectories(removed: Node[], added: Node[], renames: Map<Change, Change>, summary: Summary): void {
    const byShape = new Map<string, Candidates<Node>>();
    for (const node of flatten(removed))
      if (isDirectoryItem(node.item) && node.entries > 1) addCandidate(byShape, node.shape, node);
    for (const node of flatten(added)) {
      if (node.matched || !isDirectoryItem(node.item)) continue;
      const from = byShape
        .get(node.shape)
        ?.find(MOST_CANDIDATES, isFree, (each) => this.#isSameTree(each, node));
      if (from !== undefined) this.#rename(from, node, renames, summary);
    }
  }

  #matchFiles(removed: Node[], added: Node[], renames: Map<Change, Change>, summary: Summary): void {
    const bySize = new Map<string, Candidates<Node>>();
    const byName = new Map<string, Candidates<Node>>();
    for (const node of flatten(removed)) {
      if (node.matched || typeBits(node.item) !== S_IFREG || itemSize(node.item) === 0) continue;
      addCandidate(bySize, String(itemSize(node.item)), node);
      addCandidate(byName, `${itemSize(node.item)} ${lastName(node)}`, node);
    }
    for (const node of flatten(added)) {
      if (node.matched || typeBits(node.item) !== S_IFREG) continue;
      const size = itemSize(node.item);
      const isSame = (each: Node) =>
        hasSameContents(each.item, node.item) && this.#differences(each.item, node.item) !== undefined;
      const from =
        byName.get(`${size} ${lastName(node)}`)?.find(MOST_CANDIDATES, isFree, isSame) ??
        bySize.get(String(size))?.find(MOST_CANDIDATES, isFree, isSame);
      if (from !== undefined) this.#rename(from, node, renames, summary);
    }
  }

  /** Whether nothing differs but the names of the two themselves: what is below is not told by name. */
  #isSameTree(a: Node, b: Node): boolean {
    const [left, right] = [flatten(a.children), flatten(b.children)];
    return left.every((node, index) => {
      const other = right[index];
      return (
        other !== undefined &&
        typeBits(node.item) === typeBits(other.item) &&
        this.#differences(node.item, other.item)?.length === 0 &&
        hasSameContents(node.item, other.item)
      );
    });
  }

  /** Contents aside; undefined where they cannot be read. */
  #differences(a: Item, b: Item): Aspect[] | undefined {
    const { wanted, isXattrCompared, mtime } = this.#options;
    const what: Aspect[] = [];
    try {
      compareMetadata(a, b, wanted, isXattrCompared, what);
    } catch (error) {
      if (error instanceof Errno) return undefined;
      throw error;
    }
    return what.filter((aspect) => aspect !== 'mtime' || mtime);
  }

  #rename(from: Node, to: Node, renames: Map<Change, Change>, summary: Summary): void {
    for (const node of [...flatten([from]), ...flatten([to])]) node.matched = true;
    for (const { above } of [from, to]) noteMatched(above);
    const { path, flags } = to.change;
    const told = this.#differences(from.item, to.item) ?? [];
    const sides = { a: from.item, b: to.item };
    const rename: Change = { path, op: 'rename', from: from.change.path, what: told, flags, ...sides };
    renames.set(to.change, isDirectoryItem(to.item) ? this.#folded(rename, to) : rename);
    summary.rename++;
    summary.add -= to.entries;
    summary.remove -= from.entries;
    summary.bytes.added -= to.bytes;
    summary.bytes.removed -= from.bytes;
  }
}

function addCandidate(groups: Map<string, Candidates<Node>>, key: string, node: Node): void {
  const group = groups.get(key) ?? new Candidates();
  if (group.length === 0) groups.set(key, group);
  group.push(node);
}

function noteMatched(directory: Node | undefined): void {
  for (let at = directory; at !== undefined && !at.holdsMatched; at = at.above) at.holdsMatched = true;
}

function lastName({ change }: Node): string {
  return change.path.slice(change.path.lastIndexOf('/') + 1);
}

/** Nodes without a parent of the same kind; changes come in path order, a directory before what it holds. */
function forest(changes: readonly Change[], op: 'add' | 'remove'): Node[] {
  const roots: Node[] = [];
  const above: Node[] = [];
  for (const change of changes) {
    const item = op === 'add' ? change.b : change.a;
    if (change.op !== op || item === undefined) continue;
    while (above.length > 0 && !change.path.startsWith(`${above.at(-1)?.change.path}/`)) above.pop();
    const node: Node = {
      ...{ change, item, children: [], shape: '', entries: 1, bytes: 0 },
      ...{ matched: false, above: above.at(-1), holdsMatched: false },
    };
    (node.above?.children ?? roots).push(node);
    if (isDirectoryItem(item)) above.push(node);
  }
  for (const node of flatten(roots).reverse()) measure(node);
  return roots;
}

/** Children are measured before. */
function measure(node: Node): void {
  const { item, children } = node;
  if (typeBits(item) === S_IFREG) node.bytes = itemSize(item);
  const hash = createHash('sha1');
  for (const child of children) {
    node.entries += child.entries;
    node.bytes += child.bytes;
    const size = typeBits(child.item) === S_IFREG ? itemSize(child.item) : 0;
    hash.update(`${lastName(child)}\0${modeOf(child.item)} ${size} ${child.shape}\0`);
  }
  node.shape = isDirectoryItem(item) ? hash.digest('hex') : '';
}

/** A directory before what it holds. */
function flatten(nodes: readonly Node[]): Node[] {
  const all: Node[] = [];
  const waiting = [...nodes].reverse();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    all.push(node);
    for (let i = node.children.length - 1; i >= 0; i--) waiting.push(node.children[i] as Node);
  }
  return all;
}

/** Nothing of it is matched: itself, what it is part of, or what is below it. */
function isFree({ matched, holdsMatched }: Node): boolean {
  return !matched && !holdsMatched;
}

/** What cannot be read is not taken for the same; that was told before, or will be by whoever reads it. */
function hasSameContents(a: Item, b: Item): boolean {
  try {
    if (typeBits(a) === S_IFLNK) return a.target() === b.target();
    if (typeBits(a) !== S_IFREG) return true;
    if (itemSize(a) !== itemSize(b) || !(a instanceof LayerItem && b instanceof LayerItem)) return false;
    return itemSize(a) === 0 || a.side.firstDifference(a, b) === undefined;
  } catch (error) {
    if (error instanceof Errno) return false;
    throw error;
  }
}
