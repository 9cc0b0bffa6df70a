// The tree of each image of a real archive is what the engine makes of the archive: docker load, ctr image import and podman load
// here, and the kernel's or the engine's own mount of the result. Every difference but times that no tar has is a failure. STORES=all
// compares all images of all archives, else each archive's first, and all of one that holds several.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openArchiveStore } from '../../src/store/open.ts';
import { bytesOfText } from '../../src/sys/bytes.ts';
import { Engine } from '../support/engine.ts';
import { mountKernel } from '../support/kernel.ts';
import { podmanIn, startContainerd } from '../support/live-engines.ts';
import { Oracle } from '../support/oracle.ts';
import { differingLines, listOfTree, unpackArchives } from '../support/real-stores.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { type Temporary, temporaryForTest } from '../support/temporary.ts';

const IS_LONG = process.env.STORES === 'all';

/** Those that Docker 20.10 takes: without zstd, which came with 23. */
const DOCKER = [
  'docker-save-20.tar',
  'docker-save-28-overlay2.tar',
  'docker-save-28-containerd.tar',
  'bx-docker.tar',
  'podman-docker-archive.tar',
  'podman-multi.tar',
];
const CONTAINERD = ['podman-oci-archive.tar', 'oci-multi.tar', 'oci-zstd.tar'];
const PODMAN = [
  'podman-docker-archive.tar',
  'podman-oci-archive.tar',
  ...(IS_LONG ? ['docker-save-20.tar'] : []),
];

/** What the archive says is in it: IDs, and names as engines have them. */
async function imagesOf(path: string, platform?: string) {
  const store = await openArchiveStore(bytesOfText(path), platform === undefined ? {} : { platform });
  const images = store
    .images()
    .flatMap(({ id, tags, damage }) => (damage === undefined ? [{ id, tags }] : []));
  return IS_LONG || path.endsWith('podman-multi.tar') ? images : images.slice(0, 1);
}

async function ours(
  temporary: Temporary,
  reference: string,
  before: readonly string[] = [],
): Promise<string[]> {
  const mount = await mountStratafs(temporary, reference, { before });
  try {
    return listOfTree(mount.directory).map(withoutOwnTime);
  } finally {
    await mount.umount();
  }
}

/** The root, and directories that only a layer's tar implies, were made when the engine unpacked it. */
function withoutOwnTime(line: string): string {
  return line.replace(/^(\.|\.\/data) (d \d+ \d+ \d+ -) \S+/, '$1 $2');
}

describeSystem(
  'archives in a Docker',
  ['root', 'fuse', 'overlay', 'docker', 'stores', 'python', 'build'],
  () => {
    it('are the trees that docker load makes of them', { timeout: 600_000 }, async () => {
      const temporary = temporaryForTest();
      const folder = unpackArchives(temporary);
      const engine = new Engine(temporary);
      const oracle = new Oracle(temporary);
      await engine.start();
      let compared = 0;
      for (const name of DOCKER) {
        await engine.docker(['load', '-q', '-i', join(folder, name)]);
        for (const { id } of await imagesOf(join(folder, name))) {
          const kernel = await mountKernel(oracle, temporary, await engine.layersOf(id, 'image'));
          const theirs = listOfTree(kernel.directory).map(withoutOwnTime);
          await kernel.umount();
          const reference = `${join(folder, name)}:${id.slice('sha256:'.length)}`;
          expect(differingLines(await ours(temporary, reference), theirs), `${name} ${id}`).toEqual([]);
          compared += 1;
        }
      }
      expect(compared).toBe(IS_LONG ? 10 : 7);
    });
  },
);

describeSystem(
  'archives in a containerd',
  ['root', 'fuse', 'containerd', 'stores', 'python', 'build'],
  () => {
    it('are the trees that importing them makes', { timeout: 600_000 }, async () => {
      const temporary = temporaryForTest();
      const folder = unpackArchives(temporary);
      const { ctr } = await startContainerd(temporary);
      for (const name of CONTAINERD) {
        const base = `loaded/${name.split('.')[0]}`;
        await ctr(
          'images',
          'import',
          '--index-name',
          `${base}:all`,
          '--digests',
          '--base-name',
          base,
          join(folder, name),
        );
        const [image = ''] = (await ctr('images', 'ls', '-q'))
          .split('\n')
          .filter((one) => one.startsWith(base));
        const directory = temporary.path(`mounted-${name}`);
        mkdirSync(directory);
        await ctr('images', 'mount', image, directory);
        const theirs = listOfTree(directory).map(withoutOwnTime);
        await ctr('images', 'unmount', directory);
        const reference = join(folder, name);
        expect(differingLines(await ours(temporary, reference), theirs), `${name} ${image}`).toEqual([]);
      }
    });
  },
);

describeSystem('archives in a Podman', ['root', 'fuse', 'podman', 'stores', 'python', 'build'], () => {
  it('are the trees that podman load makes of them', { timeout: 600_000 }, async () => {
    const temporary = temporaryForTest();
    const folder = unpackArchives(temporary);
    const podman = podmanIn(temporary, 'overlay');
    for (const name of PODMAN) {
      await podman('load', '-q', '-i', join(folder, name));
      for (const { id } of await imagesOf(join(folder, name))) {
        const hex = id.slice('sha256:'.length);
        const [directory = ''] = (await podman('image', 'mount', hex)).trim().split('\n');
        const theirs = listOfTree(directory).map(withoutOwnTime);
        const reference = `${join(folder, name)}:${hex}`;
        const tree = await ours(temporary, reference, ['--unpack-as', 'podman']);
        expect(differingLines(tree, theirs), `${name} ${id}`).toEqual([]);
      }
    }
  });
});
