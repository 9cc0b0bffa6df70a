// What the library tells: the same objects, field by field, that `--json` prints (`native-notes/json.md`), as types.

/** A path or name that is given: text, or bytes where these are no UTF-8. A path without a slash in front is one all the same. */
export type Path = string | Uint8Array;

/** `file dir link char block fifo socket`, or `unknown` for what no kernel makes. */
export type FileType = 'file' | 'dir' | 'link' | 'char' | 'block' | 'fifo' | 'socket' | 'unknown';

export type LayerRole = 'image' | 'engine' | 'upper' | 'plain';

/** A name in a root filesystem, as `lstat` would tell of it. */
export interface EntryInfo {
  /** From the root of the image on; the bytes in base64 beside it where they are no UTF-8. */
  readonly path: string;
  readonly pathB64?: string;
  readonly type: FileType;
  /** Octal digits: `0644`, `4755`. */
  readonly mode: string;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes; a bigint past 2^53. */
  readonly size: number | bigint;
  /** Of a device. */
  readonly major?: number;
  readonly minor?: number;
  /** Seconds since 1970 and nanoseconds: `1700000000.123456789`. */
  readonly mtime: string;
  readonly ino: string;
  /** Of a symbolic link. */
  readonly target?: string;
  readonly targetB64?: string;
  /** The number of its layer, 1 the lowest. */
  readonly layer: number;
}

/** An extended attribute. */
export interface XattrInfo {
  /** The bytes in base64 beside it where they are no UTF-8. */
  readonly name: string;
  readonly nameB64?: string;
  readonly value: Uint8Array;
}

/** An image in a store. */
export interface ImageInfo {
  /** Name of its store, where a root has several. */
  readonly store?: string;
  /** `sha256:…` */
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  /** RFC 3339. */
  readonly created?: string;
  /** Bytes, as the engine's own list counts them. */
  readonly size?: number;
  /** What is counted, where that is not what the layers take unpacked: what was fetched, compressed; or both. */
  readonly sizeOf?: 'fetched' | 'both';
  readonly platform?: string;
  /** Present where it has no name and others were built on it. */
  readonly intermediate?: boolean;
  /** Why it cannot be used. */
  readonly damage?: string;
}

/** A container in a store. */
export interface ContainerInfo {
  readonly store?: string;
  readonly id: string;
  readonly name: string;
  readonly pod?: string;
  /** As it was named when the container was made. */
  readonly image: string;
  readonly imageId?: string;
  readonly created?: string;
  /** `running`, `exited (0)`, `created`, … */
  readonly status: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly command?: string;
  readonly elsewhere?: string;
  readonly infra?: boolean;
  readonly damage?: string;
}

/** One layer of a stack. */
export interface StackLayer {
  /** 1 the lowest. */
  readonly layer: number;
  readonly role: LayerRole;
  readonly diffId?: string;
  readonly chainId?: string;
  /** Bytes, as the store recorded them. */
  readonly size?: number;
  /** The step that made it. */
  readonly createdBy?: string;
  /** Where it lies on the disk; of a layer that nobody unpacked, the tar. The bytes in base64 where they are no UTF-8. */
  readonly directory?: string;
  readonly directoryB64?: string;
  readonly tar?: string;
  readonly tarB64?: string;
}

/** What a reference means. */
export interface StackInfo {
  /** As a person would write it. */
  readonly label: string;
  readonly kind: 'image' | 'container' | 'layer' | 'lowerdir';
  /** `sha256:…` of an image, 64 digits of a container. */
  readonly id?: string;
  /** Top first. */
  readonly layers: readonly StackLayer[];
}

/** One side of a change. */
export interface ItemInfo {
  readonly type: FileType;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number | bigint;
  readonly major?: number;
  readonly minor?: number;
  readonly target?: string;
  readonly targetB64?: string;
  /** Why the target cannot be read. */
  readonly targetError?: string;
  readonly mtime: string;
  readonly nlink: number;
  readonly layer?: number;
}

/** One difference between two root filesystems. */
export interface ChangeInfo {
  readonly path: string;
  readonly pathB64?: string;
  readonly op: 'add' | 'remove' | 'modify' | 'type' | 'rename';
  /** The aspects that differ: `content`, `mode`, `uid`, … */
  readonly what?: readonly string[];
  /** `setuid-added`, `setgid-added`, `caps-added` */
  readonly flags?: readonly string[];
  /** Which layer set each aspect that differs, where that is not the layer of the object itself. */
  readonly setBy?: {
    readonly a?: Readonly<Record<string, number>>;
    readonly b?: Readonly<Record<string, number>>;
  };
  /** What lies below a directory that only one side has, itself counted. */
  readonly subtree?: { readonly entries: number; readonly bytes: number };
  /** The layer of B that took it away. */
  readonly by?: { readonly layer: number; readonly how: 'whiteout' | 'opaque' };
  /** Offset of the first byte that differs. */
  readonly firstDifference?: number;
  readonly a?: ItemInfo;
  readonly b?: ItemInfo;
}

/** What a comparison came to. */
export interface DiffSummary {
  readonly equal: boolean;
  readonly add: number;
  readonly remove: number;
  readonly modify: number;
  readonly meta: number;
  readonly type: number;
  readonly rename: number;
  /** Names that could not be compared: without them nothing is known to be equal. */
  readonly errors: number;
}

/** One thing that differs from what was recorded, or cannot be told. */
export interface VerifyFinding {
  readonly severity: 'tampered' | 'unverifiable' | 'known' | 'note';
  /** `content`, `missing`, `extra`, `owner`, `chain`, … */
  readonly class: string;
  /** Of a finding on a layer, from the layer's root on; else where it lies on the disk. */
  readonly path?: string;
  readonly pathB64?: string;
  readonly expected?: string;
  readonly found?: string;
  readonly message?: string;
  /** The number of its layer, 1 the lowest; absent where the whole is meant. */
  readonly layer?: number;
}

/** What verifying one layer came to. */
export interface LayerResult {
  readonly layer: number;
  readonly diffId?: string;
  readonly verdict: 'verified' | 'tampered' | 'unverifiable';
  /** Whether the hash of its tar is the diff ID; absent of a container's own layer, which nothing records. */
  readonly sha256?: 'right' | 'wrong' | 'not made';
}
