// The union rules about redirects: where a directory goes on in the layers below.
import { directory, file, opaque, redirect, symlink, whiteout } from '../../support/layers.ts';
import type { Rule } from './rule.ts';

const nofollow = { options: { redirect: 'nofollow' } } as const;

const INVALID: readonly (readonly [string, string])[] = [
  ['', 'EINVAL'],
  ['a/b', 'EINVAL'],
  ['/', 'EINVAL'],
  ['/x//y', 'EINVAL'],
  ['/x/', 'EINVAL'],
  ['.', 'EACCES'],
  ['..', 'EACCES'],
  ['/a/../b', 'EACCES'],
  ['/a/./b', 'EACCES'],
];

export const REDIRECTS: readonly Rule[] = [
  {
    rule: 'a relative redirect changes the name for the layers below',
    layers: [
      [directory('new'), redirect('new', 'old')],
      [file('old/f'), file('new/hidden')],
    ],
    expected: ['/new dir 0', '/new/f file 1', '/old dir 1', '/old/f file 1'],
  },
  {
    rule: 'an absolute redirect is walked from the root of the layers below',
    layers: [[directory('d/new'), redirect('d/new', '/e/old'), whiteout('e')], [file('e/old/f')]],
    expected: ['/d dir 0', '/d/new dir 0', '/d/new/f file 1'],
  },
  {
    rule: 'redirects are chained from layer to layer',
    layers: [
      [directory('c'), redirect('c', 'b'), whiteout('b')],
      [directory('b'), redirect('b', 'a'), whiteout('a')],
      [file('a/f')],
    ],
    expected: ['/c dir 0', '/c/f file 2'],
  },
  {
    rule: 'two names can be swapped',
    layers: [
      [directory('a'), redirect('a', 'b'), directory('b'), redirect('b', 'a')],
      [file('a/was-a'), file('b/was-b')],
    ],
    expected: ['/a dir 0', '/a/was-b file 1', '/b dir 0', '/b/was-a file 1'],
  },
  {
    rule: 'an absolute redirect leads out of an opaque directory',
    layers: [
      [directory('a/b'), opaque('a'), redirect('a/b', '/c')],
      [file('a/hidden'), file('c/f')],
    ],
    expected: ['/a dir 0', '/a/b dir 0', '/a/b/f file 1', '/c dir 1', '/c/f file 1'],
  },
  {
    rule: 'an absolute redirect leads on through all layers below',
    layers: [[directory('a/n'), redirect('a/n', '/o')], [file('o/1')], [whiteout('a')], [file('o/3')]],
    expected: [
      '/a dir 0',
      '/a/n dir 0',
      '/a/n/1 file 1',
      '/a/n/3 file 3',
      '/o dir 1',
      '/o/1 file 1',
      '/o/3 file 3',
    ],
  },
  {
    rule: 'a redirect met on the way of an absolute one is followed in the layers below',
    layers: [
      [directory('n'), redirect('n', '/p/q')],
      [file('p/q/1'), redirect('p', 'r')],
      [file('r/q/2'), file('p/q/hidden')],
    ],
    expected: [
      '/n dir 0',
      '/n/1 file 1',
      '/n/2 file 2',
      '/p dir 1',
      '/p/q dir 1',
      '/p/q/1 file 1',
      '/p/q/2 file 2',
      '/r dir 2',
      '/r/q dir 2',
      '/r/q/2 file 2',
    ],
  },
  {
    rule: 'an opaque directory on the way of an absolute redirect ends the merge, unless the target leads on',
    layers: [
      [directory('m'), redirect('m', '/p/q'), directory('n'), redirect('n', '/p/r')],
      [file('p/q/1'), file('p/r/1'), opaque('p'), redirect('p/r', '/z')],
      [file('p/q/hidden'), file('p/r/hidden'), file('z/2')],
    ],
    expected: [
      '/m dir 0',
      '/m/1 file 1',
      '/n dir 0',
      '/n/1 file 1',
      '/n/2 file 2',
      '/p dir 1',
      '/p/q dir 1',
      '/p/q/1 file 1',
      '/p/r dir 1',
      '/p/r/1 file 1',
      '/p/r/2 file 2',
      '/z dir 2',
      '/z/2 file 2',
    ],
  },
  {
    rule: 'opaque is stronger than a redirect',
    layers: [[directory('n'), opaque('n'), redirect('n', 'o')], [file('o/f')]],
    expected: ['/n dir 0', '/o dir 1', '/o/f file 1'],
  },
  {
    rule: 'a redirect to nothing, to a file or to a symlink leaves the directory alone',
    layers: [
      ['missing', 'file', 'link'].flatMap((to) => [directory(`to-${to}`), redirect(`to-${to}`, to)]),
      [file('file'), symlink('link', 'dir'), file('dir/f')],
    ],
    expected: [
      '/dir dir 1',
      '/dir/f file 1',
      '/file file 1',
      '/link symlink 1',
      '/to-file dir 0',
      '/to-link dir 0',
      '/to-missing dir 0',
    ],
  },
  {
    rule: 'two directories may be redirected to one',
    layers: [[directory('a'), redirect('a', 'o'), directory('b'), redirect('b', 'o')], [file('o/f')]],
    expected: ['/a dir 0', '/a/f file 1', '/b dir 0', '/b/f file 1', '/o dir 1', '/o/f file 1'],
  },
  {
    rule: 'a redirect on a file, or in the lowest layer, means nothing',
    layers: [
      [file('f'), redirect('f', 'g')],
      [file('g'), directory('d'), redirect('d', 'e'), file('e/f')],
    ],
    expected: ['/d dir 1', '/e dir 1', '/e/f file 1', '/f file 0', '/g file 1'],
  },
  {
    rule: 'an invalid redirect fails the lookup of its name alone',
    layers: [
      [
        file('sound'),
        ...INVALID.flatMap(([value], i) => [directory(`d${i}/kept`), redirect(`d${i}`, value)]),
      ],
      [directory('a'), ...INVALID.map((_, i) => file(`d${i}/below`))],
    ],
    expected: ['/a dir 1', ...INVALID.map(([, errno], i) => `/d${i} ! ${errno}`), '/sound file 0'],
  },
  {
    ...nofollow,
    rule: 'nofollow refuses a directory with a redirect, above the lowest layer',
    layers: [
      [directory('a'), redirect('a', 'b'), directory('c')],
      [directory('c'), redirect('c', 'd')],
      [file('b/f'), directory('e'), redirect('e', 'b')],
    ],
    expected: ['/a ! EPERM', '/b dir 2', '/b/f file 2', '/c ! EPERM', '/e dir 2'],
  },
];
