// A sink that adds to each change which layer set what differs, and hands it on.
import type { Change, PathError, Sink } from '../change.ts';
import type { Item, Setters } from '../item.ts';
import { type SetterOptions, settableOf, settersOf } from './setters.ts';

export class Attribution implements Sink {
  readonly #sink: Sink;
  readonly #options: SetterOptions;

  constructor(sink: Sink, options: SetterOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  change(change: Change): void {
    this.#sink.change(attributed(change, this.#options));
  }

  error(error: PathError): void {
    this.#sink.error(error);
  }
}

/** What was removed by a layer of B is that layer's doing, whoever made it. */
export function attributed(change: Change, options: SetterOptions): Change {
  const { a, b, by, op, what } = change;
  const hasOtherContents = what.includes('content');
  const of = (item: Item | undefined, other: Item | undefined): Setters | undefined => {
    if (item === undefined || item.layer === 0) return undefined;
    const counterpart = op === 'modify' ? { item: other, hasOtherContents } : undefined;
    return settersOf(item, settableOf(change, item), options, counterpart);
  };
  const [ofA, ofB] = [by === undefined ? of(a, b) : undefined, of(b, a)];
  if (ofA === undefined && ofB === undefined) return change;
  return {
    ...change,
    setBy: { ...(ofA === undefined ? {} : { a: ofA }), ...(ofB === undefined ? {} : { b: ofB }) },
  };
}
