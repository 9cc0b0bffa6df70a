// Trees of one grove beside trees of their own: whatever stacks share their layers, and in whatever order they are walked, each
// must show what it shows alone; what two of them have alike must be one node. STACKS sets how many, SEED which.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Grove } from '../../src/overlay/grove/grove.ts';
import type { Shown } from '../../src/overlay/shown.ts';
import { Tree } from '../../src/overlay/tree.ts';
import type { LayerStack } from '../../src/store/layer-stack.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { Errno, errnoName } from '../../src/sys/errors.ts';
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../src/sys/statx.ts';
import { Oracle } from '../support/oracle.ts';
import { type RandomStack, randomStack, stackText, writable } from '../support/stacks.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';

const STACKS = Math.ceil(Number(process.env.STACKS ?? 400) / 10);
const SEED = Number(process.env.SEED ?? 20_261_128);
/** Words of `struct fuse_attr` behind the inode number. */
const ATTRIBUTE_WORDS = 22;
const VARIANTS_HERE: readonly RandomStack['variant'][] = ['plain', 'redirect_dir=nofollow', 'userxattr'];

function stackOf(directories: readonly string[], variant: RandomStack['variant']): LayerStack {
  const layers = directories.map(
    (path) => ({ source: { kind: 'directory', path: asBytes(path) }, role: 'plain' }) as const,
  );
  const dialect = variant === 'userxattr' ? 'user' : 'trusted';
  const redirect = variant === 'redirect_dir=nofollow' ? 'nofollow' : 'follow';
  return { label: 'random', kind: 'lowerdir', layers, dataLayers: [], dialect, redirect };
}

function attempted(answer: () => string): string {
  try {
    return answer();
  } catch (error) {
    if (error instanceof Errno) return errnoName(error.errno);
    throw error;
  }
}

/** One line a name, in the order of the listings. Inode numbers of directories are each tree's own. */
function dump(shown: Shown, root: number): string[] {
  const lines: string[] = [];
  const words = new Uint32Array(ATTRIBUTE_WORDS);
  const bytes = Buffer.alloc(4096);
  const show = (node: number, path: string): void => {
    shown.copyAttributes(node, words, 0);
    const type = shown.typeOf(node);
    const told = [...words.subarray(type === S_IFDIR ? 2 : 0)].map((word) => word.toString(16));
    const names = attempted(() => shown.xattrNames(node).sort().join());
    const target = type === S_IFLNK ? bytes.toString('latin1', 0, shown.readLink(node, bytes, 0, 4096)) : '';
    const data =
      type === S_IFREG
        ? attempted(() => bytes.toString('latin1', 0, shown.read(node, 0, bytes, 0, 4096)))
        : '';
    lines.push(`${path} ${told.join(' ')} ${names} ${target} ${data}`);
    if (type === S_IFDIR) list(node, path);
  };
  const list = (directory: number, path: string): void => {
    const listed = attempted(() => {
      const first = shown.firstEntry(directory);
      for (let entry = first; entry < first + shown.entryCount(directory); entry++) {
        const length = shown.nameLength(entry);
        shown.copyName(entry, bytes, 0);
        const name = `${path}/${bytes.toString('latin1', 0, length)}`;
        expect(shown.lookup(directory, Buffer.from(name.slice(path.length + 1), 'latin1'), 0, length)).toBe(
          entry,
        );
        const errno = shown.errnoOf(entry);
        if (errno !== 0) lines.push(`${name} ${errnoName(errno)}`);
        else {
          const node = shown.nodeIn === undefined ? shown.nodeOf(entry) : shown.nodeIn(entry, directory);
          if (shown.typeOf(node) === S_IFDIR) expect(shown.parentOf(node)).toBe(directory);
          show(node, name);
        }
      }
      return '';
    });
    if (listed !== '') lines.push(`${path} is not listed: ${listed}`);
  };
  show(root, '');
  return lines;
}

describeSystem('a grove of random layer stacks', ['root', 'python'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);

  async function mustAgree(stack: RandomStack, order: number): Promise<void> {
    const directory = temporary.path('stack');
    const all = stack.layers.map((_, layer) => join(directory, String(layer)));
    const written = stack.layers.map((steps, layer) => ({
      directory: all[layer] ?? '',
      steps: writable(steps, layer, all),
    }));
    const grove = new Grove({ log: () => {}, devices: [] });
    try {
      await oracle.write(written.toReversed(), { lenient: true });
      // The whole, twice; what lies below each layer; each layer alone; and layers on others than they were made on.
      const stacks = [
        all,
        all,
        ...all.map((_, i) => all.slice(i)),
        ...all.map((one) => [one]),
        all.toReversed(),
      ];
      const turned = stacks.map((_, i) => stacks[(i + order) % stacks.length] ?? all);
      const roots = turned.map((layers) => grove.plant(stackOf(layers, stack.variant)));
      for (const [i, layers] of turned.entries()) {
        const tree = new Tree(stackOf(layers, stack.variant));
        const expected = dump(tree, tree.root);
        tree.close();
        const difference = differences(expected, dump(grove, roots[i] ?? 0));
        if (difference !== '') throw new Error(`${layers.join(':')}\n${difference}\n${stackText(stack)}`);
      }
    } finally {
      grove.close();
      rmSync(directory, { recursive: true, force: true });
    }
  }

  it(
    `show ${STACKS} times what each shows alone`,
    async () => {
      const stacks = randomStack.filter(({ variant }) => VARIANTS_HERE.includes(variant));
      const property = fc.asyncProperty(fc.noBias(stacks), fc.nat(20), mustAgree);
      await fc.assert(property, { numRuns: STACKS, seed: SEED });
    },
    STACKS * 1000 + 60_000,
  );
});
