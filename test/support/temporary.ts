// A test's own folder and everything to undo after it: mounts, processes, files. Undone in reverse order, whether the
// test passed, failed, or its worker was told to exit.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { patience } from './bounds.ts';

export interface MountLine {
  readonly id: number;
  /** `major:minor`. */
  readonly device: string;
  /** Latin1, unescaped. */
  readonly directory: string;
  readonly options: string;
  readonly type: string;
  readonly source: string;
  readonly superOptions: string;
}

/** Those that have not ended. A suite of which every test is left out has no hook run; vitest then ends by SIGTERM. */
const living = new Set<Temporary>();
process.on('exit', () => {
  for (const temporary of living) temporary.sweep();
});
process.on('SIGTERM', () => process.exit());

export class Temporary {
  readonly directory: string;
  readonly #undo: (() => void | Promise<void>)[] = [];
  /** Of each process when it began, because a number is given to another one soon after it is free. */
  readonly #owned = new Map<number, string>();

  constructor(parent = tmpdir()) {
    this.directory = mkdtempSync(join(parent, 'sf-'));
    living.add(this);
  }

  path(...parts: readonly string[]): string {
    return join(this.directory, ...parts);
  }

  /** Run in the end, the last added first. A failure is reported after all the others have run. */
  undo(action: () => void | Promise<void>): void {
    this.#undo.push(action);
  }

  /** A process that is killed in the end if it still runs then. */
  owns(pid: number | undefined): void {
    if (pid !== undefined) this.#owned.set(pid, startOf(pid));
  }

  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (const action of this.#undo.splice(0).reverse()) {
      try {
        await action();
      } catch (error) {
        failures.push(error);
      }
    }
    const left = this.sweep();
    if (left !== undefined) failures.push(left);
    if (failures.length > 0) throw new AggregateError(failures, `Cannot undo all of "${this.directory}"`);
  }

  /** Kills, unmounts and removes what is left, at once; answers why the folder could not be removed. */
  sweep(): Error | undefined {
    living.delete(this);
    for (const [pid, start] of this.#owned) if (start !== '' && startOf(pid) === start) kill(pid, 'SIGKILL');
    this.#owned.clear();
    for (const mount of mountsBelow(this.directory)) {
      if (mount.type.startsWith('fuse')) abortConnection(mount.device);
      spawnSync('umount', ['-l', latin1Argument(mount.directory)]);
    }
    const mounted = mountsBelow(this.directory).map((mount) => mount.directory);
    return mounted.length === 0
      ? removeTree(this.directory)
      : new Error(`Still mounted: ${mounted.join(', ')}`);
  }
}

/** Ends with the running test. */
export function temporaryForTest(): Temporary {
  const temporary = new Temporary();
  onTestFinished(() => temporary.end());
  return temporary;
}

/** Ends with the `describe` (or file) it is called in, not inside a hook. */
export function temporaryForSuite(): Temporary {
  const temporary = new Temporary();
  afterAll(() => temporary.end());
  return temporary;
}

/** Answers why it could not be removed. */
function removeTree(directory: string): Error | undefined {
  try {
    rmSync(directory, { recursive: true, force: true });
    return undefined;
  } catch {
    // What lies deeper than PATH_MAX is left. A process with much memory cannot start another, so this comes second.
    const removed = spawnSync('rm', ['-rf', '--one-file-system', directory], { encoding: 'utf8' });
    if (removed.status === 0) return undefined;
    return removed.error ?? new Error(`Cannot remove "${directory}": ${removed.stderr}`);
  }
}

/** The newest first, so that unmounting in this order meets no busy one. */
export function mountsBelow(directory: string): MountLine[] {
  return mounts()
    .filter((mount) => mount.directory === directory || mount.directory.startsWith(`${directory}/`))
    .reverse();
}

/** /proc/self/mountinfo, oldest first. */
export function mounts(): MountLine[] {
  const lines = readFileSync('/proc/self/mountinfo', 'latin1').split('\n').filter(Boolean);
  return lines.map((line) => {
    const words = line.split(' ').map(unescaped);
    const dash = words.indexOf('-');
    return {
      id: Number(words[0]),
      device: words[2] ?? '',
      directory: words[4] ?? '',
      options: words[5] ?? '',
      type: words[dash + 1] ?? '',
      source: words[dash + 2] ?? '',
      superOptions: words[dash + 3] ?? '',
    };
  });
}

/** Whether there was a process to send it to. */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Whether the process lives: one that has ended and waits for its parent to notice does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

/** When a process began, in ticks since the machine did; empty where there is none. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** The command line of a process, empty where there is none. */
export function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
  } catch {
    return [];
  }
}

/** Asks every 10 ms until `answer` gives something other than undefined or false. */
export async function until<T>(
  what: string,
  answer: () => T | undefined | false,
  seconds = patience(20_000) / 1000,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const result = answer();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > end) throw new Error(`Waited ${seconds} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Makes every request to a FUSE mount fail, so that nothing waits for a server that is gone or stuck. */
function abortConnection(device: string): void {
  const minor = device.split(':')[1];
  try {
    const fd = openSync(`/sys/fs/fuse/connections/${minor}/abort`, 'w');
    writeSync(fd, '1');
    closeSync(fd);
  } catch {
    // fusectl is not mounted: killing the server has the same effect.
  }
}

function unescaped(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function latin1Argument(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
