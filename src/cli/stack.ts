// From a reference on the command line to the layers it means, and to their merged tree. The store is loaded only where
// one is needed.
import type { Tree } from '../overlay/tree.ts';
import type { LayerStack, Store } from '../store/store.ts';
import { asBytes, bytesOfText } from '../sys/bytes.ts';
import { Errno, Trouble } from '../sys/errors.ts';
import { pathArguments } from './arguments.ts';
import { errnoWords } from './failure.ts';

export interface StoreOptions {
  /** The data root, `--root`. */
  readonly root: string;
  /** overlayfs's own options for reading the layers, `--overlay`: lists of words. */
  readonly overlay?: readonly string[];
}

/** What a `<ref>` may be, for `--help`. */
export const REFERENCE_WORDS = 'image, container, or lowerdir=TOP:…:LOWEST';

export async function openTheStore(options: StoreOptions): Promise<Store> {
  const { openStore } = await import('../store/open.ts');
  return openStore(options.root);
}

const LOWERDIR = 'lowerdir=';

export async function openStack(reference: string, options: StoreOptions): Promise<LayerStack> {
  const stack = await findStack(reference, options);
  if (options.overlay === undefined || options.overlay.length === 0) return stack;
  const { withOverlayWords } = await import('./overlay.ts');
  return withOverlayWords(stack, options.overlay);
}

async function findStack(reference: string, options: StoreOptions): Promise<LayerStack> {
  if (!reference.startsWith(LOWERDIR)) return (await openTheStore(options)).resolve(reference);
  const { stackOfLowerdir } = await import('../store/lowerdir.ts');
  const [bytes = bytesOfText(reference)] = pathArguments([reference]);
  return stackOfLowerdir(asBytes(bytes.slice(LOWERDIR.length)));
}

/** Gives the merged tree of a reference to `read`, and closes it after. */
export async function readTree(
  reference: string,
  options: StoreOptions,
  read: (tree: Tree) => void,
): Promise<void> {
  const tree = await openTree(await openStack(reference, options));
  try {
    read(tree);
  } finally {
    tree.close();
  }
}

/** A name that is damaged has its errno in the tree, so whoever asks for it hears of it: no log is needed. */
export async function openTree(stack: LayerStack): Promise<Tree> {
  const { Tree } = await import('../overlay/tree.ts');
  try {
    return new Tree(stack);
  } catch (cause) {
    if (!(cause instanceof Errno)) throw cause;
    throw new Trouble('path', `Cannot open the layers of "${stack.label}": ${errnoWords(cause.errno)}`, {
      cause,
    });
  }
}
