import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/diff/change.ts';
import { type ChangeGroup, Grouping } from '../../../src/diff/explain/groups.ts';
import type { Aspect, Item } from '../../../src/diff/item.ts';
import { ManifestItem } from '../../../src/diff/manifest/manifest.ts';
import { asBytes } from '../../../src/sys/bytes.ts';

function item(mode: string, uid: number): Item {
  const words = new Map([
    ['type', 'file'],
    ['mode', mode],
    ['uid', String(uid)],
    ['gid', '0'],
  ]);
  return new ManifestItem(words, { allXattrs: false });
}

/** A change of modes, or of whatever `what` says, by a layer of B. */
function changed(path: string, layer: number, more: Partial<Change> = {}): Change {
  return {
    path: asBytes(path),
    op: 'modify',
    what: ['mode'],
    flags: [],
    a: item('0644', 0),
    b: item('0666', 0),
    setBy: { a: { mode: 1, uid: 1 }, b: { mode: layer, uid: layer } },
    ...more,
  };
}

type Told = Change | ChangeGroup;

function told(changes: readonly Change[]): Told[] {
  const all: Told[] = [];
  const sink = { change: (one: Change) => all.push(one), group: (one: ChangeGroup) => all.push(one) };
  const grouping = new Grouping(sink, (layer) => layer <= 1);
  for (const change of changes) grouping.change(change);
  grouping.finish();
  return all;
}

function words(all: readonly Told[]): string[] {
  return all.map((one) =>
    'directory' in one ? `${one.directory}/** ${one.count} ${one.modes}` : `${one.path} ${one.op}`,
  );
}

const numbered = (directory: string, count: number, layer = 3, more: Partial<Change> = {}) =>
  Array.from({ length: count }, (_, i) => changed(`${directory}/${1000 + i}`, layer, more));

describe('Grouping', () => {
  it('tells equal changes of one layer as one, where the first of them is', () => {
    const other = changed('/app/1001x', 3, { op: 'add', what: [] });
    const [first, second, ...rest] = numbered('/app', 6);
    expect(words(told([first, second, other, ...rest] as Change[]))).toEqual([
      '/app/** 6 a+w',
      '/app/1001x add',
    ]);
  });

  it('tells few one by one, and in their order', () => {
    const changes = [changed('/app/a', 3), changed('/app/b', 4), changed('/app/c', 3), changed('/app/d', 3)];
    expect(words(told(changes))).toEqual(changes.map(({ path }) => `${path} modify`));
  });

  it('names the nearest directory that all are in, or that is one of them', () => {
    const below = [changed('/app', 3), ...numbered('/app/x', 3), ...numbered('/app/y', 3)];
    expect(words(told(below))).toEqual(['/app/** 7 a+w']);
    expect(words(told(below.slice(1, 5)))).toEqual(['/app/** 4 a+w']);
    expect(words(told(numbered('/app/x', 4)))).toEqual(['/app/x/** 4 a+w']);
  });

  it.each<[string, Partial<Change>]>([
    ['another step', { setBy: { a: { mode: 1 }, b: { mode: 4 } } }],
    ['another mode', { b: item('0600', 0) }],
    ['an owner as well', { what: ['mode', 'uid'] }],
  ])('keeps apart what has %s', (_, more) => {
    const mixed = [...numbered('/app/a', 4), ...numbered('/app/b', 4, 3, more)];
    expect(told(mixed)).toHaveLength(2);
  });

  it.each<[string, Partial<Change>]>([
    ['gains a privilege', { flags: ['setuid-added'] }],
    ['was counted before', { isCounted: true }],
    ['changed while it was read', { raced: true }],
    ['is noise', { noise: 'rule' }],
    ['has other contents', { what: ['content', 'mode'] }],
    ['differs in its links', { what: ['links'] }],
  ])('tells by name what %s', (_, more) => {
    expect(told(numbered('/app', 6, 3, more))).toHaveLength(6);
  });

  it('keeps top directories apart', () => {
    expect(words(told([...numbered('/app', 4), ...numbered('/srv', 5)]))).toEqual([
      '/app/** 4 a+w',
      '/srv/** 5 a+w',
    ]);
  });

  it('lets no more wait than it may, and loses none', () => {
    const others = numbered('/app/m', 9000, 3, { op: 'add', what: [] });
    const all = told([...numbered('/app/a', 4), ...others, ...numbered('/app/z', 4)]);
    expect(words(all.filter((one) => 'directory' in one))).toEqual(['/app/a/** 4 a+w', '/app/z/** 4 a+w']);
    expect(all).toHaveLength(9002);
  });

  it('tells every change once, alone or in a group', () => {
    const what: readonly (readonly Aspect[])[] = [['mode'], ['uid'], ['mode', 'uid'], ['content'], ['mtime']];
    const change = fc.record({
      path: fc
        .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
        .map((names) => `/${names.join('/')}`),
      layer: fc.integer({ min: 1, max: 3 }),
      what: fc.constantFrom(...what),
      mode: fc.constantFrom('0600', '0666', '0755'),
      isFlagged: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (drawn) => {
        const changes = drawn
          .map((one, i) => ({ ...one, path: `${one.path}/${i}` }))
          .sort((a, b) => (a.path < b.path ? -1 : 1))
          .map(({ path, layer, what: aspects, mode, isFlagged }) =>
            changed(path, layer, {
              what: aspects,
              b: item(mode, layer),
              flags: isFlagged ? ['setuid-added'] : [],
            }),
          );
        const all = told(changes);
        const groups = all.filter((one): one is ChangeGroup => 'directory' in one);
        const singles = all.filter((one): one is Change => 'op' in one);
        const grouped = changes.filter((one) => !singles.includes(one));
        expect(singles).toEqual(changes.filter((one) => singles.includes(one)));
        expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(grouped.length);
        for (const { directory, first } of groups) expect(`${first.path}/`).toContain(`${directory}/`);
        for (const one of grouped) expect(one.flags).toEqual([]);
        for (const { count } of groups) expect(count).toBeGreaterThan(3);
      }),
    );
  });
});
