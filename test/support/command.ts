// Runs a program in a process of its own and answers what it printed, without ever blocking the test's own thread: a
// thread that waits inside a mount it serves or started would wait for ever.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface Outcome {
  /** The exit code; 128 + signal number is not used, see `signal`. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Latin1: what was printed, byte for byte. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** A file to read as stdin; else there is none. */
  readonly stdinFile?: string;
  /** A file to write stdout to; `stdout` is then empty. */
  readonly stdoutFile?: string;
  readonly seconds?: number;
  /** Runs as this user and group, without privilege. */
  readonly uid?: number;
}

/** Killed after `seconds` (600 unless told); `signal` is then SIGKILL. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const stdin = options.stdinFile === undefined ? 'ignore' : openSync(options.stdinFile, 'r');
  const stdout = options.stdoutFile === undefined ? 'pipe' : openSync(options.stdoutFile, 'w');
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    stdio: [stdin, stdout, 'pipe'],
    timeout: (options.seconds ?? 600) * 1000,
    killSignal: 'SIGKILL',
    uid: options.uid,
    gid: options.uid,
  });
  for (const fd of [stdin, stdout]) if (typeof fd === 'number') closeSync(fd);
  const printed: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  child.stdout?.on('data', (block: Buffer) => printed.stdout.push(block));
  child.stderr?.on('data', (block: Buffer) => printed.stderr.push(block));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({
        code,
        signal,
        stdout: Buffer.concat(printed.stdout).toString('latin1'),
        stderr: Buffer.concat(printed.stderr).toString('latin1'),
      }),
    );
  });
}

/** `run`, where anything but exit code 0 is a failure that shows what was printed. Answers stdout. */
export async function succeed(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const outcome = await run(command, args, options);
  if (outcome.code === 0) return outcome.stdout;
  const how = outcome.signal ?? `exit code ${outcome.code}`;
  throw new Error(`${command} ${args.join(' ')}: ${how}\n${outcome.stdout}${outcome.stderr}`);
}
