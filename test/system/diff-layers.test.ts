// What `stratafs diff` says of a tree whose entries come from several layers.
import { beforeAll, expect, it } from 'vitest';
import { OLD } from '../support/diff-pair.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

describeSystem('stratafs diff of a tree that several layers made', ['root', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const path = (name: string) => temporary.path(name);
  const diff = async (...words: string[]) => {
    const base = `lowerdir=${path('1')}`;
    const app = `lowerdir=${['6', '5', '4', '3', '2', '1'].map(path).join(':')}`;
    const sides = words.includes('--reverse') ? [app, base] : [base, app];
    const { stdout } = await stratafs(['diff', ...words.filter((word) => word !== '--reverse'), ...sides]);
    const lines = stdout.split('\n').filter((line) => /^[AB]\d {2}|\/\*\*/.test(line.trim()));
    return lines.map((line) => line.trim().replace(/ {2,}/g, '  '));
  };

  beforeAll(() =>
    new Oracle(temporary).write([
      { directory: path('1'), steps: [layer.file('keep', '', OLD)] },
      { directory: path('2'), steps: [layer.file('srv/a', 'a', OLD), layer.file('srv/d/b', 'bb', OLD)] },
      { directory: path('3'), steps: [layer.file('srv/c', 'ccc', OLD)] },
      { directory: path('4'), steps: [layer.directory('srv', OLD)] },
      { directory: path('5'), steps: [layer.file('other/one', '1', OLD)] },
      { directory: path('6'), steps: [layer.file('srv/e', 'eeee', OLD)] },
      { directory: path('file'), steps: [layer.file('srv', 'a file', OLD)] },
    ]),
  );

  it('--by-layer counts each entry of what took a place, or was in it', async () => {
    const stack = (...names: string[]) => `lowerdir=${names.map(path).join(':')}`;
    const rows = async (...words: string[]) => {
      const { stdout } = await stratafs(['diff', '--path', '/srv', ...words]);
      return stdout.split('\n').map((line) => line.trim().replace(/ {2,}/g, '  '));
    };
    const [file, tree, above] = [stack('file', '1'), stack('3', '2', '1'), stack('file', '3', '2', '1')];
    expect(await rows('--by-layer', file, tree)).toEqual([
      'LAYER  ADDED  REMOVED  CHANGED  METADATA  TYPE  SIZE  CREATED BY',
      'B2  3  0  0  0  1  -3B  plain',
      'B3  1  0  0  0  0  +3B  plain',
      '',
      '4 added, 1 of another type',
      '',
    ]);
    expect(await rows('--by-layer', tree, above)).toEqual([
      'LAYER  ADDED  REMOVED  CHANGED  METADATA  TYPE  SIZE  CREATED BY',
      'B4  0  4  0  0  1  +0B  plain',
      '',
      '4 removed, 1 of another type',
      '',
    ]);
    expect(await rows('--stat', file, tree)).toContain('4  0  0  0  1  +0B  /');
    expect(await rows('--summary', file, tree)).toContain('6B added, 6B removed');
    // As counts and as names, it is the same.
    expect(await rows('--name-status', file, tree)).toEqual([
      'T\t/srv',
      'A\t/srv/a',
      'A\t/srv/c',
      'A\t/srv/d',
      'A\t/srv/d/b',
      '',
    ]);
  });

  it.each([
    ['names all of them', [], ['+  /other/**  2 entries, 1B  B5', '+  /srv/**  6 entries, 10B  B2-B3,B6']],
    [
      'names all of them where it looks for renames',
      ['--renames'],
      ['+  /other/**  2 entries, 1B  B5', '+  /srv/**  6 entries, 10B  B2-B3,B6'],
    ],
    [
      'names those of A where it is removed',
      ['--reverse'],
      ['-  /other/**  2 entries, 1B  A5', '-  /srv/**  6 entries, 10B  A2-A3,A6'],
    ],
    [
      '--by-layer counts each entry for the layer it came with',
      ['--by-layer'],
      [
        'B2  4  0  0  0  +3B  +3B  +3B  +0B  plain',
        'B3  1  0  0  0  +3B  +3B  +3B  +0B  plain',
        'B5  2  0  0  0  +1B  +1B  +1B  +0B  plain',
        'B6  1  0  0  0  +4B  +4B  +4B  +0B  plain',
      ],
    ],
    [
      '--by-layer counts what is removed for the layers of A',
      ['--by-layer', '--reverse'],
      [
        'A2  0  4  0  0  -3B  -3B  -3B  +0B  plain',
        'A3  0  1  0  0  -3B  -3B  -3B  +0B  plain',
        'A5  0  2  0  0  -1B  -1B  -1B  +0B  plain',
        'A6  0  1  0  0  -4B  -4B  -4B  +0B  plain',
      ],
    ],
  ])('%s', async (_, words, expected) => {
    expect(await diff(...words)).toEqual(expected);
  });
});
