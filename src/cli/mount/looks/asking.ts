// Asks another process about a store, so that who reads in a mount need not wait for an answer that somebody else wants.
import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Answer, Question } from './question.ts';

const ANSWERING = fileURLToPath(new URL('./answering.js', import.meta.url));

/** Undefined where no other process could be had, or it ended without an answer. */
export async function ask(question: Question): Promise<Answer | undefined> {
  const child = spawn(process.execPath, [ANSWERING], { cwd: '/', stdio: ['pipe', 'pipe', 'ignore'] });
  const hasFailed = new Promise<undefined>((resolve) => child.on('error', () => resolve(undefined)));
  // Where no descriptor is left there are no pipes.
  const { stdin, stdout } = child as Partial<Pick<typeof child, 'stdin' | 'stdout'>>;
  if (stdin === undefined || stdout === undefined) return hasFailed;
  // Who asked may go: it is not waited for then.
  child.unref();
  stdin.on('error', () => {});
  stdin.end(JSON.stringify(question));
  const bytes = await Promise.race([hasFailed, buffer(stdout).catch(() => undefined)]);
  return bytes === undefined || bytes.length === 0
    ? undefined
    : (JSON.parse(bytes.toString('utf8')) as Answer);
}
