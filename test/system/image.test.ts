// An image and containers of a real Docker engine: the mount equals the kernel's overlay of the same layers, agrees with
// `docker export`, and leaves the data root as it was, to the last access time.
import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { mountKernel } from '../support/kernel.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { ALL_FIELDS, Oracle } from '../support/oracle.ts';
import { buildSample, SAMPLE } from '../support/sample.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences, lineOf, TAR_FIELDS, without } from '../support/tree.ts';

const stratafs = stratafsForSuite();

describeSystem('docker', ['root', 'fuse', 'overlay', 'python', 'docker', 'busybox', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const engine = new Engine(temporary);
  /** The data root through a mount that keeps every access time strictly: what reads through it and is careless shows. */
  const root = temporary.path('strict');
  const layers = new Map<string, readonly string[]>();
  const exports = new Map<string, readonly string[]>();
  let fingerprint: readonly string[] = [];

  const dataRoot = () => oracle.dump(engine.dataRoot, { fields: [...ALL_FIELDS, 'atime'], noatime: true });

  beforeAll(async () => {
    await engine.start();
    await buildSample(engine, oracle, temporary);
    layers.set(SAMPLE.image, await engine.layersOf(SAMPLE.image, 'image'));
    for (const name of [SAMPLE.untouched, SAMPLE.changed]) {
      layers.set(name, await engine.layersOf(name, 'container'));
      exports.set(name, await oracle.tar(await engine.exportContainer(name)));
    }
    await engine.stop();
    await succeed('mkdir', [root]);
    await succeed('mount', ['--bind', engine.dataRoot, root]);
    await succeed('mount', ['-o', 'remount,bind,strictatime', root]);
    fingerprint = await dataRoot();
  });

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

  it('has changed nothing in the data root in all of this', async () => {
    expect(fingerprint.length).toBeGreaterThan(400);
    expect(differences(fingerprint, await dataRoot())).toBe('');
  });
});
