import { describe, expect, it } from 'vitest';
import { Filter, type FilterOptions } from '../../../src/diff/filter.ts';
import { parseGlob } from '../../../src/diff/globs.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { S_IFDIR, S_IFREG } from '../../../src/sys/statx.ts';

const globs = (...texts: string[]) => texts.map(parseGlob);
const paths = (...texts: string[]) => texts.map(asBytes);

describe('Filter', () => {
  it.each<[string, FilterOptions, string, { enters: boolean; accepts: boolean }]>([
    ['all without options', {}, '/a/b', { enters: true, accepts: true }],
    [
      'a directory above a wanted path, not itself',
      { paths: paths('/a/b') },
      '/a',
      { enters: true, accepts: false },
    ],
    ['what is below a wanted path', { paths: paths('/a/b') }, '/a/b/c', { enters: true, accepts: true }],
    [
      'not a name that only begins alike',
      { paths: paths('/a/b') },
      '/a/bc',
      { enters: false, accepts: false },
    ],
    ['the root for the path /', { paths: paths('/') }, '/x', { enters: true, accepts: true }],
    [
      'a name by a glob without slash',
      { include: globs('*.js') },
      '/x/y.js',
      { enters: true, accepts: true },
    ],
    ['no other name', { include: globs('*.js') }, '/x/y.ts', { enters: true, accepts: false }],
    [
      'only ways that lead to a glob with slashes',
      { include: globs('/usr/lib/**/*.so') },
      '/etc',
      { enters: false, accepts: false },
    ],
    [
      'a way that leads there',
      { include: globs('/usr/lib/**/*.so') },
      '/usr',
      { enters: true, accepts: false },
    ],
    [
      'what a glob names with all below',
      { include: globs('/usr/*') },
      '/usr/lib/x/y',
      { enters: true, accepts: true },
    ],
    [
      'nothing below what is excluded',
      { exclude: globs('/usr/share') },
      '/usr/share/doc',
      { enters: false, accepts: false },
    ],
    ['dotted names by a star', { include: globs('*') }, '/.a', { enters: true, accepts: true }],
    [
      'bytes by the text they stand for',
      { include: globs('ü*') },
      '/\xc3\xbcx',
      { enters: true, accepts: true },
    ],
  ])('takes %s', (_, options, path, expected) => {
    const filter = new Filter(options);
    expect({ enters: filter.enters(path), accepts: filter.accepts(path, S_IFREG) }).toEqual(expected);
  });

  it('takes only the types it is given', () => {
    const filter = new Filter({ types: new Set([S_IFREG]) });
    expect([filter.accepts('/a', S_IFREG), filter.accepts('/a', S_IFDIR), filter.enters('/a')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
