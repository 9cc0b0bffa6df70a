import { describe, expect, it } from 'vitest';
import { commonEnd } from '../../../src/diff/rules.ts';

describe('commonEnd()', () => {
  const all = () => true;
  it.each<[string, number[], number[], (record: number) => boolean, number]>([
    ['all of equal lists', [1, 2, 3], [1, 2, 3], all, 3],
    ['the end of lists that begin differently', [1, 2, 3], [9, 8, 2, 3], all, 2],
    ['not what both have above something of one', [1, 2, 3], [1, 9, 3], all, 1],
    ['nothing where the ends differ', [1, 2], [1, 2, 3], all, 0],
    ['nothing above a directory that is not shared', [1, 2, 3], [1, 2, 3], (record) => record !== 2, 1],
    ['nothing of an empty list', [], [1], all, 0],
  ])('counts %s', (_, a, b, isShared, expected) => {
    expect(commonEnd(a, b, isShared)).toBe(expected);
  });
});
