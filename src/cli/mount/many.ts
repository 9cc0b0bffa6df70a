// A mount of many stacks: directories that are on no disk, and stacks that are opened when somebody enters them.
import { totalmem } from 'node:os';
import { putEmptyStatfs, putStatfs } from '../../fuse/stat.ts';
import type { GroveFiles } from '../../overlay/grove/grove-files.ts';
import { ForgottenNames } from '../../push/forgotten-names.ts';
import { Push } from '../../push/push.ts';
import type { Kept } from '../../sys/kept.ts';
import { STATFS, statfsAt } from '../../sys/statfs.ts';
import type { DirectoryItem, StackItem } from '../../whole/item.ts';
import type { FilesAhead } from '../../whole/stacks.ts';
import { Whole } from '../../whole/whole.ts';
import type { Followed } from '../../whole/whole-options.ts';
import { canCut, type Guard } from './guard.ts';
import type { ManyOptions, MountSubject } from './subject.ts';

/** Seconds for which the kernel believes what may change. */
const TIMEOUT_SECONDS = 0.5;

export interface ManyStacks {
  readonly label: string;
  readonly kept: readonly Kept[];
  readonly root: DirectoryItem | StackItem;
  /** Whether small files are put into the kernel's cache, with others of their directory; they are where that is not said. */
  readonly readsAhead?: boolean;
  /** As in `WholeOptions`. */
  readonly followed?: Followed;
  /** Told when nothing is asked of the mount any more. */
  readonly onRest?: () => void;
}

export function manyStacks(
  { label, kept, root, readsAhead = true, followed, onRest = () => {} }: ManyStacks,
  args: ManyOptions,
): MountSubject {
  return {
    label,
    kept,
    async open(log) {
      const tell = (message: string) => log.once(message);
      let names: ForgottenNames | undefined;
      let ahead: ((files: GroveFiles) => FilesAhead) | undefined;
      const whole = new Whole({
        root,
        log: tell,
        most: mostObjects(args.memory),
        statfs: (out, at) => statfsOfKept(kept, out, at),
        owner: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
        ...(followed === undefined ? {} : { followed }),
        onChange: (directory, name) => names?.forget(directory, name),
        readAhead: (files) => ahead?.(files),
      });
      await whole.start();
      return {
        fileSystem(mounted, guard) {
          const mayWrite = canCut(mounted);
          const busy = countedBusy(guard);
          if (mayWrite) names = new ForgottenNames(mounted.fd, busy());
          if (mayWrite && readsAhead && args.data !== 'passthrough')
            ahead = (files) => new Push(files, mounted.fd, busy());
          return whole;
        },
        isLive: true,
        timeoutSeconds: TIMEOUT_SECONDS,
        rest() {
          onRest();
          whole.endAhead();
          names?.end();
        },
        close() {
          names?.close();
          whole.close();
        },
      };
    },
  };
}

/** Of the first place that is kept clear: what is shown lies on its file system, most often all of it. */
function statfsOfKept([first]: readonly Kept[], out: Buffer, at: number): void {
  const found = Buffer.alloc(STATFS.size);
  if (first !== undefined && statfsAt(first.directory, found) === 0) putStatfs(found, out, at);
  else putEmptyStatfs(out, at);
}

/** The watcher is told of the first that is busy and of the last that no longer is; each who may be has a word of his own. */
function countedBusy(guard: Guard): () => (isBusy: boolean) => void {
  let count = 0;
  return () => {
    let was = false;
    return (isBusy) => {
      if (isBusy === was) return;
      was = isBusy;
      count += isBusy ? 1 : -1;
      if (count === (isBusy ? 1 : 0)) guard.busy(isBusy);
    };
  };
}

/** Bytes that an object takes: a row, its name, its share of what leads to it; measured over images of a distribution. */
const OBJECT_BYTES = 180;
/** Of the machine's memory, where nothing else is asked for. */
const MEMORY_SHARE = 1 / 8;

function mostObjects(memory: number | undefined): number {
  return Math.floor((memory === undefined ? totalmem() * MEMORY_SHARE : memory) / OBJECT_BYTES);
}
