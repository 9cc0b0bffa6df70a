// A contender's mount of a stack: made fresh, its server known, undone with the server's end waited for.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Contender } from './contenders.ts';
import { killNaming, processesNaming } from './proc.ts';
import {
  diskBytes,
  type Placement,
  placed,
  processTree,
  readBytes,
  residentBytes,
  run,
  secondsOf,
  shown,
  sleep,
} from './process.ts';
import { isMounted, type Session } from './session.ts';

export interface Mounted {
  readonly directory: string;
  /** Bytes the server has read from disk; 0 where there is none. */
  serverDiskBytes(): number;
  /** Bytes the server has got from read(2), its requests among them. */
  serverReadBytes(): number;
  serverResidentBytes(): number;
  /** Milliseconds of processor time that the server has taken, to 10; 0 where there is none. */
  serverProcessor(): number;
}

const SECONDS_TO_START = 60;
const SECONDS_TO_END = 30;

/** Mounts, lets `use` work with the mount, and unmounts whatever happens. */
export async function withMount<T>(
  session: Session,
  contender: Contender,
  layers: readonly string[],
  placement: Placement,
  use: (mounted: Mounted) => Promise<T>,
): Promise<T> {
  const directory = session.newDirectory(contender.id);
  try {
    const words = contender.foreground(layers, directory);
    const server = contender.isServed
      ? await startServer(session, directory, words, { placement })
      : undefined;
    if (server === undefined) await run(session, words, { placement });
    const processes = () => (server === undefined ? [] : processTree(server));
    return await use({
      directory,
      serverDiskBytes: () => diskBytes(processes()),
      serverReadBytes: () => readBytes(processes()),
      serverResidentBytes: () => residentBytes(processes()),
      serverProcessor: () => secondsOf(processes()) * 1000,
    });
  } finally {
    await unmount(session, directory);
  }
}

/** Answers when nothing is mounted there and no process that names the directory is left. */
export async function unmount(session: Session, directory: string): Promise<void> {
  if (isMounted(directory)) {
    // What has just been closed is still held for a moment.
    for (let attempt = 1; ; attempt++) {
      try {
        await run(session, ['umount', directory], { seconds: 60 });
        break;
      } catch (error) {
        if (attempt === 20 || !isMounted(directory)) throw error;
        await sleep(50);
      }
    }
  }
  try {
    await until(
      SECONDS_TO_END,
      `the server of ${directory} to end`,
      () => processesNaming([directory]).length === 0,
    );
  } finally {
    killNaming([directory]);
  }
}

/** In a session of its own, so that Ctrl-C reaches the bench alone, which then unmounts in order. */
export async function startServer(
  session: Session,
  directory: string,
  words: readonly string[],
  { placement = 'free', seconds = SECONDS_TO_START }: { placement?: Placement; seconds?: number } = {},
): Promise<number> {
  const log = `${directory}.log`;
  const file = openSync(log, 'a', 0o600);
  const [command = '', ...args] = placed(words, placement);
  const server = spawn(command, args, { cwd: '/', detached: true, stdio: ['ignore', file, file] });
  closeSync(file);
  session.owns(server);
  let failure: Error | undefined;
  server.once('error', (error) => {
    failure = error;
  });
  await until(seconds, `"${shown(words)}" to mount`, () => {
    const ended = server.exitCode ?? server.signalCode;
    if (failure === undefined && ended === null) return isMounted(directory);
    throw new Error(
      `${shown(words)}: ${failure?.message ?? `ended with ${ended}`}: ${readFileSync(log, 'utf8')}`,
    );
  });
  // The first request waits for the server to be ready; no row but those of the start counts that.
  await stat(directory);
  if (server.pid === undefined) throw new Error(`${command} has no process`);
  return server.pid;
}

async function until(seconds: number, what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`Waited ${seconds} s in vain for ${what}`);
    await sleep(5);
  }
}
