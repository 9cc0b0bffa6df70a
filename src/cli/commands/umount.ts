// `stratafs umount`: undoes mounts of stratafs, and nothing else.
import { realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path/posix';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { MOUNT_TYPE, unmount } from '../../fuse/mount.ts';
import { asBytes, type ByteString, bufferOf } from '../../sys/bytes.ts';
import { E, errnoWords, Trouble } from '../../sys/errors.ts';
import { holdersOf, isRunning, serversOf } from '../../sys/holders.ts';
import { type MountEntry, mountAt, readMounts } from '../../sys/mounts.ts';
import { pathArguments } from '../arguments.ts';
import { describeHolders } from '../mount/holders.ts';
import { escapeText } from '../print/escape.ts';
import type { Terminal } from '../print/terminal.ts';

/** How long a server may take to end after its mount is gone, and how often it is looked for: milliseconds. */
const PATIENCE = 5000;
const PAUSE = 2;

interface UmountOptions {
  readonly lazy?: true;
}

export function registerUmount(program: Command, terminal: Terminal): void {
  program
    .command('umount')
    .summary('unmount what "mount" has mounted')
    .description(
      'Unmount each DIR, and wait until its server has ended. A DIR that cannot be unmounted does not stop the others.',
    )
    .argument('<dir...>', 'mount points')
    .option('-l, --lazy', 'free the mount point now, also where it is in use; those who use it are served on')
    .action(async (directories: string[], options: UmountOptions) => {
      terminal.exitWith(await umountCommand(directories, options, terminal));
    });
}

export async function umountCommand(
  directories: readonly string[],
  options: UmountOptions,
  terminal: Terminal,
): Promise<number> {
  const paths = pathArguments(directories);
  for (const [i, path] of paths.entries()) {
    try {
      await umountOne(path, directories[i] ?? '', options, terminal);
    } catch (error) {
      terminal.report(error);
    }
  }
  return terminal.exitCode;
}

async function umountOne(
  path: ByteString,
  shown: string,
  options: UmountOptions,
  terminal: Terminal,
): Promise<void> {
  const doing = `Cannot unmount "${escapeText(shown)}"`;
  const entry = find(path, doing);
  const servers = options.lazy === true ? [] : serversOf(entry.device);
  const result = await unmount(entry.point, { detach: options.lazy === true });
  if (result === -E.EBUSY) {
    const holders = describeHolders(entry.point, holdersOf(entry.point, entry.device));
    throw new Trouble('busy', `${doing}: in use by ${holders}; "-l" frees the mount point all the same`);
  }
  if (result === -E.EPERM) throw new Trouble('busy', `${doing}: only root and who mounted it may`);
  if (result < 0) throw new Trouble('busy', `${doing}: ${errnoWords(-result)}`);
  if (!(await haveEnded(servers))) {
    terminal.note(
      `"${escapeText(shown)}" is unmounted here, but its server goes on: another mount namespace holds it`,
    );
  }
}

function find(path: ByteString, doing: string): MountEntry {
  const mounts = readMounts();
  let entry: MountEntry | undefined;
  for (const point of places(path)) {
    entry = mountAt(point, mounts);
    if (entry !== undefined) break;
  }
  if (entry === undefined) throw new Trouble('busy', `${doing}: nothing is mounted there`);
  if (entry.type !== MOUNT_TYPE) {
    throw new Trouble(
      'busy',
      `${doing}: what is mounted there is of type "${escapeText(entry.type)}", not ours`,
    );
  }
  return entry;
}

/** Where `path` may lead, least trouble first: a mount whose server is dead or slow is not to be touched by a look at it. */
function* places(path: ByteString): Generator<ByteString> {
  const absolute = resolve(path);
  yield asBytes(absolute);
  try {
    const parent = realpathSync.native(bufferOf(asBytes(dirname(absolute))), { encoding: 'latin1' });
    yield asBytes(resolve(parent, basename(absolute)));
    yield asBytes(realpathSync.native(bufferOf(asBytes(absolute)), { encoding: 'latin1' }));
  } catch {
    // Then nothing is mounted there, or its name is known already.
  }
}

async function haveEnded(pids: readonly number[]): Promise<boolean> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(PAUSE)) {
    if (!pids.some(isRunning)) return true;
  }
  return false;
}
