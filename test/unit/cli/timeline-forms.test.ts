// The lines of a timeline: what lies in an image must not be a formula where its table is opened.
import { expect, it } from 'vitest';
import { TIMELINE_FORMS } from '../../../src/cli/print/timeline-forms.ts';
import { bytesOfText } from '../../../src/sys/bytes.ts';

const TIME = { seconds: 1, nanoseconds: 2 };

function csv(target: string, path = '/x', label = 'web:1'): string | undefined {
  const lines: string[] = [];
  const attributes = {
    ...{ mode: 0o120777, uid: 0, gid: 0, size: 1, nlink: 1, ino: 5n, rdev: 0, blocks: 0 },
    ...{ mtime: TIME, atime: TIME, ctime: TIME },
  };
  TIMELINE_FORMS.csv?.lines(
    {
      entry: {
        path: bytesOfText(path),
        target: bytesOfText(target),
        attributes,
        layer: 0,
        state: 'visible',
      },
      ...{ layer: 1, label, isOneOfMany: false },
    },
    (_, line) => lines.push(line),
  );
  return lines[0]?.split(',5,', 2)[1];
}

it.each([
  ['=HYPERLINK("http://x")', '/x,"\\075HYPERLINK(""http://x"")",web:1'],
  ["+cmd|'/C calc'!A0", "/x,\\053cmd|'/C calc'!A0,web:1"],
  ['-1', '/x,\\0551,web:1'],
  ['@SUM(1)', '/x,\\100SUM(1),web:1'],
  ['＝SUM(1)', '/x,\\357\\274\\235SUM(1),web:1'],
  ['a;=1', '/x,a;\\0751,web:1'],
  ['a,=1,-b', '/x,"a,\\0751,\\055b",web:1'],
  ['a=b-c', '/x,a=b-c,web:1'],
])('a link to %s is no formula', (target, cells) => {
  expect(csv(target)).toBe(cells);
});

it('neither a path nor a reference is one', () => {
  expect(csv('t', '/a;=1', '=1')).toBe('/a;\\0751,t,\\0751');
});
