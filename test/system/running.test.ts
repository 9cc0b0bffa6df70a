// A container that runs while it is mounted: what it changes shows in the mount soon after.
import { beforeAll, expect, it } from 'vitest';
import { patience } from '../support/bounds.ts';
import { Engine } from '../support/engine.ts';
import { mountKernel } from '../support/kernel.ts';
import { ALL_FIELDS, Oracle } from '../support/oracle.ts';
import { mountStratafs, type StratafsMount } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';

/** How long a change may take to show, milliseconds. */
const SOON = patience(5_000);

describeSystem(
  'a running container',
  ['root', 'fuse', 'overlay', 'python', 'docker', 'busybox', 'build'],
  () => {
    const temporary = temporaryForSuite();
    const oracle = new Oracle(temporary);
    const engine = new Engine(temporary);
    let mount: StratafsMount;

    const inside = (script: string) => engine.docker(['exec', 'live', 'sh', '-c', script]);
    const read = async (path: string) =>
      (await oracle.lookup(mount.directory, [path], { fields: ['size'] })).join();

    beforeAll(async () => {
      await engine.start();
      await engine.importBusybox('busybox');
      await engine.docker(['run', '-d', '--network', 'none', '--name', 'live', 'busybox', 'sleep', '600']);
      await inside('mkdir /d && echo 1 > /d/kept && echo 12 > /d/removed && echo 123 > /d/grows');
      mount = await mountStratafs(temporary, 'container:live', { root: engine.dataRoot });
    });

    it('shows what it changed before the mount', async () => {
      expect(await read('d/removed')).toBe('/d/removed file size=3');
      expect(await read('d/grows')).toBe('/d/grows file size=4');
      expect(await read('d/new')).toBe('/d/new ! ENOENT');
    });

    it('shows what it makes, removes and writes while mounted', async () => {
      await inside(
        'echo 12345 > /d/new && rm /d/removed /bin/head && echo 4567 >> /d/grows && mkdir /e && echo > /e/f',
      );
      await expect.poll(() => read('d/new'), { timeout: SOON }).toBe('/d/new file size=6');
      await expect.poll(() => read('d/removed'), { timeout: SOON }).toBe('/d/removed ! ENOENT');
      await expect.poll(() => read('d/grows'), { timeout: SOON }).toBe('/d/grows file size=9');
      await expect.poll(() => read('bin/head'), { timeout: SOON }).toBe('/bin/head ! ENOENT');
      await expect.poll(() => read('e/f'), { timeout: SOON }).toBe('/e/f file size=1');
    });

    it('equals the kernel view of it once it rests', async () => {
      const kernel = await mountKernel(oracle, temporary, await engine.layersOf('live', 'container'));
      const expected = await kernel.dump();
      await expect
        .poll(async () => differences(expected, await oracle.dump(mount.directory, { fields: ALL_FIELDS })), {
          timeout: SOON,
        })
        .toBe('');
      await kernel.umount();
      expect(await mount.umount()).toBe(0);
      expect(mount.log()).toBe('');
    });
  },
);
