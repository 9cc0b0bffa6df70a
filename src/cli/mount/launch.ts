// `mount` in the background, as stratafs.sh arranges it: a shell waits for the server's answer. This is Node's side.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bytesOfText, cString } from '../../sys/bytes.ts';
import { errnoName } from '../../sys/errors.ts';
import * as libc from '../../sys/libc.ts';
import { splitAtNul } from '../arguments.ts';

const ANSWER_FD = 3;

/** How the shell and Node tell each other what they know of the words: `background` from here, `server` from there. */
const VARIABLE = 'STRATAFS_MOUNT';

let isAnswered = true;

let role: string | undefined;

/**
 * Whether the shell has started this process as the server of a mount. Takes the variable that says so out of the environment,
 * so that programs which this process starts do not have it.
 */
export function isServer(): boolean {
  role ??= process.env[VARIABLE] ?? '';
  delete process.env[VARIABLE];
  return role === 'server';
}

/** Whether a mount is to be served by another process, which this one becomes the launcher of. */
export function isToBeLaunched(options: { readonly foreground?: true; readonly debug?: true }): boolean {
  return !isServer() && options.foreground !== true && options.debug !== true;
}

/** The server's exit code becomes the shell's, unless `answerReady` comes first. */
export function answerAtExit(): void {
  isAnswered = false;
  process.on('exit', answer);
}

/** Tells the shell that the mount answers, and leaves the terminal. False where nobody waits for the mount any more. */
export function answerReady(): boolean {
  libc.setsid();
  const nowhere = openSync('/dev/null', 'r+');
  for (const fd of [0, 1, 2]) libc.dup2(nowhere, fd);
  closeSync(nowhere);
  return answer(0);
}

function answer(code: number): boolean {
  if (isAnswered) return true;
  isAnswered = true;
  try {
    writeSync(ANSWER_FD, String(code));
    return true;
  } catch {
    return false;
  } finally {
    closeSync(ANSWER_FD);
  }
}

/**
 * This process begins anew with the same words and none of what it has in memory; `kept` are descriptors that stay open. Returns only
 * where that cannot be.
 */
export function beginAnew(kept: readonly number[]): void {
  const words = splitAtNul(readFileSync('/proc/self/cmdline'));
  const waited = isAnswered ? [] : [ANSWER_FD];
  if (!isAnswered) process.env[VARIABLE] = 'server';
  libc.execv(cString(bytesOfText(process.execPath)), words.map(cString), [...waited, ...kept]);
  delete process.env[VARIABLE];
}

/** This process becomes the shell, with the same words, byte for byte. Returns only by throwing. */
export function becomeLauncher(): never {
  const script = bytesOfText(fileURLToPath(new URL('../stratafs.sh', import.meta.url)));
  const words = splitAtNul(readFileSync('/proc/self/cmdline')).slice(1 + process.execArgv.length + 1);
  process.env[VARIABLE] = 'background';
  process.env.STRATAFS_NODE = process.execPath;
  const error = libc.execv(
    cString(bytesOfText('/bin/sh')),
    [bytesOfText('sh'), script, ...words].map(cString),
  );
  throw new Error(`/bin/sh: ${errnoName(-error)}`);
}
