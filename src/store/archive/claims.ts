// What an archive says of itself that can be checked: index.json leads to the hash of an index or a manifest, that to those of
// manifests, of a config and of layers, the config to those of the layers' tars. `verify/` judges it.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { BlobClaims, Claim, Claims, LayerClaims } from '../claims.ts';
import { type BlobDigest, sha256, shortId } from '../digest.ts';
import { parseManifest, platformText } from '../oci/manifest.ts';
import { MANIFEST_OR_INDEX } from '../oci/oci-shapes.ts';
import { OtherPlatform } from '../oci/platform-image.ts';
import type { UnpackRules } from '../record.ts';
import type { ArchivedImage, ImageOfSource, NamedLayer } from './image.ts';
import { type ArchivedImages, imageIn, type ListedImage } from './images.ts';
import { absenceOf, tarRecord } from './layers.ts';
import type { Pack } from './pack.ts';

/** All images, then what is wrong with the archive as a whole. */
export function* claimsOfArchive(images: ArchivedImages, engine: UnpackRules['engine']): Generator<Claims> {
  const isMeant = (listed: ListedImage) => !(attempt(() => imageIn(listed)) instanceof OtherPlatform);
  const meant = images.listed.filter(isMeant);
  // Where nothing is there for the platform that is asked for, each says so.
  for (const listed of meant.length > 0 ? meant : images.listed) yield claimsOfListed(images, listed, engine);
  const claims = damageOf(images).map((unreadable): Claim => ({ about: 'repository', unreadable }));
  if (claims.length > 0) yield { label: 'archive', kind: 'store', claims, chains: [] };
}

/** What cannot be read or contradicts itself, a sentence each. */
export function damageOf(images: ArchivedImages): string[] {
  const { pack, damage } = images.contents;
  return [...(pack.damage === undefined ? [] : [pack.damage]), ...damage, ...images.contradictions()];
}

export function claimsOfListed(
  images: ArchivedImages,
  listed: ListedImage,
  engine: UnpackRules['engine'],
): Claims {
  const image = attempt(() => imageIn(listed));
  const claims = [
    ...listed.found.flatMap((found) => manifestClaims(images, found)),
    ...(image instanceof Trouble ? [{ about: 'config', unreadable: image.message } as const] : image.claims),
  ];
  return {
    label: listed.names[0] ?? shortId(listed.id),
    kind: 'image',
    id: listed.id,
    ...(listed.platform === undefined ? {} : { platform: platformText(listed.platform) }),
    claims: unique(claims),
    ...(image instanceof Trouble
      ? { chains: [], blobs: blobClaims(images, listed, engine) }
      : { chains: [layerClaims(images, image, engine)] }),
  };
}

/** Of an image without a config that could be used, which some manifest leads to. */
function blobClaims(
  { contents: { pack } }: ArchivedImages,
  { found }: ListedImage,
  engine: UnpackRules['engine'],
): BlobClaims[] {
  const layers = found.map((one) => one.layers).find(({ length }) => length > 0) ?? [];
  return layers.map((layer) => claimsOfBlob(pack, layer, engine));
}

/** Of the index and the manifest on the way from `index.json`. */
function manifestClaims({ contents }: ArchivedImages, { source: { leads }, image }: ImageOfSource): Claim[] {
  if (typeof leads !== 'string') return [];
  const target = hashClaims(contents, leads);
  const manifest = image instanceof Trouble ? undefined : image.manifest;
  return manifest === undefined || manifest === leads
    ? target
    : [...target, ...hashClaims(contents, manifest)];
}

function hashClaims({ pack, pathOf, blobs }: ArchivedImages['contents'], digest: BlobDigest): Claim[] {
  const path = pathOf(digest);
  const bytes = attempt(() => pack.read(path));
  if (bytes instanceof Trouble) return [{ about: 'manifest', unreadable: bytes.message }];
  const parsed = attempt(() => parseManifest(blobs.readJson(digest, MANIFEST_OR_INDEX)));
  const about = !(parsed instanceof Trouble) && parsed.kind === 'index' ? 'index' : 'manifest';
  const message = `"${shownBytes(pack.nameOf(path))}" is not what its name is the hash of`;
  return [{ about, expected: digest, found: `sha256:${sha256(bytes)}`, message }];
}

/** Base first. */
function layerClaims(
  { contents: { pack } }: ArchivedImages,
  { layers }: ArchivedImage,
  engine: UnpackRules['engine'],
): LayerClaims[] {
  return layers.map((layer): LayerClaims => {
    const { diffId, chainId } = layer;
    return { diffId, chainId, ...claimsOfBlob(pack, layer, engine) };
  });
}

function claimsOfBlob(pack: Pack, layer: NamedLayer, engine: UnpackRules['engine']): BlobClaims {
  const { path, size } = layer;
  const absence = absenceOf(pack, layer);
  if (absence !== undefined) return { claims: [{ about: 'blob', unreadable: absence }] };
  const record = attempt(() => tarRecord(pack, layer, engine));
  if (record instanceof Trouble) return { claims: [{ about: 'blob', unreadable: record.message }] };
  const present = String(pack.sizeOf(path) ?? 0);
  const message = `"${shownBytes(record.path)}" is not as large as the manifest says`;
  const claims: Claim[] =
    size === undefined ? [] : [{ about: 'blob', expected: String(size), found: present, message }];
  return { claims, record };
}

function unique(claims: readonly Claim[]): Claim[] {
  return [...new Map(claims.map((claim) => [JSON.stringify(claim), claim])).values()];
}
