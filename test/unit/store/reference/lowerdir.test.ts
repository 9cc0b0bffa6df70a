import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isLowerdir,
  parseLowerdir,
  splitLowerdir,
  stackOfLowerdir,
} from '../../../../src/store/reference/lowerdir.ts';
import { asBytes, type ByteString } from '../../../../src/sys/bytes.ts';
import { temporaryForTest } from '../../../support/temporary.ts';
import { troubleOf } from '../trouble.ts';

function split(value: string): string {
  const { layers, dataLayers } = splitLowerdir(asBytes(value));
  return [...layers, ...dataLayers.map((path) => `data ${path}`)].join(' | ');
}

describe('splitLowerdir()', () => {
  it.each([
    ['/top:/low', '/top | /low'],
    ['/one', '/one'],
    ['a:b:c', 'a | b | c'],
    ['/a\\:b:/c', '/a:b | /c'],
    ['/a\\,b:/c', '/a,b | /c'],
    ['/a,b', '/a,b'],
    ['/a\\\\:/b', '/a\\ | /b'],
    ['/a\\\\\\:b', '/a\\:b'],
    ['/a\\b', '/ab'],
    ['/a:/b\\', '/a | /b'],
    ['/a\nb:/c\\\nd', '/a\nb | /c\nd'],
    ['/l2:/l1::/d1::/d0', '/l2 | /l1 | data /d1 | data /d0'],
    ['/\xff:/\xe9', '/\xff | /\xe9'],
  ])('splits %j', (value, expected) => {
    expect(split(value)).toBe(expected);
  });

  it.each([
    ['', 'an empty path'],
    [':/a', 'an empty path'],
    ['::/a', 'an empty path'],
    ['/a:', 'an empty path'],
    ['/a::', 'an empty path'],
    ['/a:::/b', 'more than two colons in a row'],
    ['/a::/b:/c', 'a single colon after a double one: data-only layers come last'],
    ['/a:\\', 'an empty path'],
  ])('refuses %j', (value, state) => {
    expect(troubleOf(() => splitLowerdir(asBytes(value)))).toBe(
      `reference: Cannot understand reference "lowerdir=${value}": ${state}`,
    );
  });

  it('gives back any paths that were escaped and joined', () => {
    const path = fc.string({
      unit: fc.constantFrom('a', ':', '\\', ',', '/', '\xff', '\n', ' '),
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.array(path, { minLength: 1 }), fc.array(path), (layers, dataLayers) => {
        const escaped = (text: string) => text.replace(/[\\:]/g, '\\$&');
        const value = [layers.map(escaped).join(':'), ...dataLayers.map(escaped)].join('::');
        expect(splitLowerdir(asBytes(value))).toEqual({ layers, dataLayers });
      }),
    );
  });
});

describe('parseLowerdir()', () => {
  it('makes a stack of directories, absolute and without links', () => {
    const temporary = temporaryForTest();
    for (const name of ['top', 'a:b', 'data']) mkdirSync(temporary.path(name));
    symlinkSync('top', temporary.path('link'));
    const here = relative(process.cwd(), temporary.path('link'));
    const reference = `lowerdir=${here}:${temporary.path('a\\:b')}::${temporary.path('data')}`;
    expect(parseLowerdir(reference)).toEqual({
      label: reference,
      kind: 'lowerdir',
      layers: [
        { source: { kind: 'directory', path: temporary.path('top') }, role: 'plain' },
        { source: { kind: 'directory', path: temporary.path('a:b') }, role: 'plain' },
      ],
      dataLayers: [{ source: { kind: 'directory', path: temporary.path('data') }, role: 'plain' }],
      dialect: 'trusted',
    });
  });

  it('takes paths as bytes, and the dialect it is told', () => {
    const temporary = temporaryForTest();
    const path = `${temporary.directory}/\xff\xc3\xa9` as ByteString;
    mkdirSync(Buffer.from(path, 'latin1'));
    const { label, layers, dialect } = stackOfLowerdir(path, { dialect: 'user' });
    expect({ label, layers, dialect }).toEqual({
      label: `lowerdir=${temporary.directory}/\ufffdé`,
      layers: [{ source: { kind: 'directory', path: path }, role: 'plain' }],
      dialect: 'user',
    });
  });

  it.each([
    ['missing', 'no such directory'],
    ['file', 'not a directory'],
    ['file/below', 'not a directory'],
    ['dangling', 'no such directory'],
    ['loop', 'too many levels of symbolic links'],
    ['x'.repeat(300), 'name too long'],
  ])('refuses a layer that is %s', (name, state) => {
    const temporary = temporaryForTest();
    writeFileSync(temporary.path('file'), '');
    symlinkSync('missing', temporary.path('dangling'));
    symlinkSync('loop', temporary.path('loop'));
    const reference = `lowerdir=${temporary.directory}:${temporary.path(name)}`;
    expect(troubleOf(() => parseLowerdir(reference), temporary.directory)).toBe(
      `reference: Cannot use layer "ROOT/${name}": ${state}`,
    );
  });

  it('is told by its first word', () => {
    expect([isLowerdir('lowerdir=/a'), isLowerdir('lowerdir'), isLowerdir('nginx')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
