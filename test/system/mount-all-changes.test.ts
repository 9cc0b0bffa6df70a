// `mount --all` of a store that changes in places of which no list tells: what is believed for a time only, and what was entered first.
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statfsSync,
} from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { FakeStore } from '../support/fake-store.ts';
import { mountStratafs, type StratafsMount } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite, until } from '../support/temporary.ts';

describeSystem(
  'mount --all of a store that changes in places of which no list tells',
  ['root', 'fuse', 'build'],
  () => {
    const temporary = temporaryForSuite();
    const store = new FakeStore(temporary.path('root'));
    let mounted: StratafsMount;
    const at = (path: string) => `${mounted.directory}/${path}`;
    const layer = (name: string) => store.path(`overlay2/${FakeStore.cacheId([name])}`);

    beforeAll(async () => {
      for (const name of ['first', 'second']) {
        store.image({ names: [`${name}:1`], layers: [name] });
        mkdirSync(`${layer(name)}/diff/of-${name}`);
      }
      mounted = await mountStratafs(temporary, '--all', { root: store.root });
    });

    it('tells in health.txt what went wrong since it was read, and leaves who reads it what he reads', async () => {
      const lost = `overlay2/${'0123456789abcdef'.repeat(4)}`;
      const before = readFileSync(at('.stratafs/health.txt'), 'latin1');
      expect(before).not.toContain(lost);
      const open = openSync(at('.stratafs/health.txt'), 'r');
      store.write(`${lost}/diff/file`, 'left over');
      await until('the news', () => readFileSync(at('.stratafs/health.txt'), 'latin1').includes(lost));
      const block = Buffer.alloc(before.length + 1);
      expect(block.toString('latin1', 0, readSync(open, block))).toBe(before);
      closeSync(open);
    });

    it('shows an image once its layer is back, and says why it does not before', async () => {
      renameSync(layer('second'), store.path('aside'));
      expect(readdirSync(at('images/second/1'))).toEqual(['.damage']);
      expect(readFileSync(at('images/second/1/.damage'), 'latin1')).toContain('no such directory');
      renameSync(store.path('aside'), layer('second'));
      await until('the image', () => readdirSync(at('images/second/1')).includes('of-second'));
    });

    it('answers what the file system of the store has, also when the layer that was entered first is gone', async () => {
      expect(readdirSync(at('images/first/1'))).toEqual(['of-first']);
      store.remove(`overlay2/${FakeStore.cacheId(['first'])}`);
      const { type: _, bavail, bfree, ffree, ...asked } = statfsSync(mounted.directory);
      const { blocks, bsize, files } = statfsSync(store.root);
      expect(asked).toEqual({ blocks, bsize, files });
      expect([bavail, bfree, ffree].every((free) => free > 0)).toBe(true);
      expect(await mounted.umount()).toBe(0);
    });
  },
);
