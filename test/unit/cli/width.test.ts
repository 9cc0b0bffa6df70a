import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../src/cli/print/width.ts';

describe('displayWidth()', () => {
  it.each([
    ['ASCII', 'abc', 3],
    ['accents', 'é', 1],
    ['marks that combine', 'e\u0301', 1],
    ['wide letters', '漢字', 4],
    ['emoji', '😀', 2],
    ['nothing', '', 0],
  ])('counts the cells of %s', (_, text, expected) => {
    expect(displayWidth(text)).toBe(expected);
  });
});
