// `--metadata record` on containerd: copies that lost owners, modes, attributes and whiteouts are shown as they were, by the
// compressed layers.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForTest } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const DAEMON = 'containerd/daemon';
const OVERLAYFS = 'io.containerd.snapshotter.v1.overlayfs/snapshots';
const BLOBS = 'io.containerd.content.v1.content/blobs/sha256';

/** Directories of layers by their number, `fs` in them. */
async function spoil(snapshots: string, ids: readonly number[]): Promise<void> {
  for (const id of ids) {
    const layer = `${snapshots}/${id}/fs`;
    await succeed('find', [layer, '-type', 'c', '-delete']);
    await succeed('chown', ['-hR', '1234:1234', layer]);
    await succeed('find', [layer, '!', '-type', 'l', '-exec', 'chmod', '0700', '{}', '+']);
    await succeed('sh', [
      '-c',
      `cd "$1" && getfattr -Rh --absolute-names -m '^(trusted|user|security)' . | sed -n '/^[tus]/s/=.*//p' | sort -u |
       while read -r name; do find . -exec setfattr -h -x "$name" '{}' ';' 2>/dev/null || :; done`,
      'sh',
      layer,
    ]);
    await succeed('find', [layer, '-exec', 'touch', '-h', '-d', '2001-01-01', '{}', '+']);
  }
}

describeSystem('--metadata record on containerd', ['root', 'stores', 'build'], () => {
  /** Without what no tar tells: links of directories, and the time of those that the tar only implies. */
  async function manifest(args: readonly string[]): Promise<string[]> {
    const { code, stdout, stderr } = await stratafs(['--root', ...args]);
    expect([code, stderr]).toEqual([0, '']);
    return stdout.split('\n').map((line) => {
      const timeless = /^(?:\.|\.\/data) /.test(line) ? line.replace(/ time=\S+/, '') : line;
      return timeless.includes(' type=dir ') ? timeless.replace(/ nlink=\d+/, '') : timeless;
    });
  }

  it.each([
    ['docker-28-containerd', DAEMON, 'demo:1', [1, 2, 3], []],
    ['docker-28-containerd', DAEMON, 'web', [1, 2, 3], []],
    ['containerd-1.6', '.', 'zdemo:1', [1, 2], ['--namespace', 'default']],
  ] as const)('shows what a copy of %s %s lost of %s', async (store, below, reference, ids, options) => {
    const root = `${unpackStore(temporaryForTest(), store)}/root`;
    const before = await manifest([root, ...options, 'manifest', reference]);
    await spoil(`${root}/${below}/${OVERLAYFS}`, ids);
    const onDisk = await manifest([root, ...options, 'manifest', reference]);
    expect(onDisk).not.toEqual(before);
    for (const word of ['record', 'tar-split']) {
      expect(await manifest([root, ...options, 'manifest', '--metadata', word, reference])).toEqual(before);
    }
  });

  it('believes no blob that is not what its digest names', async () => {
    const root = `${unpackStore(temporaryForTest(), 'docker-28-containerd')}/root`;
    const list = ['--root', root, 'ls', '--metadata', 'record', 'demo:1', '/'];
    expect((await stratafs(list)).code).toBe(0);
    const manifestOfDemo = `${root}/${DAEMON}/${BLOBS}/96578a845e2e4fd18e3c6827e6dc4ca2087d9abb6305a43daf12d09e81babf36`;
    const { layers } = JSON.parse(readFileSync(manifestOfDemo, 'utf8')) as { layers: { digest: string }[] };
    const blob = `${root}/${DAEMON}/${BLOBS}/${layers[0]?.digest.replace('sha256:', '')}`;
    // The time in the header of gzip changes nothing but the digest.
    const bytes = readFileSync(blob);
    bytes.writeUInt32LE(bytes.readUInt32LE(4) + 1, 4);
    writeFileSync(blob, bytes);
    const { code, stderr } = await stratafs(list);
    expect([code, stderr]).toEqual([4, expect.stringContaining('its bytes have the digest sha256:')]);
  });

  it('refuses where a directory holds what the layers below hold as well', async () => {
    const root = `${unpackStore(temporaryForTest(), 'containerd-2.1-erofs-native')}/root`;
    const words = ['--root', root, 'ls', '--metadata', 'record', '127.0.0.1:5917/demo:1', '/'];
    const { code, stderr } = await stratafs(words);
    expect([code, stderr]).toEqual([4, expect.stringContaining('holds what the layers below hold as well')]);
  });
});
