// What a file system of many stacks is told when it is made.
import type { ByteString } from '../sys/bytes.ts';
import type { DirectoryItem, StackItem } from './item.ts';
import type { Owner } from './scene-attributes.ts';
import type { StacksOptions } from './stacks.ts';

export interface WholeOptions extends Omit<StacksOptions, 'log'> {
  /** A stack's root is the node 1 of its tree. */
  readonly root: DirectoryItem | StackItem;
  /** What there is now, asked at most once a second, when somebody looks; absent where nothing changes. Never refused. */
  readonly refresh?: () => Promise<DirectoryItem>;
  readonly log: (message: string) => void;
  /** Told of each name that leads elsewhere now, with its directory's number. */
  readonly onChange?: (directory: number, name: ByteString) => void;
  readonly owner: Owner;
  /** As `FileSystem.statfs`: totals of the file system that all of it lies on. */
  readonly statfs: (out: Buffer, at: number) => void;
}
