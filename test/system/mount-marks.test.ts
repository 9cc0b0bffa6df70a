// `mount REF --marks` and `--memory`: what means something for one layer alone, or for many stacks, and is refused elsewhere.
import { lstatSync, readdirSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { FakeStore } from '../support/fake-store.ts';
import { mountStratafs, stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

describeSystem('mount of one reference', ['root', 'fuse', 'build'], () => {
  const temporary = temporaryForSuite();
  const store = new FakeStore(temporary.path('root'));

  beforeAll(async () => {
    const image = store.image({ names: ['app:1'], layers: ['low', 'high'] });
    store.container({ name: 'web', image });
    const high = `overlay2/${FakeStore.cacheId(['low', 'high'])}/diff`;
    store.write(`overlay2/${FakeStore.cacheId(['low'])}/diff/gone`, 'low');
    store.write(`${high}/new`, 'high');
    await succeed('mknod', [store.path(`${high}/gone`), 'c', '0', '0']);
  });

  it.each([
    [['app:1'], ['new'], undefined],
    [['app:1#2'], ['new'], undefined],
    [['app:1', '--marks', 'hidden'], ['new'], undefined],
    [['app:1#2', '--marks', 'files'], ['gone', 'new'], 0],
    [['web#2', '--marks', 'files'], ['gone', 'new'], 0],
    [['web#2', '--volumes', '--marks', 'files'], ['gone', 'new'], 0],
    [['web#2', '--volumes'], ['new'], undefined],
    [[`lowerdir=HIGH`, '--marks', 'files'], ['gone', 'new'], 0],
  ])('with %j shows %j', async ([reference = '', ...args], names, device) => {
    const high = store.path(`overlay2/${FakeStore.cacheId(['low', 'high'])}/diff`);
    const mounted = await mountStratafs(temporary, reference.replace('HIGH', high), {
      root: store.root,
      args,
    });
    expect(readdirSync(mounted.directory).sort()).toEqual(names);
    const gone = lstatSync(`${mounted.directory}/gone`, { throwIfNoEntry: false });
    expect(gone?.rdev).toBe(device);
    expect(await mounted.umount()).toBe(0);
  });

  it.each([
    [
      ['app:1', '--marks', 'files'],
      'Cannot use "--marks files" with "app:1": it merges 2 layers, and only one that is shown alone has them (REF#1, or "--layers")',
    ],
    [
      ['app:1#1-2', '--marks', 'files'],
      'Cannot use "--marks files" with "app:1#1-2": it merges 2 layers, and only one that is shown alone has them (REF#1, or "--layers")',
    ],
    [
      ['web', '--volumes', '--marks', 'files'],
      'Cannot use "--marks files" with "web": it merges 4 layers, and only one that is shown alone has them (REF#1, or "--layers")',
    ],
    [
      ['app:1', '--marks', 'files', '--diff', 'app:1#1'],
      'Cannot use "--marks files" with "--diff": it compares merged trees, and only one layer that is shown alone has them (REF#1, or "--layers")',
    ],
    [
      ['app:1', '--memory', '1MB'],
      'Cannot use "--memory" with one reference: it is for "--all" and "--layers"',
    ],
  ])('refuses %j', async ([reference = '', ...args], words) => {
    const { code, stderr } = await stratafs([
      ...['--root', store.root, 'mount', ...args, reference, temporary.directory],
    ]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `stratafs: ${words}\n` });
  });
});
