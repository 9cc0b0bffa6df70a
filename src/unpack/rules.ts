// How engines differ in what they make of the same tar of a layer: a row for each way of unpacking.

/** What begins the names of attributes that only root sees. */
export const TRUSTED = 'trusted.';

export interface UnpackingRules {
  /**
   * What a `.wh.` name becomes: overlay, the kernel's whiteout (a character device 0:0) or its mark on a directory; names,
   * a file by that very name, as AUFS reads it; removal, nothing, but what it names is taken away from this very layer.
   */
  readonly marks: 'overlay' | 'names' | 'removal';
  /** The attribute that makes a directory opaque. */
  readonly opaque: string;
  /** When the tar's entry for its own root is passed over: where its name is one like `./`, or however it is written. */
  readonly skipsRoot: 'never' | 'dot' | 'any';
  /** The modes that the layer's root may have where no entry tells of it, the present one first. */
  readonly rootModes: readonly [number, ...number[]];
  /** The mode of a directory that no entry tells of, though something lies in it. */
  readonly impliedMode: number;
  /** Whether such a directory is made like the one that a layer below has at its path, where one has. */
  readonly copiesImplied: boolean;
  /** Whether attributes `trusted.*` of a tar are set. */
  readonly setsTrusted: boolean;
  /** Whether a hard link's mode and time are given to the file whatever its name in the tar leads to. */
  readonly appliesLinks: boolean;
  /** Whether the layer's root has owner and mode of the one that it is unpacked on. */
  readonly inheritsRoot: boolean;
  /** What is the earliest time a file can have; a symbolic link keeps what is before it where false. */
  readonly boundsLinkTimes: boolean;
}

const MOBY = {
  skipsRoot: 'dot',
  rootModes: [0o755],
  impliedMode: 0o755,
  copiesImplied: false,
  setsTrusted: true,
  appliesLinks: false,
  boundsLinkTimes: false,
  inheritsRoot: false,
} as const;

/**
 * Moby's graph drivers, each of which unpacks into the layer's own directory: overlay2 (daemon/graphdriver/overlay2
 * ApplyDiff, OverlayWhiteoutFormat), fuse-overlayfs and aufs (AUFSWhiteoutFormat). `user` is overlay2 in a user namespace,
 * `none` a driver that first copies the tree below (vfs, btrfs, overlay): what a layer takes away is taken from the copy.
 */
export const MOBY_RULES = {
  trusted: { ...MOBY, marks: 'overlay', opaque: 'trusted.overlay.opaque' },
  user: { ...MOBY, marks: 'overlay', opaque: 'user.overlay.opaque' },
  aufs: { ...MOBY, marks: 'names', opaque: 'trusted.overlay.opaque' },
  none: { ...MOBY, marks: 'removal', opaque: 'trusted.overlay.opaque' },
} as const satisfies Record<string, UnpackingRules>;

const CONTAINERD = {
  skipsRoot: 'any',
  rootModes: [0o755],
  impliedMode: 0o755,
  copiesImplied: true,
  setsTrusted: false,
  appliesLinks: true,
  boundsLinkTimes: true,
  inheritsRoot: false,
  opaque: 'trusted.overlay.opaque',
} as const;

/**
 * containerd (pkg/archive/tar.go applyNaive): a layer on others is unpacked into its own directory with the overlay's marks
 * (core/diff/apply/apply_linux.go); one with none below is bound where it lies, without them.
 */
export const CONTAINERD_RULES = {
  layer: { ...CONTAINERD, marks: 'overlay' },
  base: { ...CONTAINERD, marks: 'removal' },
} as const satisfies Record<string, UnpackingRules>;

/** The root of a layer has the mode of the one below it; the lowest has 0555, or what `force_mask` makes of it. */
const CONTAINERS_STORAGE = { ...MOBY, rootModes: [0o555, 0o755, 0o700], inheritsRoot: true } as const;

/** containers-storage (pkg/archive, drivers/overlay), whose code began as moby's; `aufs` is with a mount program. */
export const CONTAINERS_STORAGE_RULES = {
  trusted: { ...CONTAINERS_STORAGE, marks: 'overlay', opaque: 'trusted.overlay.opaque' },
  user: { ...CONTAINERS_STORAGE, marks: 'overlay', opaque: 'user.overlay.opaque' },
  aufs: { ...CONTAINERS_STORAGE, marks: 'names', opaque: 'user.overlay.opaque' },
  none: { ...CONTAINERS_STORAGE, marks: 'removal', opaque: 'trusted.overlay.opaque' },
} as const satisfies Record<string, UnpackingRules>;

/** The engines whose rules can be chosen for a tar that none has unpacked. */
export type UnpackingEngine = 'moby' | 'containerd' | 'containers-storage';

/**
 * How an engine's usual driver, the kernel's overlay, unpacks a layer that lies on none, and one that lies on others: what
 * `docker load` (overlay2), containerd and Podman make of the same tar. They differ in directories that no entry tells of,
 * in the root's mode, and in whiteouts of the lowest layer (native-notes/archives.md has what showed it).
 */
export const ENGINE_RULES: Readonly<
  Record<UnpackingEngine, { readonly base: UnpackingRules; readonly layer: UnpackingRules }>
> = {
  moby: { base: MOBY_RULES.trusted, layer: MOBY_RULES.trusted },
  containerd: CONTAINERD_RULES,
  'containers-storage': {
    base: CONTAINERS_STORAGE_RULES.trusted,
    layer: CONTAINERS_STORAGE_RULES.trusted,
  },
};
