// What a store says of itself that can be checked; `verify/` judges it.
import type { ByteString } from '../sys/bytes.ts';
import type { ChainId, DiffId } from './digest.ts';
import type { Layer } from './layer-stack.ts';
import type { TarRecord } from './record.ts';

/**
 * Something that a store says twice, or names by its hash: what it must be, and what was found or computed. With
 * `unreadable`, a sentence, it could not be read, so nothing can be said of it.
 */
export type Claim = {
  readonly about: 'config' | 'manifest' | 'index' | 'blob' | 'ambiguous' | 'chain' | 'stack' | 'repository';
} & (
  | {
      readonly expected: string;
      readonly found: string;
      /** What it means that they differ. */
      readonly message: string;
    }
  | { readonly unreadable: string }
);

/** A layer as part of what is to be verified. */
export interface LayerClaims {
  readonly diffId: DiffId;
  readonly chainId: ChainId;
  readonly claims: readonly Claim[];
  /** Which of several places it lies in (`native`), where an image was unpacked more than once. */
  readonly place?: string;
  /** Of which platform, where the image has several (`linux/arm64`). */
  readonly platform?: string;
  /** Present where another chain of the same claims tells of it, and it is here for what lies on it alone. */
  readonly isToldElsewhere?: true;
  /** Absent where the layer cannot be found; a claim then says why. */
  readonly layer?: Layer;
  /** Absent where there is none, so that its files cannot be verified; a claim then says why. */
  readonly record?: TarRecord;
}

/** A layer of an image without a config that could be used, which would tell its IDs: its blob alone can be proven. */
export type BlobClaims = Pick<LayerClaims, 'claims' | 'record'>;

/** A layer of a container's own: nothing records what is in it. */
export interface OwnLayer {
  readonly role: 'engine' | 'upper';
  readonly claims: readonly Claim[];
}

/** An image or container, layers that none has, or the store's lists, as something to verify. */
export interface Claims {
  readonly label: string;
  readonly kind: 'image' | 'container' | 'layers' | 'store';
  /** Of an image that has several, all, the label first. */
  readonly names?: readonly string[];
  /** As it is written in lists; absent for what has none. */
  readonly id?: string;
  /** Of an image that shares its names with those of other platforms (`linux/arm64`). */
  readonly platform?: string;
  readonly claims: readonly Claim[];
  /** Each base first. */
  readonly chains: readonly (readonly LayerClaims[])[];
  /** Base first, in place of a chain. */
  readonly blobs?: readonly BlobClaims[];
  /** Of a container, on top of its image's: the lowest first. One on which nothing is claimed where they are not given. */
  readonly own?: readonly OwnLayer[];
  /** Names with digests (`name@sha256:…`) whose manifest or index is here, is among the claims, and leads to this image. */
  readonly repoDigests?: readonly string[];
  /** Absolute paths of directories that lie among those of layers, and no record leads to. */
  readonly unrecorded?: readonly ByteString[];
}
