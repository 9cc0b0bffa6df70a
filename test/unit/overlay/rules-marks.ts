// The union rules without redirects: names, whiteouts, and what ends a merge.
import {
  device,
  directory,
  file,
  mark,
  opaque,
  special,
  symlink,
  whiteout,
  xattrWhiteout,
} from '../../support/layers.ts';
import type { Rule } from './rule.ts';

export const PLAIN: readonly Rule[] = [
  {
    rule: 'a name in one layer is seen',
    layers: [[file('a')], [file('b')], [special('c', 'fifo')]],
    expected: ['/a file 0', '/b file 1', '/c fifo 2'],
  },
  {
    rule: 'a whiteout hides its name and itself, and nothing beside it',
    layers: [[whiteout('a/b')], [file('a/b'), file('a/c')]],
    expected: ['/a dir 0', '/a/c file 1'],
  },
  {
    rule: 'a whiteout of nothing hides nothing',
    layers: [[whiteout('w')], [file('a')]],
    expected: ['/a file 1'],
  },
  {
    rule: 'only a character device 0:0 is a whiteout',
    layers: [
      [device('a', 'block', [0, 0]), device('b', 'char', [0, 1]), device('c', 'char', [1, 0])],
      [file('a'), file('b'), file('c')],
    ],
    expected: ['/a block 0', '/b char 0', '/c char 0'],
  },
  {
    rule: 'a file above a directory hides all of it',
    layers: [[file('a')], [file('a/b')]],
    expected: ['/a file 0'],
  },
  {
    rule: 'a file between two directories ends the merge',
    layers: [[file('a/top')], [file('a')], [file('a/lowest')]],
    expected: ['/a dir 0', '/a/top file 0'],
  },
  {
    rule: 'a symlink between two directories ends the merge and is not followed',
    layers: [[file('a/top')], [symlink('a', 'b'), file('b/other')], [file('a/lowest')]],
    expected: ['/a dir 0', '/a/top file 0', '/b dir 1', '/b/other file 1'],
  },
  {
    rule: 'a tree recreated above a whiteout stays without the old one, marked opaque or not',
    layers: [[file('a/b/new')], [whiteout('a')], [file('a/b/old'), file('a/old')]],
    expected: ['/a dir 0', '/a/b dir 0', '/a/b/new file 0'],
  },
  {
    rule: "a directory known to one layer is not looked for by its path in others' layers",
    layers: [[directory('a/b')], [file('a')], [file('a/b/c')]],
    expected: ['/a dir 0', '/a/b dir 0'],
  },
];

export const OPAQUE: readonly Rule[] = [
  {
    rule: 'an opaque directory ends the merge for itself and all below it',
    layers: [[file('a/b/top')], [directory('a/b'), opaque('a')], [file('a/b/lowest'), file('a/lowest')]],
    expected: ['/a dir 0', '/a/b dir 0', '/a/b/top file 0'],
  },
  {
    rule: 'opaque is one byte, y',
    layers: [
      ['yes', 'Y', '1', 'n', 'xy', ''].flatMap((value) => [
        directory(`d${value}`),
        opaque(`d${value}`, value),
      ]),
      ['yes', 'Y', '1', 'n', 'xy', ''].map((value) => file(`d${value}/below`)),
    ],
    expected: ['', '1', 'Y', 'n', 'xy', 'yes'].flatMap((value) => [
      `/d${value} dir 0`,
      `/d${value}/below file 1`,
    ]),
  },
  {
    rule: 'opaque means nothing on the root of a layer',
    layers: [[file('a'), opaque('.')], [file('b')]],
    expected: ['/a file 0', '/b file 1'],
  },
  {
    rule: 'a mark in the other namespace, or escaped, means nothing',
    layers: [
      [directory('a'), opaque('a', 'y', 'user'), directory('b'), mark('b', 'overlay.opaque', 'y')],
      [file('a/x'), file('b/x')],
    ],
    expected: ['/a dir 0', '/a/x file 1', '/b dir 0', '/b/x file 1'],
  },
  {
    rule: 'an xattr whiteout hides where its directory is marked x',
    layers: [
      [directory('a'), opaque('a', 'x'), xattrWhiteout('a/b')],
      [file('a/b'), file('a/c')],
    ],
    expected: ['/a dir 0', '/a/c file 1'],
  },
  {
    rule: 'a lookup asks no directory for its x mark before it obeys an xattr whiteout',
    layers: [
      [directory('a'), xattrWhiteout('a/b')],
      [file('a/b'), file('a/c')],
    ],
    expected: ['/a dir 0', '/a/c file 1'],
  },
  {
    rule: 'a file with contents is no xattr whiteout',
    layers: [
      [directory('a'), opaque('a', 'x'), file('a/b'), mark('a/b', 'whiteout', 'y')],
      [symlink('a/b', 'x')],
    ],
    expected: ['/a dir 0', '/a/b file 0'],
  },
];
