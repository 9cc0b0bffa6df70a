// Directories and files that are on no disk: what keeps its number when they are brought up to date, and what becomes of what cannot
// be had.
import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/sys/bytes.ts';
import { Errno, Trouble } from '../../../src/sys/errors.ts';
import {
  type DirectoryItem,
  fixedDirectory,
  type SceneItem,
  type SceneItems,
  type StackItem,
  textFile,
} from '../../../src/whole/item.ts';
import { SceneNumbers } from '../../../src/whole/scene-numbers.ts';
import { type Scene, Scenery } from '../../../src/whole/scenery.ts';
import type { Planted } from '../../../src/whole/stacks.ts';

function items(named: Readonly<Record<string, SceneItem>>): SceneItems {
  return new Map(Object.entries(named).map(([name, item]) => [asBytes(name), item]));
}

function directory(version: string, named: Readonly<Record<string, SceneItem>>): DirectoryItem {
  return fixedDirectory(items(named), version);
}

function stack(
  version: string,
  open: StackItem['open'] = () => Promise.reject(new Error('not opened')),
): StackItem {
  return { kind: 'stack', version, open };
}

/** `plant` answers roots 1000, 1001 …; what is felled and what changes is written down. */
function scenery(root: DirectoryItem, plant?: (item: StackItem) => unknown, end = 1000) {
  const numbers = new SceneNumbers(end);
  const told: string[] = [];
  let roots = 1000;
  const made = new Scenery({
    root,
    numbers,
    graft: async () => [],
    ungraft: () => {},
    log: (message) => told.push(`log ${message}`),
    onChange: (parent, name) => told.push(`change ${parent}/${name}`),
    plant: async (item) => {
      await plant?.(item);
      const number = roots++;
      return { root: number, fell: () => told.push(`fell ${number}`) } as unknown as Planted;
    },
  });
  return { made, told, numbers };
}

async function child(made: Scenery, scene: Scene, name: string): Promise<Scene | undefined> {
  if (!made.isLoaded(scene)) await made.load(scene);
  return made.child(scene, asBytes(name));
}

async function mustHave(made: Scenery, scene: Scene, name: string): Promise<Scene> {
  const found = await child(made, scene, name);
  if (found === undefined) throw new Error(`no "${name}"`);
  return found;
}

describe('Scenery', () => {
  it('keeps the number of what stays, and gives what is new another', async () => {
    const { made, told, numbers } = scenery(
      directory('1', { a: directory('x', { f: textFile('1') }), gone: textFile('') }),
    );
    const a = await mustHave(made, made.root, 'a');
    const f = await mustHave(made, a, 'f');
    const gone = await mustHave(made, made.root, 'gone');
    const { changed } = made.root;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await made.update(directory('2', { a: directory('x', {}), added: textFile('') }));
    expect(made.root.children?.get(asBytes('a'))).toBe(a);
    expect(a.children?.get(asBytes('f'))).toBe(f);
    expect(made.get(gone.number)).toBeUndefined();
    expect(numbers.wasTaken(gone.number)).toBe(true);
    expect((await mustHave(made, made.root, 'added')).number).toBeGreaterThan(gone.number);
    expect(made.root.changed).toBeGreaterThan(changed);
    expect(told).toEqual([`change ${made.root.number}/gone`]);
  });

  it('does not look at what was not looked at, nor again at what is of the same version', async () => {
    let lists = 0;
    const counted = (version: string): DirectoryItem => ({
      kind: 'directory',
      version,
      list: () => {
        lists++;
        return new Map();
      },
    });
    const { made } = scenery(directory('1', { a: counted('x') }));
    const a = await mustHave(made, made.root, 'a');
    await made.update(directory('2', { a: counted('y') }));
    expect(lists).toBe(0);
    await made.load(a);
    await made.update(directory('3', { a: counted('y') }));
    expect(lists).toBe(1);
    await made.update(directory('4', { a: counted('z') }));
    expect(lists).toBe(2);
  });

  it('has a file that changed as another file', async () => {
    const { made } = scenery(directory('1', { f: textFile('old') }));
    const old = await mustHave(made, made.root, 'f');
    await made.load(old);
    await made.update(directory('2', { f: textFile('new') }));
    const changed = await mustHave(made, made.root, 'f');
    await made.load(changed);
    expect(changed.number).not.toBe(old.number);
    expect(String(changed.bytes)).toBe('new');
  });

  it('opens a stack once, fells it when it is another or is there no more', async () => {
    const { made, told } = scenery(directory('1', { s: stack('a') }));
    const s = await mustHave(made, made.root, 's');
    await Promise.all([made.load(s), made.load(s)]);
    expect(s.planted?.root).toBe(1000);
    expect(made.ofRoot(1000)).toBe(s);
    await made.update(directory('2', { s: stack('b') }));
    expect(made.isLoaded(s)).toBe(false);
    expect(made.ofRoot(1000)).toBeUndefined();
    await made.load(s);
    expect(s.planted?.root).toBe(1001);
    await made.update(directory('3', {}));
    expect(told).toEqual([
      ...['fell 1000', `change ${made.root.number}/s`],
      ...['fell 1001', `change ${made.root.number}/s`, `change ${made.root.number}/s`],
    ]);
  });

  it('has what cannot be shown as a directory that says why, and asks again after a while', async () => {
    const failures: unknown[] = [
      new Trouble('store', 'It is damaged'),
      new Errno(5, 'open it'),
      new TypeError('bug'),
    ];
    const { made, told } = scenery(directory('1', { s: stack('a') }), () => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
    });
    const s = await mustHave(made, made.root, 's');
    const said: string[] = [];
    while (failures.length > 0) {
      await made.load(s);
      expect(made.isLoaded(s)).toBe(true);
      expect([...(s.children?.keys() ?? [])]).toEqual(['.damage']);
      const damage = s.children?.get(asBytes('.damage')) as Scene;
      await made.load(damage);
      said.push(String(damage.bytes).split('\n')[0] ?? '');
      s.until = 0;
      expect(made.isLoaded(s)).toBe(false);
    }
    expect(said).toEqual([
      'It is damaged',
      'open it: input/output error',
      'a fault of stratafs itself: TypeError: bug',
    ]);
    expect(told.filter((line) => line.startsWith('log')).length).toBe(3);
    await made.load(s);
    expect(s.planted?.root).toBe(1000);
    expect(made.isLoaded(s)).toBe(true);
  });

  it.each([
    ['is there no more', {}],
    ['is another', { s: stack('b') }],
  ])('leaves nothing of what could not be shown where it %s by then', async (_, now) => {
    let fail = (_: Error) => {};
    const failing = stack('a', () => new Promise((_, reject) => (fail = reject)));
    const { made, told } = scenery(directory('1', { s: failing }), (item) => item.open());
    const s = await mustHave(made, made.root, 's');
    const loading = made.load(s);
    await made.update(directory('2', now));
    fail(new Trouble('store', 'It is gone'));
    await loading;
    expect([s.children, made.isLoaded(s), told]).toEqual([
      undefined,
      false,
      's' in now ? [] : [`change ${made.root.number}/s`],
    ]);
  });

  it('takes away what said why a stack could not be shown once it can', async () => {
    let isDamaged = true;
    const { made, told, numbers } = scenery(directory('1', { s: stack('a') }), () => {
      if (isDamaged) throw new Trouble('store', 'It is damaged');
    });
    const s = await mustHave(made, made.root, 's');
    await made.load(s);
    const damage = await mustHave(made, s, '.damage');
    isDamaged = false;
    s.until = 0;
    await made.load(s);
    expect([
      made.list(s, { isFirst: true }),
      made.get(damage.number),
      numbers.wasTaken(damage.number),
    ]).toEqual([[], undefined, true]);
    expect(told.slice(1)).toEqual([`change ${s.number}/.damage`, `change ${made.root.number}/s`]);
    await made.update(directory('2', { s: stack('b') }));
    isDamaged = true;
    await made.load(s);
    const again = await mustHave(made, s, '.damage');
    await made.update(directory('3', { s: stack('c') }));
    expect(made.get(again.number)).toBeUndefined();
  });

  it('reads a file again that could not be read, as another file', async () => {
    let isDamaged = true;
    const file: SceneItem = {
      kind: 'file',
      version: 'same',
      read: () => {
        if (isDamaged) throw new Trouble('store', 'It is damaged');
        return Buffer.from('right');
      },
    };
    const { made, told } = scenery(directory('1', { f: file }));
    const failed = await mustHave(made, made.root, 'f');
    await made.load(failed);
    expect(await mustHave(made, made.root, 'f')).toBe(failed);
    expect(String(failed.bytes)).toBe('It is damaged\n');
    isDamaged = false;
    failed.until = 0;
    const { changed } = made.root;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(made.list(made.root, { isFirst: false })).toEqual([failed]);
    const [again] = made.list(made.root, { isFirst: true }) as [Scene];
    expect(made.isLoaded(again)).toBe(false);
    await made.load(again);
    expect([again.number === failed.number, String(again.bytes)]).toEqual([false, 'right']);
    expect(await mustHave(made, made.root, 'f')).toBe(again);
    expect(made.root.changed).toBeGreaterThan(changed);
    expect(told).toEqual(['log It is damaged', `change ${made.root.number}/f`]);
    again.until = Number.POSITIVE_INFINITY;
    await made.update(directory('2', { f: file }));
    expect(await mustHave(made, made.root, 'f')).toBe(again);
  });

  it('reads a file again that holds for a time only, and keeps the one before for who reads it', async () => {
    let reads = 0;
    const file: SceneItem = {
      kind: 'file',
      version: 'same',
      holds: () => 3_600_000,
      read: () => Buffer.from(`${++reads}`),
    };
    const { made } = scenery(directory('1', { f: file }));
    const all: Scene[] = [];
    for (let i = 0; i < 3; i++) {
      const scene = await mustHave(made, made.root, 'f');
      await made.load(scene);
      expect(await mustHave(made, made.root, 'f')).toBe(scene);
      all.push(scene);
      scene.until = 0;
    }
    expect(all.map(({ bytes }) => String(bytes))).toEqual(['1', '2', '3']);
    expect(all.map(({ number }) => made.get(number) !== undefined)).toEqual([false, true, true]);
    await made.update(directory('2', {}));
    expect(all.map(({ number }) => made.get(number))).toEqual([undefined, undefined, undefined]);
  });

  it('gives numbers of what is gone to others when there are no more, once nobody uses them', async () => {
    const { made, numbers } = scenery(directory('0', { f: textFile('0') }), undefined, 5);
    const given: number[] = [];
    for (let i = 1; i <= 6; i++) {
      const { number } = await mustHave(made, made.root, 'f');
      given.push(number);
      // The first is held, and let go in two steps.
      if (i === 1) for (let times = 0; times < 3; times++) numbers.hold(number);
      if (i === 4) numbers.letGo(number, 1);
      if (i === 5) numbers.letGo(given[0] as number, 2);
      if (i === 6) numbers.letGo(given[0] as number, 1);
      await made.update(directory(`${i}`, { f: textFile(`${i}`) }));
    }
    given.push((await mustHave(made, made.root, 'f')).number);
    expect(given).toEqual([2, 3, 4, 3, 4, 3, 4]);
    await made.update(directory('7', { f: textFile('7') }));
    expect((await mustHave(made, made.root, 'f')).number).toBe(2);
  });

  it('opens anew what was let go', async () => {
    const { made, told } = scenery(directory('1', { s: stack('a'), t: stack('b') }));
    const [s, t] = [await mustHave(made, made.root, 's'), await mustHave(made, made.root, 't')];
    await made.load(s);
    await made.load(t);
    made.forgetRoots(({ root }) => root === 1000);
    expect([made.isLoaded(s), made.isLoaded(t)]).toEqual([false, true]);
    expect(told).toEqual([`change ${made.root.number}/s`]);
    await made.load(s);
    expect(s.planted?.root).toBe(1002);
  });

  it('fells a stack that was opened for a name that is gone by now', async () => {
    const { made, told } = scenery(directory('1', { s: stack('a') }));
    const s = await mustHave(made, made.root, 's');
    const loading = made.load(s);
    await made.update(directory('2', {}));
    await loading;
    expect(told).toContain('fell 1000');
    expect(made.ofRoot(1000)).toBeUndefined();
  });

  it('lists a directory that became another one while it was listed', async () => {
    const waiting: (() => void)[] = [];
    const slow = (version: string, named: string): DirectoryItem => ({
      kind: 'directory',
      version,
      list: async () => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return items({ [named]: textFile('') });
      },
    });
    const { made } = scenery(directory('1', { d: slow('a', 'old') }));
    const d = await mustHave(made, made.root, 'd');
    const loading = made.load(d);
    await made.update(directory('2', { d: slow('b', 'new') }));
    waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
    waiting.shift()?.();
    await loading;
    expect([...(d.children?.keys() ?? [])]).toEqual(['new']);
  });

  it('keeps nothing of a directory that went while it was listed', async () => {
    let goOn = () => {};
    const slow: DirectoryItem = {
      kind: 'directory',
      version: 'a',
      list: async () => {
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
        return items({ f: textFile('') });
      },
    };
    const { made, numbers } = scenery(directory('1', { d: slow }));
    const d = await mustHave(made, made.root, 'd');
    const loading = made.load(d);
    await made.update(directory('2', {}));
    goOn();
    await loading;
    expect([d.children, made.get(d.number), numbers.wasTaken(d.number + 1)]).toEqual([
      undefined,
      undefined,
      false,
    ]);
  });
});
