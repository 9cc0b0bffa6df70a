// `stratafs umount`: undoes mounts of stratafs, and nothing else.
import { readlinkSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { MOUNT_TYPE } from '../../fuse/type.ts';
import { unmount } from '../../fuse/unmount.ts';
import { asBytes, type ByteString, bufferOf } from '../../sys/bytes.ts';
import { E, errnoWords, Trouble } from '../../sys/errors.ts';
import { elsewhereMountedBy, holdersOf, isRunning, serversOf } from '../../sys/holders.ts';
import { type MountEntry, mountAt, readMounts } from '../../sys/mount/mounts.ts';
import { escapeBytes, escapeText } from '../../told/escape.ts';
import { pathArguments } from '../arguments.ts';
import { describeHolders } from '../mount/holders.ts';
import type { Terminal } from '../print/terminal.ts';

/** Milliseconds between two looks whether the server of a mount that is gone has ended. */
const PAUSE = 2;
/** And until it is asked whether the mount is still there, in another mount namespace. */
const PATIENCE = 2000;
/** A server on a busy machine ends late; past this it has another reason. */
const MOST_PATIENCE = 120_000;

interface UmountOptions {
  readonly all?: true;
  readonly lazy?: true;
}

export function registerUmount(program: Command, terminal: Terminal): void {
  program
    .command('umount')
    .summary('unmount what "mount" has mounted')
    .description(
      'Unmount each DIR, and wait until its server has ended. A DIR that cannot be unmounted does not stop the others.',
    )
    .argument('[dir...]', 'mount points; "stratafs mount" lists them')
    .option('-a, --all', 'every mount of stratafs that is seen here, the last one first')
    .option('-l, --lazy', 'free the mount point now, also where it is in use; those who use it are served on')
    .action(async (directories: string[], options: UmountOptions) => {
      if (directories.length === 0 && !options.all)
        throw new Trouble('usage', 'Cannot unmount nothing: give DIR, or --all');
      if (directories.length > 0 && options.all)
        throw new Trouble('usage', 'Cannot unmount all and some: give DIR or --all');
      if (options.all) await umountAll(options, terminal);
      else await umountCommand(directories, options, terminal);
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

/** The last mounted first: it may lie on another. */
async function umountAll(options: UmountOptions, terminal: Terminal): Promise<void> {
  for (const entry of readMounts().filter(isOurs).toReversed()) {
    try {
      await umountEntry(entry, escapeBytes(entry.point), options, terminal);
    } catch (error) {
      terminal.report(error);
    }
  }
}

function isOurs({ type }: MountEntry): boolean {
  return type === MOUNT_TYPE;
}

async function umountOne(
  path: ByteString,
  given: string,
  options: UmountOptions,
  terminal: Terminal,
): Promise<void> {
  const shown = escapeText(given);
  await umountEntry(find(path, doingOf(shown)), shown, options, terminal);
}

function doingOf(shown: string): string {
  return `Cannot unmount "${shown}"`;
}

/** `shown` is the mount point, printable. */
async function umountEntry(
  entry: MountEntry,
  shown: string,
  options: UmountOptions,
  terminal: Terminal,
): Promise<void> {
  const doing = doingOf(shown);
  const servers = options.lazy === true ? [] : serversOf(entry.device);
  const result = await unmount(entry, { detach: options.lazy === true });
  if (result === 'gone' || result === 'covered')
    throw new Trouble('busy', `${doing}: what was mounted there was ${GONE[result]} meanwhile`);
  if (result === -E.EBUSY) {
    const holders = describeHolders(entry.point, holdersOf(entry.point, entry.device));
    throw new Trouble('busy', `${doing}: in use by ${holders}; "-l" frees the mount point all the same`);
  }
  if (result === -E.EPERM) throw new Trouble('busy', `${doing}: only root and who mounted it may`);
  if (result < 0) throw new Trouble('busy', `${doing}: ${errnoWords(-result)}`);
  const state = await stateAfter(entry, servers);
  if (state !== undefined) terminal.note(`"${shown}" is unmounted here, but its server goes on: ${state}`);
}

const GONE = { gone: 'unmounted', covered: 'mounted over' } as const;

/**
 * Why the server whose mount is gone goes on; undefined as soon as one of these has ended: another has a connection of the same number
 * that is no more, which a server that was stopped keeps.
 */
async function stateAfter({ device }: MountEntry, servers: readonly number[]): Promise<string | undefined> {
  const start = performance.now();
  for (let asked = start; ; await sleep(PAUSE)) {
    const running = servers.filter(isRunning);
    if (running.length < servers.length || servers.length === 0) return undefined;
    const now = performance.now();
    if (now - start > MOST_PATIENCE) return `process ${running.join(', ')} does not end`;
    if (now - asked < PATIENCE) continue;
    asked = now;
    const other = elsewhereMountedBy(device);
    if (other !== undefined) return `another mount namespace holds it, that of process ${other}`;
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
  if (!isOurs(entry)) {
    throw new Trouble(
      'busy',
      `${doing}: what is mounted there is of type "${escapeText(entry.type)}", not ours`,
    );
  }
  return entry;
}

/**
 * Where `path` may lead, least trouble first: a mount whose server is dead or slow is not to be touched by a look at it. `..`
 * is the disk's to resolve: after a link it is not what stands before it.
 */
function* places(path: ByteString): Generator<ByteString> {
  const absolute = path.startsWith('/') ? path : `${readlinkSync('/proc/self/cwd', 'latin1')}/${path}`;
  const names = absolute.split('/').filter((name) => name !== '' && name !== '.');
  const last = names.at(-1) ?? '';
  if (!names.includes('..')) yield asBytes(`/${names.join('/')}`);
  try {
    if (last !== '..') yield asBytes(`${withoutSlash(real(names.slice(0, -1)))}/${last}`);
    yield real(names);
  } catch {
    // Then nothing is mounted there, or its name is known already.
  }
}

function real(names: readonly string[]): ByteString {
  const path = bufferOf(asBytes(`/${names.join('/')}`));
  return asBytes(realpathSync.native(path, { encoding: 'latin1' }));
}

function withoutSlash(path: ByteString): string {
  return path === '/' ? '' : path;
}
