// A tree whose top layer changes: what is the same object keeps its number, and looking again costs no memory.
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Live } from '../../../src/overlay/live.ts';
import { Table } from '../../../src/overlay/table.ts';
import { Tree } from '../../../src/overlay/tree.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { E } from '../../../src/sys/errors.ts';
import { temporaryForTest, until } from '../../support/temporary.ts';

const stale = expect.objectContaining({ errno: E.ESTALE });

interface Changing {
  readonly tree: Tree;
  readonly live: Live;
  readonly upper: string;
  /** Names of a directory, in the order they are listed. */
  names(directory?: number): string[];
}

function changing(): Changing {
  const temporary = temporaryForTest();
  const [upper, lower] = [temporary.path('upper'), temporary.path('lower')];
  mkdirSync(`${lower}/d`, { recursive: true });
  mkdirSync(upper);
  writeFileSync(`${lower}/d/low`, 'low');
  writeFileSync(`${lower}/file`, 'low');
  const layers = [
    { source: { kind: 'directory', path: asBytes(upper) }, role: 'upper', live: true },
    { source: { kind: 'directory', path: asBytes(lower) }, role: 'image' },
  ] as const;
  const tree = new Tree(
    { label: 'test', kind: 'container', layers, dataLayers: [], dialect: 'trusted' },
    { follows: true },
  );
  const { live } = tree;
  if (live === undefined) throw new Error('The tree does not follow its layers');
  const names = (directory = tree.root) => [...live.nodesAfter(directory, 0)].map((node) => tree.name(node));
  return { tree, live, upper, names };
}

describe('Live', () => {
  it('finds what was made, and forgets what was removed', () => {
    const { live, upper, names } = changing();
    expect(names()).toEqual(['d', 'file']);
    writeFileSync(`${upper}/new`, '');
    expect(names()).toEqual(['d', 'file', 'new']);
    expect(live.lookup(1, 'new')).toBe([...live.nodesAfter(1, 0)].at(-1));
    rmSync(`${upper}/new`);
    expect(names()).toEqual(['d', 'file']);
    expect(live.lookup(1, 'new')).toBe(0);
  });

  it('lists what is new after what stays, wherever its name sorts', () => {
    const { live, upper, names } = changing();
    const [first = 0] = live.nodesAfter(1, 0);
    writeFileSync(`${upper}/a`, '');
    expect([...live.nodesAfter(1, first)].map((node) => node > first)).toEqual([true, true]);
    expect(names()).toEqual(['d', 'file', 'a']);
  });

  it('keeps the number of a directory of the image that the container begins to write to', () => {
    const { live, upper, names } = changing();
    const directory = live.lookup(1, 'd');
    const low = live.lookup(directory, 'low');
    mkdirSync(`${upper}/d`);
    writeFileSync(`${upper}/d/up`, '');
    expect(live.lookup(1, 'd')).toBe(directory);
    expect(names(directory)).toEqual(['low', 'up']);
    expect(live.lookup(directory, 'low')).toBe(low);
  });

  it('gives a file that was replaced another number, and has the kernel look again for the old one', () => {
    const { live, upper } = changing();
    writeFileSync(`${upper}/file`, 'one');
    const one = live.lookup(1, 'file');
    writeFileSync(`${upper}/next`, 'two');
    renameSync(`${upper}/next`, `${upper}/file`);
    expect(() => live.mustBeSame(one)).toThrow(stale);
    expect(live.lookup(1, 'file')).not.toBe(one);
  });

  it('keeps for the kernel that looks again what it finds, though that is replaced too', () => {
    const { tree, live, upper } = changing();
    const turn = (content: string) => {
      writeFileSync(`${upper}/next`, content);
      renameSync(`${upper}/next`, `${upper}/file`);
    };
    turn('one');
    const one = live.lookup(1, 'file');
    turn('two');
    expect(() => live.mustBeSame(one)).toThrow(stale);
    // The kernel looks again to see whether it was right, and then to find what is there.
    live.lookup(1, 'file');
    const two = live.lookup(1, 'file');
    turn('three');
    live.mustBeSame(two);
    const out = Buffer.alloc(10);
    expect(out.toString('latin1', 0, tree.read(two, 0, out, 0, 3))).toBe('two');
    // That was for one open only.
    expect(() => live.mustBeSame(two)).toThrow(stale);
    tree.close();
  });

  it('tells attributes as they are, by the same number', () => {
    const { tree, live, upper } = changing();
    writeFileSync(`${upper}/file`, 'one');
    const node = live.lookup(1, 'file');
    writeFileSync(`${upper}/file`, 'longer');
    utimesSync(`${upper}/file`, 1, 2);
    live.update(node);
    expect(tree.status(node)).toMatchObject({ size: 6, mtime: { seconds: 2, nanoseconds: 0 } });
    expect(live.lookup(1, 'file')).toBe(node);
  });

  it('refuses a directory that was made anew, by its old number', () => {
    const { live, upper, names } = changing();
    mkdirSync(`${upper}/own`);
    const own = live.lookup(1, 'own');
    expect(names(own)).toEqual([]);
    renameSync(`${upper}/own`, `${upper}/elsewhere`);
    mkdirSync(`${upper}/own`);
    expect(() => names(own)).toThrow(stale);
    expect(live.lookup(1, 'own')).not.toBe(own);
  });

  it('takes a row for each new object, and none for looking again', async () => {
    const { tree, upper, names } = changing();
    for (let i = 0; i < 100; i++) writeFileSync(`${upper}/${i}`, '');
    names();
    const table = new Table(tree.memory);
    const before = table.rowCount;
    for (let i = 0; i < 50; i++) {
      // Two changes within a tick of the clock of tmpfs leave its directory the same times; it is listed again all the same.
      writeFileSync(`${upper}/changing`, '');
      await until('the new file', () => names().length === 103);
      rmSync(`${upper}/changing`);
      await until('its end', () => names().length === 102);
    }
    expect(table.rowCount - before).toBeLessThanOrEqual(50);
  });
});
