// Going on in a list of numbers where the last look at it ended, without a look at those before.

/** Of ascending numbers those above `number`, in their order. */
export function* numbersAbove(numbers: readonly number[], number: number): Generator<number> {
  let first = 0;
  for (let end = numbers.length; first < end; ) {
    const middle = (first + end) >>> 1;
    if ((numbers[middle] as number) > number) end = middle;
    else first = middle + 1;
  }
  for (let i = first; i < numbers.length; i++) yield numbers[i] as number;
}
