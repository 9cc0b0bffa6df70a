// What is shown of a tree, as it is made of paths.
import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/sys/bytes.ts';
import { ALL, type Selection, SelectionDraft } from '../../../src/whole/selection.ts';

function told(selection: Selection): string {
  return [...selection]
    .map(([name, inside]) => (inside === ALL ? `${name}*` : `${name}(${told(inside)})`))
    .join(' ');
}

describe('SelectionDraft', () => {
  const rules: readonly (readonly [string, readonly (readonly [string, 'all' | 'nothing'])[], string])[] = [
    ['shows nothing unless told', [], ''],
    ['has the root whatever is told of it', [['/', 'nothing']], ''],
    ['shows the directories that lead to a path', [['/a/b/c', 'all']], 'a(b(c*))'],
    ['shows a directory without what is in it', [['/a/b', 'nothing']], 'a(b())'],
    [
      'shows of such a directory what is told later',
      [
        ['/a', 'nothing'],
        ['/a/b', 'all'],
        ['/a/c', 'nothing'],
      ],
      'a(b* c())',
    ],
    [
      'keeps what is shown in a directory that is told again',
      [
        ['/a/b', 'all'],
        ['/a', 'nothing'],
      ],
      'a(b*)',
    ],
    [
      'shows all of a directory whatever is told of what is in it',
      [
        ['/a/b', 'nothing'],
        ['/a', 'all'],
        ['/a/c', 'nothing'],
        ['/a', 'nothing'],
      ],
      'a*',
    ],
  ];

  it.each(rules)('%s', (_, paths, expected) => {
    const draft = new SelectionDraft();
    for (const [path, inside] of paths) draft.add(asBytes(path), inside);
    expect(told(draft.selection)).toBe(expected);
  });

  it('knows what is below something of which all is shown', () => {
    const draft = new SelectionDraft();
    draft.add(asBytes('/a/b'), 'all');
    draft.add(asBytes('/c'), 'nothing');
    expect(['/a', '/a/b', '/a/b/c', '/c', '/c/d', '/'].map((path) => draft.hasAll(asBytes(path)))).toEqual([
      ...[false, true, true],
      ...[false, false, false],
    ]);
  });
});
