// Stores that tests make of values are ones that the engines themselves take: what they list of a made store, and stack of it, is what
// stratafs does.
import { spawn } from 'node:child_process';
import { openSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { sourceName } from '../../src/store/source.ts';
import type { Store } from '../../src/store/store.ts';
import { run, succeed } from '../support/command.ts';
import { FakeContainerd } from '../support/fake-containerd.ts';
import { FakePodman } from '../support/fake-podman.ts';
import { describeSystem, itSystem } from '../support/system.ts';
import { isRunning, kill, type Temporary, temporaryForTest, until } from '../support/temporary.ts';
import { takeTurn } from '../support/turns.ts';

const LAYERS = ['base', 'middle', 'top'];

/** Starts containerd on a root, until the test ends. Answers what asks it. */
async function startContainerd(
  temporary: Temporary,
  root: string,
): Promise<(...words: string[]) => Promise<string>> {
  const socket = temporary.path('c.sock');
  const config = temporary.path('config.toml');
  const plugins = [
    'grpc.v1.cri',
    ...['aufs', 'btrfs', 'devmapper', 'zfs'].map((name) => `snapshotter.v1.${name}`),
  ];
  const lines = [
    'version = 2',
    `root = "${root}"`,
    `state = "${temporary.path('state')}"`,
    `disabled_plugins = [${['internal.v1.opt', ...plugins].map((name) => `"io.containerd.${name}"`).join(', ')}]`,
    '[grpc]',
    `address = "${socket}"`,
  ];
  writeFileSync(config, lines.join('\n'));
  const log = openSync(temporary.path('containerd.log'), 'a');
  const { pid = 0 } = spawn('containerd', ['-c', config], { stdio: ['ignore', log, log] });
  temporary.undo(async () => {
    kill(pid, 'SIGTERM');
    await until('containerd to end', () => !isRunning(pid));
  });
  const ctr = ['--address', socket, '--namespace', 'default'];
  for (let tries = 0; (await run('ctr', [...ctr, 'version'])).code !== 0; tries += 1) {
    if (!isRunning(pid) || tries > 100) throw new Error('containerd does not answer');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return (...words) => succeed('ctr', [...ctr, ...words]);
}

function rows(table: string): string[][] {
  return table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
}

/** Top first. */
function directoriesOf(store: Store, reference: string): string[] {
  return store.resolve(reference).layers.map(({ source }) => sourceName(source));
}

describeSystem('a store that tests make', ['root'], () => {
  itSystem('is one of containerd, which lists and stacks the same', ['containerd'], async () => {
    const temporary = temporaryForTest();
    const made = new FakeContainerd(temporary.path('root'));
    const names = ['docker.io/library/app:1', 'docker.io/library/app:2'];
    const manifest = made.image({ names, layers: LAYERS });
    made.image({ names: ['example.com:5000/other:1'], layers: ['base', 'other'] });
    made.container({ id: 'web', image: 'docker.io/library/app:1', manifest });
    const { root } = made.write();
    const store = openStore(root, { namespace: 'default' });
    const ours = store.images().flatMap(({ id, tags }) => tags.map((name) => `${name} ${id}`));
    const stacked = directoriesOf(store, 'container:web');

    const ctr = await startContainerd(temporary, root);
    const checked = rows(await ctr('images', 'check'));
    expect(checked.map(([name, , digest]) => `${name} ${digest}`).sort()).toEqual(ours.sort());
    // Every blob is there, and the snapshots are those of the image's chain.
    expect(checked.map((row) => [row[3], row.at(-1)])).toEqual(checked.map(() => ['complete', 'true']));
    expect(rows(await ctr('containers', 'ls')).map(([id]) => id)).toEqual(
      store.containers().map(({ id }) => id),
    );
    const mount = await ctr('snapshots', 'mounts', '/nowhere', 'web');
    const [, upper = ''] = /upperdir=([^,\s]+)/.exec(mount) ?? [];
    const [, lower = ''] = /lowerdir=([^,\s]+)/.exec(mount) ?? [];
    expect([upper, ...lower.split(':')]).toEqual(stacked);
  });

  itSystem('is one of Podman, which lists the same', ['podman'], async () => {
    const temporary = temporaryForTest();
    const made = new FakePodman(temporary.path('root'));
    const image = made.image({ names: ['docker.io/library/app:1', 'localhost/app:2'], layers: LAYERS });
    made.image({ names: ['localhost/other:1'], layers: ['base'] });
    made.container({ name: 'web', image });
    const { root } = made.finish('none');
    const store = openStore(root);
    const ours = store.images().flatMap(({ id, tags }) => tags.map((name) => `${name} ${id}`));
    const containers = store.containers().map(({ id, name }) => `${name} ${id}`);

    await takeTurn(temporary, 'podman');
    const podman = (...words: string[]) =>
      succeed('podman', [
        '--root',
        root,
        '--runroot',
        temporary.path('run'),
        '--storage-driver',
        'overlay',
        ...words,
      ]);
    const images = ['images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}'];
    const listed = (await podman(...images)).trimEnd().split('\n');
    expect(listed.sort()).toEqual(ours.sort());
    const external = ['ps', '--all', '--external', '--no-trunc', '--format', '{{.Names}} {{.ID}}'];
    expect((await podman(...external)).trimEnd().split('\n')).toEqual(containers);
  });
});
