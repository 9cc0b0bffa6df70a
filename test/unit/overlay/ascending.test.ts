// Numbers from a place on, and how many of them are looked at for that.
import { describe, expect, it } from 'vitest';
import { numbersAbove } from '../../../src/overlay/ascending.ts';

describe('numbersAbove()', () => {
  it.each([
    [[], 0, []],
    [[3, 5, 9], 0, [3, 5, 9]],
    [[3, 5, 9], 3, [5, 9]],
    [[3, 5, 9], 4, [5, 9]],
    [[3, 5, 9], 8, [9]],
    [[3, 5, 9], 9, []],
    [[3, 5, 9], 100, []],
  ])('has of %j above %d %j', (numbers, number, expected) => {
    expect([...numbersAbove(numbers, number)]).toEqual(expected);
  });

  it('looks at each number once where a list is read in pieces, and at a few to find the place', () => {
    const [count, piece] = [100_000, 100];
    let looks = 0;
    const numbers = new Proxy(
      Array.from({ length: count }, (_, i) => 2 * i + 1),
      {
        get(target, name, receiver) {
          if (name !== 'length') looks += 1;
          return Reflect.get(target, name, receiver);
        },
      },
    );
    let last = 0;
    for (let at = 0; at < count; at += piece) {
      const rest = numbersAbove(numbers, last);
      for (let i = 0; i < piece; i++) last = rest.next().value as number;
    }
    expect(last).toBe(2 * count - 1);
    expect(looks).toBeLessThan(1.2 * count);
  });
});
