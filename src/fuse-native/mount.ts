// Mounts and serves by way of fuse-native: libfuse 2 reads the requests on threads of its own, and the callbacks run on
// this one.
import { readdirSync, readlinkSync } from 'node:fs';
import { openDevice } from '../fuse/device.ts';
import { validityOf } from '../fuse/entry.ts';
import type { FileSystem } from '../fuse/filesystem.ts';
import { mountSourceOf } from '../fuse/label.ts';
import { type Mounted, type MountRequest, mountOn } from '../fuse/mount.ts';
import { bufferOf, textOf } from '../sys/bytes.ts';
import { Trouble } from '../sys/errors.ts';
import { close } from '../sys/libc.ts';
import { type HandlerOptions, handlersOf, type XattrHandlers } from './handlers.ts';
import { type FuseNative, loadFuseNative } from './load.ts';
import { optionLine } from './options.ts';

const DEVICE = '/dev/fuse';
/** The binding cuts a longer mount point off, and would mount elsewhere. */
const PATH_MAX = 1023;
/** How often it is looked whether libfuse has let go of the device: it calls nobody when a mount ends. */
const LOOK_MS = 50;

export interface NativeOptions extends HandlerOptions {
  /** Whether what is served may change: the kernel then keeps pages only while a file's time and size are the same. */
  readonly isLive?: boolean;
  /** How long names and attributes hold; for ever where it is not given. */
  readonly timeoutSeconds?: number;
}

export interface NativeMount extends Mounted {
  /** Settles when the file system is unmounted, and nobody is served any more. */
  readonly ended: Promise<void>;
}

/** Answers when the mount does. Throws Trouble. */
export async function mountFuseNative(
  request: MountRequest,
  fs: FileSystem,
  options: NativeOptions,
): Promise<NativeMount> {
  const { path } = request.point;
  const directory = textOf(path);
  const doing = `Cannot mount on "${bufferOf(path).toString()}"`;
  if (directory === undefined)
    throw new Trouble('mount', `${doing}: fuse-native takes only paths that are UTF-8`);
  if (path.length > PATH_MAX)
    throw new Trouble('mount', `${doing}: fuse-native takes only paths of up to ${PATH_MAX} bytes`);
  const Fuse = loadFuseNative();
  close(openDevice());
  const { handlers, xattrs } = handlersOf(fs, options);
  const line = optionLine(request.options, mountSourceOf(request.label), {
    validity: validityOf(options.timeoutSeconds),
    isLive: options.isLive === true,
  });
  const Driver = driverOf(Fuse, line, xattrs);
  const driver = new Driver(directory, handlers, { timeout: false });
  await new Promise<void>((resolve, reject) => {
    driver.mount((error) => {
      if (error === null) resolve();
      else reject(new Trouble('mount', `${doing}: ${stateOf(error)}`, { cause: error }));
    });
  });
  const fd = deviceDescriptor();
  if (fd === undefined) throw new Trouble('mount', `${doing}: the mount just made is gone again`);
  const entry = await mountOn(request.point, fd);
  return { fd, point: path, id: entry.id, device: entry.device, ended: closed(fd) };
}

/**
 * fuse-native 2.2.6 knows neither `use_ino` nor `ro`, and for an attribute it does not look whether the answer fits: libfuse
 * would then send memory from behind its buffer. So these three of its methods are replaced.
 */
function driverOf(Fuse: FuseNative, line: string, xattrs: XattrHandlers): FuseNative {
  return class extends Fuse {
    protected override _fuseOptions(): string {
      return line;
    }

    protected override _op_getxattr(...[signal, path, name, out]: XattrCall<[string]>): void {
      signal(xattrs.value(path, name, out), out.buffer);
    }

    protected override _op_listxattr(...[signal, path, out]: XattrCall<[]>): void {
      signal(xattrs.names(path, out), out.buffer);
    }
  };
}

type XattrCall<Name extends string[]> = [
  signal: (result: number, buffer: ArrayBufferLike) => void,
  path: string,
  ...name: Name,
  out: Buffer,
];

function stateOf({ message }: Error): string {
  switch (message) {
    case 'Mountpoint in use':
      return 'fuse-native takes no directory that something is mounted on';
    case 'fuse failed':
      return 'libfuse has refused, and said why';
    default:
      return message;
  }
}

/** libfuse's own: nothing else in this process has the device open. */
function deviceDescriptor(): number | undefined {
  return readdirSync('/proc/self/fd').map(Number).find(isDevice);
}

function isDevice(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === DEVICE;
  } catch {
    return false;
  }
}

function closed(fd: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isDevice(fd)) return;
      clearInterval(timer);
      resolve();
    }, LOOK_MS);
  });
}
