// A layer stack, what every reference comes down to: the layers in the order a lookup asks them, and what holds for all of them.
import type { ByteString } from '../sys/bytes.ts';
import type { ChainId, DiffId } from './digest.ts';
import { quoted } from './formats/json.ts';
import type { HistoryStep } from './oci/oci.ts';
import type { OwnerView } from './owner.ts';
import type { LayerSource } from './source.ts';

/**
 * How whiteouts and opaque directories are written in a layer.
 * trusted: kernel overlayfs, `trusted.overlay.*`; user: the same with `user.overlay.*` (rootless, `userxattr`);
 * aufs: names `.wh.X` and `.wh..wh..opq` (drivers aufs and fuse-overlayfs) beside the kernel's marks; none: nothing is a mark,
 * whatever it looks like.
 */
export type Dialect = 'trusted' | 'user' | 'aufs' | 'none';

/** One part of a stack. */
export interface Layer {
  readonly source: LayerSource;
  /**
   * image: read-only part of an image; engine: what the engine itself put between image and container (mount points,
   * Docker's `-init`); upper: a container's own; plain: named by a `lowerdir=`.
   */
  readonly role: 'image' | 'engine' | 'upper' | 'plain';
  readonly diffId?: DiffId;
  readonly chainId?: ChainId;
  /** Other IDs of it, by what the store calls them: `cache ID`, `snapshot`. */
  readonly ids?: Readonly<Record<string, string>>;
  /** How marks are written in it, where that is not as in the rest of the stack. */
  readonly dialect?: Dialect;
  /** tree: it has everything of the layers below it as well, which then are not looked at; else only what it changed. */
  readonly holds?: 'tree';
  /** Bytes, as the store recorded them; informational. */
  readonly size?: number;
  /** The history step that made it. */
  readonly history?: HistoryStep;
  /** Why it cannot be used, a sentence; only where that was to be marked (`Missing`). */
  readonly missing?: string;
  /** What of its record is damaged, a sentence; only where its place in the stack is proven without that. */
  readonly doubt?: string;
  /** Whether it may change while it is read (a running container's upper). */
  readonly live?: boolean;
}

/** Layers in the order a lookup asks them. */
export interface LayerStack {
  /** Name of the store it is from; absent for `lowerdir`. */
  readonly store?: string;
  /** Of an archive of images: its path, as it was written. */
  readonly archive?: ByteString;
  /** The reference as a person would write it: `nginx:latest`, a container's name, `lowerdir=…`. */
  readonly label: string;
  /** layer: one of an image with all below it, named by its directory. */
  readonly kind: 'image' | 'container' | 'layer' | 'lowerdir';
  /** Full image or container id (64 hex, no prefix); absent for `layer` and `lowerdir`. */
  readonly id?: string;
  /** Top first, at least one. */
  readonly layers: readonly Layer[];
  /** How many layers the reference has below these, where only some were chosen; their numbers count them. */
  readonly layersBelow?: number;
  /** What the engine put there before the container was, where that is copied into the container's own layer instead of lying below. */
  readonly copied?: Layer;
  /** Data-only lower layers (overlayfs `::`), top first; searched only by the data of metacopy files. */
  readonly dataLayers: readonly Layer[];
  /** Whether each layer counts for what it changed alone, though its directory holds the whole tree: its record tells. */
  readonly changesOnly?: boolean;
  /** How marks are written in the layers that do not say it themselves. */
  readonly dialect: Dialect;
  /** Whether marks are shown as the files that they are, and hide nothing, whatever layers say. */
  readonly showsMarks?: boolean;
  /** Absent where owners are shown as they are on disk. */
  readonly owners?: OwnerView;
  /** Of a container: paths at which volumes or other directories are mounted; what is in them is not part of the stack. */
  readonly mountPoints?: readonly string[];
  /** overlayfs's `redirect_dir`: follow where it is not given, as for the kernel; otherwise EPERM on such a directory. */
  readonly redirect?: 'follow' | 'nofollow';
  /** overlayfs's `metacopy`: off where it is not given; a metacopy file is then EPERM, unless its data are in a data-only layer. */
  readonly metacopy?: boolean;
  /** What beside the layers' own records is damaged or contradicts itself although the stack is known: a sentence each. */
  readonly doubts?: readonly string[];
  /** What a person who is shown the stack should know of the store's files that tell of the stack, a sentence each. */
  readonly warnings?: readonly string[];
}

/**
 * What becomes of a layer that is not there or whose record is damaged: the whole stack is refused, or that layer is marked
 * `missing`, or used with a `doubt` where its place is proven without what is damaged.
 */
export type Missing = 'refuse' | 'mark';

/** The ID of what a store has. Throws RangeError for what has none. */
export function requireId({ kind, id, label }: LayerStack): string {
  if (id === undefined || kind === 'lowerdir') throw new RangeError(`${quoted(label)} is of no store`);
  return id;
}

/** Why a container has no layers whose tree is a directory of its machine, as the end of a sentence. */
export function rootfsWords(rootfs: string): string {
  return `it has no layers: its tree is the directory "${rootfs}" of its machine (--rootfs)`;
}
