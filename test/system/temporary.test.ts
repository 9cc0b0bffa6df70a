// What a test leaves behind is undone, whatever it is and however the test ended.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { isRunning, mounts, mountsBelow, Temporary, until } from '../support/temporary.ts';

describeSystem('Temporary', ['root', 'overlay', 'python'], () => {
  it('undoes the last first, and reports a failure after the rest', async () => {
    const temporary = new Temporary();
    const order: number[] = [];
    temporary.undo(() => void order.push(1));
    temporary.undo(() => Promise.reject(new Error('two')));
    temporary.undo(() => void order.push(3));
    await expect(temporary.end()).rejects.toMatchObject({ errors: [new Error('two')] });
    expect(order).toEqual([3, 1]);
    expect(existsSync(temporary.directory)).toBe(false);
  });

  it('kills, unmounts and removes: a process that holds a mount, mounts on mounts, odd names, deep trees', async () => {
    const temporary = new Temporary();
    const oracle = new Oracle(temporary);
    const [top, bottom] = [temporary.path('top'), temporary.path('bottom')];
    const deep = `${'x'.repeat(250)}/`.repeat(30);
    await oracle.write([
      { directory: top, steps: [layer.file(`${deep}f`)] },
      { directory: bottom, steps: [layer.directory('d')] },
    ]);
    const target = temporary.path('mount \\ point\n');
    await oracle.mount({ target, layers: [top, bottom] });
    spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', `${target}/d`]);
    expect(mountsBelow(temporary.directory).map((mount) => mount.directory)).toEqual([`${target}/d`, target]);
    const holder = spawn('sleep', ['600'], { cwd: `${target}/d`, stdio: 'ignore' });
    const pid = holder.pid ?? 0;
    temporary.owns(pid);
    await until('the process', () => isRunning(pid));

    await temporary.end();
    expect(mounts().filter((mount) => mount.directory.startsWith(temporary.directory))).toEqual([]);
    expect(existsSync(temporary.directory)).toBe(false);
    await until('the end of the process', () => !isRunning(pid));
  });
});
