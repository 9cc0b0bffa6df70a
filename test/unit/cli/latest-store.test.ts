// An image that was removed and pulled again between two looks: it has the ID that it had, and other directories.
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FollowedRoot } from '../../../src/cli/mount/looks/followed-root.ts';
import { answered } from '../../../src/fuse/filesystem.ts';
import { Errno } from '../../../src/sys/errors.ts';
import { Whole } from '../../../src/whole/whole.ts';
import { patience } from '../../support/bounds.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { describeSystem } from '../../support/system.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

const LAYER = ['one'];
/** They would be the same; what differs tells where it was read. */
const BEFORE = 'as it was first';
const AFTER = 'as pulled later';

interface Pulled {
  /** Where a layer's files are. */
  readonly directory: string;
  readonly pullAgain: () => void;
}

function pulledByDocker(root: string): Pulled {
  const store = new FakeStore(root);
  store.image({ names: ['app:1'], layers: LAYER });
  const old = FakeStore.cacheId(LAYER);
  const pullAgain = () => {
    const again = 'f'.repeat(64);
    store.write(FakeStore.layerFile(LAYER, 'cache-id'), again);
    store.write(`overlay2/${again}/link`, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ');
    store.write(`overlay2/${again}/diff/f`, AFTER);
    store.remove(`overlay2/${old}`);
  };
  return { directory: store.path(`overlay2/${old}/diff`), pullAgain };
}

/** The layers of Podman keep their names: they are what the image says. */
function pulledUnderTheSameName(root: string): Pulled {
  const store = new FakeStore(root);
  store.image({ names: ['app:1'], layers: LAYER });
  const name = `overlay2/${FakeStore.cacheId(LAYER)}`;
  const pullAgain = () => {
    store.remove(`${name}/diff`);
    store.write(`${name}/diff/f`, AFTER);
  };
  return { directory: store.path(`${name}/diff`), pullAgain };
}

/** A file's contents, or why it cannot be read. */
async function contents(whole: Whole, path: string): Promise<string> {
  try {
    let node = 1;
    for (const part of path.split('/')) {
      const name = Buffer.from(part);
      const entry = await answered(() => whole.lookup(node, name, 0, name.length));
      if (entry === 0) return `no "${part}"`;
      node = whole.nodeIn(entry, node);
    }
    const bytes = new Uint8Array(100);
    const length = await answered(() => whole.read(node, 0, bytes, 0, bytes.length));
    return Buffer.from(bytes.subarray(0, length)).toString();
  } catch (error) {
    if (error instanceof Errno) return error.message;
    throw error;
  }
}

describeSystem('an image pulled again', ['root'], () => {
  const temporary = temporaryForSuite();

  // Most of the time of each is the pause before a store is looked at again.
  it.concurrent.each([
    ['Docker, elsewhere', pulledByDocker, 'images/app/1'],
    ['Docker, elsewhere: its layer', pulledByDocker, 'images/app/1.layers/1'],
    ['under the same name', pulledUnderTheSameName, 'images/app/1'],
    ['under the same name: its layer', pulledUnderTheSameName, 'images/app/1.layers/1'],
  ])('is read again: %s', async (rule, pulled, path) => {
    const root = temporary.path(rule.replaceAll(/\W/g, '-'));
    const { directory, pullAgain } = pulled(root);
    writeFileSync(`${directory}/f`, BEFORE);
    const args = { root, data: 'auto', driver: 'kernel', say: () => {} } as const;
    const followed = await FollowedRoot.open(args, { isAlone: true });
    const whole = new Whole({
      root: followed.latest,
      followed,
      log: () => {},
      most: 1e6,
      owner: { uid: 0, gid: 0 },
      statfs: () => {},
    });
    try {
      expect(await contents(whole, `${path}/f`)).toBe(BEFORE);
      pullAgain();
      const end = performance.now() + patience(20_000);
      let read = '';
      while (read !== AFTER && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        read = await contents(whole, `${path}/f`);
      }
      expect(read).toBe(AFTER);
    } finally {
      whole.close();
    }
  });
});

describeSystem('a store that is listed by another process', ['root'], () => {
  const temporary = temporaryForSuite();

  it('is listed by this one where that ends without an answer', async () => {
    const { root } = new FakeStore(temporary.path('root'));
    const args = { root, data: 'auto', driver: 'kernel', say: () => {} } as const;
    // The program that answers is made by the build: there is none beside the sources.
    const followed = await FollowedRoot.open(args, { isAlone: false });
    expect([...(await followed.latest.list()).keys()]).toContain('images');
  });
});
