// What lower layers store for nothing: made with plain files alone, so that it runs without privilege.

import { chmodSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Survey } from '../../../src/layers/survey/survey.ts';
import { Copies } from '../../../src/layers/survey/survey-copies.ts';
import { SurveyedStack } from '../../../src/layers/survey/survey-stack.ts';
import { sumLayers } from '../../../src/layers/survey/survey-sums.ts';
import { wasteOf } from '../../../src/layers/survey/waste.ts';
import { mergeOptions } from '../../../src/overlay/options.ts';
import { parseLowerdir } from '../../../src/store/reference/lowerdir.ts';
import { jsonRecords } from '../../support/json-lines.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { stratafs } from '../cli/memory.ts';

/** Path → contents, or contents and mode; a path that ends in a slash is a directory. */
type Files = Readonly<Record<string, string | readonly [contents: string, mode: number]>>;

/** The reference of layers, top first. */
function layersOf(...layers: readonly Files[]): string {
  const { directory } = temporaryForTest();
  const paths = layers.map((files, i) => {
    const root = join(directory, String(i));
    mkdirSync(root);
    for (const [path, what] of Object.entries(files)) {
      const at = join(root, path);
      mkdirSync(path.endsWith('/') ? at : dirname(at), { recursive: true });
      if (path.endsWith('/')) continue;
      const [contents, mode] = typeof what === 'string' ? [what, 0o644] : what;
      writeFileSync(at, contents);
      chmodSync(at, mode);
    }
    return root;
  });
  return `lowerdir=${paths.join(':')}`;
}

function surveyed<T>(reference: string, use: (view: SurveyedStack, copies: Copies) => T): T {
  const stack = parseLowerdir(reference);
  const survey = new Survey(stack);
  try {
    for (const _ of survey.walk());
    const view = new SurveyedStack(survey, [...stack.layers.keys()], mergeOptions(stack));
    const copies = new Copies(view);
    for (const _ of copies.compare());
    return use(view, copies);
  } finally {
    survey.close();
  }
}

/** A line for each thing: kind, layer and the one that hides it, path, objects, bytes, what a copy changed. */
function waste(...layers: readonly Files[]): string[] {
  return surveyed(layersOf(...layers), (view, copies) =>
    wasteOf(view, copies).map(
      ({ kind, layer, by, path, objects, bytes, changed }) =>
        `${kind} ${layer} by ${by} ${path} ${objects} ${bytes} ${changed}`,
    ),
  );
}

describe('wasteOf()', () => {
  it.each<[rule: string, layers: readonly Files[], expected: string[]]>([
    ['nothing where nothing is hidden', [{ b: 'two' }, { a: 'one' }], []],
    ['a file that was written anew', [{ a: 'other' }, { a: 'one' }], ['rewritten 1 by 0 /a 1 3 ']],
    [
      'one that was written anew with the same size',
      [{ a: 'two' }, { a: 'one' }],
      ['rewritten 1 by 0 /a 1 3 '],
    ],
    ['one that was written again as it was', [{ a: 'one' }, { a: 'one' }], ['copied 1 by 0 /a 1 3 ']],
    [
      'one whose mode alone was changed',
      [{ a: ['one', 0o755] }, { a: ['one', 0o644] }],
      ['copied 1 by 0 /a 1 3 mode'],
    ],
    [
      'all that one layer copied, by the directory they are in',
      [
        { 'app/x/a': ['one', 0o755], 'app/x/y/b': ['four', 0o755] },
        { 'app/x/a': 'one', 'app/x/y/b': 'four' },
      ],
      ['copied 1 by 0 /app/x 2 7 mode'],
    ],
    [
      'a tree that a file took the place of',
      [{ app: 'x' }, { 'app/x/a': 'one', 'app/b': 'four' }],
      ['replaced 1 by 0 /app 2 7 '],
    ],
    [
      'each version that a newer one hides',
      [{ a: 'three!' }, { a: 'second' }, { a: 'one' }],
      ['rewritten 1 by 0 /a 1 6 ', 'rewritten 2 by 1 /a 1 3 '],
    ],
    ['an empty file among others', [{ a: '' }, { a: '' }], ['copied 1 by 0 /a 1 0 ']],
  ])('tells %s', (_, layers, expected) => {
    expect(waste(...layers)).toEqual(expected);
  });
});

describe('sumLayers()', () => {
  it('counts a file with several names once, as shown while one of them is', () => {
    const reference = layersOf({ a: 'x', 'd/b': 'y' }, { a: '12345', 'd/b': '123' });
    const [, low = ''] = reference.slice('lowerdir='.length).split(':');
    linkSync(join(low, 'a'), join(low, 'other'));
    linkSync(join(low, 'd/b'), join(low, 'd/c'));
    writeFileSync(join(reference.slice('lowerdir='.length).split(':')[0] ?? '', 'd/c'), 'z');
    const sums = surveyed(reference, (view, copies) => sumLayers(view, copies));
    expect(sums.map(({ stored, shown, hidden }) => [stored.bytes, shown.bytes, hidden.bytes])).toEqual([
      [3, 3, 0],
      [8, 5, 3],
    ]);
  });
});

describe('history --waste', () => {
  it('names what is hidden, how it could have been avoided, and the sum', async () => {
    const reference = layersOf(
      { 'app/a': ['0123456789', 0o755], 'app/b': ['01234', 0o755], c: 'new' },
      { 'app/a': '0123456789', 'app/b': '01234', c: 'older' },
    );
    const { out, code } = await stratafs(['history', '--waste', reference]);
    expect([code, out.replaceAll(/ {2,}/g, '|')]).toEqual([
      0,
      [
        'HIDDEN|LAYER|HOW|PATH|AVOIDED BY',
        '15B|1|rewritten (mode only) in 2|/app (2 files)|setting mode in layer 1',
        '5B|1|rewritten in 2|/c|not writing in layer 1',
        '20B in all',
        '',
      ].join('\n'),
    ]);
    const { out: table } = await stratafs(['history', reference]);
    expect(table).toMatch(/rewritten in 2 \(mode only\)|rewritten in 2 \(15B of it as it was\)/);
    const { out: json } = await stratafs(['history', '--waste', '--json', reference]);
    expect(jsonRecords<{ kind: string }>(json).map(({ kind }) => kind)).toEqual(['copied', 'rewritten']);
  });
});
