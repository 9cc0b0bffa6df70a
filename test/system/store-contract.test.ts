// The suite of all stores on real ones, which engines left as they are.
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { unpackStore } from '../support/real-stores.ts';
import { describeStore } from '../support/store-contract.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

/** Name → the root in it. */
const STORES = {
  'docker-28-overlay2': 'root',
  'docker-28-vfs': 'root',
  'docker-28-fuse-overlayfs': 'root',
  'docker-28-btrfs': 'root',
  'docker-20-overlay': 'overlay',
  'docker-26-containerd': 'root',
  'podman-5.8-root-overlay': 'root',
  'podman-5.8-rootless-vfs': 'vfs',
  'podman-4.3-root-bolt': 'root',
} as const;

describeSystem('real stores', ['root', 'stores'], () => {
  const temporary = temporaryForSuite();
  const roots = new Map<string, string>();
  beforeAll(() => {
    for (const [name, root] of Object.entries(STORES)) {
      roots.set(name, join(unpackStore(temporary, name), root));
    }
  });
  for (const name of Object.keys(STORES)) {
    describeStore(name, () => {
      const root = roots.get(name) ?? '';
      return { store: openStore(root), root };
    });
  }
});
