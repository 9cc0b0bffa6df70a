// Finds what was renamed or moved: whole directories first, then files, by size and then by reading both. A sink that holds
// everything back until the comparison is done, and then tells it in path order.
import { createHash } from 'node:crypto';
import { Errno } from '../sys/errors.ts';
import { S_IFLNK, S_IFREG } from '../sys/statx.ts';
import { compareMetadata, type XattrFilter } from './aspects.ts';
import {
  addShare,
  type Change,
  type PathError,
  type Share,
  type Sink,
  type Subtree,
  type Summary,
} from './change.ts';
import { type Aspect, type Item, isDirectory, modeOf, sizeOf, typeBits } from './item.ts';
import { LayerItem } from './layered.ts';

/** A file is compared with so many of its size; past that they are too alike to tell which it was. */
const MOST_CANDIDATES = 64;

export interface RenameOptions {
  readonly wanted: ReadonlySet<Aspect>;
  readonly isXattrCompared: XattrFilter;
  readonly mtime: boolean;
  /** One record for a directory that only one side has. */
  readonly folds: boolean;
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
        const isFolded = this.#options.folds && node !== undefined && isDirectory(node.item) && isWhole(node);
        if (isFolded) skipped = `${change.path}/`;
        this.#sink.change(isFolded ? { ...change, subtree: subtreeOf(node) } : change);
        if (isFolded) for (const each of flatten(node.children)) this.#tellFlagged(each.change);
      }
    }
  }

  #tellFlagged(change: Change): void {
    if (change.flags.length > 0) this.#sink.change({ ...change, isCounted: true });
  }

  #matchDirectories(removed: Node[], added: Node[], renames: Map<Change, Change>, summary: Summary): void {
    const byShape = new Map<string, Node[]>();
    for (const node of flatten(removed)) {
      if (isDirectory(node.item) && node.entries > 1)
        byShape.set(node.shape, [...(byShape.get(node.shape) ?? []), node]);
    }
    for (const node of flatten(added)) {
      if (node.matched || !isDirectory(node.item)) continue;
      const candidates = byShape.get(node.shape)?.slice(0, MOST_CANDIDATES) ?? [];
      const from = candidates.find((each) => isFree(each) && isSameTree(each, node));
      if (from !== undefined) this.#rename(from, node, renames, summary);
    }
  }

  #matchFiles(removed: Node[], added: Node[], renames: Map<Change, Change>, summary: Summary): void {
    const bySize = new Map<number, Node[]>();
    for (const node of flatten(removed)) {
      if (node.matched || typeBits(node.item) !== S_IFREG || sizeOf(node.item) === 0) continue;
      bySize.set(sizeOf(node.item), [...(bySize.get(sizeOf(node.item)) ?? []), node]);
    }
    for (const node of flatten(added)) {
      if (node.matched || typeBits(node.item) !== S_IFREG) continue;
      const name = lastName(node);
      const candidates = (bySize.get(sizeOf(node.item)) ?? []).filter((each) => !each.matched);
      candidates.sort((x, y) => Number(lastName(y) === name) - Number(lastName(x) === name));
      const from = candidates.slice(0, MOST_CANDIDATES).find((each) => hasSameContents(each.item, node.item));
      if (from !== undefined) this.#rename(from, node, renames, summary);
    }
  }

  #rename(from: Node, to: Node, renames: Map<Change, Change>, summary: Summary): void {
    for (const node of [...flatten([from]), ...flatten([to])]) node.matched = true;
    const { path, flags } = to.change;
    const what: Aspect[] = [];
    compareMetadata(from.item, to.item, this.#options.wanted, this.#options.isXattrCompared, what);
    const told = what.filter((aspect) => aspect !== 'mtime' || this.#options.mtime);
    const subtree = isDirectory(to.item) ? { subtree: subtreeOf(to) } : {};
    renames.set(to.change, {
      ...{ path, op: 'rename', from: from.change.path, what: told, flags, a: from.item, b: to.item },
      ...subtree,
    });
    summary.rename++;
    summary.add -= to.entries;
    summary.remove -= from.entries;
    summary.bytes.added -= to.bytes;
    summary.bytes.removed -= from.bytes;
  }
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
    const node: Node = { change, item, children: [], shape: '', entries: 1, bytes: 0, matched: false };
    (above.at(-1)?.children ?? roots).push(node);
    if (isDirectory(item)) above.push(node);
  }
  for (const node of flatten(roots).reverse()) measure(node);
  return roots;
}

/** Children are measured before. */
function measure(node: Node): void {
  const { item, children } = node;
  if (typeBits(item) === S_IFREG) node.bytes = sizeOf(item);
  const hash = createHash('sha1');
  for (const child of children) {
    node.entries += child.entries;
    node.bytes += child.bytes;
    const size = typeBits(child.item) === S_IFREG ? sizeOf(child.item) : 0;
    hash.update(`${lastName(child)}\0${modeOf(child.item)} ${size} ${child.shape}\0`);
  }
  node.shape = isDirectory(item) ? hash.digest('hex') : '';
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

function subtreeOf(node: Node): Subtree {
  const layers = new Map<number, Share>();
  for (const { item } of flatten([node]))
    addShare(layers, item.layer, 1, typeBits(item) === S_IFREG ? sizeOf(item) : 0);
  return { entries: node.entries, bytes: node.bytes, layers };
}

function isFree(node: Node): boolean {
  return flatten([node]).every((each) => !each.matched);
}

const isWhole = isFree;

function isSameTree(a: Node, b: Node): boolean {
  const [left, right] = [flatten(a.children), flatten(b.children)];
  return left.every((node, index) => {
    const other = right[index];
    return (
      other !== undefined &&
      typeBits(node.item) === typeBits(other.item) &&
      hasSameContents(node.item, other.item)
    );
  });
}

/** What cannot be read is not taken for the same; that was told before, or will be by whoever reads it. */
function hasSameContents(a: Item, b: Item): boolean {
  try {
    if (typeBits(a) === S_IFLNK) return a.target() === b.target();
    if (typeBits(a) !== S_IFREG) return true;
    if (sizeOf(a) !== sizeOf(b) || !(a instanceof LayerItem && b instanceof LayerItem)) return false;
    return sizeOf(a) === 0 || a.side.firstDifference(a, b) === undefined;
  } catch (error) {
    if (error instanceof Errno) return false;
    throw error;
  }
}
