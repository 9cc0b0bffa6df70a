// The process behind a mount, from the words to the unmount, whatever is shown. It must never touch its own mount: it would
// wait for itself.
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
import { partProvenance } from '../../layers/layer-xattr.ts';
import { rootsFromHere } from '../../open/from-here.ts';
import { partOverlayWords } from '../../open/overlay-words.ts';
import { type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { E, errnoWords, Trouble } from '../../sys/errors.ts';
import { checkWritable } from '../../sys/kept.ts';
import { compileQuickly, staySmall } from '../../sys/lean.ts';
import { raiseDescriptorLimit } from '../../sys/limits.ts';
import { findMount } from '../../sys/mount/mounts.ts';
import { EXIT } from '../exit.ts';
import type { Terminal } from '../print/terminal.ts';
import { Guard } from './guard.ts';
import { answerReady } from './launch.ts';
import { Log } from './log.ts';
import { oneStack } from './one-stack.ts';
import type { DifferenceOptions, ManyOptions, MountSubject, OpenSubject } from './subject.ts';
import { describe, describeCall } from './trace.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What the command line asks for. */
export interface ServeArguments extends ManyOptions, DifferenceOptions {
  /** Absent with `all`, and with `diff` where that is all. */
  readonly reference?: string;
  /** The whole store. */
  readonly all?: true;
  /** The layers of the reference side by side. */
  readonly layers?: true;
  /** What the reference is compared with. */
  readonly diff?: string;
  readonly directory: ByteString;
  readonly allowOther?: true;
  /** Each as given after `-o`. */
  readonly options?: readonly string[];
  readonly debug?: true;
  readonly log?: string;
}

interface Surroundings {
  readonly terminal: Terminal;
  /** Whether a shell waits for this process to answer. */
  readonly isLaunched: boolean;
}

interface Serving {
  readonly args: ServeArguments;
  readonly subject: OpenSubject;
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
  const subject = await subjectOf(rootsFromHere({ ...args, overlay }), provenance, terminal);
  const point = await openMountPoint(args.directory, needed(subject), (message) => terminal.note(message));
  if (args.log !== undefined) checkWritable(bytesOfText(args.log), subject.kept);
  const log = new Log(args.log, isLaunched ? undefined : terminal);
  raiseDescriptorLimit();
  staySmall();
  const open = await subject.open(log);
  compileQuickly();
  process.chdir('/');

  const guard = new Guard((message) => log.line(message));
  const serving = { args, subject: open, log, terminal, guard };
  const request = { point, label: subject.label, options };
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
    open.close();
  }
  return 0;
}

async function serveSession(mounted: Mounted, serving: Serving, onReady: () => void): Promise<void> {
  const { args, subject, log, terminal, guard } = serving;
  const session = new Session(subject.fileSystem(mounted, guard), {
    data: args.data,
    backing: backingDevice(mounted.fd),
    onBug: (error, opcode) => log.fault(error, opcode),
    onDamage: (error, opcode) => log.damage(error, opcode),
    ...changesOf(subject),
    ...(args.debug === true ? { trace: traceTo(terminal) } : {}),
  });
  try {
    const served = serve(mounted.fd, session);
    await answers(session, served);
    onReady();
    await served;
    if (args.debug === true) terminal.note(`data: ${session.dataMode}`);
  } finally {
    subject.rest();
  }
}

/** The second driver is loaded only when it is asked for. */
async function mountNative(
  request: MountRequest,
  { args, subject, log, terminal }: Serving,
): Promise<NativeMount> {
  if (args.data === 'passthrough') {
    throw new Trouble('usage', 'Cannot use "--data passthrough": fuse-native has no passthrough');
  }
  const { mountFuseNative } = await import('../../fuse-native/mount.ts');
  const trace = (opcode: number, path: string, result: number) => {
    terminal.err.write(`${describeCall(opcode, path, result)}\n`);
    terminal.err.flush();
  };
  const view = subject.view?.();
  if (view === undefined) throw new RangeError('this driver shows one stack only');
  return mountFuseNative(request, view, {
    uid: process.getuid?.() ?? 0,
    log: (message) => log.line(message),
    onBug: (error, opcode) => log.fault(error, opcode),
    onDamage: (error, opcode) => log.damage(error, opcode),
    ...changesOf(subject),
    ...(args.debug === true ? { trace } : {}),
  });
}

function changesOf({ isLive, timeoutSeconds }: OpenSubject): Pick<OpenSubject, 'isLive' | 'timeoutSeconds'> {
  return timeoutSeconds === undefined ? { isLive } : { isLive, timeoutSeconds };
}

/** What the mount point must keep clear of. */
function needed({ kept: all }: MountSubject): Needed[] {
  return [
    ...all.map((kept) => ({ ...kept, isServed: true })),
    {
      directory: bytesOfText(fileURLToPath(new URL('../', import.meta.url))),
      what: 'the program',
      isServed: false,
    },
    { directory: bytesOfText(dirname(process.execPath)), what: 'the program', isServed: false },
  ];
}

/** Each way to show something is loaded only when it is asked for. Throws Trouble. */
async function subjectOf(
  args: ServeArguments,
  provenance: boolean,
  terminal: Terminal,
): Promise<MountSubject> {
  const { all, layers, diff, volumes, reference } = args;
  const isOne = all !== true && layers !== true && volumes !== true && diff === undefined;
  if (isOne && reference !== undefined) {
    return oneStack(reference, args, provenance);
  }
  if (provenance) {
    throw new Trouble(
      'usage',
      'Cannot use "-o provenance": more than one stack is shown, and a file that several share has no one layer',
    );
  }
  if (args.driver !== 'kernel') {
    const state = 'more than one stack is shown, and libfuse 2 has no word for a file that several share';
    throw new Trouble('usage', `Cannot use "--driver ${args.driver}": ${state}`);
  }
  if (diff !== undefined)
    return (await import('./difference/difference.ts')).difference({ ...args, diff }, terminal);
  if (reference !== undefined && volumes === true)
    return (await import('./with-volumes.ts')).withVolumes(reference, args);
  if (reference !== undefined) return (await import('./side-by-side.ts')).sideBySide(reference, args);
  return (await import('./everything.ts')).everything(args);
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
