// The names of one real directory, and the marks among them that are names themselves: those of AUFS.

/** `d_type` of a name that only hides (dirent.h DT_WHT): an AUFS whiteout, under the name it hides. */
export const DT_WHT = 14;

/** One directory of one layer as it lies on disk; AUFS marks are told apart from names. */
export interface Listing {
  /** Name (latin1) → d_type, in the order of the disk. */
  readonly types: Map<string, number>;
  /** Whether an AUFS mark makes the directory opaque. */
  readonly opaque: boolean;
}

export const AUFS_PREFIX = '.wh.';
/** Any of these names makes its directory opaque. */
export const AUFS_OPAQUE: readonly string[] = ['.wh..wh..opq', '.wh..opq'];

/** AUFS: `.wh.X` hides X in the layers below, `.wh..wh.*` is the driver's own, `.wh..wh..opq` makes the directory opaque. */
export function readAufsNames(onDisk: ReadonlyMap<string, number>): Listing {
  const types = new Map<string, number>();
  for (const [name, type] of onDisk) {
    if (!name.startsWith(AUFS_PREFIX)) types.set(name, type);
    else if (!name.startsWith('.wh..wh.') && !AUFS_OPAQUE.includes(name)) {
      const hidden = name.slice(AUFS_PREFIX.length);
      if (hidden !== '' && !onDisk.has(hidden)) types.set(hidden, DT_WHT);
    }
  }
  return { types, opaque: AUFS_OPAQUE.some((mark) => onDisk.has(mark)) };
}
