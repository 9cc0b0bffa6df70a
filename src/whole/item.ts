// What a file system of many stacks is made of beside the stacks themselves: directories and small files that are on no disk, as
// values. They are asked for what is in them only when somebody looks.
import type { RecordedLayers } from '../overlay/opened.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import type { ByteString } from '../sys/bytes.ts';
import type { Selection } from './selection.ts';

/** By name: 1 to 255 bytes without a slash or NUL, neither `.` nor `..`. */
export type SceneItems = ReadonlyMap<ByteString, SceneItem>;

export type SceneItem = DirectoryItem | FileItem | StackItem;

interface Versioned {
  /** Two items of one name and kind with the same version are the same, and hold the same. */
  readonly version: string;
}

export interface DirectoryItem extends Versioned {
  readonly kind: 'directory';
  /** Throws Trouble. */
  readonly list: () => SceneItems | Promise<SceneItems>;
}

export interface FileItem extends Versioned {
  readonly kind: 'file';
  /** Milliseconds for which what was read last is believed; as long as the version is the same where it is not said. */
  readonly holds?: () => number;
  /** Throws Trouble. */
  readonly read: () => SceneBytes | Promise<SceneBytes>;
}

/** What a file holds: in memory, or to be read by place. */
export type SceneBytes = Uint8Array | PlacedBytes;

export interface PlacedBytes {
  readonly length: number;
  /** Fills `out` from a place on as far as there are bytes; answers how many there were. Throws Errno. */
  read(offset: number, out: Uint8Array): number;
}

/** A directory that is a stack's root. */
export interface StackItem extends Versioned {
  readonly kind: 'stack';
  /** The `S_IFMT` bits of what is shown, where that is no directory. */
  readonly type?: number;
  /** Throws Trouble where it cannot be shown. */
  readonly open: () => Promise<OpenStack>;
}

export interface OpenStack {
  readonly stack: LayerStack;
  readonly recorded?: RecordedLayers | undefined;
  /** What of it is shown; all of it where that is not said. */
  readonly only?: Selection | undefined;
  /** The name in the stack's root that is shown instead of it. */
  readonly entry?: ByteString;
  /** Whether it is a tree of its own, apart from those that share what they have. */
  readonly isAlone?: true;
  /** What is shown at paths in it instead of what it has there, in the order in which one may lie in another. */
  readonly mounted?: readonly MountedItem[];
}

export interface MountedItem {
  /** Absolute; links on the way are followed, as in a tree whose root is `/`. What is missing of it is made up. */
  readonly at: ByteString;
  readonly item: SceneItem;
}

export function fixedDirectory(items: SceneItems, version: string): DirectoryItem {
  return { kind: 'directory', version, list: () => items };
}

export function textFile(text: string): FileItem {
  return { kind: 'file', version: text, read: () => Buffer.from(text, 'utf8') };
}
