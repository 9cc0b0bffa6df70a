// What a kind of store is: where such stores may be on a machine, whether a directory holds one, and how it is opened.
import type { ByteString } from '../sys/bytes.ts';
import type { StoreFiles } from './files.ts';
import type { Machine } from './machine/machine.ts';
import type { Store } from './store.ts';

/** Where a store may be on a machine, by a path of that machine. */
export interface StorePlace {
  readonly path: ByteString;
  /** What led to it: a configuration, or that it is a usual place. */
  readonly why: string;
  /** Whether a configuration names it, so that something should be there. */
  readonly isConfigured?: true;
  /** Whose it is, where it is a user's own. */
  readonly user?: string;
}

/** What of a root is to be opened, as far as a kind of store knows it. */
export interface OpenOptions {
  /** Only the store of this name. */
  readonly store?: string;
  /** Roots that images and layers are taken from besides (containers-storage's additional image stores), as text. */
  readonly additionalRoots?: readonly string[];
  /** The machine that the root belongs to, whose configuration may say more of it. */
  readonly machine?: Machine;
  /** containerd's: the namespace, `default`, `moby`, `k8s.io`, …. */
  readonly namespace?: string;
  /** containerd's, where no namespace is said: all but Docker's, which another root has told of. */
  readonly withoutDockers?: true;
  /** Which image of an index is meant: `linux/arm64`. */
  readonly platform?: string;
  /** Told now and then how many bytes of an archive, which has to be read from start to end, are read, and of how many. */
  readonly progress?: (done: number, all: number) => void;
  /** Where the containerd of a Docker keeps what is not below its data root. */
  readonly containerdRoot?: string;
}

/**
 * What a kind of store finds in a directory: here: a store that holds something; empty: one that holds nothing yet; refused:
 * what is there, but cannot be read, as the end of a sentence "Cannot open store …: …".
 */
export type Probe =
  | { readonly kind: 'here' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly state: string };

/** A kind of store, one for each folder below `store/`; `open.ts` has the list. */
export interface Kind {
  readonly name: string;
  /** Where such stores may be on a machine, the likeliest first; what of its configuration cannot be used is told to `say`. */
  places(machine: Machine, say: (damage: string) => void): Iterable<StorePlace>;
  /** Throws Trouble where the directory cannot be read. */
  probe(files: StoreFiles, options: OpenOptions): Probe;
  /** The stores of this kind in a directory where it found one, at least one; those in use come first. Throws Trouble. */
  open(files: StoreFiles, options: OpenOptions): readonly Store[];
}
