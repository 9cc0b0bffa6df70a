// Inode flags (lsattr, FSGETXATTR) through a mount: what the kernel's overlay of the same layers answers.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { mountKernel } from '../support/kernel.ts';
import { directory, file, metacopy, symlink, whiteout } from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { lowerdirReference, mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const PROBE = join(import.meta.dirname, '../support/oracle/inode_flags.py');

/** Names and letters of chattr(1); a file system may know only some. */
const MARKED = [
  ['top/f', '+A'],
  ['top/merged', '+A'],
  ['top/stub', '+S'],
  ['low/merged/g', '+d'],
  ['low/merged', '+S'],
  ['low/only', '+d'],
  ['low/stub', '+A'],
] as const;

describeSystem('inode flags', ['root', 'fuse', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const layers = ['top', 'low'].map((name) => temporary.path(name));

  beforeAll(async () => {
    const [top = '', low = ''] = layers;
    await oracle.write([
      {
        directory: top,
        steps: [
          ...[file('f', 'x'), directory('merged'), file('merged/f'), whiteout('gone')],
          ...[file('stub', 'x'), metacopy('stub'), symlink('link', 'f')],
        ],
      },
      {
        directory: low,
        steps: [file('merged/g'), directory('only'), file('gone'), file('stub', '1'), file('plain')],
      },
    ]);
    for (const [path, letter] of MARKED) spawnSync('chattr', [letter, temporary.path(path)]);
  });

  it.each(['cached', 'passthrough'])('are what the kernel says, with --data %s', async (data) => {
    const kernel = await mountKernel(oracle, temporary, layers, { options: { metacopy: 'on' } });
    const args = ['--data', data, '-o', 'metacopy=on'];
    const mount = await mountStratafs(temporary, lowerdirReference(layers), { args });
    const told = async (place: string) => (await run('python3', [PROBE, place])).stdout.trim().split('\n');
    const expected = await told(kernel.directory);
    expect(expected).toHaveLength(8);
    expect(await told(mount.directory)).toEqual(expected);
    await mount.umount();
    await kernel.umount();
  });
});
