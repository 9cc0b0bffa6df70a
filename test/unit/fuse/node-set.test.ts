import { describe, expect, it } from 'vitest';
import { NodeSet } from '../../../src/fuse/node-set.ts';

describe('NodeSet', () => {
  it('has what was added, of all numbers that a node may have, until it is cleared', () => {
    const numbers = [1, 31, 32, 33, 32767, 32768, 2 ** 31, 2 ** 32 - 1];
    const others = [2, 64, 32769, 2 ** 31 + 1, 2 ** 32 - 2];
    const set = new NodeSet();
    expect(numbers.map((number) => set.add(number))).toEqual(numbers.map(() => true));
    expect(numbers.map((number) => set.add(number))).toEqual(numbers.map(() => false));
    expect([...numbers, ...others].filter((number) => set.has(number))).toEqual(numbers);
    set.clear();
    expect(numbers.filter((number) => set.has(number))).toEqual([]);
  });
});
