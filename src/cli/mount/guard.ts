// The watcher of a mount as its server sees it: it is told what to free if the server is killed, and where it is killed
// itself another takes its place.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Mounted } from '../../fuse/mount.ts';
import { busyLine, CALM, CUT, guardLine, UNGUARD, watcherCommand } from '../../fuse/watcher.ts';
import { Trouble } from '../../sys/errors.ts';

/** Milliseconds until a watcher that is gone is replaced; twice as long each time, up to a minute. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 60_000;

const SHORTAGE = 'too many open files; raise "ulimit -n"';

/** What the watcher runs. */
const FREE = fileURLToPath(new URL('../../fuse/free.js', import.meta.url));

export class Guard {
  readonly #log: (message: string) => void;
  /** The watcher's. */
  #input: Writable;
  #mounted: Mounted | undefined;
  #isGone = false;
  #isBusy = false;
  #pause = FIRST_PAUSE;
  #timer: NodeJS.Timeout | undefined;

  /** Starts the watcher: before the mount is made, so that there is no moment without one. Throws Trouble. */
  constructor(log: (message: string) => void) {
    this.#log = log;
    const input = this.#start();
    if (input === undefined) throw new Trouble('mount', `Cannot watch over the mount: ${SHORTAGE}`);
    this.#input = input;
    process.on('exit', () => {
      if (this.#isBusy && this.#mounted !== undefined) this.#input.write(CUT);
    });
  }

  /** Undefined where no descriptor is left for the pipe. */
  #start(): Writable | undefined {
    const [program, ...args] = watcherCommand(process.execPath, FREE);
    const watcher: ChildProcess = spawn(program, args, {
      detached: true,
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    watcher.on('error', () => this.#replace());
    watcher.on('exit', () => this.#replace());
    watcher.unref();
    const input = watcher.stdin ?? undefined;
    input?.on('error', () => {});
    return input;
  }

  #replace(): void {
    this.#isGone = true;
    if (this.#mounted === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#mounted === undefined) return;
      const input = this.#start();
      if (input === undefined) {
        this.#log(`The watcher of the mount is gone, and there can be no other: ${SHORTAGE}`);
        return;
      }
      this.#isGone = false;
      this.#input = input;
      this.guard(this.#mounted);
    }, this.#pause);
    this.#timer.unref();
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  /** From here on the mount is freed if this process is killed. */
  guard(mounted: Mounted): void {
    this.#mounted = mounted;
    if (this.#isGone) this.#replace();
    else {
      this.#input.write(guardLine(mounted));
      if (this.#isBusy) this.#input.write(busyLine(process.pid));
    }
  }

  /** To be told before kernel threads write to the device for this process, and when they have done for a while. */
  busy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    if (this.#mounted !== undefined && !this.#isGone)
      this.#input.write(isBusy ? busyLine(process.pid) : CALM);
  }

  /** There is nothing to free, or nothing any more. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#mounted !== undefined) this.#input.write(UNGUARD);
    this.#mounted = undefined;
    this.#input.end();
  }
}

/** Whether the watcher may cut a mount's connection: as root by `umount -f`, else where fusectl lets its owner. */
export function canCut({ device }: Mounted): boolean {
  if (process.geteuid?.() === 0) return true;
  try {
    accessSync(`/sys/fs/fuse/connections/${device.split(':')[1]}/abort`, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
