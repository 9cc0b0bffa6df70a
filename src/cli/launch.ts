// `mount` in the background: the server is a process of its own, started before this one has even read its words, because
// starting is most of the time a mount takes. It is told what to do once that is known, and says when the mount answers.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { WATCHER } from '../fuse/watcher.ts';
import { ORDERS_FD, type ServeArguments, WATCHER_FD } from './orders.ts';

const VALUE_OPTIONS = new Set([
  '--root',
  '--host-root',
  '--overlay',
  '-o',
  '--options',
  '--log',
  '--data',
  '--driver',
  '--metadata',
]);
/** With these the command itself stays: it serves, or prints something. */
const STAYS = /^(--foreground|--debug|--help|-f.*|-h)$/;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let waiting: Launched | undefined;

/** Whether these words (without node and script) are a mount that goes to the background. Global options may come first. */
export function isBackgroundMount(words: readonly string[]): boolean {
  const isWord = (_: string, at: number) => !VALUE_OPTIONS.has(words[at - 1] ?? '');
  const command = words.find((word, at) => !word.startsWith('-') && isWord(word, at));
  return command === 'mount' && !words.some((word, at) => STAYS.test(word) && isWord(word, at));
}

/** Starts a server that waits for its orders; it ends by itself where none come. The words are for `ps` to show. */
export function startServer(words: readonly string[]): void {
  waiting ??= new Launched(words);
}

/**
 * Gives the server its orders and answers this command's exit code: 0 when the mount answers; the server's where it ended
 * before, having said why on the error output that it shares until then.
 */
export function launch(orders: ServeArguments): Promise<number> {
  startServer(process.argv.slice(2));
  const server = waiting as Launched;
  waiting = undefined;
  return server.order(orders);
}

class Launched {
  readonly #server: ChildProcess;
  #failure: Error | undefined;

  constructor(words: readonly string[]) {
    const script = fileURLToPath(new URL('./server.js', import.meta.url));
    this.#server = spawn(process.execPath, [...process.execArgv, script, ...words], {
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
    });
    this.#server.on('error', (error) => {
      this.#failure = error;
    });
    this.#server.unref();
    this.#pipe(ORDERS_FD).on('error', () => {});
    // Where the words turn out to be wrong, this process ends, and with it the pipe, and with that the server.
    this.#pipe(ORDERS_FD).unref();
    startWatcher(this.#pipe(WATCHER_FD));
  }

  #pipe(fd: number): Socket {
    return this.#server.stdio[fd] as Socket;
  }

  order(orders: ServeArguments): Promise<number> {
    const server = this.#server;
    for (const signal of SIGNALS) process.on(signal, () => server.kill('SIGTERM'));
    server.ref();
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure);
      this.#pipe(ORDERS_FD).once('data', () => {
        server.unref();
        this.#pipe(ORDERS_FD).destroy();
        resolve(0);
      });
      server.once('error', reject);
      server.once('exit', (code, signal) => {
        if (signal !== null)
          process.stderr.write(`stratafs: Cannot mount: the server was ended by ${signal}\n`);
        resolve(code ?? 128);
      });
      if (server.exitCode !== null) resolve(server.exitCode);
      this.#pipe(ORDERS_FD).write(`${JSON.stringify(orders)}\n`);
    });
  }
}

/** The watcher gets this end of the server's pipe as its input, and this process keeps none of it. */
function startWatcher(pipe: Socket): void {
  const [program, ...args] = WATCHER;
  const watcher = spawn(program, args, { detached: true, cwd: '/', stdio: [pipe, 'ignore', 'ignore'] });
  watcher.on('error', () => {});
  watcher.unref();
  pipe.destroy();
}
