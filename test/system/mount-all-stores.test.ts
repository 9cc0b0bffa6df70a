// `mount --all` of every kind of store, as real engines left them: each image and container must be what a mount of it alone is.
// Of each store the last container is compared with one, of a few the first image too; with FUZZ all are.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stratafsForSuite } from '../support/many-commands.ts';
import { ALL_FIELDS, Oracle } from '../support/oracle.ts';
import { unpackStore } from '../support/real-stores.ts';
import { isMounted, mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';

const stratafs = stratafsForSuite();

/** A directory has an inode number of its own in each image, and what is not one may be in several. */
const FIELDS = ALL_FIELDS.filter((field) => !['ino', 'd_ino', 'dev', 'identity', 'dots'].includes(field));

/** Each with the folder of its root, and what else is to be said of it. */
const STORES: readonly (readonly [name: string, root: string, globals: readonly string[]])[] = [
  ['containerd-1.6', 'root', ['--namespace', 'k8s.io']],
  ['containerd-1.6', 'root', []],
  ['containerd-2.1-blobs-only', 'root', []],
  ['containerd-2.1-erofs-native', 'root', []],
  ['docker-20-overlay', 'overlay', []],
  ['docker-26-containerd', 'root', []],
  ['docker-28-btrfs', 'root', []],
  ['docker-28-containerd', 'root', []],
  ['docker-28-fuse-overlayfs', 'root', []],
  ['docker-28-overlay2', 'root', []],
  ['docker-28-two-stores', 'root', []],
  ['docker-28-vfs', 'root', []],
  ['podman-4.3-root-bolt', 'root', []],
  ['podman-5.8-additional-store', 'ais/root', []],
  ['podman-5.8-composefs', 'cfs/root', []],
  ['podman-5.8-root-overlay', 'root', []],
  ['podman-5.8-rootless-forcemask', 'fm', []],
  ['podman-5.8-rootless-fuse', 'fuse', []],
  ['podman-5.8-rootless-native', 'native', []],
  ['podman-5.8-rootless-vfs', 'vfs', []],
];

/** A container's layers are its image's too: that an image is shown as well, a store of directories and one of snapshots tell. */
const WITH_IMAGE = new Set(['docker-28-overlay2', 'docker-28-containerd']);

interface Listed {
  /** What the line tells of. */
  readonly t: string;
  readonly id: string;
  readonly store?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly tags?: readonly string[];
}

describeSystem('mount --all of a real store', ['root', 'fuse', 'python', 'stores', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const unpacked = new Map<string, string>();

  it.each(STORES)('%s: each is what it is alone', async (name, place, globals) => {
    const folder = unpacked.get(name) ?? unpackStore(temporary, name);
    unpacked.set(name, folder);
    const root = join(folder, place);
    const all = await mountStratafs(temporary, '--all', { root, before: globals });
    const listed = (file: string) =>
      readFileSync(`${all.directory}/.stratafs/${file}`, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Listed)
        .filter(({ t }) => t === 'image' || t === 'container');
    const everything = [
      ...listed('images.json').map((one) => ({ ...one, kind: 'image' })),
      ...listed('containers.json').map((one) => ({ ...one, kind: 'container' })),
    ];
    expect(everything.length).toBeGreaterThan(0);
    const seen = new Set<string>();
    const compared = [everything.at(-1), ...(WITH_IMAGE.has(name) ? [everything[0]] : [])];
    for (const each of everything) {
      const { id, kind, store, namespace } = each;
      const hex = id.replace('sha256:', '');
      // What several namespaces have is told apart by theirs.
      const here = `${all.directory}/by-id/${hex}${seen.has(hex) ? `@${namespace}` : ''}`;
      seen.add(hex);
      const words = `${kind}:${namespace === undefined ? '' : `${namespace}/`}${hex}`;
      const before = [...globals, ...(store === undefined ? [] : ['--store', store])];
      const told = await stratafs(['--root', root, ...before, 'ls', words]);
      if (told.code !== 0) {
        expect(told.stderr).toContain(readFileSync(`${here}/.damage`, 'utf8').trim());
        continue;
      }
      if (process.env.FUZZ !== undefined || compared.includes(each)) {
        const alone = await mountStratafs(temporary, words, { root, before });
        const expected = await oracle.dump(alone.directory, { fields: FIELDS });
        const difference = differences(expected, await oracle.dump(here, { fields: FIELDS }));
        expect({ kind, hex, difference }).toEqual({ kind, hex, difference: '' });
        await alone.umount();
      }
      const layers = readdirSync(`${here}.layers`);
      expect(layers.length).toBeGreaterThan(0);
      for (const layer of layers.filter((one) => !one.endsWith('.step'))) {
        // Of a driver that copies trees nothing tells what a container's own layer changed.
        const isShown = !readdirSync(`${here}.layers/${layer}`).includes('.damage');
        expect(isShown || /vfs|btrfs/.test(name)).toBe(true);
      }
    }
    expect(await all.umount()).toBe(0);
    expect(isMounted(all.directory)).toBe(false);
    expect(all.log()).not.toContain('fault of stratafs');
  });
});
