// The test's side of oracle/serve.py: a long-lived process that writes layers, mounts them with the kernel and tells
// trees as text. It asks system calls only, and knows nothing of the program under test.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { LayerSteps, Operation } from './layers.ts';
import type { Temporary } from './temporary.ts';

/** A system call the oracle made failed; `errno` is its name, `EINVAL`. */
export class OracleError extends Error {
  override readonly name = 'OracleError';
  readonly errno: string;

  constructor(message: string, errno: string) {
    super(message);
    this.errno = errno;
  }
}

/** Which fields a line of a dump shows; `oracle/dump_tree.py` says how. */
export type Field =
  | 'mode'
  | 'owner'
  | 'size'
  | 'dir_size'
  | 'rdev'
  | 'mtime'
  | 'mtime_seconds'
  | 'ctime'
  | 'atime'
  | 'btime'
  | 'nlink'
  | 'ino'
  | 'identity'
  | 'dev'
  | 'blocks'
  | 'd_ino'
  | 'd_type'
  | 'dots'
  | 'target'
  | 'xattrs'
  | 'sha256'
  | 'map';

export interface DumpOptions {
  readonly fields?: readonly Field[];
  /** Leaves out names that are listed but that a lookup says are not there: the kernel's own view needs it. */
  readonly omitUnlookable?: boolean;
  /** Reads through a private mount that keeps no access times, so that looking changes nothing. */
  readonly noatime?: boolean;
  /** Looks as this user and group, without privilege. */
  readonly uid?: number;
}

export interface KernelMount {
  readonly target: string;
  /** Top first, at least two unless there is an upper. */
  readonly layers: readonly string[];
  readonly dataLayers?: readonly string[];
  /** overlayfs's own options; true for one without a value: `{ redirect_dir: 'on', userxattr: true }`. */
  readonly options?: Readonly<Record<string, string | true>>;
}

/** Everything an lstat tells but the access and birth times; with `ino` as the number itself. */
export const ALL_FIELDS: readonly Field[] = [
  'mode',
  'owner',
  'size',
  'dir_size',
  'rdev',
  'mtime',
  'ctime',
  'nlink',
  'ino',
  'identity',
  'dev',
  'blocks',
  'd_ino',
  'd_type',
  'dots',
  'target',
  'xattrs',
  'sha256',
  'map',
];

export class Oracle {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: ((line: string | undefined) => void)[] = [];

  constructor(temporary: Temporary) {
    const program = fileURLToPath(new URL('./oracle/serve.py', import.meta.url));
    this.#child = spawn('python3', ['-B', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    temporary.owns(this.#child.pid);
    createInterface({ input: this.#child.stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) =>
      this.#waiting.shift()?.(line),
    );
    this.#child.on('close', () => {
      for (const answer of this.#waiting.splice(0)) answer(undefined);
    });
    this.#child.stdin.on('error', () => {});
    temporary.undo(() => {
      this.#child.stdin.end();
    });
  }

  /** With `lenient`, steps that cannot be done are left out; answers their indices, a list a layer. */
  write(layers: readonly LayerSteps[], options: { lenient?: boolean } = {}): Promise<readonly number[][]> {
    return this.#call('write', { layers, lenient: options.lenient ?? false });
  }

  /** Makes `target` where it is missing. */
  mount(mount: KernelMount): Promise<void> {
    const { target, layers, dataLayers = [], options = {} } = mount;
    return this.#call('mount', { target, layers, data_layers: dataLayers, options });
  }

  umount(target: string, options: { lazy?: boolean } = {}): Promise<void> {
    return this.#call('umount', { target, lazy: options.lazy ?? false });
  }

  /** One line a name, sorted, a directory before what it holds; the first line is the directory itself, `/`. */
  dump(path: string, options: DumpOptions = {}): Promise<string[]> {
    return this.#call('dump', {
      path,
      fields: options.fields ?? ALL_FIELDS,
      omit_unlookable: options.omitUnlookable ?? false,
      noatime: options.noatime ?? false,
      uid: options.uid ?? null,
    });
  }

  /** One line for each of `paths` (below `path`), in their order, found without listing any directory. */
  lookup(path: string, paths: readonly string[], options: DumpOptions = {}): Promise<string[]> {
    const fields = options.fields ?? ALL_FIELDS;
    return this.#call('lookup', { path, paths, fields, uid: options.uid ?? null });
  }

  /** Carries out operations below `path` (a writable mount); answers the indices of those that failed. */
  change(path: string, operations: readonly Operation[]): Promise<readonly number[]> {
    return this.#call('change', { path, operations });
  }

  /** What one probe of `oracle/probe_*.py` finds below `path`. */
  probe(path: string, name: string): Promise<string[]> {
    return this.#call('probe', { path, name });
  }

  /** A tar archive as `dump` with `TAR_FIELDS` would show its tree. */
  tar(path: string): Promise<string[]> {
    return this.#call('tar', { path });
  }

  async #call<T>(operation: string, argumentsOf: Readonly<Record<string, unknown>>): Promise<T> {
    const line = await new Promise<string | undefined>((resolve) => {
      if (this.#child.exitCode !== null) return resolve(undefined);
      this.#waiting.push(resolve);
      this.#child.stdin.write(`${JSON.stringify({ operation, arguments: argumentsOf })}\n`);
    });
    if (line === undefined) throw new Error(`The oracle ended during "${operation}"`);
    const answer = JSON.parse(line) as { result: T; error?: string; errno?: string };
    if (answer.error !== undefined) throw new OracleError(answer.error, answer.errno ?? '');
    return answer.result;
  }
}
