// What a comparison tells: one record a difference, in path order, and the counts in the end.
import type { ByteString } from '../sys/bytes.ts';
import { S_IFREG } from '../sys/statx.ts';
import {
  type Aspect,
  type Item,
  isDirectoryItem,
  itemSize,
  type Setters,
  type SideName,
  typeBits,
} from './item.ts';

/** A gain of privilege, or of the means to it. */
export type PrivilegeFlag = 'setuid-added' | 'setgid-added' | 'caps-added';

/** Why a lower layer's name does not show any more. */
export interface Hiding {
  readonly layer: number;
  readonly how: 'whiteout' | 'opaque';
}

export interface Share {
  readonly entries: number;
  /** Sum of the files' sizes. */
  readonly bytes: number;
}

/** What lies below a directory that only one side has, itself counted. */
export interface Subtree extends Share {
  /** What of it each layer wrote last; of a rename, of B's layers. */
  readonly layers: ReadonlyMap<number, Share>;
  /** What of it came with each layer: its contents first; as `layers` where that was not asked for. */
  readonly origins: ReadonlyMap<number, Share>;
}

export interface Change {
  /** `/` at the front. */
  readonly path: ByteString;
  readonly op: 'add' | 'remove' | 'modify' | 'type' | 'rename';
  /** Empty for what only one side has. */
  readonly what: readonly Aspect[];
  readonly flags: readonly PrivilegeFlag[];
  readonly a?: Item;
  readonly b?: Item;
  /** Of a rename: the path in A. */
  readonly from?: ByteString;
  readonly subtree?: Subtree;
  readonly by?: Hiding;
  /** Which layers set what differs, of each side; of what only one side has, what there is to set. */
  readonly setBy?: Readonly<Partial<Record<SideName, Setters>>>;
  /** Offset of the first byte that differs; absent where the sizes told it. */
  readonly firstDifference?: number;
  /** The noise rule that says the difference means nothing. */
  readonly noise?: string;
  /** It is among the entries of the subtree told before it. */
  readonly isCounted?: true;
  /** The file changed while it was read. */
  readonly raced?: true;
}

export interface PathError {
  readonly path: ByteString;
  readonly side: SideName;
  readonly errno: number;
  readonly doing: 'look up' | 'list' | 'read';
}

/** Of one side of a change: what its files hold, those of a folded tree included. */
export function changedBytes({ subtree }: Change, item: Item | undefined): number {
  if (item === undefined) return 0;
  if (isDirectoryItem(item)) return subtree?.bytes ?? 0;
  return typeBits(item) === S_IFREG ? itemSize(item) : 0;
}

/** How much of a change there is to look at: what files hold on the larger side, where more than metadata differs. */
export function touchedBytes(change: Change): number {
  if (change.op === 'rename' || isMetadataOnly(change)) return 0;
  return Math.max(changedBytes(change, change.a), changedBytes(change, change.b));
}

/** Adds what comes from one layer to the shares of a tree. */
export function addShare(layers: Map<number, Share>, layer: number, entries: number, bytes: number): void {
  const known = layers.get(layer);
  layers.set(layer, { entries: (known?.entries ?? 0) + entries, bytes: (known?.bytes ?? 0) + bytes });
}

/** Takes what is told, in path order. */
export interface Sink {
  change(change: Change): void;
  /** Each name within a directory that is told as one, before it is told; where the comparison is asked for them. */
  inside?(change: Change): void;
  error(error: PathError): void;
}

export interface Summary {
  add: number;
  remove: number;
  /** Contents, targets or device numbers. */
  modify: number;
  meta: number;
  type: number;
  rename: number;
  /** Differences that were not told: in nothing but times, in Docker's own `-init` layer, by a noise rule. */
  hidden: { mtime: number; init: number; noise: number };
  bytes: { added: number; removed: number };
  /** Of what was told, what falls under a noise rule. */
  noise: number;
  cost: { names: number; filesRead: number };
  errors: number;
  /** Of pairs that were compared, those of which a side does not tell an aspect that was wanted. */
  readonly untold: Map<Aspect, number>;
  /** Fields of the configurations that differ; absent where these were not compared. */
  config?: number;
}

export function newSummary(): Summary {
  return {
    add: 0,
    remove: 0,
    modify: 0,
    meta: 0,
    type: 0,
    rename: 0,
    hidden: { mtime: 0, init: 0, noise: 0 },
    bytes: { added: 0, removed: 0 },
    noise: 0,
    cost: { names: 0, filesRead: 0 },
    errors: 0,
    untold: new Map(),
  };
}

/** Aspects that are an object's own substance; the others are attributes. */
const SUBSTANCE: readonly Aspect[] = ['content', 'target', 'rdev'];

export function isMetadataOnly({ op, what }: Change): boolean {
  return op === 'modify' && !what.some((aspect) => SUBSTANCE.includes(aspect));
}

export function isEqual(summary: Summary): boolean {
  const { add, remove, modify, meta, type, rename, config = 0 } = summary;
  return add + remove + modify + meta + type + rename + config === 0;
}
