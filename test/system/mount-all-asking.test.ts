// The process that a mount of whole stores asks: it answers or not, and never lives longer than the mount.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { FakeStore } from '../support/fake-store.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { argumentsOf, isRunning, kill, temporaryForTest, until } from '../support/temporary.ts';

const ANSWERING = fileURLToPath(new URL('../../dist/cli/mount/looks/answering.js', import.meta.url));

/** Those of `parent` that answer questions. */
function answering(parent: number): number[] {
  try {
    const threads = readdirSync(`/proc/${parent}/task`);
    const lists = threads.map((thread) => readFileSync(`/proc/${parent}/task/${thread}/children`, 'latin1'));
    const children = lists.join(' ').split(' ').filter(Boolean).map(Number);
    return children.filter((pid) => argumentsOf(pid)[1] === ANSWERING);
  } catch {
    return [];
  }
}

describeSystem('the process that mount --all asks', ['root', 'fuse', 'build'], () => {
  it('is ended with the mount where it does not answer, and who waited for it goes on', async () => {
    const temporary = temporaryForTest();
    const { root } = new FakeStore(temporary.path('root'));
    const mounted = await mountStratafs(temporary, '--all', { root });
    const reader = spawn('cat', [`${mounted.directory}/.stratafs/health.txt`], { stdio: 'ignore' });
    temporary.owns(reader.pid);
    const readEnds = once(reader, 'exit');
    const asked = await until('the process that is asked', () => answering(mounted.pid)[0]);
    temporary.owns(asked);
    kill(asked, 'SIGSTOP');
    const open = readdirSync(`/proc/${asked}/fd`).map((fd) => readlinkSync(`/proc/${asked}/fd/${fd}`));
    expect(open).not.toContain('/dev/fuse');
    expect((await run('umount', ['-f', '-l', mounted.directory])).code).toBe(0);
    expect((await readEnds)[0]).not.toBe(0);
    await until('the end of the process that was asked', () => !isRunning(asked));
    await until('the end of the server', () => !isRunning(mounted.pid));
  });

  it('ends with a server that is killed, whatever it waits for', async () => {
    const temporary = temporaryForTest();
    // The question never comes, and never ends: what is read from is open for writing, too.
    const never = temporary.path('never');
    expect((await run('mkfifo', [never])).code).toBe(0);
    const script = 'exec 3<>"$2"; "$0" "$1" $$ <&3 & echo $!; wait';
    const server = spawn('sh', ['-c', script, process.execPath, ANSWERING, never], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    temporary.owns(server.pid);
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const asked = Number(line.toString());
    temporary.owns(asked);
    expect(isRunning(asked)).toBe(true);
    server.kill('SIGKILL');
    await until('the end of the process that was asked', () => !isRunning(asked));
  });
});
