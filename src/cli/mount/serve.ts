// The process behind a mount, from the reference to the unmount. It must never touch its own mount: it would wait for
// itself.
import { closeSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { backingDevice, serve } from '../../fuse/device.ts';
import { type Mounted, type MountRequest, mount } from '../../fuse/mount.ts';
import { type Needed, openMountPoint } from '../../fuse/mountpoint.ts';
import { checkForUser, parseMountOptions } from '../../fuse/options.ts';
import { Session } from '../../fuse/session.ts';
import { unmount } from '../../fuse/unmount.ts';
import type { NativeMount } from '../../fuse-native/mount.ts';
import { layerXattr, partProvenance } from '../../layers/layer-xattr.ts';
import { Tree } from '../../overlay/tree.ts';
import type { TreeOptions } from '../../overlay/tree-parts.ts';
import { Push } from '../../push/push.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { E, errnoWords, Trouble } from '../../sys/errors.ts';
import { checkWritable } from '../../sys/kept.ts';
import { staySmall } from '../../sys/lean.ts';
import { raiseDescriptorLimit } from '../../sys/limits.ts';
import { findMount } from '../../sys/mount/mounts.ts';
import { View, type ViewOptions } from '../../view.ts';
import { EXIT } from '../exit.ts';
import { layersFailure } from '../failure.ts';
import { keptOf } from '../kept.ts';
import { partOverlayWords } from '../overlay.ts';
import type { Terminal } from '../print/terminal.ts';
import { openStack, recordsOf, type StoreOptions } from '../stack.ts';
import { canCut, Guard } from './guard.ts';
import { answerReady } from './launch.ts';
import { Log } from './log.ts';
import { describe, describeCall } from './trace.ts';

/** How long names and attributes of a running container hold. */
const LIVE_TIMEOUT_SECONDS = 0.5;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What the command line asks for. */
export interface ServeArguments extends StoreOptions {
  readonly reference: string;
  readonly directory: ByteString;
  readonly allowOther?: true;
  /** Each as given after `-o`. */
  readonly options?: readonly string[];
  readonly debug?: true;
  readonly log?: string;
  readonly data: 'auto' | 'cached' | 'passthrough';
  readonly driver: 'kernel' | 'fuse-native';
}

interface Surroundings {
  readonly terminal: Terminal;
  /** Whether a shell waits for this process to answer. */
  readonly isLaunched: boolean;
}

interface Serving {
  readonly args: ServeArguments;
  readonly tree: Tree;
  /** What the view shows beside the tree. */
  readonly shown: Pick<ViewOptions, 'virtualXattr'>;
  readonly log: Log;
  readonly terminal: Terminal;
  readonly guard: Guard;
}

/** Mounts, serves, and answers the exit code after the unmount. Throws Trouble where it cannot be mounted. */
export async function serveMount(
  args: ServeArguments,
  { terminal, isLaunched }: Surroundings,
): Promise<number> {
  const words = partOverlayWords(args.options ?? []);
  const { provenance, others } = partProvenance(words.others);
  const options = parseMountOptions(others, args.allowOther === true);
  if (process.geteuid?.() !== 0) checkForUser(options);
  const overlay = [...(args.overlay ?? []), ...words.overlay];
  const stack = await openStack(args.reference, { ...args, overlay });
  const point = await openMountPoint(args.directory, needed(stack, args), (message) =>
    terminal.note(message),
  );
  if (args.log !== undefined) checkWritable(bytesOfText(args.log), keptOf(stack, args.root));
  const log = new Log(args.log, isLaunched ? undefined : terminal);
  raiseDescriptorLimit();
  staySmall();
  const recorded = await recordsOf(stack, args);
  const tree = openTree(stack, log, recorded === undefined ? follows(args) : { recorded });
  const shown = provenance ? { virtualXattr: layerXattr(tree) } : {};
  process.chdir('/');

  const guard = new Guard((message) => log.line(message));
  const serving = { args, tree, shown, log, terminal, guard };
  const request = { point, label: stack.label, options };
  const onSignal = holdSignals();
  let native: NativeMount | undefined;
  let mounted: Mounted;
  try {
    native = args.driver === 'fuse-native' ? await mountNative(request, serving) : undefined;
    mounted = native ?? (await mount(request));
  } catch (error) {
    guard.end();
    throw error;
  } finally {
    // Open, it would keep the file system busy that the mount is on.
    closeSync(point.descriptor);
  }
  guard.guard(mounted);
  const end = undoOnSignal(mounted, log);
  onSignal(end);
  const onReady = () => {
    // Where the shell was ended meanwhile, nobody knows of this mount.
    if (isLaunched && !answerReady()) void end();
  };
  try {
    if (native === undefined) await serveSession(mounted, serving, onReady);
    else {
      onReady();
      await native.ended;
    }
  } finally {
    // Where the connection was cut, or reading failed, what is left of the mount would answer nobody.
    await unmount(mounted, { detach: true });
    guard.end();
    tree.close();
  }
  return 0;
}

async function serveSession(mounted: Mounted, serving: Serving, onReady: () => void): Promise<void> {
  const { args, tree, shown, log, terminal } = serving;
  const push = args.data === 'passthrough' ? undefined : pushFiles(serving, mounted);
  const session = new Session(new View(tree, { ...shown, readAhead: push }), {
    data: args.data,
    backing: backingDevice(mounted.fd),
    onBug: (error, opcode) => log.fault(error, opcode),
    onDamage: (error, opcode) => log.damage(error, opcode),
    ...changesOf(tree),
    ...(args.debug === true ? { trace: traceTo(terminal) } : {}),
  });
  try {
    const served = serve(mounted.fd, session);
    await answers(session, served);
    onReady();
    await served;
    if (args.debug === true) terminal.note(`data: ${session.dataMode}`);
  } finally {
    push?.end();
  }
}

/** The second driver is loaded only when it is asked for. */
async function mountNative(
  request: MountRequest,
  { args, tree, shown, log, terminal }: Serving,
): Promise<NativeMount> {
  if (args.data === 'passthrough') {
    throw new Trouble('usage', 'Cannot use "--data passthrough": fuse-native has no passthrough');
  }
  const { mountFuseNative } = await import('../../fuse-native/mount.ts');
  const trace = (opcode: number, path: string, result: number) => {
    terminal.err.write(`${describeCall(opcode, path, result)}\n`);
    terminal.err.flush();
  };
  return mountFuseNative(request, new View(tree, shown), {
    uid: process.getuid?.() ?? 0,
    log: (message) => log.line(message),
    onBug: (error, opcode) => log.fault(error, opcode),
    onDamage: (error, opcode) => log.damage(error, opcode),
    ...changesOf(tree),
    ...(args.debug === true ? { trace } : {}),
  });
}

function changesOf({ stack }: Tree): { readonly isLive: boolean; readonly timeoutSeconds?: number } {
  const isLive = stack.layers.some((layer) => layer.live);
  return isLive ? { isLive, timeoutSeconds: LIVE_TIMEOUT_SECONDS } : { isLive };
}

/** Small files ahead of a reader, where what is pushed holds for ever and is what a read would have got. */
function pushFiles({ tree, guard }: Serving, mounted: Mounted): Push | undefined {
  const { stack, followsMetacopy } = tree;
  if (followsMetacopy || stack.layers.some((layer) => layer.live) || !canCut(mounted)) return undefined;
  return new Push(tree, mounted.fd, (isBusy) => guard.busy(isBusy));
}

/** What the mount point must keep clear of. */
function needed(stack: LayerStack, args: ServeArguments): Needed[] {
  return [
    ...keptOf(stack, args.root).map((kept) => ({ ...kept, isServed: true })),
    {
      directory: bytesOfText(fileURLToPath(new URL('../', import.meta.url))),
      what: 'the program',
      isServed: false,
    },
    { directory: bytesOfText(dirname(process.execPath)), what: 'the program', isServed: false },
  ];
}

/** The second driver keeps paths of its own, which nothing tells of changes. */
function follows({ driver }: ServeArguments): TreeOptions {
  return { follows: driver === 'kernel' };
}

function openTree(stack: LayerStack, log: Log, options: TreeOptions): Tree {
  try {
    return new Tree(stack, { log: (message) => log.once(message), ...options });
  } catch (cause) {
    throw layersFailure(stack.label, cause);
  }
}

/** Waits for the kernel's first request to be served. */
async function answers(session: Session, served: Promise<void>): Promise<void> {
  let ended = false;
  const onEnd = () => {
    ended = true;
  };
  served.then(onEnd, onEnd);
  while (!session.started && !ended) await new Promise((resolve) => setImmediate(resolve));
  if (ended) await served;
  if (!session.started) throw new Trouble('mount', 'Cannot mount: the kernel ended the connection at once');
}

/** From here on signals wait for the handler that the answer takes: one that came while mounting would leave the mount. */
function holdSignals(): (handler: () => void) => void {
  let waiting = 0;
  let onSignal = () => {
    waiting += 1;
  };
  for (const signal of SIGNALS) process.on(signal, () => onSignal());
  return (handler) => {
    onSignal = handler;
    for (; waiting > 0; waiting -= 1) handler();
  };
}

/**
 * The first signal unmounts; a mount in use is detached, so that the mount point is free, and served on until the last
 * who uses it lets go. The second ends it at once.
 */
function undoOnSignal(mounted: Mounted, log: Log): () => Promise<void> {
  let count = 0;
  return async () => {
    count += 1;
    if (count === 1) return undo(mounted, log);
    await unmount(mounted, { detach: true });
    process.exit(EXIT.interrupted);
  };
}

async function undo(mounted: Mounted, log: Log): Promise<void> {
  let result = await unmount(mounted, { detach: false });
  if (result === -E.EBUSY) {
    const { describeHolders, openHolders } = await import('./holders.ts');
    const place = findMount(mounted)?.point ?? mounted.point;
    const holders = describeHolders(place, openHolders(place));
    log.line(
      `The mount is in use by ${holders}: detached, and served until they let go; once more to end at once`,
    );
    result = await unmount(mounted, { detach: true });
  }
  if (result === 'covered') log.line('Cannot unmount: another mount covers it');
  else if (result !== 'gone' && result < 0) log.line(`Cannot unmount: ${errnoWords(-result)}`);
}

function traceTo(terminal: Terminal): NonNullable<ConstructorParameters<typeof Session>[1]['trace']> {
  return (request, length, reply, replied) => {
    terminal.err.write(`${describe(request, length, reply, replied)}\n`);
    terminal.err.flush();
  };
}
