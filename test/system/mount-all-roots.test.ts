// `mount --all --host-root`: all stores of a machine's disk in one mount, each what it is alone; as a user and for other users too.
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { FakePodman } from '../support/fake-podman.ts';
import { FakeStore } from '../support/fake-store.ts';
import { runInOwnMounts } from '../support/own-mounts.ts';
import { unpackStore } from '../support/real-stores.ts';
import { BUILT_COMMAND, mountStratafs, stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite, until } from '../support/temporary.ts';

describeSystem('mount --all of a disk', ['root', 'fuse', 'build'], () => {
  const temporary = temporaryForSuite();
  const disk = temporary.path('disk');
  let docker: FakeStore;

  beforeAll(() => {
    mkdirSync(join(disk, 'etc'), { recursive: true });
    writeFileSync(
      join(disk, 'etc/passwd'),
      'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n',
    );
    docker = new FakeStore(join(disk, 'var/lib/docker'));
    docker.container({ name: 'web', image: docker.image({ names: ['app:1'], layers: ['base'] }) });
    for (const root of ['var/lib/containers/storage', 'home/alice/.local/share/containers/storage']) {
      const podman = new FakePodman(join(disk, root));
      podman.image({ names: [`localhost/in-${root.split('/')[0]}:1`], layers: [`in ${root}`] });
      podman.finish();
    }
  });

  it('has each below a name of its engine and its user, and follows each', async () => {
    const mounted = await mountStratafs(temporary, '--all', { before: ['--host-root', disk] });
    const at = (path: string) => `${mounted.directory}/${path}`;
    expect(readdirSync(mounted.directory)).toEqual(['stores']);
    expect(readdirSync(at('stores')).sort()).toEqual(['docker', 'podman', 'podman-alice']);
    expect(readdirSync(at('stores/docker/images'))).toEqual(['app']);
    expect(readdirSync(at('stores/podman/images/localhost'))).toEqual(['in-var']);
    expect(readdirSync(at('stores/podman-alice/images/localhost'))).toEqual(['in-home']);
    const { stdout } = await stratafs(['--host-root', disk, '--root', '/var/lib/docker', 'images', '--json']);
    expect(readFileSync(at('stores/docker/.stratafs/images.json'), 'utf8')).toBe(stdout);
    docker.tag('late:1', docker.image({ names: [], layers: ['base', 'late'] }));
    await until('the new name', () => readdirSync(at('stores/docker/images')).includes('late'));
    expect(await mounted.umount()).toBe(0);
    expect(mounted.log()).toBe('');
  });

  it('is one store alone where --root or --store names one, or there is one', async () => {
    for (const [before, expected] of [
      [['--root', '/var/lib/docker'], 'app'],
      [['--store', 'overlay2'], 'app'],
    ] as const) {
      const mounted = await mountStratafs(temporary, '--all', { before: ['--host-root', disk, ...before] });
      expect(readdirSync(`${mounted.directory}/images`)).toContain(expected);
      expect(await mounted.umount()).toBe(0);
    }
    const told = await stratafs([
      '--host-root',
      disk,
      '--store',
      'zfs',
      'mount',
      '--all',
      temporary.path('disk'),
    ]);
    expect(told.stderr).toContain('Cannot find a store "zfs": there is "overlay2", "overlay"');
    const none = await stratafs([
      '--host-root',
      temporary.directory,
      'mount',
      '--all',
      temporary.path('disk'),
    ]);
    expect(none.stderr).toContain('Cannot find a store in host root');
  });

  it('goes on beside a store that cannot be read, which is a directory that says why', async () => {
    const broken = temporary.path('broken');
    await succeed('cp', ['-a', disk, broken]);
    writeFileSync(join(broken, 'home/alice/.local/share/containers/storage/overlay-images/images.json'), '{');
    const mounted = await mountStratafs(temporary, '--all', { before: ['--host-root', broken] });
    expect(readdirSync(`${mounted.directory}/stores/docker/images`)).toContain('app');
    const names = readdirSync(`${mounted.directory}/stores`);
    expect(names).toHaveLength(3);
    expect(await mounted.umount()).toBe(0);
  });
});

/** Run as root in a mount namespace of its own: $1 is a device node, $2 its mode, the rest what to run as the user. */
const OPENED = `
mknod -m "$2" "$1" c 10 229 2>/dev/null; mount --bind "$1" /dev/fuse && shift 2 || exit 99
exec setpriv --reuid=1000 --regid=1000 --clear-groups "$@"`;

describeSystem('mount --all as a user', ['root', 'fuse', 'fusermount3', 'unshare', 'stores', 'build'], () => {
  const temporary = temporaryForSuite();

  it("shows a user's own Podman root without privilege", async () => {
    const root = join(unpackStore(temporary, 'podman-5.8-rootless-native'), 'native');
    await succeed('chown', ['-R', '1000:1000', root]);
    chmodSync(temporary.directory, 0o755);
    const point = temporary.path('mount');
    mkdirSync(point);
    await succeed('chown', ['1000:1000', point]);
    const look =
      'cd "$M" && ls images/* images/*/* containers && for each in by-id/*; do echo "$each"; ls "$each"; done; cd /';
    const shown = await mountStratafs(temporary, '--all', { root });
    const expected = await succeed('sh', ['-c', look], { env: { M: shown.directory } });
    expect(await shown.umount()).toBe(0);
    const text = `S="${process.execPath} ${BUILT_COMMAND}"; $S --root "${root}" mount --all "$M" && { ${look}; $S umount "$M"; }`;
    const words = ['sh', '-c', OPENED, 'sh', temporary.path('fuse-666'), '666', 'sh', '-c', text];
    const seen = await runInOwnMounts(temporary, words, { env: { M: point }, cwd: '/' });
    expect({ code: seen.code, stderr: seen.stderr, stdout: seen.stdout }).toEqual({
      code: 0,
      stderr: '',
      stdout: expected,
    });
    expect(expected).toContain('etc\n');
    expect(expected).not.toContain('.damage');
  });

  it('lets other users in with --allow-other, as far as the modes let them', async () => {
    const store = new FakeStore(temporary.path('docker'));
    const image = store.image({ names: ['app:1'], layers: ['base'] });
    store.container({ name: 'web', image });
    const mounted = await mountStratafs(temporary, '--all', { root: store.root, args: ['--allow-other'] });
    chmodSync(temporary.directory, 0o755);
    const other = (...words: string[]) =>
      run('setpriv', ['--reuid=1001', '--regid=1001', '--clear-groups', ...words]);
    expect(await other('ls', mounted.directory)).toMatchObject({
      code: 0,
      stdout: 'by-id\ncontainers\nimages\nlayers\n',
    });
    expect((await other('cat', `${mounted.directory}/.stratafs/images.json`)).stdout).toContain('app:1');
    expect((await other('touch', `${mounted.directory}/images/x`)).code).not.toBe(0);
    expect(await mounted.umount()).toBe(0);
  });
});
