// What is gone through one by one, and takes long: with `for`, or with `for await`, which lets others have their turn meanwhile.
import { setImmediate } from 'node:timers/promises';

/** To be gone through once. */
export type Sequence<T> = Generator<T, void> & AsyncIterable<T>;

/** Milliseconds of work between two turns of others. */
const SLICE = 20;

/** @internal The same values; `undefined` is a step without one. Throws the reason of `signal` where that is aborted. */
export function inTurns<T>(steps: Generator<T | undefined, void>, signal?: AbortSignal): Sequence<T> {
  const values = valuesOf(steps, signal);
  return Object.assign(values, { [Symbol.asyncIterator]: () => turnsOf(steps, signal) });
}

function* valuesOf<T>(steps: Generator<T | undefined, void>, signal?: AbortSignal): Generator<T, void> {
  signal?.throwIfAborted();
  for (const value of steps) {
    if (value !== undefined) yield value;
    signal?.throwIfAborted();
  }
}

async function* turnsOf<T>(
  steps: Generator<T | undefined, void>,
  signal?: AbortSignal,
): AsyncGenerator<T, void> {
  signal?.throwIfAborted();
  let last = performance.now();
  for (const value of steps) {
    if (value !== undefined) yield value;
    if (performance.now() - last >= SLICE) {
      await setImmediate();
      last = performance.now();
    }
    signal?.throwIfAborted();
  }
}
