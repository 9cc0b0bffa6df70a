// The test's side of server.mjs: mounts many stacks one after another through the built modules, for tests of thousands.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Oracle } from './oracle.ts';
import { BUILT_COMMAND } from './stratafs.ts';
import type { Temporary } from './temporary.ts';

export interface ServedStack {
  readonly target: string;
  /** Top first, latin1. */
  readonly layers: readonly string[];
  readonly dataLayers: readonly string[];
  readonly dialect: 'trusted' | 'user' | 'aufs';
  readonly options: { readonly redirect?: 'follow' | 'nofollow'; readonly metacopy?: boolean };
}

export class Server {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: ((line: string | undefined) => void)[] = [];
  readonly #oracle: Oracle;

  constructor(temporary: Temporary, oracle: Oracle) {
    this.#oracle = oracle;
    const program = fileURLToPath(new URL('./server.mjs', import.meta.url));
    const build = dirname(dirname(BUILT_COMMAND));
    this.#child = spawn(process.execPath, ['--expose-gc', program, build], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    temporary.owns(this.#child.pid);
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
    this.#child.on('close', () => {
      for (const answer of this.#waiting.splice(0)) answer(undefined);
    });
    this.#child.stdin.on('error', () => {});
    temporary.undo(() => {
      this.#child.stdin.end();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Mounts a stack while `use` runs. A request that threw inside the server is a failure. */
  async during<T>(stack: ServedStack, use: () => Promise<T>): Promise<T> {
    mkdirSync(stack.target, { recursive: true });
    const mounted = this.#line();
    this.#child.stdin.write(`${JSON.stringify(stack)}\n`);
    await mounted;
    const ended = this.#line();
    let result: T;
    try {
      result = await use();
    } finally {
      await this.#oracle.umount(stack.target);
    }
    const { bugs } = await ended;
    if (bugs !== undefined && bugs.length > 0) throw new Error(`A request threw: ${bugs.join('\n')}`);
    return result;
  }

  async #line(): Promise<{ readonly bugs?: readonly string[] }> {
    const line = await new Promise<string | undefined>((resolve) => {
      if (this.#child.exitCode !== null) resolve(undefined);
      else this.#waiting.push(resolve);
    });
    if (line === undefined) throw new Error('The server ended');
    const answer = JSON.parse(line) as { bugs?: string[]; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }
}
