// A Docker whose images are in the machine's own containerd, `/var/lib/containerd` beside `/var/lib/docker`, as Docker 29 is usually
// installed: named with --containerd-root, or found on the machine's disk. Told as where dockerd runs a containerd of its own.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stratafsForSuite } from '../support/many-commands.ts';
import { unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForTest } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const QUESTIONS = [
  ['images'],
  ['containers', '-a'],
  ['ls', '-R', 'web', '/'],
  ['history', 'built:1'],
] as const;

describeSystem('a Docker on the containerd of the machine', ['root', 'stores', 'build'], () => {
  async function answers(words: readonly string[]): Promise<string[]> {
    const all: string[] = [];
    for (const question of QUESTIONS) {
      const { code, stdout, stderr } = await stratafs([...words, ...question]);
      expect([question, code, stderr]).toEqual([question, 0, '']);
      // The clock goes on between two of them.
      all.push(stdout.replaceAll(/\d+ (\w+) ago/g, 'some $1 ago'));
    }
    return all;
  }

  it('is shown as one with a containerd of its own', async () => {
    const temporary = temporaryForTest();
    const unpacked = join(unpackStore(temporary, 'docker-28-containerd'), 'root');
    const managed = await answers(['--root', unpacked]);
    const disk = temporary.path('disk');
    mkdirSync(join(disk, 'var/lib'), { recursive: true });
    const [docker, containerd] = [join(disk, 'var/lib/docker'), join(disk, 'var/lib/elsewhere')];
    renameSync(join(unpacked, 'containerd/daemon'), containerd);
    renameSync(unpacked, docker);
    const lost = await stratafs(['--root', docker, 'images']);
    expect([lost.code === 0, lost.stderr]).toEqual([false, expect.stringContaining('--containerd-root')]);
    expect(await answers(['--root', docker, '--containerd-root', containerd])).toEqual(managed);
    mkdirSync(join(disk, 'etc/containerd'), { recursive: true });
    writeFileSync(join(disk, 'etc/containerd/config.toml'), 'version = 2\nroot = "/var/lib/elsewhere"\n');
    expect(await answers(['--host-root', disk, '--root', '/var/lib/docker'])).toEqual(managed);
    // By its usual name it is found without a word.
    renameSync(containerd, join(disk, 'var/lib/containerd'));
    rmSync(join(disk, 'etc'), { recursive: true });
    expect(await answers(['--root', docker])).toEqual(managed);
    const stores = await stratafs(['--host-root', disk, 'stores']);
    expect(stores.stdout).toMatch(/docker containerd +\/var\/lib\/docker +9 +5 /);
    expect(stores.stdout).toMatch(
      /containerd +\/var\/lib\/containerd +0 +0 .* a usual place; besides what ".*\/var\/lib\/docker" keeps in it/,
    );
    // What Docker keeps in the machine's containerd is Docker's, and there once.
    expect(await answers(['--host-root', disk])).toEqual(managed);
  });
});
