// A mount of one stack: its merged tree is the whole file system.
import type { FileSystem } from '../../fuse/filesystem.ts';
import type { Mounted } from '../../fuse/mount.ts';
import { layerXattr } from '../../layers/layer-xattr.ts';
import { layersFailure } from '../../open/failure.ts';
import { keptOf } from '../../open/kept.ts';
import { openStack, recordsOf } from '../../open/stack.ts';
import { Tree } from '../../overlay/tree.ts';
import type { TreeOptions } from '../../overlay/tree-parts.ts';
import { Push } from '../../push/push.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { Trouble } from '../../sys/errors.ts';
import { View } from '../../view.ts';
import { canCut, type Guard } from './guard.ts';
import type { Log } from './log.ts';
import type { ManyOptions, MountSubject, OpenSubject, SubjectOptions } from './subject.ts';

/** How long names and attributes of a running container hold. */
export const LIVE_TIMEOUT_SECONDS = 0.5;

/** `provenance`: with the attribute that tells which layer an object is from. Throws Trouble. */
export async function oneStack(
  reference: string,
  args: ManyOptions,
  provenance: boolean,
): Promise<MountSubject> {
  return subjectOfStack(await openStack(reference, args), args, provenance);
}

/** The same of a stack that was opened. */
export function subjectOfStack(found: LayerStack, args: ManyOptions, provenance: boolean): MountSubject {
  if (args.memory !== undefined) {
    throw new Trouble('usage', 'Cannot use "--memory" with one reference: it is for "--all" and "--layers"');
  }
  const stack = args.marks === 'files' ? withMarks(found) : found;
  return {
    label: stack.label,
    kept: keptOf(stack, args.root),
    async open(log) {
      const recorded = await recordsOf(stack, args);
      const tree = openTree(
        stack,
        log,
        recorded === undefined ? await asOnDisk(stack, args, log) : { recorded },
      );
      return openSubject(tree, args, provenance);
    },
  };
}

/** Of one layer alone, where marks have nothing to hide. Throws Trouble. */
export function withMarks(stack: LayerStack): LayerStack {
  const { label, layers } = stack;
  if (layers.length === 1) return { ...stack, showsMarks: true };
  const state = `it merges ${layers.length} layers, and only one that is shown alone has them (REF#1, or "--layers")`;
  throw new Trouble('usage', `Cannot use "--marks files" with "${label}": ${state}`);
}

function openSubject(tree: Tree, args: SubjectOptions, provenance: boolean): OpenSubject {
  const shown = provenance ? { virtualXattr: layerXattr(tree) } : {};
  const isLive = tree.stack.layers.some((layer) => layer.live);
  let push: Push | undefined;
  return {
    fileSystem(mounted, guard): FileSystem {
      push = args.data === 'passthrough' ? undefined : pushFiles(tree, mounted, guard);
      return new View(tree, { ...shown, readAhead: push });
    },
    view: () => new View(tree, shown),
    isLive,
    ...(isLive ? { timeoutSeconds: LIVE_TIMEOUT_SECONDS } : {}),
    rest: () => push?.end(),
    close: () => tree.close(),
  };
}

/** Small files ahead of a reader, where what is pushed holds for ever and is what a read would have got. */
function pushFiles(tree: Tree, mounted: Mounted, guard: Guard): Push | undefined {
  const { stack, followsMetacopy } = tree;
  if (followsMetacopy || stack.layers.some((layer) => layer.live) || !canCut(mounted)) return undefined;
  return new Push(tree, mounted.fd, (isBusy) => guard.busy(isBusy));
}

/** The second driver keeps paths of its own, which nothing tells of changes. Throws Trouble where indexes cannot be kept. */
async function asOnDisk(stack: LayerStack, args: SubjectOptions, log: Log): Promise<TreeOptions> {
  const follows = args.driver === 'kernel';
  if (args.indexDir === undefined) return { follows };
  const { TreeIndexFiles } = await import('../../open/tree-index-files.ts');
  const kept = keptOf(stack, args.root);
  return { follows, indexes: new TreeIndexFiles(args.indexDir, kept, (message) => log.once(message)) };
}

function openTree(stack: LayerStack, log: Log, options: TreeOptions): Tree {
  try {
    return new Tree(stack, { log: (message) => log.once(message), ...options });
  } catch (cause) {
    throw layersFailure(stack.label, cause);
  }
}
