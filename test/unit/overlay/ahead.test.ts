// Which directories are loaded before they are listed.
import { describe, expect, it } from 'vitest';
import { Ahead, type Prefetching } from '../../../src/overlay/ahead/ahead.ts';
import { ERRNO_SHIFT, ROW, Table } from '../../../src/overlay/table.ts';
import { newTableMemory } from '../../../src/overlay/table-memory.ts';
import { S_IFDIR, S_IFREG } from '../../../src/sys/statx.ts';

/** A table with a root of `directories` subdirectories and a file between each two; answers the row numbers loaded. */
function setUp(directories: number, prefetch?: Prefetching) {
  const table = new Table(newTableMemory());
  const root = table.takeRows(1);
  const first = table.takeRows(directories * 2);
  for (let row = first; row < first + directories * 2; row++) {
    table.set(row, ROW.mode, (row - first) % 2 === 0 ? S_IFDIR : S_IFREG);
    table.set(row, ROW.parent, root);
  }
  table.set(root, ROW.parent, root);
  const loaded: number[] = [];
  const ahead = new Ahead(
    table,
    0,
    (row) => {
      loaded.push(row);
      table.set(row, ROW.listing, 99);
    },
    prefetch,
  );
  const workAll = () => {
    while (ahead.work());
    return loaded.splice(0).map((row) => (row - first) / 2);
  };
  return { table, ahead, root, first, count: directories * 2, workAll };
}

describe('Ahead', () => {
  it('loads the root before anybody asks, once', () => {
    const loaded: number[] = [];
    const ahead = new Ahead(new Table(newTableMemory()), 7, (row) => loaded.push(row));
    expect([ahead.work(), ahead.work(), loaded]).toEqual([true, false, [7]]);
  });

  it('loads nothing for a listing that follows from none', () => {
    const { ahead, root, first, count, workAll, table } = setUp(10);
    table.set(root, ROW.parent, 0);
    ahead.listed(first, 0, 0);
    ahead.listed(root, first, count);
    expect(workAll()).toEqual([]);
  });

  it('loads a few of the directories next to one that was listed after its parent', () => {
    const { ahead, root, first, count, workAll, table } = setUp(20);
    ahead.listed(root, first, count);
    workAll();
    table.set(first, ROW.listing, 99);
    ahead.listed(first, 0, 0);
    expect(workAll().length).toBeGreaterThan(0);
    expect(workAll()).toEqual([]);
  });

  it('skips files, directories loaded already and names that cannot be looked up', () => {
    const { ahead, root, first, count, workAll, table } = setUp(4);
    table.set(first, ROW.listing, 99);
    table.set(first + 4, ROW.nameLength, 1 << ERRNO_SHIFT);
    ahead.listed(root, first, count);
    ahead.listed(first, 0, 0);
    expect(workAll()).toEqual([1, 3]);
  });

  it('takes two requests for one listing as one', () => {
    const { ahead, root, first, count, workAll } = setUp(100);
    ahead.listed(root, first, count);
    const before = workAll().length;
    ahead.listed(root, first, count);
    expect(workAll()).toEqual([]);
    expect(before).toBeLessThanOrEqual(4);
  });

  describe('with a disk to read from', () => {
    function walked(isWanted: boolean, room: number) {
      const asked: number[] = [];
      const prefetch = {
        isWanted: () => isWanted,
        ask(from: number, end: number) {
          const to = Math.min(end, from + room);
          for (let row = from; row < to; row++) asked.push(row);
          return to;
        },
      };
      const set = setUp(20, prefetch);
      set.ahead.listed(set.root, set.first, set.count);
      set.ahead.listed(set.first, 0, 0);
      set.workAll();
      return { ...set, asked };
    }

    it('asks for what lies beyond what may be loaded, each entry once', () => {
      const { asked, first, count } = walked(true, 1000);
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.length).toBe(new Set(asked).size);
      expect(asked.at(-1)).toBe(first + count - 1);
    });

    it('goes on where there was no room', () => {
      const { asked } = walked(true, 3);
      expect(asked).toEqual(Array.from({ length: asked.length }, (_, i) => (asked[0] as number) + i));
    });

    it('asks for nothing while all is cached', () => {
      expect(walked(false, 1000).asked).toEqual([]);
    });
  });
});
