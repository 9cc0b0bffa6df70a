// The union rules as a table: layers as steps, and the whole merged tree as text. `merge.test.ts` asks the rules in memory,
// `test/system/overlay-rules.test.ts` asks the running kernel and the mounted command, so that no row can be wrong.
import { directory, file, metacopy, redirect, type Step, symlink, whiteout } from '../../support/layers.ts';
import type { Rule } from './rule.ts';
import { OPAQUE, PLAIN } from './rules-marks.ts';
import { REDIRECTS } from './rules-redirects.ts';

const metacopyOn = { options: { metacopy: true } } as const;

/** A metacopy file that says where its data are. */
function stub(path: string, to?: string): Step[] {
  return [file(path), metacopy(path), ...(to === undefined ? [] : [redirect(path, to)])];
}

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
  {
    rule: 'the lowest layer leads into a data-only one without metacopy=on, another layer does not',
    layers: [
      [...stub('top', '/data'), ...stub('only/f', '/data')],
      [...stub('low', '/data'), ...stub('relative', 'data'), ...stub('bare'), file('top')],
      [file('data')],
    ],
    dataOnly: 1,
    expected: [
      '/bare ! EPERM',
      '/low file 1 data /data',
      '/only dir 0',
      '/only/f ! EPERM',
      '/relative ! EPERM',
      '/top ! EPERM',
    ],
  },
  {
    options: { redirect: 'nofollow' },
    rule: 'it does so where redirects are not followed',
    layers: [
      [directory('moved'), redirect('moved', 'old'), directory('n')],
      [...stub('n/f', '/d/data'), directory('old')],
      [file('d/data')],
    ],
    dataOnly: 1,
    expected: ['/moved ! EPERM', '/n dir 0', '/n/f file 1 data /d/data', '/old dir 1'],
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
