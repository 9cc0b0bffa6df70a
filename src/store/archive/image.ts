// One image of an archive, for one platform: its config and where its layers lie, by whichever file tells of it.
import { asBytes, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Claim } from '../claims.ts';
import {
  type BlobDigest,
  type ChainId,
  chainIds,
  type DiffId,
  type ImageId,
  imageIdOf,
  isBlobDigest,
  sha256,
} from '../digest.ts';
import { type JsonDocument, type JsonObject, parseJson } from '../formats/json.ts';
import {
  isAttestation,
  isBuildCache,
  isLayer,
  type Manifest,
  mayFit,
  type Platform,
  parseManifest,
  platformOf,
} from '../oci/manifest.ts';
import { diffIdsOf } from '../oci/oci.ts';
import { IMAGE, MANIFEST_OR_INDEX } from '../oci/oci-shapes.ts';
import { readImage, requirePlatform } from '../oci/platform-image.ts';
import type { ArchiveContents, NamedSource, SavedImage } from './contents.ts';
import type { Pack } from './pack.ts';

export interface ArchivedLayer {
  readonly diffId: DiffId;
  readonly chainId: ChainId;
  /** In the pack. */
  readonly path: string;
  /** What names the blob as it lies there. */
  readonly digest?: BlobDigest;
  /** Bytes that it should have, where something says so. */
  readonly size?: number;
  readonly mediaType: string;
}

/** Of which no config tells the IDs. */
export type NamedLayer = Omit<ArchivedLayer, 'diffId' | 'chainId'>;

export interface ArchivedImage {
  /** The hash of the config. */
  readonly id: ImageId;
  readonly manifest?: BlobDigest;
  readonly json: JsonObject;
  readonly platform: Platform;
  /** Base first. */
  readonly layers: readonly ArchivedLayer[];
  /** What of its files contradicts itself although it is known what the image is. */
  readonly claims: readonly Claim[];
}

/** One image that a source leads to, as far as it can be read. */
export interface ImageOfSource {
  readonly source: NamedSource;
  /** The hash of its config; of the next thing that is known where no config is. */
  readonly id: ImageId;
  /** Whether it is the one that the names mean: of several platforms the first that is wanted. */
  readonly isMeant: boolean;
  readonly image: ArchivedImage | Trouble;
  /** As its manifest names them, base first; none where that cannot be read. */
  readonly layers: readonly NamedLayer[];
}

/** Indexes in indexes, and manifests that one source may lead to. */
const DEEPEST = 8;
const MOST_MANIFESTS = 1000;
/** docker save from 25 on; before; go-containerregistry (crane, kaniko, ko), pkg/v1/tarball/write.go. */
const SAVED_CONFIG = /^(?:blobs\/sha256\/([0-9a-f]{64})|([0-9a-f]{64})\.json|sha256:([0-9a-f]{64}))$/;
const BLOB_PATH = /^blobs\/sha256\/([0-9a-f]{64})$/;

/** All that a source leads to, those for other platforms too unless one is asked for; at least one. */
export function imagesOfSource(
  contents: ArchiveContents,
  source: NamedSource,
  platform: Platform | undefined,
): ImageOfSource[] {
  const { leads } = source;
  if (typeof leads !== 'string') {
    const image = attempt(() => savedImage(contents, leads, platform));
    return [{ source, id: savedId(leads, image), isMeant: true, image, layers: savedLayers(leads) }];
  }
  const cache = cacheTrouble(contents, leads);
  if (cache !== undefined) return [{ source, id: asImageId(leads), isMeant: true, image: cache, layers: [] }];
  const meant = attempt(() => readImage(contents.blobs, leads, platform));
  const found = manifestsOf(contents, leads).flatMap((digest): ImageOfSource[] => {
    const manifest = attempt(() => manifestAt(contents, digest));
    if (manifest === undefined) return [];
    const image = manifest instanceof Trouble ? manifest : attempt(() => imageOf(contents, digest, manifest));
    if (!(image instanceof Trouble) && platform !== undefined && !mayFit(image.platform, platform)) return [];
    const id = manifest instanceof Trouble ? digest : manifest.config.digest;
    const isMeant = !(meant instanceof Trouble) && meant.manifest === digest;
    const layers = manifest instanceof Trouble ? [] : layersOfManifest(contents, manifest);
    return [{ source, id: asImageId(id), isMeant, image, layers }];
  });
  if (!(meant instanceof Trouble)) return found;
  // The names lead to nothing that can be read: then to what is damaged, and, where nothing is there at all, to why.
  const damaged = found.findIndex(({ image }) => image instanceof Trouble);
  if (damaged >= 0) return found.map((one, index) => ({ ...one, isMeant: index === damaged }));
  return [{ source, id: asImageId(leads), isMeant: true, image: meant, layers: [] }, ...found];
}

/** For what is no image, though it lies in a layout as images do. */
function cacheTrouble({ blobs }: ArchiveContents, target: BlobDigest): Trouble | undefined {
  const found = attempt(() => parseManifest(blobs.readJson(target, MANIFEST_OR_INDEX)));
  if (found instanceof Trouble || !isBuildCache(found)) return undefined;
  const state = 'it is a build cache of BuildKit ("--cache-to"), not an image';
  return new Trouble('store', `Cannot use "${shownBytes(blobs.nameOf(target))}": ${state}`);
}

/** Digests of manifests in the order of the index, without attestations and what is not here; each once. */
function manifestsOf({ blobs }: ArchiveContents, target: BlobDigest): BlobDigest[] {
  const seen = new Set<BlobDigest>();
  const manifests: BlobDigest[] = [];
  const visit = (digest: BlobDigest, depth: number) => {
    if (seen.has(digest) || manifests.length >= MOST_MANIFESTS) return;
    seen.add(digest);
    const found = attempt(() => parseManifest(blobs.readJson(digest, MANIFEST_OR_INDEX)));
    if (found instanceof Trouble || found.kind === 'manifest') manifests.push(digest);
    else if (depth < DEEPEST) {
      for (const one of found.manifests) {
        const isHere = attempt(() => blobs.sizeOf(one.digest)) !== undefined;
        if (isHere && !isAttestation(one)) visit(one.digest, depth + 1);
      }
    }
  };
  visit(target, 0);
  return manifests;
}

/** Undefined for one that is of no image: a signature, a chart. Throws Trouble. */
function manifestAt({ blobs }: ArchiveContents, digest: BlobDigest): Manifest | undefined {
  const found = parseManifest(blobs.readJson(digest, MANIFEST_OR_INDEX));
  if (found.kind === 'index') throw new RangeError(`${digest} is an index`);
  return found.layers.length === 0 || found.layers.some(isLayer) ? found : undefined;
}

/** Throws Trouble. */
function imageOf(contents: ArchiveContents, digest: BlobDigest, manifest: Manifest): ArchivedImage {
  const { pack, blobs, pathOf } = contents;
  const layers = layersOfManifest(contents, manifest);
  mustHaveConfig(pack, pathOf(manifest.config.digest), layers);
  const json = blobs.readJson(manifest.config.digest, IMAGE);
  return {
    ...imageFrom(json, layers, blobs.nameOf(digest)),
    id: asImageId(manifest.config.digest),
    manifest: digest,
  };
}

function layersOfManifest({ pathOf }: ArchiveContents, { layers }: Manifest): NamedLayer[] {
  return layers.map(({ digest, size, mediaType }) => ({
    ...{ path: pathOf(digest), digest, mediaType },
    ...(size === undefined ? {} : { size }),
  }));
}

function savedLayers({ layers }: SavedImage): NamedLayer[] {
  return layers.map((path) => {
    const hex = BLOB_PATH.exec(path)?.[1];
    const digest = `sha256:${hex}`;
    return { path, mediaType: '', ...(isBlobDigest(digest) ? { digest } : {}) };
  });
}

/** Throws Trouble. */
function savedImage(
  { pack }: ArchiveContents,
  saved: SavedImage,
  wanted: Platform | undefined,
): ArchivedImage {
  const file = pack.nameOf(saved.config);
  mustHaveConfig(pack, saved.config, savedLayers(saved));
  const bytes = pack.read(saved.config);
  const hash = sha256(bytes);
  const [, blob, before = blob, named = before] = SAVED_CONFIG.exec(saved.config) ?? [];
  const state = `its sha256 is ${hash}, not its name`;
  if (blob !== undefined && blob !== hash) {
    throw new Trouble('store', `Cannot use "${shownBytes(file)}": ${state}`);
  }
  const image = imageFrom(parseJson(bytes, file, IMAGE), savedLayers(saved), pack.nameOf('manifest.json'));
  if (wanted !== undefined) requirePlatform(image.json, wanted, shownBytes(file));
  // Docker takes the hash of what is there for the image's ID, whatever the file is called.
  const message = `"${shownBytes(file)}": ${state}`;
  const claim = { about: 'config', expected: `sha256:${named}`, found: `sha256:${hash}`, message } as const;
  const claims = named === undefined ? image.claims : [...image.claims, claim];
  return { ...image, id: imageIdOf(hash), claims };
}

/** An archive may lack what it names, which docker save does not tell: then all that is absent is named. */
function mustHaveConfig(pack: Pack, config: string, layers: readonly NamedLayer[]): void {
  if (pack.sizeOf(config) !== undefined) return;
  const isAbsent = ({ path }: NamedLayer) => attempt(() => pack.sizeOf(path)) === undefined;
  const absent = layers.filter(isAbsent).map(({ path }) => `"${path}"`);
  const others =
    absent.length === 0
      ? ''
      : `, nor ${absent.length === layers.length ? 'any' : absent.length} of its ${layers.length} layers (${absent.join(', ')})`;
  const state = `the config "${config}" of the image is not in the archive${others}`;
  const damage = pack.damage === undefined ? '' : `; ${pack.damage}`;
  throw new Trouble('store', `Cannot use "${shownBytes(pack.path)}": ${state}${damage}`);
}

/** Without a config to take it from, the one that the config's name has. */
function savedId({ config, layers }: SavedImage, image: ArchivedImage | Trouble): ImageId {
  if (!(image instanceof Trouble)) return image.id;
  const [, blob, before = blob, named = before] = SAVED_CONFIG.exec(config) ?? [];
  return imageIdOf(named ?? sha256(Buffer.from(JSON.stringify([config, layers]))));
}

/** `file` tells of the layers. Throws Trouble. */
function imageFrom(
  json: JsonDocument,
  layers: readonly NamedLayer[],
  file: string,
): Pick<ArchivedImage, 'json' | 'platform' | 'layers' | 'claims'> {
  const diffIds = diffIdsOf(json);
  if (diffIds.length !== layers.length) {
    const state = `it has ${layers.length} layers, and the config of the image ${diffIds.length}`;
    throw new Trouble('store', `Cannot use "${shownBytes(asBytes(file))}": ${state}`);
  }
  const chain = chainIds(diffIds);
  return {
    json,
    platform: platformOf(json),
    layers: layers.map((layer, index) => ({
      ...layer,
      diffId: diffIds[index] as DiffId,
      chainId: chain[index] as ChainId,
    })),
    claims: json.ambiguity === undefined ? [] : [{ about: 'ambiguous', unreadable: json.ambiguity }],
  };
}

function asImageId(digest: BlobDigest): ImageId {
  return digest as string as ImageId;
}
