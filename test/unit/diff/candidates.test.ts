// A list of candidates of which more and more is taken.
import { describe, expect, it } from 'vitest';
import { Candidates } from '../../../src/diff/candidates.ts';

describe('Candidates', () => {
  it('finds the first free one that fits, among as many as are asked for', () => {
    const items = new Candidates<number>();
    for (let i = 0; i < 10; i++) items.push(i);
    const taken = new Set([0, 1, 4]);
    const isFree = (item: number) => !taken.has(item);
    expect(items.find(9, isFree, () => true)).toBe(2);
    expect(items.find(9, isFree, (item) => item > 3)).toBe(5);
    expect(items.find(2, isFree, (item) => item > 3)).toBeUndefined();
    for (let i = 0; i < 10; i++) taken.add(i);
    expect(items.find(9, isFree, () => true)).toBeUndefined();
  });

  it('agrees with a list that is filtered each time', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48271) % 0x7fffffff;
      return seed % below;
    };
    for (let round = 0; round < 50; round++) {
      const items = new Candidates<number>();
      const plain = Array.from({ length: 40 }, (_, index) => index);
      for (const item of plain) items.push(item);
      const taken = new Set<number>();
      const isFree = (item: number) => !taken.has(item);
      for (let step = 0; step < 60; step++) {
        const [rest, most] = [random(5), 1 + random(8)];
        const fits = (item: number) => item % 5 === rest;
        const expected = plain.filter(isFree).slice(0, most).find(fits);
        expect(items.find(most, isFree, fits)).toBe(expected);
        taken.add(expected ?? random(40));
      }
    }
  });

  it('looks at what is taken once, not in each search', () => {
    const items = new Candidates<number>();
    const count = 20_000;
    for (let i = 0; i < count; i++) items.push(i);
    let [taken, looks] = [0, 0];
    const isFree = (item: number) => {
      looks++;
      return item >= taken;
    };
    for (; taken < count; taken++) items.find(64, isFree, () => true);
    expect(looks).toBeLessThan(3 * count);
  });
});
