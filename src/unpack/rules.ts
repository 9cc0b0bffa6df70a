// How engines differ in what they make of the same tar of a layer: a row for each way of unpacking.

export interface UnpackingRules {
  /**
   * What a `.wh.` name becomes: overlay, the kernel's whiteout (a character device 0:0) or its mark on a directory; names,
   * a file by that very name, as AUFS reads it.
   */
  readonly marks: 'overlay' | 'names';
  /** The attribute that makes a directory opaque. */
  readonly opaque: string;
  /** Whether the tar's entry for its own root (`./`) is passed over. */
  readonly skipsRoot: boolean;
  /** The mode of a directory that no entry tells of, though something lies in it. */
  readonly impliedMode: number;
  /** What is the earliest time a file can have; a symbolic link keeps what is before it where false. */
  readonly boundsLinkTimes: boolean;
}

const MOBY = { skipsRoot: true, impliedMode: 0o755, boundsLinkTimes: false } as const;

/**
 * Moby's graph drivers, each of which unpacks into the layer's own directory: overlay2 (daemon/graphdriver/overlay2
 * ApplyDiff, OverlayWhiteoutFormat), fuse-overlayfs and aufs (AUFSWhiteoutFormat). `user` is overlay2 in a user namespace.
 */
export const MOBY_RULES = {
  trusted: { ...MOBY, marks: 'overlay', opaque: 'trusted.overlay.opaque' },
  user: { ...MOBY, marks: 'overlay', opaque: 'user.overlay.opaque' },
  aufs: { ...MOBY, marks: 'names', opaque: 'trusted.overlay.opaque' },
} as const satisfies Record<string, UnpackingRules>;
