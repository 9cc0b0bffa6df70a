// Walks two trees side by side and tells what differs, in path order. Where both are stacks of layers, what lies on the
// same real directories in both is never opened (`rules.ts`).
import type { ByteString } from '../sys/bytes.ts';
import { S_IFREG } from '../sys/statx.ts';
import { gainedPrivileges } from './aspects.ts';
import { type Change, type Hiding, newSummary, type PathError, type Sink, type Summary } from './change.ts';
import type { PairOptions } from './contents/pairs.ts';
import { Filter } from './filter.ts';
import { Fold } from './fold.ts';
import { type Item, isDirectoryItem, type Side, type SideName, typeBits } from './item.ts';
import { LayeredSide } from './layered.ts';
import { failure, type ObjectOptions, Objects } from './objects.ts';
import { InOrder } from './order.ts';
import { commonEnd } from './rules.ts';
import { Tally, type TallyOptions } from './tally.ts';
import type { Union } from './union.ts';

/** fold: one record for a directory only one side has, with counts; list: one for each name in it; skip: no counts. */
export type SubtreeMode = 'fold' | 'list' | 'skip';

export interface ComparisonOptions extends PairOptions, TallyOptions, ObjectOptions {
  readonly subtrees?: SubtreeMode;
  /** Whether the sink is told of the names within what is folded. */
  readonly tellsInside?: boolean;
  /** The layer that an object came with, where that is worth reading for; else the one that wrote it last. */
  readonly origin?: (item: Item) => number;
  /** Told now and then where the walk is, also while it waits for contents. */
  readonly progress?: (path: string, names: number) => void;
  /** The fast rule; a test hands in a wrong one to show that it is noticed. */
  readonly commonEnd?: typeof commonEnd;
}

/** Directories on the way from the root to where the walk is; one side is absent below what only the other has. */
interface Frame {
  /** Empty for the root. */
  readonly path: string;
  readonly a: Item | undefined;
  readonly b: Item | undefined;
  readonly names: readonly string[];
  next: number;
  /** What is being folded here. */
  readonly fold: Fold | undefined;
  readonly ownsFold: boolean;
  /** What of B hides the directory, and so what is below it, where only A has it. */
  readonly by: Hiding | undefined;
}

const PROGRESS_EVERY = 4096;

export class Comparison {
  readonly summary: Summary = newSummary();
  readonly #sides: Readonly<Record<SideName, Side>>;
  readonly #union: Union;
  readonly #sink: Sink;
  readonly #options: ComparisonOptions;
  readonly #filter: Filter;
  readonly #objects: Objects;
  readonly #tally: Tally;
  readonly #out: InOrder;
  readonly #isLayered: boolean;
  /** Where the walk is. */
  #path = '/';

  constructor(union: Union, sides: readonly [a: Side, b: Side], sink: Sink, options: ComparisonOptions = {}) {
    const [a, b] = sides;
    this.#union = union;
    this.#sink = sink;
    this.#sides = { a, b };
    this.#options = options;
    this.#filter = options.filter ?? new Filter();
    this.#tally = new Tally(this.summary, sink, options);
    const { progress } = options;
    const tick = () => progress?.(this.#path, this.summary.cost.names);
    this.#out = new InOrder(union, this.#tally, progress === undefined ? options : { ...options, tick });
    const { untold } = this.summary;
    this.#objects = new Objects(this.#out, this.#sides, {
      ...options,
      untold: (aspect) => untold.set(aspect, (untold.get(aspect) ?? 0) + 1),
    });
    this.#isLayered = a instanceof LayeredSide && b instanceof LayeredSide;
  }

  run(): Summary {
    for (const _ of this.steps());
    return this.summary;
  }

  /** The same, a name a step: what one found is told when its step is over, or after a later one where contents are waited for. */
  *steps(): Generator<void, void> {
    const frames: Frame[] = [];
    try {
      const start = this.#root();
      if (start !== undefined) frames.push(start);
      for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
        const name = frame.names[frame.next++];
        if (name === undefined) {
          this.#leave(frame);
          frames.pop();
          continue;
        }
        const below = this.#look(frame, name);
        if (below !== undefined) frames.push(below);
        yield;
      }
      this.#out.finish();
    } finally {
      this.#out.close();
    }
    this.summary.cost.filesRead = this.#out.filesRead;
  }

  #root(): Frame | undefined {
    const [a, b] = [this.#sides.a.root, this.#sides.b.root];
    if (this.#sharedParts(a, b) === 'all') return undefined;
    this.#objects.compare('/', a, b);
    return this.#enter('', a, b);
  }

  #sharedParts(a: Item, b: Item): number | 'all' {
    if (!this.#isLayered) return 0;
    const rule = this.#options.commonEnd ?? commonEnd;
    const shared = rule(a.parts, b.parts, (record) => this.#union.isShared(record));
    return shared === a.parts.length && shared === b.parts.length ? 'all' : shared;
  }

  /** The frame of a directory; undefined where nothing below it can differ, or it cannot be listed. */
  #enter(
    path: string,
    a: Item | undefined,
    b: Item | undefined,
    {
      fold,
      parent,
      by,
    }: {
      readonly fold?: Fold | undefined;
      readonly parent?: Fold | undefined;
      readonly by?: Hiding | undefined;
    } = {},
  ): Frame | undefined {
    const shared = a !== undefined && b !== undefined ? this.#sharedParts(a, b) : 0;
    if (shared === 'all') return undefined;
    const names = new Set<string>();
    const add = (side: SideName, item: Item) => {
      for (const name of this.#sides[side].names(item, shared)) names.add(name);
      return true;
    };
    const ownsFold = fold !== undefined && fold !== parent;
    const at = path === '' ? '/' : path;
    for (const [side, item] of [['a', a] as const, ['b', b] as const]) {
      if (item === undefined || this.#attempt(at, side, 'list', () => add(side, item))) continue;
      if (ownsFold) this.#finishFold(fold);
      return undefined;
    }
    return { path, a, b, names: [...names].sort(), next: 0, fold, ownsFold, by };
  }

  #leave(frame: Frame): void {
    if (frame.a !== undefined) this.#sides.a.leave(frame.a);
    if (frame.b !== undefined) this.#sides.b.leave(frame.b);
    if (frame.ownsFold && frame.fold !== undefined) this.#finishFold(frame.fold);
  }

  #finishFold(fold: Fold): void {
    this.#out.change(fold.whole());
    for (const each of fold.flagged) this.#out.change(each);
  }

  #look(frame: Frame, name: string): Frame | undefined {
    const path = `${frame.path}/${name}`;
    if (!this.#filter.enters(path)) return undefined;
    this.#path = path;
    const names = ++this.summary.cost.names;
    if (names % PROGRESS_EVERY === 0) this.#options.progress?.(path, names);
    const a = this.#ask('a', frame.a, path, (side, directory) => side.glance(directory, name));
    const b = this.#ask('b', frame.b, path, (side, directory) => side.glance(directory, name));
    if (a === 'failed' || b === 'failed') return undefined;
    const { a: directoryA, b: directoryB } = frame;
    if (a !== undefined && b !== undefined && directoryA !== undefined && directoryB !== undefined) {
      if (this.#objects.compareGlimpsed({ path, name, a: directoryA, b: directoryB }, a, b)) return undefined;
    }
    return this.#settle(frame, name, path, a, b);
  }

  #settle(frame: Frame, name: string, path: string, glimpsedA?: Item, glimpsedB?: Item): Frame | undefined {
    const settled = (which: SideName, glimpsed: Item | undefined) =>
      glimpsed &&
      this.#ask(which, frame[which], path, (side, directory) => side.settle(directory, name, glimpsed));
    const [a, b] = [settled('a', glimpsedA), settled('b', glimpsedB)];
    if (a === 'failed' || b === 'failed') return undefined;
    if (a !== undefined && b !== undefined) return this.#both(path, a, b);
    const only = a ?? b;
    if (only === undefined) return undefined;
    return this.#onlyOne(frame, name, path, a === undefined ? 'b' : 'a', only);
  }

  #ask(
    name: SideName,
    directory: Item | undefined,
    path: string,
    question: (side: Side, directory: Item) => Item | undefined,
  ): Item | 'failed' | undefined {
    if (directory === undefined) return undefined;
    try {
      return question(this.#sides[name], directory);
    } catch (error) {
      this.#out.error(failure(path, name, 'look up', error));
      return 'failed';
    }
  }

  #attempt<T>(path: string, side: SideName, doing: PathError['doing'], action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.#out.error(failure(path, side, doing, error));
      return undefined;
    }
  }

  #onlyOne(frame: Frame, name: string, path: string, side: SideName, item: Item): Frame | undefined {
    const isTold = this.#filter.accepts(path, typeBits(item)) && this.#tally.isTold(item);
    let { fold } = frame;
    const needsHiding = side === 'a' && (isDirectoryItem(item) || (fold === undefined && isTold));
    const by = needsHiding ? this.#hiding(frame, name) : undefined;
    if (fold !== undefined) {
      if (isTold) this.#count(fold, path, side, item);
    } else if (isTold) {
      const change = { ...this.#single(path, side, item), ...(by === undefined ? {} : { by }) };
      const mode = isDirectoryItem(item) ? (this.#options.subtrees ?? 'fold') : 'list';
      if (mode === 'fold') fold = this.#newFold(change, item);
      else this.#out.change(change);
      if (mode === 'skip') return undefined;
    }
    if (!isDirectoryItem(item)) return undefined;
    const [a, b] = side === 'a' ? [item, undefined] : [undefined, item];
    return this.#enter(path, a, b, { fold, parent: frame.fold, by });
  }

  #single(path: string, side: SideName, item: Item): Change {
    const gained = () => gainedPrivileges(undefined, item);
    const flags = side === 'a' ? [] : (this.#attempt(path, side, 'read', gained) ?? []);
    return { path: path as ByteString, op: side === 'a' ? 'remove' : 'add', what: [], flags, [side]: item };
  }

  /** Counts a name of a subtree; what gives privileges is told by name all the same. */
  #count(fold: Fold, path: string, side: SideName, item: Item): void {
    fold.count(item, this.#origin(item));
    const { tellsInside } = this.#options;
    if (tellsInside !== true && (typeBits(item) !== S_IFREG || side === 'a')) return;
    const change = this.#single(path, side, item);
    if (tellsInside) this.#sink.inside?.(change);
    if (change.flags.length > 0) fold.flagged.push({ ...change, isCounted: true });
  }

  #origin(item: Item): number {
    return this.#options.origin?.(item) ?? item.layer;
  }

  #newFold(change: Change, directory: Item): Fold {
    const fold = new Fold(change);
    fold.count(directory, this.#origin(directory));
    return fold;
  }

  /** What of B hides a name that only A has; below such a name, what hides that. */
  #hiding(frame: Frame, name: string): Hiding | undefined {
    const sideB = this.#sides.b;
    const directory = frame.b;
    if (directory === undefined) return frame.by;
    if (!(sideB instanceof LayeredSide)) return undefined;
    const path = `${frame.path}/${name}`;
    return this.#attempt(path, 'b', 'look up', () => sideB.hiddenBy(directory, name));
  }

  #both(path: string, a: Item, b: Item): Frame | undefined {
    if (typeBits(a) !== typeBits(b)) return this.#changedType(path, a, b);
    if (!isDirectoryItem(a)) {
      this.#objects.compare(path, a, b);
      return undefined;
    }
    if (this.#sharedParts(a, b) === 'all') return undefined;
    const isSame = a.parts.length > 0 && a.parts[0] === b.parts[0];
    if (!isSame) this.#objects.compare(path, a, b);
    return this.#enter(path, a, b);
  }

  #changedType(path: string, a: Item, b: Item): Frame | undefined {
    const flags = this.#attempt(path, 'b', 'read', () => gainedPrivileges(a, b)) ?? [];
    const change: Change = { path: path as ByteString, op: 'type', what: [], flags, a, b };
    const isTold =
      (this.#filter.accepts(path, typeBits(a)) || this.#filter.accepts(path, typeBits(b))) &&
      this.#tally.isToldPair(a, b);
    const mode = this.#options.subtrees ?? 'fold';
    const hasTree = isDirectoryItem(a) || isDirectoryItem(b);
    const isFolded = isTold && hasTree && mode === 'fold';
    if (isTold && !isFolded) this.#out.change(change);
    if (!hasTree || mode === 'skip') return undefined;
    const fold = isFolded ? this.#newFold(change, isDirectoryItem(a) ? a : b) : undefined;
    return this.#enter(path, isDirectoryItem(a) ? a : undefined, isDirectoryItem(b) ? b : undefined, {
      fold,
    });
  }
}
