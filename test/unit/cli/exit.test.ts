import { describe, expect, it } from 'vitest';
import { EXIT, EXIT_TABLE, exitCodeOf } from '../../../src/cli/exit.ts';
import { E, Errno, Trouble, type TroubleKind } from '../../../src/sys/errors.ts';

describe('exitCodeOf()', () => {
  it.each<[kind: TroubleKind, code: number]>([
    ['usage', 2],
    ['reference', 3],
    ['store', 4],
    ['path', 5],
    ['mount', 6],
    ['busy', 7],
  ])('is for trouble of kind %s: %d', (kind, code) => {
    expect(exitCodeOf(new Trouble(kind, 'x'))).toBe(code);
  });

  it('is 5 for a kernel error, 70 for anything else', () => {
    expect([new Errno(E.EIO, 'read'), new TypeError('x'), 'thrown text'].map(exitCodeOf)).toEqual([
      5, 70, 70,
    ]);
  });
});

describe('EXIT_TABLE', () => {
  it('explains each code once, in order', () => {
    expect(EXIT_TABLE.map(([code]) => code)).toEqual(Object.values(EXIT).toSorted((a, b) => a - b));
  });
});
