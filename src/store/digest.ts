// The identifiers of an image store: each a brand of string with one parser, so that no text from a store becomes a path
// or is compared with an identifier of another kind unchecked.

import { createHash } from 'node:crypto';
import { asBytes, shownBytes } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';

/** `sha256:` and the hash of a layer's uncompressed tar stream. */
export type DiffId = string & { readonly diffId: true };
/** `sha256:` and the hash that names a layer together with all below it (OCI image spec, "Layer ChainID"). */
export type ChainId = string & { readonly chainId: true };
/** `sha256:` and the hash of an image's config. */
export type ImageId = string & { readonly imageId: true };
/** `sha256:` and the hash of a blob: an index, a manifest, a config, a compressed layer. */
export type BlobDigest = string & { readonly blobDigest: true };
/** Name of a layer's directory below the driver's. */
export type CacheId = string & { readonly cacheId: true };
/** Name of a container's own directory below the driver's, or of its `-init` layer. */
export type MountId = string & { readonly mountId: true };
/** 64 hex digits. */
export type ContainerId = string & { readonly containerId: true };

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const HEX_ID = /^[0-9a-f]{64}$/;
// Random ids are 64 hex digits (moby stringid); layers that BuildKit made keep its own, 25 in base 36 (identity.NewID).
const CACHE_ID = /^(?:[0-9a-f]{64}|[0-9a-z]{25})$/;
const MOUNT_ID = /^[0-9a-f]{64}(?:-init)?$/;

/** Digits that engines show of an ID. */
export const SHORT_ID = 12;

const DIGEST_FORM = '("sha256:" and 64 lower-case hex digits)';

/** Where a text came from, for the message: a file, and which part of it (`its content`, `rootfs.diff_ids[2]`). */
export interface TextSource {
  readonly file: string;
  readonly part: string;
}

export function parseDiffId(text: string, source: TextSource): DiffId {
  return matching(text, DIGEST, `a diff ID ${DIGEST_FORM}`, source) as DiffId;
}

export function parseChainId(text: string, source: TextSource): ChainId {
  return matching(text, DIGEST, `a chain ID ${DIGEST_FORM}`, source) as ChainId;
}

export function parseImageId(text: string, source: TextSource): ImageId {
  return matching(text, DIGEST, `an image ID ${DIGEST_FORM}`, source) as ImageId;
}

export function parseBlobDigest(text: string, source: TextSource): BlobDigest {
  return matching(text, DIGEST, `a digest ${DIGEST_FORM}`, source) as BlobDigest;
}

export function parseCacheId(text: string, source: TextSource): CacheId {
  return matching(
    text,
    CACHE_ID,
    'a cache ID (64 lower-case hex digits, or 25 of 0-9 and a-z)',
    source,
  ) as CacheId;
}

export function isCacheId(text: string): boolean {
  return CACHE_ID.test(text);
}

/** Whether BuildKit made the layer: then its files lie where the build step wrote them, and were not unpacked from a tar. */
export function isBuiltInPlace(cacheId: CacheId): boolean {
  return !HEX_ID.test(cacheId);
}

export function parseMountId(text: string, source: TextSource): MountId {
  const form = 'a mount ID (64 lower-case hex digits, then perhaps "-init")';
  return matching(text, MOUNT_ID, form, source) as MountId;
}

export function parseContainerId(text: string, source: TextSource): ContainerId {
  return matching(text, HEX_ID, 'a container ID (64 lower-case hex digits)', source) as ContainerId;
}

function matching(text: string, pattern: RegExp, form: string, { file, part }: TextSource): string {
  if (pattern.test(text)) return text;
  throw new Trouble('store', `Cannot use "${shownBytes(asBytes(file))}": ${part} is not ${form}`);
}

/** Whether a name in a directory of the store is an id: `ab…` of 64 hex digits. */
export function isHexId(name: string): boolean {
  return HEX_ID.test(name);
}

export function isChainId(text: string): text is ChainId {
  return DIGEST.test(text);
}

export function isDiffId(text: string): text is DiffId {
  return DIGEST.test(text);
}

export function isBlobDigest(text: string): text is BlobDigest {
  return DIGEST.test(text);
}

export function isImageId(text: string): text is ImageId {
  return DIGEST.test(text);
}

/** The 64 hex digits of a digest: how it is written as a file name. */
export function hexOf(digest: DiffId | ChainId | ImageId | BlobDigest): string {
  return digest.slice('sha256:'.length);
}

/** As engines show it, with or without `sha256:` before it. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, SHORT_ID);
}

/** What layers are called that no image has, by the ID of the top one. */
export function labelWithoutImage(top: string): string {
  return `chain ${shortId(top)} (no image)`;
}

/** `hex` is 64 hex digits (`isHexId`). */
export function imageIdOf(hex: string): ImageId {
  return `sha256:${hex}` as ImageId;
}

/** `hex` is 64 hex digits (`isHexId`). */
export function chainIdOf(hex: string): ChainId {
  return `sha256:${hex}` as ChainId;
}

/** `hex` is 64 hex digits (`isHexId`). */
export function containerIdOf(hex: string): ContainerId {
  return hex as ContainerId;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The chain ID of a layer on top of `parent`; of a base layer where that is undefined. */
export function chainIdOn(parent: ChainId | undefined, diffId: DiffId): ChainId {
  if (parent === undefined) return diffId as string as ChainId;
  return chainIdOf(sha256(Buffer.from(`${parent} ${diffId}`)));
}

/** The chain IDs of an image's layers. Both base first, the order of a config's `diff_ids`. */
export function chainIds(diffIds: readonly DiffId[]): ChainId[] {
  const chain: ChainId[] = [];
  for (const diffId of diffIds) chain.push(chainIdOn(chain.at(-1), diffId));
  return chain;
}
