// A disk that fails on request: a directory shown by a small FUSE server of its own, which answers chosen operations with
// an errno. It holds what a layer holds; `oracle/failing_fs.py` is its other half.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Temporary } from './temporary.ts';

export type DiskOperation =
  | 'lookup'
  | 'getattr'
  | 'readlink'
  | 'open'
  | 'read'
  | 'getxattr'
  | 'listxattr'
  | 'opendir'
  | 'readdir';

export interface Fault {
  readonly operation: DiskOperation;
  /** Relative to the disk, with `*` as in a shell, which crosses slashes too. */
  readonly path: string;
  /** By its name. */
  readonly errno: string;
  /** Of a read: the first byte that cannot be read. */
  readonly from?: number;
}

export class FailingDisk {
  readonly directory: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;

  private constructor(directory: string, child: ChildProcessByStdio<Writable, Readable, null>) {
    this.directory = directory;
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
  }

  /** Shows `source` at `directory`, which is made. */
  static async mount(temporary: Temporary, source: string, directory: string): Promise<FailingDisk> {
    mkdirSync(directory, { recursive: true });
    const program = fileURLToPath(new URL('./oracle/failing_fs.py', import.meta.url));
    const child = spawn('python3', ['-B', program, source, directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    temporary.owns(child.pid);
    const disk = new FailingDisk(directory, child);
    temporary.undo(() => void child.stdin.end());
    await disk.#line();
    return disk;
  }

  /** From now on these faults and no others; answers how many were injected so far. */
  async fail(faults: readonly Fault[]): Promise<number> {
    const answer = this.#line();
    this.#child.stdin.write(`${JSON.stringify(faults)}\n`);
    return Number(await answer);
  }

  /** From now on nothing is answered at all, until `resume`. */
  stop(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  #line(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#lines.once('line', resolve);
      this.#child.once('exit', () => reject(new Error('The failing disk ended')));
    });
  }
}
