// The watcher of a mount as its server sees it: it is told what to free if the server is killed, and where it is killed
// itself another takes its place.
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { Mounted } from '../fuse/mount.ts';
import { guardLines, UNGUARD, WATCHER } from '../fuse/watcher.ts';
import type { ByteString } from '../sys/bytes.ts';

/** Milliseconds until a watcher that is gone is replaced; twice as long each time, up to a minute. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 60_000;

/** What starting a shell reads. A mount over one of these waits for this process, which waits for the shell. */
const READ_BY_A_SHELL = ['/bin', '/usr/bin', '/lib', '/lib64', '/usr/lib', '/usr/lib64', '/etc', '/dev'];

export class Guard {
  readonly #log: (message: string) => void;
  /** The watcher's. */
  #input: Writable;
  #mounted: Mounted | undefined;
  #isGone = false;
  #pause = FIRST_PAUSE;
  #timer: NodeJS.Timeout | undefined;

  /** Starts the watcher: before the mount is made, so that there is no moment without one. */
  constructor(log: (message: string) => void) {
    this.#log = log;
    this.#input = this.#start();
  }

  #start(): Writable {
    const [program, ...args] = WATCHER;
    const watcher = spawn(program, args, { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] });
    watcher.on('error', () => this.#replace());
    watcher.on('exit', () => this.#replace());
    watcher.stdin.on('error', () => {});
    watcher.unref();
    return watcher.stdin;
  }

  #replace(): void {
    this.#isGone = true;
    if (this.#mounted === undefined || this.#timer !== undefined) return;
    const { point } = this.#mounted;
    if (READ_BY_A_SHELL.some((path) => isBelow(path, point))) {
      this.#log('The watcher of the mount is gone: if this process is killed, unmount by hand');
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#mounted === undefined) return;
      this.#isGone = false;
      this.#input = this.#start();
      this.guard(this.#mounted);
    }, this.#pause);
    this.#timer.unref();
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  /** From here on the mount is freed if this process is killed. */
  guard(mounted: Mounted): void {
    this.#mounted = mounted;
    if (this.#isGone) this.#replace();
    else this.#input.write(guardLines(mounted));
  }

  /** There is nothing to free, or nothing any more. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#mounted !== undefined) this.#input.write(UNGUARD);
    this.#mounted = undefined;
    this.#input.end();
  }
}

function isBelow(path: string, point: ByteString): boolean {
  return point === '/' || path === point || path.startsWith(`${point}/`);
}
