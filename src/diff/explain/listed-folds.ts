// Makes one record of a directory that only one side has, out of a record for each name in it: for forms that need both. A
// sink between a comparison that lists such names and what tells them; what gained a privilege is told by name all the same.
import type { Change, PathError, Sink } from '../change.ts';
import { Fold } from '../fold.ts';
import { isDirectoryItem } from '../item.ts';
import { substanceOf } from './setters.ts';

interface OpenFold {
  readonly fold: Fold;
  /** Of the names in it. */
  readonly op: 'add' | 'remove';
  /** What the path of each name in it begins with. */
  readonly prefix: string;
}

export class Folding implements Sink {
  readonly #sink: Pick<Sink, 'change'> & Partial<Pick<Sink, 'error'>>;
  #open: OpenFold | undefined;

  constructor(sink: Pick<Sink, 'change'> & Partial<Pick<Sink, 'error'>>) {
    this.#sink = sink;
  }

  change(change: Change): void {
    const { op, path, flags } = change;
    const open = this.#open;
    if (open !== undefined && op === open.op && path.startsWith(open.prefix)) {
      count(open, change);
      if (flags.length > 0) open.fold.flagged.push({ ...change, isCounted: true });
      return;
    }
    this.finish();
    const folded = foldedOp(change);
    if (folded === undefined || change.subtree !== undefined) {
      this.#sink.change(change);
      return;
    }
    this.#open = { fold: new Fold(change), op: folded, prefix: path === '/' ? '/' : `${path}/` };
    count(this.#open, change);
  }

  error(error: PathError): void {
    this.#sink.error?.(error);
  }

  /** Tells what waits. */
  finish(): void {
    if (this.#open === undefined) return;
    const { fold } = this.#open;
    this.#open = undefined;
    for (const change of [fold.whole(), ...fold.flagged]) this.#sink.change(change);
  }
}

/** What becomes of the names in a directory that only one side has; undefined where there is no such directory. */
function foldedOp({ op, a, b }: Change): OpenFold['op'] | undefined {
  const isWhole = op === 'add' || op === 'remove' || op === 'type';
  if (isWhole && op !== 'remove' && b !== undefined && isDirectoryItem(b)) return 'add';
  return isWhole && op !== 'add' && a !== undefined && isDirectoryItem(a) ? 'remove' : undefined;
}

function count({ fold, op }: OpenFold, { a, b, setBy }: Change): void {
  const [item, setters] = op === 'add' ? [b, setBy?.b] : [a, setBy?.a];
  if (item !== undefined) fold.count(item, setters?.[substanceOf(item)] ?? item.layer);
}
