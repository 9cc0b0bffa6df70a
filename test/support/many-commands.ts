// The built command, a hundred times and more: in one process for many commands, since most of what a short one takes is the start
// of Node. For tests of what commands answer; that a command starts, ends, is told to end, and what it leaves, is not seen here.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { Outcome, RunOptions } from './command.ts';
import { BUILT_COMMAND, stratafs } from './stratafs.ts';

const PROGRAM = fileURLToPath(new URL('./many-commands.mjs', import.meta.url));
/** What a command has opened or read of a store is given back in the end of its process. */
const MOST = 200;
/** Others of these serve, or wait for who does. */
const OWN_PROCESS = new Set(['mount', 'umount']);

/** The threads that help V8 collect its garbage take a third of the processor, and save time where it is not used up by other tests. */
const FLAGS = ['--single-threaded-gc'];

type Given = Required<Pick<RunOptions, 'cwd' | 'env'>>;

/**
 * `stratafs`, until the `describe` (or file) ends that this is called in. With options other than `cwd` and `env`, and of `mount` and
 * `umount`, each command has a process of its own all the same.
 */
export function stratafsForSuite(): typeof stratafs {
  let child: ChildProcess | undefined;
  let count = 0;
  let last: Promise<unknown> = Promise.resolve();

  async function end(): Promise<void> {
    if (child === undefined) return;
    const ended = child.exitCode === null ? once(child, 'exit') : undefined;
    child.disconnect();
    child = undefined;
    await ended;
  }

  async function next(words: readonly string[], given: Given): Promise<Outcome> {
    count += 1;
    if (count % MOST === 0) await end();
    child ??= fork(PROGRAM, [dirname(dirname(BUILT_COMMAND))], {
      serialization: 'advanced',
      execArgv: FLAGS,
    });
    const running = child;
    const outcome = new Promise<Outcome>((resolve, reject) => {
      running.once('message', (answer) => {
        running.removeAllListeners('exit');
        resolve(answer as Outcome);
      });
      running.once('exit', (code, signal) => {
        child = undefined;
        reject(new Error(`stratafs ${words.join(' ')} ended its process: ${signal ?? code}`));
      });
    });
    running.send({ words, ...given });
    return outcome;
  }

  afterAll(end);
  return (words, options: RunOptions = {}) => {
    const { cwd = process.cwd(), env = {}, ...others } = options;
    if (Object.keys(others).length > 0 || words.some((word) => OWN_PROCESS.has(word)))
      return stratafs(words, options);
    const outcome = last.then(() => next(words, { cwd, env }));
    last = outcome.catch(() => undefined);
    return outcome;
  };
}
