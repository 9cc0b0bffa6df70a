// containerd and Podman at work, each in roots of its own below a test's folder, ended with it.
import { spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { run, succeed } from './command.ts';
import { isRunning, kill, type Temporary, until } from './temporary.ts';
import { takeTurn } from './turns.ts';

/** Runs a command of the engine; answers what it prints. */
export type EngineCommand = (...words: readonly string[]) => Promise<string>;

export async function startContainerd(temporary: Temporary): Promise<{ root: string; ctr: EngineCommand }> {
  const root = temporary.path('root');
  const socket = temporary.path('socket');
  const file = temporary.path('config.toml');
  writeFileSync(
    file,
    `version = 2
root = "${root}"
state = "${temporary.path('state')}"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${socket}"
`,
  );
  const log = openSync(temporary.path('log'), 'a');
  const daemon = spawn('containerd', ['-c', file], { stdio: ['ignore', log, log] });
  const pid = daemon.pid ?? 0;
  temporary.owns(pid);
  temporary.undo(async () => {
    kill(pid, 'SIGTERM');
    await until('containerd to end', () => !isRunning(pid));
  });
  for (let tries = 0; ; tries++) {
    const { code, stderr } = await run('ctr', ['-a', socket, 'version']);
    if (code === 0) break;
    if (!isRunning(pid) || tries > 200)
      throw new Error(
        `containerd does not answer: ${stderr}${readFileSync(temporary.path('log'), 'latin1')}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { root, ctr: (...words) => succeed('ctr', ['-a', socket, ...words]) };
}

/** Its root is `root` in the folder. */
export function podmanIn(temporary: Temporary, driver: string): EngineCommand {
  const options = [
    ...[
      '--root',
      temporary.path('root'),
      '--runroot',
      temporary.path('run'),
      '--tmpdir',
      temporary.path('tmp'),
    ],
    ...['--storage-driver', driver, '--storage-opt=', '--cgroup-manager', 'cgroupfs'],
    ...['--events-backend', 'none'],
  ];
  // Every Podman of root has its locks in one piece of shared memory, and frees all of them when it meets a new root.
  const turn = takeTurn(temporary, 'podman');
  const podman: EngineCommand = async (...words) => {
    await turn;
    return succeed('podman', [...options, ...words]);
  };
  temporary.undo(async () => {
    await run('podman', [...options, 'umount', '-a']);
    await run('podman', [...options, 'image', 'umount', '-a']);
  });
  return podman;
}
