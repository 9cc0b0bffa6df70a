// An image and containers as mounts show them: the mount equals the kernel's overlay of the same layers, and agrees with
// `docker export`.
import { expect, it } from 'vitest';
import { mountKernel } from '../../support/kernel.ts';
import { ALL_FIELDS } from '../../support/oracle.ts';
import { SAMPLE } from '../../support/sample.ts';
import { mountStratafs } from '../../support/stratafs.ts';
import { differences, lineOf, TAR_FIELDS, without } from '../../support/tree.ts';
import type { Sampled } from './sampled.ts';

export function testWhatIsShown({
  temporary,
  oracle,
  stratafs,
  strict: root,
  layers,
  exports,
}: Sampled): void {
  it.each([
    ['image', SAMPLE.image],
    ['container', SAMPLE.changed],
    ['container', SAMPLE.untouched],
  ] as const)('shows %s %s as the kernel does', async (_kind, name) => {
    const fields = [...ALL_FIELDS, 'atime'] as const;
    const kernel = await mountKernel(oracle, temporary, layers.get(name) ?? []);
    const mount = await mountStratafs(temporary, name, { root });
    const expected = await kernel.dump({ fields });
    expect(differences(expected, await oracle.dump(mount.directory, { fields }))).toBe('');
    expect(lineOf(expected, '/etc')).toBeDefined();
    await kernel.umount();
    expect(await mount.umount()).toBe(0);
    expect(mount.log()).toBe('');
  });

  it.each([SAMPLE.changed, SAMPLE.untouched])('shows container %s as docker exports it', async (name) => {
    const mount = await mountStratafs(temporary, name, { root });
    const tree = await oracle.dump(mount.directory, { fields: TAR_FIELDS });
    // Docker's archive has no entry for the root itself; there is no other difference.
    expect(differences(exports.get(name) ?? [], without(tree, '/'))).toBe('');
    await mount.umount();
  });

  it('shows an image as docker exports a container of it, less what docker puts into every container', async () => {
    const mount = await mountStratafs(temporary, SAMPLE.image, { root });
    const tree = await oracle.dump(mount.directory, { fields: TAR_FIELDS });
    const exported = exports.get(SAMPLE.untouched) ?? [];
    const changes = differences(exported, without(tree, '/')).split('\n');
    expect(changes.map((line) => line.split(' ', 3).join(' '))).toEqual([
      '- /.dockerenv file',
      '- /dev dir',
      '+ /dev dir',
      '- /dev/console file',
      '- /dev/pts dir',
      '- /dev/shm dir',
      '- /etc dir',
      '+ /etc dir',
      '- /etc/hostname file',
      '- /etc/hosts file',
      '- /etc/mtab symlink',
      '- /etc/resolv.conf file',
      `(${exported.length} names expected,`,
    ]);
    await mount.umount();
  });

  it.each([
    ['images'],
    ['containers'],
    ['inspect', SAMPLE.image],
    ['inspect', SAMPLE.changed, '--json'],
    ['ls', '-laR', SAMPLE.changed, '/'],
    ['stat', SAMPLE.changed, '/', '/holes', '/moved/new'],
    ['cat', SAMPLE.image, '/suid'],
  ])('answers %s %s', async (...words) => {
    const outcome = await stratafs(['--root', root, ...words]);
    expect({ ...outcome, stdout: outcome.stdout !== '' }).toEqual({
      code: 0,
      signal: null,
      stdout: true,
      stderr: '',
    });
  });
}
