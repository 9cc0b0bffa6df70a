// The program under test: the built command, always in a process of its own.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Outcome, type RunOptions, run } from './command.ts';
import { argumentsOf, mounts, type Temporary, until } from './temporary.ts';

/** STRATAFS_COMMAND names another build to test. */
export const BUILT_COMMAND =
  process.env.STRATAFS_COMMAND ?? fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Runs the command to its end. */
export function stratafs(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(process.execPath, [BUILT_COMMAND, ...args], options);
}

/** `lowerdir=TOP:…:LOWEST::DATA…`; a colon or backslash in a path is escaped. The paths are text. */
export function lowerdirReference(layers: readonly string[], dataLayers: readonly string[] = []): string {
  const escaped = (path: string) => path.replace(/[\\:]/g, '\\$&');
  return `lowerdir=${layers.map(escaped).join(':')}${dataLayers.map((path) => `::${escaped(path)}`).join('')}`;
}

export interface MountOptions {
  /** The data root; absent for `lowerdir=`. */
  readonly root?: string;
  /** Global options, besides `--root`. */
  readonly before?: readonly string[];
  /** Arguments of `mount`, before the reference. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A program that becomes the server, with its first arguments: `['prlimit', '--nofile=64']`. */
  readonly by?: readonly string[];
  /** `dist/cli/main.js` of another build. */
  readonly command?: string;
}

export interface StratafsMount {
  readonly directory: string;
  readonly pid: number;
  /** All that the server has printed, stdout and stderr. */
  log(): string;
  /** Unmounts, and waits for the server to end; answers the server's exit code. */
  umount(): Promise<number | null>;
}

let count = 0;

/** Mounts in the foreground, so that the server's process is known, and answers when the mount does. */
export async function mountStratafs(
  temporary: Temporary,
  reference: string,
  { root, before: globals = [], args = [], env = {}, by = [], command = BUILT_COMMAND }: MountOptions = {},
): Promise<StratafsMount> {
  count += 1;
  const directory = temporary.path(`stratafs-${count}`);
  mkdirSync(directory, { recursive: true });
  const words = [
    ...(root === undefined ? [] : ['--root', root]),
    ...globals,
    'mount',
    '-f',
    ...args,
    reference,
    directory,
  ];
  const [program = process.execPath, ...before] = [...by, process.execPath, command];
  const server = spawn(program, [...before, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  temporary.owns(server.pid);
  const printed: Buffer[] = [];
  server.stdout.on('data', (block: Buffer) => printed.push(block));
  server.stderr.on('data', (block: Buffer) => printed.push(block));
  const log = () => Buffer.concat(printed).toString('latin1');
  let hasExited = false;
  const exited = new Promise<number | null>((resolve) => {
    server.on('exit', (code) => {
      hasExited = true;
      resolve(code);
    });
  });
  await until(`the mount of ${reference}`, () => {
    if (server.exitCode !== null || server.signalCode !== null) {
      throw new Error(
        `stratafs ${words.join(' ')} ended with ${server.exitCode ?? server.signalCode}:\n${log()}`,
      );
    }
    return isMounted(directory);
  });
  await stat(directory);
  return {
    directory,
    pid: server.pid ?? 0,
    log,
    async umount() {
      // Root needs no command of ours, which takes a hundred times as long.
      const unmount = () =>
        process.getuid?.() === 0 ? run('umount', [directory]) : stratafs(['umount', directory]);
      let { code, stderr } = await unmount();
      // Seen once on a busy machine, of a mount that was there; why is not known.
      for (let i = 0; i < 20 && stderr.includes('not mounted') && isMounted(directory); i++)
        ({ code, stderr } = await unmount());
      if (code === 0) {
        await until(`the end of the server of ${directory}; umount said: ${stderr}`, () => hasExited);
        return exited;
      }
      const how = server.exitCode ?? server.signalCode ?? 'goes on';
      throw new Error(`umount: ${code}\n${stderr}the server: ${how}\n${log()}`);
    },
  };
}

export function isMounted(directory: string): boolean {
  return mounts().some((mount) => mount.directory === directory && mount.type === 'fuse.stratafs');
}

/** The processes that serve a mount, told by the mount point on their command line. */
export function serversOf(directory: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && argumentsOf(pid).includes(directory));
}
