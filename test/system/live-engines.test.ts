// Engines at work: containerd and Podman, each in roots of its own, import an image and go on making snapshots and containers while
// stratafs reads. Lists are the engine's own, trees those of the engine's own mounts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { type EngineCommand, podmanIn, startContainerd } from '../support/live-engines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { differingLines, listOfTree, unpackArchives } from '../support/real-stores.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { type Temporary, temporaryForTest } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const ARCHIVE = 'podman-oci-archive.tar';
const IMAGE = 'docker.io/library/demo:1';
/** How many things an engine makes while its store is read. */
const MADE = 4;
/** Of the stores that are `vfs` the real ones tell by default. */
const DRIVERS = process.env.STORES === 'all' ? ['overlay', 'vfs'] : ['overlay'];

describeSystem('a containerd at work', ['root', 'fuse', 'containerd', 'stores', 'python', 'build'], () => {
  it('is read as it lists and mounts its own, while snapshots are prepared', async () => {
    const temporary = temporaryForTest();
    const { root, ctr } = await startContainerd(temporary);
    await ctr('images', 'import', join(unpackArchives(temporary), ARCHIVE));
    await ctr('images', 'tag', IMAGE, 'localhost/other:2');
    const theirs = lines(await ctr('images', 'ls'))
      .slice(1)
      .map((line) => line.split(/\s+/));
    expect(await imagesOf(root)).toEqual(theirs.map(([name, , digest]) => `${name} ${digest}`).toSorted());

    const directory = temporary.path('image');
    mkdirSync(directory);
    await ctr('images', 'mount', IMAGE, directory);
    expect(differingLines(await treeOf(temporary, root, IMAGE), listOfTree(directory))).toEqual([]);
    const top =
      lines(await ctr('snapshots', 'ls'))
        .map((line) => line.split(/\s+/))
        .find(([key]) => key === directory)?.[1] ?? '';
    const prepare = async () => {
      for (let i = 0; i < MADE; i++) await ctr('snapshots', 'prepare', `made-${i}`, top);
    };
    const look = async () => {
      for (let i = 0; i < MADE; i++) {
        const { code, stderr } = await stratafs(['--root', root, 'ls', IMAGE, '/']);
        expect([code, stderr]).toEqual([0, '']);
      }
    };
    await Promise.all([prepare(), look()]);

    await ctr('containers', 'create', IMAGE, 'web', '/bin/tiny');
    const { stdout } = await stratafs(['--root', root, 'containers', '-aq']);
    expect(lines(stdout)).toEqual(lines(await ctr('containers', 'ls', '-q')));
    const changed = await changeSnapshot(temporary, ctr, 'web');
    expect(differingLines(await treeOf(temporary, root, 'web'), changed)).toEqual([]);
    const last = await changeSnapshot(temporary, ctr, `made-${MADE - 1}`);
    expect(differingLines(await treeOf(temporary, root, `made-${MADE - 1}`), last)).toEqual([]);
  });
});

describeSystem('a Podman at work', ['root', 'fuse', 'podman', 'stores', 'python', 'build'], () => {
  it.each(DRIVERS)('with the driver %s is read as it lists and mounts its own', async (driver) => {
    const temporary = temporaryForTest();
    const root = temporary.path('root');
    const podman = podmanIn(temporary, driver);
    await podman('load', '-q', '-i', join(unpackArchives(temporary), ARCHIVE));
    await podman('tag', IMAGE, 'localhost/other:2');
    const create = async () => {
      for (let i = 0; i < MADE / 2; i++)
        await podman('create', '--name', `made-${i}`, '--network', 'none', IMAGE, '/bin/tiny');
    };
    const look = async () => {
      for (let i = 0; i < MADE; i++) {
        const { code, stderr } = await stratafs(['--root', root, 'ls', IMAGE, '/']);
        expect([code, stderr]).toEqual([0, '']);
      }
    };
    await Promise.all([create(), look()]);

    const images = await podman('images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}');
    expect(await imagesOf(root)).toEqual(lines(images).toSorted());
    const { stdout } = await stratafs(['--root', root, 'containers', '-a', '--json']);
    const ours = jsonRecords<{ id: string; name: string; status: string }>(stdout);
    const theirs = await podman('ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.Status}}');
    expect(ours.map(({ id, name, status }) => `${id} ${name} ${status}`).toSorted()).toEqual(
      lines(theirs)
        .map((line) => line.replace('Created', 'created'))
        .toSorted(),
    );

    const [directory = ''] = lines(await podman('image', 'mount', IMAGE));
    expect(differingLines(await treeOf(temporary, root, IMAGE), listOfTree(directory))).toEqual([]);
    const [upper = ''] = lines(await podman('mount', 'made-0'));
    writeFileSync(join(upper, 'etc/new'), 'new');
    await succeed('rm', ['-r', join(upper, 'app')]);
    expect(differingLines(await treeOf(temporary, root, 'made-0'), listOfTree(upper))).toEqual([]);
  });
});

/** Writes into a snapshot by the mount that containerd says it has; answers what that mount shows then. */
async function changeSnapshot(temporary: Temporary, ctr: EngineCommand, key: string): Promise<string[]> {
  const directory = temporary.path(`mount-${key}`);
  mkdirSync(directory);
  const [command = '', ...words] = (await ctr('snapshots', 'mounts', directory, key)).trim().split(/\s+/);
  await succeed(command, words);
  writeFileSync(join(directory, 'etc/new'), 'new');
  await succeed('rm', ['-r', join(directory, 'app')]);
  return listOfTree(directory);
}

/** `name ID`, sorted. */
async function imagesOf(root: string): Promise<string[]> {
  const { code, stdout, stderr } = await stratafs(['--root', root, 'images', '--json']);
  expect([code, stderr]).toEqual([0, '']);
  const images = jsonRecords<{ id: string; tags: string[] }>(stdout);
  return images.flatMap(({ id, tags }) => tags.map((tag) => `${tag} ${id}`)).toSorted();
}

async function treeOf(temporary: Temporary, root: string, reference: string): Promise<string[]> {
  const mount = await mountStratafs(temporary, reference, { root });
  const tree = listOfTree(mount.directory);
  await mount.umount();
  return tree;
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
