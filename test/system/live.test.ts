// Whether an engine is at work in a root is told by what the kernel says of locks and mounts: here by a program that holds a lock as
// bbolt does, and by an overlay whose upper directory lies in the root. No lock is taken by us.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { isLive } from '../../src/store/machine/live.ts';
import { bytesOfText } from '../../src/sys/bytes.ts';
import { succeed } from '../support/command.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForTest } from '../support/temporary.ts';

/** Holds an exclusive lock of the whole file (flock(2)) until its input ends. */
const HOLDER = `
import fcntl, sys
file = open(sys.argv[1], "r+")
fcntl.flock(file, getattr(fcntl, sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
`;

async function whileLocked<T>(file: string, how: 'LOCK_EX' | 'LOCK_SH', use: () => T): Promise<T> {
  const holder = spawn('python3', ['-c', HOLDER, file, how], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(holder.stdout, 'data');
    return use();
  } finally {
    holder.stdin.end();
    await once(holder, 'close');
  }
}

function rootWith(name: string): { readonly root: string; readonly file: string } {
  const root = temporaryForTest().path('root');
  const file = `${root}/${name}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  return { root, file };
}

describeSystem('isLive()', ['root', 'python'], () => {
  it.each([
    'volumes/metadata.db',
    'io.containerd.metadata.v1.bolt/meta.db',
    'io.containerd.snapshotter.v1.overlayfs/metadata.db',
    'containerd/daemon/io.containerd.metadata.v1.bolt/meta.db',
  ])('is told by a lock on %s, as long as it is held', async (name) => {
    const { root, file } = rootWith(name);
    const ask = () => isLive(bytesOfText(root));
    expect(ask()).toBe(false);
    expect(await whileLocked(file, 'LOCK_EX', ask)).toBe(true);
    expect(ask()).toBe(false);
  });

  it('is not told where a directory that should have a database is a file', async () => {
    const { root, file } = rootWith('volumes');
    expect(await whileLocked(file, 'LOCK_EX', () => isLive(bytesOfText(root)))).toBe(false);
  });

  it('is not told by a reader, nor by another file', async () => {
    const { root, file } = rootWith('io.containerd.metadata.v1.bolt/meta.db');
    const ask = () => isLive(bytesOfText(root));
    expect(await whileLocked(file, 'LOCK_SH', ask)).toBe(false);
    writeFileSync(`${root}/other`, '');
    expect(await whileLocked(`${root}/other`, 'LOCK_EX', ask)).toBe(false);
  });

  it('is told by a mount from its layers', async () => {
    const { root } = rootWith('overlay/lower/x');
    for (const name of ['upper', 'work', 'merged']) mkdirSync(`${root}/overlay/${name}`);
    const ask = () => isLive(bytesOfText(root));
    const [lower, upper, work] = ['lower', 'upper', 'work'].map((name) => `${root}/overlay/${name}`);
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    expect(ask()).toBe(false);
    await succeed('mount', ['-t', 'overlay', '-o', options, 'overlay', `${root}/overlay/merged`]);
    try {
      expect(ask()).toBe(true);
    } finally {
      await succeed('umount', [`${root}/overlay/merged`]);
    }
    expect(ask()).toBe(false);
  });
});
