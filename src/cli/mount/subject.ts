// What a mount shows, as the server of it needs to know: one stack, or many. `serve.ts` has the rest.

import type { FileSystem } from '../../fuse/filesystem.ts';
import type { Mounted } from '../../fuse/mount.ts';
import type { StoreOptions } from '../../open/stack.ts';
import type { Kept } from '../../sys/kept.ts';
import type { View } from '../../view.ts';
import type { DiffOptions } from '../diff/options.ts';
import type { Guard } from './guard.ts';
import type { Log } from './log.ts';

/** What the command line asks for, of that which concerns what is shown. */
export interface SubjectOptions extends StoreOptions {
  readonly data: 'auto' | 'large' | 'small' | 'cached' | 'passthrough';
  readonly driver: 'kernel' | 'fuse-native';
  /** Where what is learnt of layers is kept: an absolute path. */
  readonly indexDir?: string;
}

/** And of many stacks. */
export interface ManyOptions extends SubjectOptions {
  /** Whether all stores of the machine are meant, where `root` is not named. */
  readonly allRoots?: true;
  /** How what hides the layers below is shown in a layer alone: not at all, or as the files that it is on disk. */
  readonly marks?: 'hidden' | 'files';
  /** Whether volumes and all else that is mounted in a container is shown in it. */
  readonly volumes?: true;
  /** About how much memory what is known of the stacks may take before it is let go: bytes. */
  readonly memory?: number;
}

/** And of what differs: what `stratafs diff` has of what is compared. */
export type DifferenceOptions = Partial<
  Pick<
    DiffOptions,
    | ('rootB' | 'path' | 'include' | 'exclude' | 'type' | 'only' | 'ignore' | 'ignoreXattr' | 'ignoreNoise')
    | ('mtime' | 'hardlinks' | 'renames' | 'showInit' | 'content')
  >
>;

export interface MountSubject {
  /** What the mount is called in /proc/mounts. */
  readonly label: string;
  /** Where the mount point must not lie, nor a log be written. */
  readonly kept: readonly Kept[];
  /** Throws Trouble where it cannot be shown. */
  open(log: Log): Promise<OpenSubject>;
}

export interface OpenSubject {
  /** Once, when the mount is made. */
  fileSystem(mounted: Mounted, guard: Guard): FileSystem;
  /** For the second driver; absent where that cannot show it. */
  readonly view?: () => View;
  /** Whether some of it may change, and how long names and attributes of that hold. */
  readonly isLive: boolean;
  readonly timeoutSeconds?: number;
  /** Nothing is read ahead any more. */
  rest(): void;
  close(): void;
}
