// What the target of an image leads to in the content store, for all platforms, as far as it is there.
import { contentOf, hasBlob, readBlobJson } from '../../store/containerd/blobs.ts';
import type { BlobDigest } from '../../store/digest.ts';
import type { StoreFiles } from '../../store/files.ts';
import { isAttestation, isLayer, parseManifest } from '../../store/oci/manifest.ts';
import { MANIFEST_OR_INDEX } from '../../store/oci/oci-shapes.ts';
import { type PlatformImage, readImageOfManifest } from '../../store/oci/platform-image.ts';
import { attempt, Trouble } from '../../sys/errors.ts';

export type BlobRole = 'index' | 'manifest' | 'attestation' | 'config' | 'layer';

export interface ImageContents {
  /** What it leads to and is here. */
  readonly blobs: ReadonlyMap<BlobDigest, BlobRole>;
  /** What a manifest that is here names and is not. */
  readonly absent: ReadonlyMap<BlobDigest, BlobRole>;
  /** Images whose manifest and config are here. */
  readonly platforms: readonly PlatformImage[];
  /** What cannot be read, a sentence each. */
  readonly damage: readonly string[];
  /** Whether the target itself is here. */
  readonly isHere: boolean;
}

/** Indexes in indexes. */
const DEEPEST = 8;

export function readContents(files: StoreFiles, target: BlobDigest): ImageContents {
  const blobs = new Map<BlobDigest, BlobRole>();
  const absent = new Map<BlobDigest, BlobRole>();
  const platforms: PlatformImage[] = [];
  const damage: string[] = [];
  const has = (digest: BlobDigest) => attempt(() => hasBlob(files, digest)) === true;
  const note = (digest: BlobDigest, role: BlobRole) => (has(digest) ? blobs : absent).set(digest, role);
  const walk = (digest: BlobDigest, role: BlobRole, depth: number): void => {
    if (blobs.has(digest) || depth > DEEPEST) return;
    blobs.set(digest, role);
    const found = attempt(() => parseManifest(readBlobJson(files, digest, MANIFEST_OR_INDEX)));
    if (found instanceof Trouble) {
      damage.push(found.message);
      return;
    }
    if (found.kind === 'index') {
      blobs.set(digest, 'index');
      // That an index names platforms which were not fetched is usual.
      for (const one of found.manifests)
        if (has(one.digest)) walk(one.digest, isAttestation(one) ? 'attestation' : 'manifest', depth + 1);
      return;
    }
    note(found.config.digest, 'config');
    const isImage = role !== 'attestation' && (found.layers.length === 0 || found.layers.some(isLayer));
    for (const layer of found.layers) note(layer.digest, isImage ? 'layer' : 'attestation');
    if (!isImage || !has(found.config.digest)) return;
    const image = attempt(() => readImageOfManifest(contentOf(files), digest));
    if (image instanceof Trouble) damage.push(image.message);
    else platforms.push(image);
  };
  const isHere = has(target);
  if (isHere) walk(target, 'manifest', 0);
  return { blobs, absent, platforms, damage, isHere };
}
