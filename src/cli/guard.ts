// The watcher of a mount as its server sees it: it is told what to free if the server is killed, and where it is killed
// itself another takes its place.
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Mounted } from '../fuse/mount.ts';
import { guardLines, UNGUARD, WATCHER } from '../fuse/watcher.ts';
import type { ByteString } from '../sys/bytes.ts';
import { WATCHER_FD } from './orders.ts';

/** Milliseconds until a watcher that is gone is replaced; twice as long each time, up to a minute. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 60_000;

/** What starting a shell reads. A mount over one of these waits for this process, which waits for the shell. */
const READ_BY_A_SHELL = ['/bin', '/usr/bin', '/lib', '/lib64', '/usr/lib', '/usr/lib64', '/etc', '/dev'];

export class Guard {
  readonly #log: (message: string) => void;
  /** Of the watcher; undefined for the one on WATCHER_FD. */
  #input: Writable | undefined;
  #mounted: Mounted | undefined;
  #isGone = false;
  #pause = FIRST_PAUSE;
  #timer: NodeJS.Timeout | undefined;

  /** Takes the watcher that waits on WATCHER_FD, or where there is none starts one. */
  constructor(isLaunched: boolean, log: (message: string) => void) {
    this.#log = log;
    if (!isLaunched) this.#input = this.#start();
  }

  /** Looks for the end of the watcher on WATCHER_FD. A stream takes milliseconds to make, so not before the mount answers. */
  #listen(): void {
    const pipe = new Socket({ fd: WATCHER_FD, readable: true, writable: true });
    pipe.on('error', () => {});
    pipe.on('close', () => this.#replace());
    // The watcher says nothing: what is read is the end.
    pipe.resume();
    pipe.unref();
    this.#input = pipe;
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
    else {
      this.#tell(guardLines(mounted));
      if (this.#input !== undefined) return;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#listen();
      }, FIRST_PAUSE).unref();
    }
  }

  /** There is nothing to free, or nothing any more. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#mounted !== undefined) this.#tell(UNGUARD);
    this.#mounted = undefined;
    this.#input?.end();
  }

  #tell(text: string): void {
    if (this.#input !== undefined) {
      this.#input.write(text);
      return;
    }
    try {
      writeSync(WATCHER_FD, text);
    } catch {
      this.#isGone = true;
    }
  }
}

function isBelow(path: string, point: ByteString): boolean {
  return point === '/' || path === point || path.startsWith(`${point}/`);
}
