// A server that is killed while a kernel thread of its own waits for a page: the mount is freed all the same.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { mounts, temporaryForTest, until } from '../support/temporary.ts';

const PROGRAM = fileURLToPath(new URL('../support/held-read.mjs', import.meta.url));

/** Whether a kernel thread of the process sleeps where no signal wakes it. */
function hasStuckThread(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).some((thread) =>
    /^\d+ \(iou-wrk-.*\) D /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')),
  );
}

describeSystem('a server killed while it pushes', ['root', 'fuse', 'io_uring', 'build'], () => {
  it('leaves no mount, and no reader that waits', async () => {
    const temporary = temporaryForTest();
    const [layer, point] = [temporary.path('layer'), temporary.path('mnt')];
    for (const directory of [layer, point]) mkdirSync(directory);
    writeFileSync(`${layer}/file`, Buffer.alloc(4096, 'x'));
    const isMounted = () => mounts().some(({ directory }) => directory === point);
    const server = spawn(process.execPath, [PROGRAM, dirname(dirname(BUILT_COMMAND)), layer, point]);
    const pid = server.pid ?? 0;
    temporary.owns(pid);
    let printed = '';
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (text) => {
        printed += text;
      });
    }
    await until('the mount', isMounted);

    const reader = spawn('cat', [`${point}/file`], { stdio: 'ignore' });
    const readerCode = new Promise<number | null>((resolve) => reader.on('close', resolve));
    await until('the READ', () => printed.includes('held'));
    await until('the kernel thread to wait', () => hasStuckThread(pid));
    server.kill('SIGKILL');

    expect(await readerCode).toBe(1);
    await until('the mount to be gone', () => !isMounted());
    await until('the server to be gone', () => server.signalCode === 'SIGKILL');
    expect(printed).toBe('held\n');
  });
});
