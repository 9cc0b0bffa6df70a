// What every image store answers: which images and containers it has, and which directories on disk they are made of.
import type { ByteString } from '../sys/bytes.ts';
import type { CacheId, ChainId, DiffId, ImageId } from './digest.ts';

/**
 * How whiteouts and opaque directories are written in a layer.
 * trusted: kernel overlayfs, `trusted.overlay.*`; user: the same with `user.overlay.*` (rootless, `userxattr`);
 * aufs: names `.wh.X` and `.wh..wh..opq` (drivers aufs and fuse-overlayfs) beside the kernel's marks.
 */
export type Dialect = 'trusted' | 'user' | 'aufs';

/** One step of an image's history, as its config records it. */
export interface HistoryStep {
  readonly created?: string;
  readonly createdBy?: string;
  readonly comment?: string;
  readonly emptyLayer: boolean;
}

/** One directory on disk that takes part in a stack. */
export interface Layer {
  /** Absolute path of the `diff` directory, as bytes. */
  readonly directory: ByteString;
  /** image: read-only part of an image; init: Docker's `-init`; upper: a container's own; plain: named by a `lowerdir=`. */
  readonly role: 'image' | 'init' | 'upper' | 'plain';
  readonly diffId?: DiffId;
  readonly chainId?: ChainId;
  readonly cacheId?: CacheId;
  /** Bytes, as the store recorded them; informational. */
  readonly size?: number;
  /** The history step that made it. */
  readonly history?: HistoryStep;
  /** Why the directory cannot be used, a sentence; only where that was not to be refused (`Directories`). */
  readonly missing?: string;
  /** What of its record is damaged, a sentence; only where its place in the stack is proven without that. */
  readonly doubt?: string;
  /** Whether the directory may change while it is read (a running container's upper). */
  readonly live?: boolean;
}

/** Directories in the order a lookup asks them. */
export interface LayerStack {
  /** The reference as a person would write it: `nginx:latest`, a container's name, `lowerdir=…`. */
  readonly label: string;
  /** layer: one of an image with all below it, named by its directory. */
  readonly kind: 'image' | 'container' | 'layer' | 'lowerdir';
  /** Full image or container id (64 hex, no prefix); absent for `layer` and `lowerdir`. */
  readonly id?: string;
  /** Top first, at least one. */
  readonly layers: readonly Layer[];
  /** Data-only lower layers (overlayfs `::`), top first; searched only by the data of metacopy files. */
  readonly dataLayers: readonly Layer[];
  readonly dialect: Dialect;
  /** Of a container: paths at which volumes or other directories are mounted; what is in them is not part of the stack. */
  readonly mountPoints?: readonly string[];
  /** overlayfs's `redirect_dir`: follow where it is not given, as for the kernel; otherwise EPERM on such a directory. */
  readonly redirect?: 'follow' | 'nofollow';
  /** overlayfs's `metacopy`: off where it is not given; a metacopy file is then EPERM, never zeros. */
  readonly metacopy?: boolean;
  /** What beside the layers' own records is damaged or contradicts itself although the stack is known: a sentence each. */
  readonly doubts?: readonly string[];
  /** What whoever sees the stack should know of the files that tell of it, a sentence each. */
  readonly warnings?: readonly string[];
}

export interface ImageSummary {
  readonly id: ImageId;
  /** `name:tag` in Docker's familiar form; empty for an untagged image. */
  readonly tags: readonly string[];
  /** `name@sha256:…`. */
  readonly digests: readonly string[];
  /** RFC 3339, from the config. */
  readonly created?: string;
  /** Sum of the layers' recorded sizes, bytes; absent where a layer is damaged. */
  readonly size?: number;
  /** Present where it has no name and another image was built on it: `docker images` shows those with `--all` only. */
  readonly intermediate?: boolean;
  /** Why the image cannot be used, where something of it is damaged. */
  readonly damage?: string;
}

export interface ContainerSummary {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** The image as it was named at creation. */
  readonly image: string;
  readonly imageId?: ImageId;
  readonly created?: string;
  /** As `docker ps -a` words it where it can be told offline: `running`, `exited (0)`, `created`. */
  readonly status: string;
  /** RFC 3339; absent where it never happened. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly command?: string;
  /** Where another part of the engine has its layers, so that this store cannot show it: which, in words. */
  readonly elsewhere?: string;
  readonly damage?: string;
}

/**
 * What becomes of a layer whose directory is not there or whose record is damaged: the whole stack is refused, or that layer
 * is marked `missing`, or used with a `doubt` where its place is proven without what is damaged.
 */
export type Directories = 'checked' | 'marked';

/** One store on disk. Reads only; every failure is a `Trouble` that names the file and what is wrong with it. */
export interface Store {
  /** What lies here, in words: `docker overlay2`. */
  readonly description: string;
  /** The directory a mount point must not lie in: absolute, without links, as bytes. */
  readonly directory: ByteString;
  images(): readonly ImageSummary[];
  containers(): readonly ContainerSummary[];
  /** The stack a reference means; see `reference.ts` for the forms. Everything used is checked on the way. */
  resolve(reference: string, directories?: Directories): LayerStack;
  /**
   * What is wrong with the store beyond single images and containers (the list of names, say), as far as it concerns a list
   * of the ones or the others: a sentence each.
   */
  damage?(listed: 'images' | 'containers'): readonly string[];
  /** Other stores in the same directory, which this one does not show: a sentence each. */
  beside?(): readonly string[];
}
