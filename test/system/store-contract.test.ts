// The suite of all stores on real ones, which engines left as they are.
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import type { OpenOptions } from '../../src/store/kind.ts';
import { openStore } from '../../src/store/open.ts';
import { unpackStore } from '../support/real-stores.ts';
import { describeStore } from '../support/store-contract.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

interface RealStore {
  /** Below the folder that it is unpacked in. */
  readonly root: string;
  /** So too. */
  readonly additionalRoot?: string;
  readonly options?: OpenOptions;
  readonly withoutLayers?: string;
}

const STORES: Readonly<Record<string, RealStore>> = {
  'docker-28-overlay2': { root: 'root' },
  'docker-28-vfs': { root: 'root' },
  'docker-28-fuse-overlayfs': { root: 'root' },
  'docker-28-btrfs': { root: 'root' },
  'docker-20-overlay': { root: 'overlay' },
  'docker-26-containerd': { root: 'root' },
  'containerd-1.6': { root: 'root', options: { namespace: 'k8s.io' } },
  'podman-5.8-root-overlay': { root: 'root' },
  'podman-5.8-additional-store': { root: 'extra/root', additionalRoot: 'ais/root', withoutLayers: 'rootfs' },
  'podman-5.8-composefs': { root: 'cfs/root' },
  'podman-5.8-rootless-native': { root: 'native' },
  'podman-5.8-rootless-fuse': { root: 'fuse' },
  'podman-5.8-rootless-forcemask': { root: 'fm' },
  'podman-5.8-rootless-vfs': { root: 'vfs' },
  'podman-4.3-root-bolt': { root: 'root' },
};

describeSystem('real stores', ['root', 'stores'], () => {
  const temporary = temporaryForSuite();
  const folders = new Map<string, string>();
  beforeAll(() => {
    for (const name of Object.keys(STORES)) folders.set(name, unpackStore(temporary, name));
  });
  for (const [name, { root, additionalRoot, options = {}, ...contract }] of Object.entries(STORES)) {
    describeStore(
      name,
      () => {
        const folder = folders.get(name) ?? '';
        const additional =
          additionalRoot === undefined ? {} : { additionalRoots: [join(folder, additionalRoot)] };
        return { store: openStore(join(folder, root), { ...options, ...additional }), root: folder };
      },
      contract,
    );
  }
});
