// containerd's content store: blobs by their digests. What is read of one is checked against its name first.
import { type BlobDigest, hexOf } from '../digest.ts';
import type { StoreFiles } from '../files.ts';
import type { StructShape } from '../formats/go-shape.ts';
import type { JsonDocument } from '../formats/json.ts';
import { type Blobs, parseBlobJson } from '../oci/platform-image.ts';

export const CONTENT = 'io.containerd.content.v1.content';

/** Relative to containerd's root. */
export function blobPath(digest: BlobDigest): string {
  return `${CONTENT}/blobs/sha256/${hexOf(digest)}`;
}

/** Throws Trouble where it cannot be told. */
export function hasBlob(files: StoreFiles, digest: BlobDigest): boolean {
  return files.kindOf(blobPath(digest)) === 'file';
}

/** Bytes; undefined where it is not there. Throws Trouble where it cannot be told. */
export function blobSize(files: StoreFiles, digest: BlobDigest): number | undefined {
  return files.withPartsIfPresent(blobPath(digest), (file) => file.size());
}

/** A manifest, an index or a config, by the type that containerd reads it into. Throws Trouble. */
export function readBlobJson(files: StoreFiles, digest: BlobDigest, shape: StructShape): JsonDocument {
  const path = blobPath(digest);
  return parseBlobJson(files.read(path), digest, files.pathOf(path), shape);
}

export function contentOf(files: StoreFiles): Blobs {
  return {
    nameOf: (digest) => files.pathOf(blobPath(digest)),
    sizeOf: (digest) => blobSize(files, digest),
    readJson: (digest, shape) => readBlobJson(files, digest, shape),
  };
}
