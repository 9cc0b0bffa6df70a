// From the digest that an image's name leads to, to what it is made of: of an index the manifest for the wanted platform, of
// that the config, of that the diff IDs; every blob checked against its digest on the way, wherever it lies.
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type BlobDigest, type ChainId, chainIds, type DiffId, hexOf, sha256 } from '../digest.ts';
import { trouble } from '../file-state.ts';
import type { StructShape } from '../formats/go-shape.ts';
import { type JsonDocument, type JsonObject, parseJson } from '../formats/json.ts';
import {
  type Descriptor,
  fits,
  hostPlatform,
  type Index,
  imagesOfIndex,
  isLayer,
  type Manifest,
  mayFit,
  type Platform,
  parseManifest,
  platformOf,
  platformText,
} from './manifest.ts';
import { diffIdsOf } from './oci.ts';
import { IMAGE, MANIFEST_OR_INDEX } from './oci-shapes.ts';

/** What is asked for is whole, but there for other platforms alone. */
export class OtherPlatform extends Trouble {
  readonly #state: string;

  /** `name` is how a message names it, `state` the end of a sentence. */
  constructor(name: string, state: string) {
    super('reference', `Cannot use ${name}: ${state}`);
    this.#state = state;
  }

  /** What `find` answers; what is there for other platforms alone is told by the reference. Throws Trouble. */
  static toldOf<T>(reference: string, find: () => T): T {
    const found = attempt(find);
    if (found instanceof OtherPlatform) throw new OtherPlatform(`"${reference}"`, found.#state);
    if (found instanceof Trouble) throw found;
    return found;
  }
}

/** Blobs by their digests: containerd's content store, an archive. */
export interface Blobs {
  /** How messages name a blob: a path. */
  nameOf(digest: BlobDigest): ByteString;
  /** Bytes; undefined where it is not here. Throws Trouble where it cannot be told. */
  sizeOf(digest: BlobDigest): number | undefined;
  /** A manifest, an index or a config, checked against its digest. Throws Trouble. */
  readJson(digest: BlobDigest, shape: StructShape): JsonDocument;
}

/** What a blob of JSON says, whose bytes must be those that its digest is the hash of. Throws Trouble. */
export function parseBlobJson(
  bytes: Buffer,
  digest: BlobDigest,
  file: ByteString,
  shape: StructShape,
): JsonDocument {
  const found = sha256(bytes);
  if (found !== hexOf(digest)) throw trouble('use', file, `its sha256 is ${found}, not its name`);
  return parseJson(bytes, file, shape);
}

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
export function readImage(blobs: Blobs, target: BlobDigest, platform?: Platform): PlatformImage {
  const chosen = chooseManifest(blobs, target, platform);
  return { ...readManifest(blobs, chosen.digest, chosen.manifest), target };
}

/** The image of one manifest. Throws Trouble. */
export function readImageOfManifest(blobs: Blobs, digest: BlobDigest): PlatformImage {
  const manifest = parseManifest(blobs.readJson(digest, MANIFEST_OR_INDEX));
  if (manifest.kind === 'manifest') return readManifest(blobs, digest, manifest);
  throw new Trouble(
    'store',
    `Cannot use "${shownBytes(blobs.nameOf(digest))}": it is an index, not a manifest`,
  );
}

function readManifest(blobs: Blobs, digest: BlobDigest, { config, layers }: Manifest): PlatformImage {
  const json = blobs.readJson(config.digest, IMAGE);
  const diffIds = diffIdsOf(json);
  return {
    target: digest,
    manifest: digest,
    config: config.digest,
    layers,
    fetchedSize: [config, ...layers].reduce((sum, { size = 0 }) => sum + size, blobs.sizeOf(digest) ?? 0),
    json,
    diffIds,
    chain: chainIds(diffIds),
  };
}

interface Chosen {
  readonly digest: BlobDigest;
  readonly manifest: Manifest;
}

function chooseManifest(blobs: Blobs, target: BlobDigest, platform: Platform | undefined): Chosen {
  const found = parseManifest(blobs.readJson(target, MANIFEST_OR_INDEX));
  if (found.kind === 'manifest') {
    if (platform !== undefined) {
      const config = blobs.readJson(found.config.digest, IMAGE);
      requirePlatform(config, platform, shownBytes(blobs.nameOf(target)));
    }
    return { digest: target, manifest: found };
  }
  const chosen = chooseOf(blobs, found, platform);
  if (chosen !== undefined) return chosen;
  throw absence(blobs, target, found, platform);
}

/** The first in the order of preference whose manifest is here. */
function chooseOf(
  blobs: Blobs,
  index: Index,
  platform: Platform | undefined,
  depth = 0,
  seen = new Set<BlobDigest>(),
): Chosen | undefined {
  for (const one of imagesOfIndex(index, platform ?? hostPlatform())) {
    if (platform !== undefined && one.platform !== undefined && !fits(one.platform, platform)) continue;
    // An index may name another many times, and that the next.
    if (seen.has(one.digest) || blobs.sizeOf(one.digest) === undefined) continue;
    seen.add(one.digest);
    const found = parseManifest(blobs.readJson(one.digest, MANIFEST_OR_INDEX));
    if (found.kind === 'index') {
      const inner = depth < DEEPEST ? chooseOf(blobs, found, platform, depth + 1, seen) : undefined;
      if (inner !== undefined) return inner;
    } else if (found.layers.length === 0 || found.layers.some(isLayer)) {
      return { digest: one.digest, manifest: found };
    }
  }
  return undefined;
}

function absence(blobs: Blobs, target: BlobDigest, index: Index, platform: Platform | undefined): Trouble {
  const name = `"${shownBytes(blobs.nameOf(target))}"`;
  const damaged = (state: string) => new Trouble('store', `Cannot use ${name}: ${state}`);
  const words = (list: readonly Descriptor[]) =>
    list.map((one) => (one.platform === undefined ? one.digest : platformText(one.platform))).join(', ');
  const images = imagesOfIndex(index, platform ?? hostPlatform());
  const here = images.filter(({ digest }) => blobs.sizeOf(digest) !== undefined);
  if (images.length === 0) return damaged('it is an index without images');
  if (here.length === 0)
    return damaged(`it is an index of images whose manifests are not here (${words(images)})`);
  if (platform === undefined) return damaged('no manifest it names is one of an image');
  return new OtherPlatform(name, `it has no image for ${platformText(platform)}; here are: ${words(here)}`);
}

/** An image of one platform says in its config which. `name`: of the image. Throws OtherPlatform. */
export function requirePlatform(config: JsonObject, wanted: Platform, name: string): void {
  const has = platformOf(config);
  if (mayFit(has, wanted)) return;
  throw new OtherPlatform(`"${name}"`, `it is for ${platformText(has)}, not for ${platformText(wanted)}`);
}
