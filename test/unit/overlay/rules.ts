// The union rules as a table: layers as steps, and the whole merged tree as text. `merge.test.ts` asks the rules in memory,
// `test/system/overlay-rules.test.ts` asks the running kernel and the mounted command, so that no row can be wrong.
import type { MergeOptions } from '../../../src/overlay/merge.ts';
import {
  device,
  directory,
  file,
  mark,
  metacopy,
  opaque,
  redirect,
  type Step,
  special,
  symlink,
  whiteout,
  xattrWhiteout,
} from '../../support/layers.ts';

export interface Rule {
  readonly rule: string;
  /** Top first. */
  readonly layers: readonly (readonly Step[])[];
  /** The last so many layers are data-only. */
  readonly dataOnly?: number;
  readonly options?: Partial<Pick<MergeOptions, 'redirect' | 'metacopy'>>;
  /** `/path type layer`, a metacopy file with `data layer`; in byte order of paths, a directory before what it holds. */
  readonly expected: readonly string[];
}

const metacopyOn = { options: { metacopy: true } } as const;
const nofollow = { options: { redirect: 'nofollow' } } as const;

/** A metacopy file that says where its data are. */
function stub(path: string, to?: string): Step[] {
  return [file(path), metacopy(path), ...(to === undefined ? [] : [redirect(path, to)])];
}

const PLAIN: readonly Rule[] = [
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

const OPAQUE: readonly Rule[] = [
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

const REDIRECTS: readonly Rule[] = [
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

const METACOPY: readonly Rule[] = [
  {
    rule: 'a metacopy file is refused unless asked for',
    layers: [
      [...stub('f'), file('g')],
      [file('f'), ...stub('g')],
    ],
    expected: ['/f ! EPERM', '/g file 0'],
  },
  {
    ...metacopyOn,
    rule: 'a metacopy file has the attributes of its own layer and the data of the next',
    layers: [stub('f'), [file('f')], [file('f')]],
    expected: ['/f file 0 data 1'],
  },
  {
    ...metacopyOn,
    rule: 'data are found through other metacopy files and through redirects',
    layers: [stub('d/n', '/e/o'), stub('e/o', 'p'), [file('e/p'), whiteout('e/o')]],
    expected: ['/d dir 0', '/d/n file 0 data 2', '/e dir 1', '/e/o file 1 data 2', '/e/p file 2'],
  },
  {
    ...metacopyOn,
    rule: 'a metacopy file without data fails its lookup',
    layers: [
      ['none', 'white', 'link', 'dir'].flatMap((name) => stub(name)),
      [whiteout('white'), symlink('link', 'x'), directory('dir')],
      [file('white')],
    ],
    expected: ['/dir ! EIO', '/link ! EIO', '/none ! EIO', '/white ! EIO'],
  },
  {
    ...metacopyOn,
    rule: 'a metacopy mark of one to three bytes fails the lookup',
    layers: [
      [file('f'), metacopy('f', 'ab'), file('g'), metacopy('g', '\0\x04\0\0')],
      [file('f'), file('g')],
    ],
    expected: ['/f ! EIO', '/g file 0 data 1'],
  },
  {
    ...metacopyOn,
    rule: 'a metacopy file in a redirected directory has its data where the directory was',
    layers: [[directory('n'), redirect('n', 'o'), ...stub('n/f'), whiteout('o')], [file('o/f')]],
    expected: ['/n dir 0', '/n/f file 0 data 1'],
  },
];

const DATA_ONLY: readonly Rule[] = [
  {
    ...metacopyOn,
    rule: 'a data-only layer shows no name, and gives data to absolute redirects',
    layers: [[...stub('f', '/x/data'), file('d/own')], [file('low')], [file('x/data'), file('d/hidden')]],
    dataOnly: 1,
    expected: ['/d dir 0', '/d/own file 0', '/f file 0 data /x/data', '/low file 1'],
  },
  {
    ...metacopyOn,
    rule: 'data that a data-only layer should give are looked for when they are read',
    layers: [[...stub('f', '/missing'), ...stub('g')], [file('low')], [file('data')]],
    dataOnly: 1,
    expected: ['/f file 0 data /missing', '/g ! EIO', '/low file 1'],
  },
];

export const RULES: readonly Rule[] = [...PLAIN, ...OPAQUE, ...REDIRECTS, ...METACOPY, ...DATA_ONLY];

/**
 * The layers of a rule with each object owned by its layer's index, which is also what files hold, so
 * that a mount of them tells where what it shows is from. Directories on the way are made steps of their own.
 */
export function stamped(layers: readonly (readonly Step[])[]): Step[][] {
  return layers.map((steps, layer) => {
    const known = new Set<string>();
    return steps.flatMap((step): Step[] => {
      if (step.kind === 'change') return [step];
      const parents = step.path.split('/').slice(0, -1);
      const owner = [layer, layer] as const;
      const missing = parents
        .map((_, i) => parents.slice(0, i + 1).join('/'))
        .filter((path) => !known.has(path));
      for (const path of [...missing, step.path]) known.add(path);
      const isWhiteout = step.xattrs?.some(([name]) => name.endsWith('.whiteout')) ?? false;
      const contents = step.kind === 'file' && !isWhiteout ? { data: [[0, String(layer)] as const] } : {};
      return [...missing.map((path) => directory(path, { owner })), { ...step, ...contents, owner }];
    });
  });
}
