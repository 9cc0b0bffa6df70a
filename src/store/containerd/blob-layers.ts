// An image that was not unpacked, or by a snapshotter that keeps no files: its layers are the compressed tars in the content store.
import { shortId } from '../digest.ts';
import { trouble } from '../file-state.ts';
import type { StoreFiles } from '../files.ts';
import type { Layer, Missing } from '../layer-stack.ts';
import type { PlatformImage } from '../oci/platform-image.ts';
import type { TarSource } from '../source.ts';
import { blobPath, blobSize } from './blobs.ts';
import { stepsByChain } from './stack.ts';

/** Top first. Throws Trouble where a layer's blob is missing, unless such are to be marked. */
export function blobLayers(files: StoreFiles, image: PlatformImage, missing: Missing): Layer[] {
  const steps = stepsByChain(image);
  const layers: Layer[] = [];
  let below: TarSource | undefined;
  for (const [index, diffId] of image.diffIds.entries()) {
    const chainId = image.chain[index];
    const blob = image.layers[index];
    if (chainId === undefined || blob === undefined) break;
    const path = blobPath(blob.digest);
    const size = blobSize(files, blob.digest);
    const gone = trouble(
      'read',
      files.pathOf(path),
      `the compressed layer ${shortId(blob.digest)} is not here`,
    );
    if (size === undefined && missing === 'refuse') throw gone;
    const source: TarSource = {
      kind: 'tar',
      name: files.pathOf(path),
      digest: blob.digest,
      size: size ?? blob.size ?? 0,
      engine: 'containerd',
      ...(below === undefined ? {} : { below }),
      open() {
        const bytes = files.openBlobIfPresent(path);
        if (bytes === undefined) throw gone;
        return bytes;
      },
    };
    below = source;
    const history = steps.get(chainId);
    layers.unshift({
      source,
      role: 'image',
      diffId,
      chainId,
      ids: { blob: blob.digest },
      size: source.size,
      ...(history === undefined ? {} : { history }),
      ...(size === undefined ? { missing: gone.message } : {}),
    });
  }
  return layers;
}
