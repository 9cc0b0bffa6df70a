// What a file system of many stacks is told when it is made.
import type { ByteString } from '../sys/bytes.ts';
import type { DirectoryItem, StackItem } from './item.ts';
import type { Owner } from './scene-attributes.ts';
import type { StacksOptions } from './stacks.ts';

export interface WholeOptions extends Omit<StacksOptions, 'log'> {
  /** A stack's root is the node 1 of its tree. */
  readonly root: DirectoryItem | StackItem;
  /** Absent where nothing changes. */
  readonly followed?: Followed;
  readonly log: (message: string) => void;
  /** Told of each name that leads elsewhere now, with its directory's number. */
  readonly onChange?: (directory: number, name: ByteString) => void;
  readonly owner: Owner;
  /** As `FileSystem.statfs`: totals of the file system that all of it lies on. */
  readonly statfs: (out: Buffer, at: number) => void;
}

/** What becomes another root item as time goes. It is asked when somebody looks. */
export interface Followed {
  /** Whether something told of a change since the last look: cheap, and right except where something was damaged. */
  hasNews(): boolean;
  /** What there is now; what went wrong is told to `log`. Never refused. */
  look(log: (message: string) => void, options: LookOptions): Promise<DirectoryItem>;
  /** Milliseconds of processor time that the last look took, 0 where there was none. */
  readonly cost: number;
}

export interface LookOptions {
  /** Whether what has no news is looked at, too. */
  readonly more: boolean;
}
