// The seam: what every image store answers, whatever engine wrote it. Nothing outside a store's own folder knows more of it.
import type { OpenBlob } from '../blob/blob.ts';
import type { ByteString } from '../sys/bytes.ts';
import type { ChainId, DiffId, ImageId } from './digest.ts';
import type { OpenFile, StoreFiles } from './files.ts';
import type { Machine } from './machine.ts';
import type { Configuration, HistoryStep } from './oci.ts';

/**
 * How whiteouts and opaque directories are written in a layer.
 * trusted: kernel overlayfs, `trusted.overlay.*`; user: the same with `user.overlay.*` (rootless, `userxattr`);
 * aufs: names `.wh.X` and `.wh..wh..opq` (drivers aufs and fuse-overlayfs) beside the kernel's marks; none: nothing is a mark,
 * whatever it looks like.
 */
export type Dialect = 'trusted' | 'user' | 'aufs' | 'none';

/** What a layer is made of. */
export type LayerSource = DirectorySource | TarSource;

export interface DirectorySource {
  readonly kind: 'directory';
  /** Absolute, as bytes: Docker's `diff`, containerd's `fs`. */
  readonly path: ByteString;
  /**
   * Present where it holds contents alone, under other names (composefs): by a regular file's name in the tar, the path below
   * the directory. All else is told by the layer's record. Throws Trouble.
   */
  readonly objects?: () => ReadonlyMap<string, ByteString>;
}

/** A layer that nobody unpacked: its tar, as it is or compressed with gzip or zstd, which its first bytes tell. */
export interface TarSource {
  readonly kind: 'tar';
  /** What it is called where it is told of, as bytes: its absolute path; of an archive's member `PATH:member`. */
  readonly name: ByteString;
  /** The digest that names the blob as it lies there, `sha256:…`; absent where nothing does. */
  readonly digest?: string;
  /** Of the blob, bytes. */
  readonly size: number;
  /** By whose rules it is unpacked. */
  readonly engine: UnpackRules['engine'];
  /** The layer that it is unpacked on, where that is a tar too, whether or not it is in the stack; absent for the lowest. */
  readonly below?: TarSource;
  /** Opens it anew each time. Throws Trouble. */
  readonly open: () => OpenBlob;
}

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

/** Numbers of users, or of groups, of a user namespace: `size` of them in a row. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly size: number;
}

/** As whom the owners on disk are shown: as the users of a user namespace see them. */
export interface OwnerView {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
  /** What becomes of all other numbers: nobody, as in the namespace, or what they are on disk. */
  readonly others: 'nobody' | 'kept';
  /** What told the map, in words. */
  readonly source: string;
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
  /** Data-only lower layers (overlayfs `::`), top first; searched only by the data of metacopy files. */
  readonly dataLayers: readonly Layer[];
  /** Whether each layer counts for what it changed alone, though its directory holds the whole tree: its record tells. */
  readonly changesOnly?: boolean;
  /** How marks are written in the layers that do not say it themselves. */
  readonly dialect: Dialect;
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

export interface ImageSummary {
  /** Name of its store, where a root has several. */
  readonly store?: string;
  readonly id: ImageId;
  /** `name:tag` in Docker's familiar form; empty for an untagged image. */
  readonly tags: readonly string[];
  /** `name@sha256:…`. */
  readonly digests: readonly string[];
  /** RFC 3339, from the config. */
  readonly created?: string;
  /** Sum of the layers' recorded sizes, bytes; absent where a layer is damaged. */
  readonly size?: number;
  /** `linux/arm64`; only where its names lead to images of other platforms too. */
  readonly platform?: string;
  /** Present where the image has no name and another was built on it: `docker images` shows such images with `--all` only. */
  readonly intermediate?: boolean;
  /** Why the image cannot be used, where something of it is damaged. */
  readonly damage?: string;
}

export interface ContainerSummary {
  /** Name of its store, where a root has several. */
  readonly store?: string;
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** Name of the pod that it is in. */
  readonly pod?: string;
  /** The image as it was named at creation. */
  readonly image: string;
  readonly imageId?: ImageId;
  readonly created?: string;
  /** As `docker ps -a` words it where it can be told offline: `running`, `exited (0)`, `created`. */
  readonly status: string;
  /** RFC 3339; absent where the container was never started, or has not ended. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly command?: string;
  /** Which other part of the engine has the container's layers, in words, where this store cannot show the container. */
  readonly elsewhere?: string;
  /** Present where the container only holds a pod together; such a container is shown with `--all` only. */
  readonly infra?: boolean;
  readonly damage?: string;
}

/**
 * What becomes of a layer that is not there or whose record is damaged: the whole stack is refused, or that layer is marked
 * `missing`, or used with a `doubt` where its place is proven without what is damaged.
 */
export type Missing = 'refuse' | 'mark';

/** A number of a user and one of a group. */
export interface OwnerIds {
  readonly uid: number;
  readonly gid: number;
}

/** How a layer's tar became the files of its directory. */
export interface UnpackRules {
  /** Whose code did it. */
  readonly engine: 'moby' | 'containerd' | 'containers-storage';
  /** Whether a build step wrote the files where they lie, and the tar was made from them. */
  readonly inPlace: boolean;
  /** Whether extended attributes but capabilities were lost where the tree of the layers below was copied. */
  readonly losesXattrs?: boolean;
  /** Whether it was done without the right to make devices. */
  readonly withoutDevices: boolean;
  /** What root of the containers is on disk; 0:0 but for user namespaces. */
  readonly root: OwnerIds;
  /** Whether all other owners are moved by as much as root; else where they begin is learnt from the first of them. */
  readonly isOneRange: boolean;
}

/** Where the truth about a layer is: the tar its diff ID is the hash of, or what tells everything of it but contents. */
export interface TarRecord {
  readonly form: 'tar-split' | 'tar' | 'tar+gzip' | 'tar+zstd';
  /** Absolute path of the file that holds it. */
  readonly path: ByteString;
  /** The digest that names the record itself, `sha256:…`; absent where nothing does (tar-split). */
  readonly digest?: string;
  readonly rules: UnpackRules;
  /** At its beginning: confined to the store, no link followed, no access time changed. Throws Trouble. */
  readonly open: () => OpenFile;
}

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
  /** Absent where the layer cannot be found; a claim then says why. */
  readonly layer?: Layer;
  /** Absent where there is none, so that its files cannot be verified; a claim then says why. */
  readonly record?: TarRecord;
}

/** A layer of a container's own: nothing records what is in it. */
export interface OwnLayer {
  readonly role: 'engine' | 'upper';
  readonly claims: readonly Claim[];
}

/** An image or container, layers that none has, or the store's lists, as something to verify. */
export interface Claims {
  readonly label: string;
  readonly kind: 'image' | 'container' | 'layers' | 'store';
  /** As it is written in lists; absent for what has none. */
  readonly id?: string;
  readonly claims: readonly Claim[];
  /** Each base first. */
  readonly chains: readonly (readonly LayerClaims[])[];
  /** Of a container, on top of its image's: the lowest first. One on which nothing is claimed where they are not given. */
  readonly own?: readonly OwnLayer[];
  /** Names with digests (`name@sha256:…`) whose manifest or index is here, is among the claims, and leads to this image. */
  readonly repoDigests?: readonly string[];
  /** Absolute paths of directories that lie among those of layers, and no record leads to. */
  readonly unrecorded?: readonly ByteString[];
}

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
   * What is wrong with the store beyond single images and containers (the list of names, say), as far as it concerns a list
   * of the ones or the others: a sentence each.
   */
  damage(listed: 'images' | 'containers'): readonly string[];
  /** How many there are in all, where the lists are of a part that has to be chosen (a namespace). Throws Trouble. */
  totals?(): { readonly images: number; readonly containers: number };
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
  /** Undefined for a layer that has none: a container's own. Throws Trouble where one should be there and is not. */
  record(layer: Layer, of: LayerStack): TarRecord | undefined;
  /** What a reference means, to be verified; without one everything: all images, layers that none has, lists of names. */
  claims(reference?: string): Iterable<Claims>;
}

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
  /** Which image of an index is meant: `linux/arm64`. */
  readonly platform?: string;
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
