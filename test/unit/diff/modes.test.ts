import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chmodWords } from '../../../src/diff/explain/modes.ts';

/** What chmod(1) makes of a mode. */
function applied(mode: number, words: string): number {
  const shifts = { u: 6, g: 3, o: 0 } as const;
  const bits = { r: 4, w: 2, x: 1 } as const;
  let now = mode;
  for (const word of words.split(',').filter(Boolean)) {
    const [, classes = '', sign, letters = ''] = /^([ugoa]*)([+-])([rwxst]+)$/.exec(word) ?? [];
    if (sign === undefined) throw new Error(`"${word}" is nothing chmod takes`);
    let mask = 0;
    for (const letter of letters) {
      if (letter === 't') mask |= 0o1000;
      else if (letter === 's') mask |= classes === 'u' ? 0o4000 : 0o2000;
      else
        for (const one of classes === 'a' ? 'ugo' : classes)
          mask |= bits[letter as 'r'] << shifts[one as 'u'];
    }
    now = sign === '+' ? now | mask : now & ~mask;
  }
  return now;
}

describe('chmodWords()', () => {
  it.each([
    [0o644, 0o666, 'a+w'],
    [0o755, 0o777, 'a+w'],
    [0o444, 0o666, 'a+w'],
    [0o640, 0o660, 'g+w'],
    [0o644, 0o600, 'go-r'],
    [0o755, 0o700, 'go-rx'],
    [0o644, 0o755, 'a+x'],
    [0o755, 0o4755, 'u+s'],
    [0o1777, 0o755, 'go-w,-t'],
    [0o2755, 0o644, 'a-x,g-s'],
    [0o100644, 0o100644, ''],
  ])('%o to %o is %s', (before, after, words) => {
    expect(chmodWords(before, after)).toBe(words);
  });

  it('says what makes one of the other, of any two modes', () => {
    const mode = fc.integer({ min: 0, max: 0o7777 });
    fc.assert(
      fc.property(mode, mode, (before, after) => {
        expect(applied(before, chmodWords(before, after)).toString(8)).toBe(after.toString(8));
      }),
    );
  });
});
