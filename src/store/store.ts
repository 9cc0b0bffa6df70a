// The seam: what every image store answers, whatever engine wrote it. Nothing outside a store's own folder knows more of it.
import type { ByteString } from '../sys/bytes.ts';
import type { Claims } from './claims.ts';
import type { Layer, LayerStack, Missing } from './layer-stack.ts';
import type { Mounting } from './mounting.ts';
import type { Configuration, HistoryStep } from './oci/oci.ts';
import type { OwnerIds } from './owner.ts';
import type { TarRecord } from './record.ts';
import type { ContainerSummary, ImageSummary } from './summary.ts';

export interface BesideStore {
  /** What it is called where it is opened. */
  readonly name: string;
  /** That it is there, and where. */
  readonly sentence: string;
}

/** One store on disk. Reads only; every failure is a `Trouble` that names the file and what is wrong with it. */
export interface Store {
  /** Name of its `Kind`. */
  readonly kind: string;
  /** Among the stores of a root: `overlay2`. */
  readonly name: string;
  /** What lies here, in words: `docker overlay2`. */
  readonly description: string;
  /** The directory a mount point must not lie in: absolute, without links, as bytes. */
  readonly directory: ByteString;
  images(): readonly ImageSummary[];
  containers(): readonly ContainerSummary[];
  /**
   * Words that are other ones once its lists may be others, by the few directories and databases that engines write to whenever
   * they add, change or remove something; that one of the rest was damaged shows in the lists alone. Cheap.
   */
  stamp(): string;
  /**
   * What is wrong with the store beyond single images and containers (the list of names, say), as far as it concerns a list
   * of the ones or the others: a sentence each.
   */
  damage(listed: 'images' | 'containers'): readonly string[];
  /** Databases whose newest state cannot be shown, so that an older one is, or may be: a sentence each, which `damage` has as well. */
  older?(): readonly string[];
  /** What may follow `snapshot:` in a reference, as text. */
  snapshotKeys?(): readonly string[];
  /** How many there are in all, where the lists are of a part that has to be chosen (a namespace). Throws Trouble. */
  totals?(): { readonly images: number; readonly containers: number };
  /** Throws Trouble where a namespace was named that is not there, or where that cannot be told. */
  checkNamespace?(): void;
  /** Where it is several stores as one: these. */
  readonly stores?: readonly Store[];
  /** The root that its images and layers lie in, where that is not `directory`, nor below it: containerd's, of a Docker. */
  readonly contentRoot?: ByteString;
  /** Whether something of it is mounted now, by what its engine keeps outside of the root; false where nothing tells. */
  isMounted?(): boolean;
  /** Other stores in the same directory, which this one does not show. */
  beside?(): readonly BesideStore[];
  /** The stack a reference means; see `reference.ts` for the forms. Everything used is checked on the way. */
  resolve(reference: string, missing?: Missing): LayerStack;
  /** How what a stack of this store is made for is run; `image`: how the image is that a container was made from. */
  configuration(of: LayerStack, whose?: 'own' | 'image'): Configuration;
  /** The steps of the image that a stack of this store is or stands on, oldest first, those that made no layer included. */
  history(of: LayerStack): readonly HistoryStep[];
  /**
   * What root of the containers of a stack is on disk, and whether all other owners are moved by as much; undefined where no
   * user namespace was used.
   */
  rootOwner(of: LayerStack): { readonly owner: OwnerIds; readonly isOneRange: boolean } | undefined;
  /** What is mounted in a container beside its layers, in the order in which it is; absent where none is ever told. Throws Trouble. */
  mountings?(of: LayerStack): readonly Mounting[];
  /** Undefined for a layer that has none: a container's own. Throws Trouble where one should be there and is not. */
  record(layer: Layer, of: LayerStack): TarRecord | undefined;
  /** What a reference means, to be verified; without one everything: all images, layers that none has, lists of names. */
  claims(reference?: string): Iterable<Claims>;
}
