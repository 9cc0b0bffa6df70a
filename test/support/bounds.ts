// Bounds of time and memory. They decide in `npm run test:soak` only: elsewhere a machine with other work to do would fail
// what is right. What must happen some time is waited for as long as a test may last.
import { expect } from 'vitest';

const DECIDE = process.env.BOUNDS === '1';

/** Milliseconds in which something has to happen: `bound` where bounds decide. */
export function patience(bound: number): number {
  return DECIDE ? bound : 300_000;
}

/** Fails where bounds decide and a measured value is not below one. */
export function expectBelow(bound: number, measured: number): void {
  if (DECIDE) expect(measured).toBeLessThan(bound);
}
