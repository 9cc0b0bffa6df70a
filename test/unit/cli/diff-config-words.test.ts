import { describe, expect, it } from 'vitest';
import { withoutValues } from '../../../src/cli/diff/config-words.ts';

describe('withoutValues()', () => {
  const untold = '(not told; --with-env does)';
  it.each([
    [
      'of a variable tells no value',
      { key: 'Env[TOKEN]', a: 'one', b: 'two' },
      { key: 'Env[TOKEN]', a: untold, b: untold },
    ],
    [
      'of a variable that came tells that it came',
      { key: 'Env[TOKEN]', b: 'two' },
      { key: 'Env[TOKEN]', b: untold },
    ],
    ['leaves all else', { key: 'User', a: 'root' }, { key: 'User', a: 'root' }],
  ])('%s', (_, change, expected) => {
    expect(withoutValues(change)).toEqual(expected);
  });
});
