// A path that the merged view has not: whether one of the layers has it, hidden or deleted by those above.
import type { Tree } from '../overlay/tree.ts';
import type { ByteString } from '../sys/bytes.ts';
import { E, Errno, Trouble } from '../sys/errors.ts';
import { pathFailure } from './failure.ts';

const ABSENT: readonly number[] = [E.ENOENT, E.ENOTDIR];

/** As `pathFailure`; `pointer` says what shows the version of layer `number`. Nothing is looked for before a failure. */
export async function missingFailure(
  doing: string,
  path: ByteString,
  tree: Tree,
  error: unknown,
  pointer?: (number: number) => string,
): Promise<unknown> {
  const failure = pathFailure(doing, path, tree.stack.label, error);
  if (!(error instanceof Errno && failure instanceof Trouble) || !ABSENT.includes(error.errno))
    return failure;
  return new Trouble(failure.kind, failure.message + (await hintFor(path, tree, pointer)), { cause: error });
}

async function hintFor(
  path: ByteString,
  tree: Tree,
  pointer: (number: number) => string = () => 'see "stratafs which"',
): Promise<string> {
  const { Layers } = await import('../layers/layers.ts');
  const { layerHint } = await import('./layer-option.ts');
  const { canonical } = await import('../layers/canonical.ts');
  const layers = new Layers(tree.stack);
  try {
    return await layerHint(layers, canonical(layers, path), pointer);
  } catch (error) {
    // The failure at hand is told; that no more can be said of it adds nothing.
    if (error instanceof Errno) return '';
    throw error;
  } finally {
    layers.close();
  }
}
