// From the digest of an image's record to what it is made of: of an index the manifest for the wanted platform, of that the
// config, of that the diff IDs; every blob checked against its digest on the way.
import { shownBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { type BlobDigest, type ChainId, chainIds, type DiffId } from '../digest.ts';
import type { StoreFiles } from '../files.ts';
import type { JsonObject } from '../formats/json.ts';
import {
  type Descriptor,
  fits,
  hostPlatform,
  type Index,
  imagesOfIndex,
  isLayer,
  type Manifest,
  type Platform,
  parseManifest,
  platformOf,
  platformText,
} from '../manifest.ts';
import { diffIdsOf } from '../oci.ts';
import { IMAGE, MANIFEST_OR_INDEX } from '../oci-shapes.ts';
import { blobPath, blobSize, hasBlob, readBlobJson } from './blobs.ts';

/** One image for one platform. */
export interface PlatformImage {
  /** What the name leads to: an index, or the manifest itself. */
  readonly target: BlobDigest;
  readonly manifest: BlobDigest;
  readonly config: BlobDigest;
  /** Base first: compressed layers as the manifest names them. */
  readonly layers: readonly Descriptor[];
  /** Of the manifest, the config and the layers, as the manifest has them: bytes. */
  readonly fetchedSize: number;
  readonly json: JsonObject;
  /** Base first. */
  readonly diffIds: readonly DiffId[];
  readonly chain: readonly ChainId[];
}

/** Indexes in indexes. */
const DEEPEST = 8;

/** Throws Trouble where a blob is missing or damaged, or none is for the platform. */
export function readImage(files: StoreFiles, target: BlobDigest, platform?: Platform): PlatformImage {
  const chosen = chooseManifest(files, target, platform);
  return { ...readManifest(files, chosen.digest, chosen.manifest), target };
}

/** The image of one manifest. Throws Trouble. */
export function readImageOfManifest(files: StoreFiles, digest: BlobDigest): PlatformImage {
  const manifest = parseManifest(readBlobJson(files, digest, MANIFEST_OR_INDEX));
  if (manifest.kind === 'manifest') return readManifest(files, digest, manifest);
  throw new Trouble(
    'store',
    `Cannot use "${shownBytes(files.pathOf(blobPath(digest)))}": it is an index, not a manifest`,
  );
}

function readManifest(files: StoreFiles, digest: BlobDigest, { config, layers }: Manifest): PlatformImage {
  const json = readBlobJson(files, config.digest, IMAGE);
  const diffIds = diffIdsOf(json);
  return {
    target: digest,
    manifest: digest,
    config: config.digest,
    layers,
    fetchedSize: [config, ...layers].reduce((sum, { size = 0 }) => sum + size, blobSize(files, digest) ?? 0),
    json,
    diffIds,
    chain: chainIds(diffIds),
  };
}

interface Chosen {
  readonly digest: BlobDigest;
  readonly manifest: Manifest;
}

function chooseManifest(files: StoreFiles, target: BlobDigest, platform: Platform | undefined): Chosen {
  const found = parseManifest(readBlobJson(files, target, MANIFEST_OR_INDEX));
  if (found.kind === 'manifest') {
    if (platform !== undefined) requirePlatform(files, target, found, platform);
    return { digest: target, manifest: found };
  }
  const chosen = chooseOf(files, found, platform, 0);
  if (chosen !== undefined) return chosen;
  throw new Trouble(
    'store',
    `Cannot use "${shownBytes(files.pathOf(blobPath(target)))}": ${absence(files, found, platform)}`,
  );
}

/** The first in the order of preference whose manifest is here. */
function chooseOf(
  files: StoreFiles,
  index: Index,
  platform: Platform | undefined,
  depth: number,
): Chosen | undefined {
  for (const one of imagesOfIndex(index, platform ?? hostPlatform())) {
    if (platform !== undefined && one.platform !== undefined && !fits(one.platform, platform)) continue;
    if (!hasBlob(files, one.digest)) continue;
    const found = parseManifest(readBlobJson(files, one.digest, MANIFEST_OR_INDEX));
    if (found.kind === 'index') {
      const inner = depth < DEEPEST ? chooseOf(files, found, platform, depth + 1) : undefined;
      if (inner !== undefined) return inner;
    } else if (found.layers.length === 0 || found.layers.some(isLayer)) {
      return { digest: one.digest, manifest: found };
    }
  }
  return undefined;
}

function absence(files: StoreFiles, index: Index, platform: Platform | undefined): string {
  const words = (list: readonly Descriptor[]) =>
    list.map((one) => (one.platform === undefined ? one.digest : platformText(one.platform))).join(', ');
  const images = imagesOfIndex(index, platform ?? hostPlatform());
  const here = images.filter(({ digest }) => hasBlob(files, digest));
  if (images.length === 0) return 'it is an index without images';
  if (here.length === 0) return `it is an index of images whose manifests are not here (${words(images)})`;
  if (platform === undefined) return 'no manifest it names is one of an image';
  return `it has no image for ${platformText(platform)}; here are: ${words(here)}`;
}

/** A single manifest says its platform in its config. */
function requirePlatform(
  files: StoreFiles,
  target: BlobDigest,
  { config }: Manifest,
  wanted: Platform,
): void {
  const has = platformOf(readBlobJson(files, config.digest, IMAGE));
  if (fits(has, wanted)) return;
  const state = `it is for ${platformText(has)}, not for ${platformText(wanted)}`;
  throw new Trouble('store', `Cannot use "${shownBytes(files.pathOf(blobPath(target)))}": ${state}`);
}
