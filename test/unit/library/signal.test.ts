// Long work through the library that somebody gives up: the reason of the signal is what is thrown, and nothing stays open.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { diff, openStore, openTree, verify } from '../../../src/index.ts';
import { writeNewArchive } from '../../support/fake-archive.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

const REASON = new Error('given up');
const aborted = { signal: AbortSignal.abort(REASON) };
/** Files of a directory. */
const NAMES = 50;

const temporary = temporaryForSuite();
const full = `lowerdir=${temporary.path('full')}`;
const empty = `lowerdir=${temporary.path('empty')}`;
beforeAll(() => {
  mkdirSync(temporary.path('empty'));
  mkdirSync(temporary.path('full/many'), { recursive: true });
  for (let i = 0; i < NAMES; i += 1) writeFileSync(temporary.path(`full/many/${i}`), '');
});

const openDescriptors = () => readdirSync('/proc/self/fd').length;

/** Aborts at the first look at it, though not before the work began. */
function abortingSoon(): AbortSignal {
  const { signal } = new AbortController();
  let looks = 0;
  return Object.assign(signal, {
    throwIfAborted() {
      looks += 1;
      if (looks > 1) throw REASON;
    },
  });
}

describe('a signal that is aborted', () => {
  it.each<[what: string, work: (options: { signal: AbortSignal }) => Promise<unknown>]>([
    ['openStore', (options) => openStore({ root: writeNewArchive(temporary), ...options })],
    ['openTree', (options) => openTree(writeNewArchive(temporary), options)],
    ['diff', (options) => diff(writeNewArchive(temporary), writeNewArchive(temporary), options)],
    ['verify', (options) => verify(writeNewArchive(temporary), options)],
  ])('ends %s at once, and while it reads', async (_, work) => {
    const before = openDescriptors();
    await expect(work(aborted)).rejects.toBe(REASON);
    await expect(work({ signal: abortingSoon() })).rejects.toBe(REASON);
    expect(openDescriptors()).toBe(before);
  });

  it('ends openTree of a store that is open', async () => {
    using store = await openStore({ root: writeNewArchive(temporary) });
    await expect(store.openTree('app:1', aborted)).rejects.toBe(REASON);
  });

  it('is the affair of who gave it: another who reads the same archive goes on', async () => {
    const path = writeNewArchive(temporary);
    const first = openTree(path, { signal: abortingSoon() });
    const second = openTree(path);
    await expect(first).rejects.toBe(REASON);
    using tree = await second;
    expect([...tree.list()].map((entry) => entry.path)).toContain('/base');
  });

  it('ends a walk, a list and a comparison between two names', async () => {
    using tree = await openTree(full);
    for (const names of ['walk', 'list'] as const) {
      const controller = new AbortController();
      const met: string[] = [];
      const walked = async () => {
        for await (const { path } of tree[names]('/many', controller)) {
          met.push(path);
          if (met.length === 3) controller.abort(REASON);
        }
      };
      await expect(walked()).rejects.toBe(REASON);
      expect(met).toHaveLength(3);
      expect(() => [...tree[names]('/many', aborted)]).toThrow(REASON);
    }
    expect(() => [...tree.read('/many/1', aborted)]).toThrow(REASON);
    using differences = await diff(full, empty, { expand: true, signal: abortingSoon() });
    await expect(collect(differences)).rejects.toBe(REASON);
    expect(() => differences.summary).toThrow('was not gone through');
  });
});

describe('for await', () => {
  it('has what for has, and lets others have their turn meanwhile', async () => {
    // Between two looks at the clock a second passes.
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    onTestFinished(() => clock.mockRestore());
    using tree = await openTree(full);
    let turns = 0;
    const turn = () => {
      turns += 1;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    const walked = await collect(tree.walk('/'));
    clearImmediate(next);
    expect(turns).toBeGreaterThanOrEqual(NAMES);
    expect(walked).toEqual([...tree.walk('/')]);
    using one = await diff(full, empty, { expand: true });
    using other = await diff(full, empty, { expand: true });
    expect(await collect(one)).toEqual([...other]);
    expect(one.summary).toEqual(other.summary);
    expect(one.summary.remove).toBe(NAMES + 1);
  });
});

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
