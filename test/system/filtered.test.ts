// Under a filter of system calls, as container engines set one: what is forbidden is answered EPERM by some and ENOSYS by
// others, and both mean that there is no such call. What has another way goes it; what has none says which call it wants.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { E } from '../../src/sys/errors.ts';
import { run } from '../support/command.ts';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { BUILT_COMMAND, lowerdirReference, mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const FILTERED = fileURLToPath(new URL('../support/oracle/filtered.py', import.meta.url));

const STATX = process.arch === 'x64' ? 332 : 291;
/**
 * Calls of one row serve different ends, so that what one of them lacks is not hidden by another. Numbers above 424 are the same on
 * x86-64 and arm64.
 */
const CALLS: readonly (readonly [name: string, numbers: readonly number[]])[] = [
  ['statx, open_tree', [STATX, 428]],
  ['io_uring, move_mount', [425, 426, 427, 429]],
  ['fsopen, statmount', [430, 457]],
  ['fsconfig, getxattrat, listxattrat', [431, 464, 465]],
  ['fsmount', [432]],
  ['mount_setattr', [442]],
  ['all of them', [STATX, 425, 426, 427, 428, 429, 430, 431, 432, 442, 457, 464, 465]],
];
const OPENAT2 = 437;

describeSystem('under a filter', ['root', 'fuse', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const layers = ['top', 'lowest'].map((name) => temporary.path(name));
  const reference = lowerdirReference(layers);
  const by = (errno: number, numbers: readonly number[]) => [
    'python3',
    FILTERED,
    String(errno),
    numbers.join(),
  ];
  let whole: readonly string[];

  beforeAll(async () => {
    await oracle.write([
      {
        directory: layers[0] ?? '',
        steps: [
          layer.file('file', 'top', { xattrs: { 'user.x': 'value' } }),
          layer.directory('opaque', { xattrs: { 'trusted.overlay.opaque': 'y' } }),
          layer.file('opaque/new', 'new'),
        ],
      },
      {
        directory: layers[1] ?? '',
        steps: [
          layer.file('low', 'low'),
          layer.symlink('link', 'low'),
          layer.file('opaque/hidden', 'hidden'),
        ],
      },
    ]);
    const mount = await mountStratafs(temporary, reference);
    whole = await oracle.dump(mount.directory);
    expect(readdirSync(`${mount.directory}/opaque`)).toEqual(['new']);
    await mount.umount();
  });

  describe.each([
    ['EPERM', E.EPERM],
    ['ENOSYS', E.ENOSYS],
  ])('that answers %s', (_, errno) => {
    it.each(CALLS)('to %s the view is the same', async (_name, numbers) => {
      const mount = await mountStratafs(temporary, reference, { by: by(errno, numbers) });
      expect(await oracle.dump(mount.directory)).toEqual(whole);
      expect(readFileSync(`${mount.directory}/low`, 'utf8')).toBe('low');
      expect(await mount.umount()).toBe(0);
      expect(mount.log()).toBe('');
    });

    it('to openat2 it is told what is wanted', async () => {
      const [program = '', ...words] = [...by(errno, [OPENAT2]), process.execPath, BUILT_COMMAND];
      const state = 'a system call is missing: the kernel is too old, or a filter forbids it';
      const ls = await run(program, [...words, 'ls', reference, '/opaque']);
      expect({ code: ls.code, stderr: ls.stderr }).toEqual({
        code: 5,
        stderr: expect.stringContaining(state),
      });
      mkdirSync(temporary.path(`store-${errno}`));
      const store = await run(program, [...words, '--root', temporary.path(`store-${errno}`), 'images']);
      const found = await run(program, [...words, '--host-root', temporary.directory, 'images']);
      for (const outcome of [store, found]) {
        expect(outcome).toMatchObject({
          code: 4,
          stderr: expect.stringContaining('the system call openat2 is missing'),
        });
      }
    });
  });
});
