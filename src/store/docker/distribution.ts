// Where layers were pulled from (`image/<driver>/distribution`): two maps, from the digest of a compressed layer to its
// diff ID, and from a diff ID to the digests and repositories it was seen under (moby distribution/metadata).
import type { ByteString } from '../../sys/bytes.ts';
import { type DiffId, hexOf, isHexId, parseDiffId } from '../digest.ts';
import { optionalString, parseJsonArray, requiredString } from '../formats/json.ts';
import type { DockerRoot } from './driver.ts';
import { ORIGIN } from './shapes.ts';

/** A repository that a layer was pulled from or pushed to. */
export interface Origin {
  /** Of the compressed layer, `sha256:…`. */
  readonly digest: string;
  /** `docker.io/library/alpine` */
  readonly repository: string;
}

/** As many origins as moby keeps of a layer; older ones are dropped, though the other map still has them. */
export const MOST_ORIGINS = 50;

export function originsPath({ metadata }: DockerRoot, diffId: DiffId): string {
  return `${metadata}/distribution/v2metadata-by-diffid/sha256/${hexOf(diffId)}`;
}

/** `blob` is 64 hex digits. */
export function blobPath({ metadata }: DockerRoot, blob: string): string {
  return `${metadata}/distribution/diffid-by-digest/sha256/${blob}`;
}

/** Names in the two maps, sorted: hex digits of diff IDs, or of blobs. Throws Trouble. */
export function originNames({ files, metadata }: DockerRoot): readonly ByteString[] {
  return files.namesIfPresent(`${metadata}/distribution/v2metadata-by-diffid/sha256`) ?? [];
}

export function blobNames({ files, metadata }: DockerRoot): readonly ByteString[] {
  return files.namesIfPresent(`${metadata}/distribution/diffid-by-digest/sha256`) ?? [];
}

/** None where the layer was not pulled. Throws Trouble. */
export function readOrigins(root: DockerRoot, diffId: DiffId): Origin[] {
  const path = originsPath(root, diffId);
  const bytes = root.files.readIfPresent(path);
  if (bytes === undefined) return [];
  return parseJsonArray(bytes, root.files.pathOf(path), ORIGIN).map((origin) => ({
    digest: requiredString(origin, 'Digest'),
    repository: optionalString(origin, 'SourceRepository') ?? '',
  }));
}

/** The layer that a blob was unpacked to; undefined where no such blob was pulled. Throws Trouble. */
export function diffIdOfBlob(root: DockerRoot, blob: string): DiffId | undefined {
  if (!isHexId(blob)) return undefined;
  const path = blobPath(root, blob);
  const text = root.files.readTextIfPresent(path);
  return text === undefined
    ? undefined
    : parseDiffId(text, { file: root.files.pathOf(path), part: 'its content' });
}
