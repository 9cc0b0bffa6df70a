// Directories asked of a disk before they are loaded: which rows are asked for, and that nothing stays behind.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Tree } from '../../../src/overlay/tree.ts';
import { stackOfLowerdir } from '../../../src/store/reference/lowerdir.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { describeSystem } from '../../support/system.ts';
import { temporaryForSuite, until } from '../../support/temporary.ts';

describeSystem('Prefetch', ['io_uring'], () => {
  const temporary = temporaryForSuite();

  function make(layers: readonly string[], directories: number): Tree {
    for (const layer of layers) {
      for (let i = 0; i < directories; i++) {
        const path = temporary.path(layer, `${i}${'n'.repeat(i % 250)}`);
        mkdirSync(path, { recursive: true });
        writeFileSync(`${path}/file`, '');
      }
      writeFileSync(temporary.path(layer, 'file'), '');
    }
    return new Tree(stackOfLowerdir(asBytes(layers.map((layer) => temporary.path(layer)).join(':'))));
  }

  it('asks for every directory of a merged one, in turns where there are many, and leaves nothing open', async () => {
    const tree = make(['a', 'b'], 300);
    const before = () => readdirSync('/proc/self/fd').length;
    const first = tree.firstEntry(tree.root);
    const end = first + tree.entryCount(tree.root);
    const open = before();
    let turns = 0;
    for (let next = first; next < end; turns++) {
      const to = tree.prefetch.ask(next, end);
      if (to === next) await new Promise((resolve) => setTimeout(resolve, 1));
      next = to;
    }
    expect(turns).toBeGreaterThan(1);
    // What is loaded is asked for no more.
    for (let row = first; row < end; row++) if (tree.isDirectory(row)) tree.firstEntry(row);
    expect(tree.prefetch.ask(first, end)).toBe(end);
    tree.close();
    await until('the end of all lookups', () => before() < open);
  });

  it('is not wanted while nothing is read from a disk', () => {
    const tree = make(['c'], 2);
    tree.prefetch.isWanted();
    for (let i = 0; i < 1000; i++) tree.prefetch.isWanted();
    tree.firstEntry(tree.root);
    expect(tree.prefetch.isWanted()).toBe(false);
    tree.close();
  });

  it('asks for nothing more when it is closed', () => {
    const tree = make(['d'], 2);
    tree.close();
    expect(tree.prefetch.isWanted()).toBe(false);
  });
});
