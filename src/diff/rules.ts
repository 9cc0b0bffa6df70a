// The rule that makes a comparison fast: directories made of the same real ones are the same, and of the others only
// names outside their common end can differ. A function of lists; the layers are asked elsewhere.

/**
 * How many real directories two merged ones have in common at the lower end of their lists. `isShared` tells those on
 * layers under which both stacks are the same; it must be the common end, not the common set, because what lies above
 * hides what lies below.
 */
export function commonEnd(
  a: readonly number[],
  b: readonly number[],
  isShared: (record: number) => boolean,
): number {
  const most = Math.min(a.length, b.length);
  let count = 0;
  while (count < most) {
    const record = a[a.length - 1 - count] as number;
    if (record !== b[b.length - 1 - count] || !isShared(record)) break;
    count++;
  }
  return count;
}
