// The end of a mount under pressure: killed, told to end while it is read, made and unmade many times. Nothing may be
// left behind: no dead mount, no process, no descriptor. CYCLES sets how many mounts are made.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectBelow } from '../support/bounds.ts';
import { run } from '../support/command.ts';
import { KeptStore } from '../support/kept-store.ts';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { Server } from '../support/server.ts';
import {
  BUILT_COMMAND,
  isMounted,
  lowerdirReference,
  mountStratafs,
  type StratafsMount,
  serversOf,
  stratafs,
} from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { argumentsOf, isRunning, kill, mountsBelow, temporaryForSuite, until } from '../support/temporary.ts';
import { usageOf } from '../support/usage.ts';

const CYCLES = Number(process.env.CYCLES ?? 5);
/** Milliseconds in which a mount point must be free again, if the machine has nothing else to do. */
const SOON = 1000;
const READ_ON = 'while cat "$1"/big "$1"/d/* >/dev/null && ls -lR "$1" >/dev/null; do :; done';

/** What the watchers of this file's mounts have in their environment; on one machine, others make mounts too. */
const MARK = `hard-ends-${process.pid}`;
process.env.STRATAFS_TEST = MARK;

describeSystem('a mount under pressure', ['root', 'fuse', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const layers = ['top', 'lowest'].map((name) => temporary.path(name));
  const reference = lowerdirReference(layers);
  const kept = new KeptStore(oracle);

  beforeAll(async () => {
    const files = Array.from({ length: 300 }, (_, i) => layer.file(`d/${i}`, `${i}`.repeat(i)));
    await oracle.write([
      { directory: layers[0] ?? '', steps: [layer.whiteout('d/7'), layer.file('d/9', 'above')] },
      { directory: layers[1] ?? '', steps: [layer.file('big', 'x'.repeat(8 << 20)), ...files] },
    ]);
    await kept.remember(layers);
  });

  function readOn(directory: string, readers = 4): ChildProcess[] {
    return Array.from({ length: readers }, () => {
      const reader = spawn('sh', ['-c', READ_ON, 'sh', directory], { stdio: 'ignore' });
      temporary.owns(reader.pid);
      return reader;
    });
  }

  const ended = (children: readonly ChildProcess[]) =>
    until('the end of the readers', () =>
      children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
    );

  describe('of readers', () => {
    it.each([
      ['SIGKILL', 'cached'],
      ['SIGKILL', 'passthrough'],
      ['SIGSEGV', 'cached'],
      ['SIGABRT', 'passthrough'],
    ] as const)('that ends by %s is gone at once, with %s data', async (signal, data) => {
      const mount = await mountStratafs(temporary, reference, { args: ['--data', data] });
      const readers = readOn(mount.directory);
      await pause(300);
      const start = performance.now();
      kill(mount.pid, signal);
      await until('the mount point', () => !isMounted(mount.directory));
      expectBelow(SOON, performance.now() - start);
      await ended(readers);
      expect(await readdir(mount.directory)).toEqual([]);
      await noProcessOf(mount);
    });

    it('ends by SIGTERM, and serves them on where it was detached', async () => {
      const mount = await mountStratafs(temporary, reference);
      const readers = readOn(mount.directory);
      const holder = spawn('sh', ['-c', 'sleep 1; cat d/9'], { cwd: mount.directory, stdio: 'pipe' });
      temporary.owns(holder.pid);
      let read = '';
      holder.stdout.on('data', (block: Buffer) => {
        read += block.toString();
      });
      await pause(300);
      const start = performance.now();
      kill(mount.pid, 'SIGTERM');
      await until('the mount point', () => !isMounted(mount.directory));
      expectBelow(SOON, performance.now() - start);
      await ended([...readers, holder]);
      expect(read).toBe('above');
      await noProcessOf(mount);
      expect(mount.log()).toMatch(
        /^stratafs: The mount is in use by .*: detached, and served until they let go/,
      );
    });

    it('is detached by umount -l, and only by that', async () => {
      const mount = await mountStratafs(temporary, reference);
      const readers = readOn(mount.directory, 2);
      const holder = spawn('sleep', ['600'], { cwd: `${mount.directory}/d`, stdio: 'ignore' });
      temporary.owns(holder.pid);
      await pause(200);
      const refused = await stratafs(['umount', mount.directory]);
      expect({ code: refused.code, names: refused.stderr.includes(String(holder.pid)) }).toEqual({
        code: 7,
        names: true,
      });
      const start = performance.now();
      const done = await stratafs(['umount', '-l', mount.directory]);
      expect(done).toMatchObject({ code: 0, stderr: '' });
      expect(isMounted(mount.directory)).toBe(false);
      expectBelow(2 * SOON, performance.now() - start);
      await ended(readers);
      holder.kill('SIGKILL');
      await noProcessOf(mount);
    });
  });

  it.each([[[]], [['-f']]])(
    'is freed though its watcher was killed before the server: mount %j',
    async (words) => {
      const directory = temporary.path(`unwatched${words.join('')}`);
      mkdirSync(directory);
      const others = watchers();
      const command = spawn(process.execPath, [BUILT_COMMAND, 'mount', ...words, reference, directory]);
      temporary.owns(command.pid);
      await until('the mount', () => isMounted(directory));
      const ownWatcher = () => watchers().find((pid) => !others.includes(pid));
      for (let i = 0; i < 2; i += 1) {
        const first = await until('the watcher', ownWatcher);
        kill(first, 'SIGKILL');
        others.push(first);
        await until('the next watcher', ownWatcher);
      }
      expect(await readdir(directory)).toEqual(['big', 'd']);
      for (const pid of serversOf(directory)) kill(pid, 'SIGKILL');
      await until('the mount point', () => !isMounted(directory));
      expect(await readdir(directory)).toEqual([]);
      await until('the end of the watchers', () => ownWatcher() === undefined);
    },
  );

  it('is another one where two are made in one place at a time, or the later one is refused', async () => {
    const directory = temporary.path('both');
    mkdirSync(directory);
    for (let i = 0; i < 2; i += 1) {
      const both = await Promise.all([0, 1].map(() => stratafs(['mount', reference, directory])));
      const codes = both.map(({ code }) => code).toSorted();
      expect([
        [0, 0],
        [0, 6],
      ]).toContainEqual(codes);
      const made = codes.filter((code) => code === 0).length;
      expect(mountsBelow(directory).length).toBe(made);
      expect(await readdir(directory)).toEqual(['big', 'd']);
      for (let j = 0; j < made; j += 1)
        expect(await stratafs(['umount', directory])).toMatchObject({ code: 0, stderr: '' });
      await until('the mount point', () => mountsBelow(directory).length === 0);
      await until('the end of the servers', () => serversOf(directory).length === 0);
    }
  });

  it('can be undone where it covers another, and the other after it', async () => {
    const directory = temporary.path('covered');
    mkdirSync(directory);
    const tmpfs = () => run('mount', ['-t', 'tmpfs', 'tmpfs', directory]);
    for (const end of ['umount', 'SIGTERM'] as const) {
      const log = temporary.path(`covered-${end}.log`);
      const covered = await stratafs(['mount', '--log', log, reference, directory]);
      expect(covered).toMatchObject({ code: 0, stderr: '' });
      const [lower = 0] = serversOf(directory);
      await tmpfs();
      expect(await stratafs(['mount', reference, directory])).toMatchObject({ code: 0, stderr: '' });
      // Nothing can undo what is covered, so that this one goes on.
      kill(lower, 'SIGTERM');
      await until('the refusal', () => readFileSync(log, 'utf8').includes('another mount covers it'));
      if (end === 'umount') expect(await stratafs(['umount', directory])).toMatchObject({ code: 0 });
      else for (const pid of serversOf(directory)) if (pid !== lower) kill(pid, 'SIGTERM');
      await until('the mount on top', () => mountsBelow(directory).length === 2);
      await run('umount', [directory]);
      expect(await readdir(directory)).toEqual(['big', 'd']);
      expect(await stratafs(['umount', directory])).toMatchObject({ code: 0, stderr: '' });
      await until('the end of the servers', () => serversOf(directory).length === 0);
    }
  });

  it(`is made and unmade ${CYCLES} times, and nothing of it stays`, async () => {
    const processes = ours();
    const cycle = async (lane: number) => {
      const directory = temporary.path(`cycle-${lane}`);
      mkdirSync(directory, { recursive: true });
      for (let i = lane; i < CYCLES; i += 2) {
        const mounted = await stratafs(['mount', reference, directory]);
        expect(mounted).toMatchObject({ code: 0, stderr: '' });
        if (i % 3 === 0) expect(await readdir(directory)).toEqual(['big', 'd']);
        if (i % 5 === 4) for (const pid of serversOf(directory)) kill(pid, 'SIGKILL');
        else expect(await stratafs(['umount', directory])).toMatchObject({ code: 0, stderr: '' });
        await until('the mount point', () => !isMounted(directory));
      }
    };
    await Promise.all([cycle(0), cycle(1)]);
    await until('the end of all processes', () => ours().every((pid) => processes.includes(pid)));
    expect(['cycle-0', 'cycle-1'].flatMap((name) => mountsBelow(temporary.path(name)))).toEqual([]);
  });

  it(`is made and unmade ${CYCLES * 5} times by one process, and no descriptor, thread or memory stays`, async () => {
    const server = new Server(temporary, oracle);
    const stack = {
      target: temporary.path('served'),
      layers,
      dataLayers: [],
      dialect: 'trusted',
      options: {},
    };
    const cycle = () =>
      server.during({ ...stack, dialect: 'trusted' }, async () => {
        expect((await oracle.dump(stack.target, { fields: ['size', 'sha256'] })).length).toBe(302);
      });
    for (let i = 0; i < Math.min(100, CYCLES * 3); i += 1) await cycle();
    const early = usageOf(server.pid);
    for (let i = 0; i < CYCLES * 5; i += 1) await cycle();
    const late = usageOf(server.pid);
    expect({ ...late, kilobytes: 0 }).toEqual({ ...early, kilobytes: 0 });
    expectBelow(early.kilobytes + 60_000, late.kilobytes);
  });

  /** The server and what watches over it. */
  async function noProcessOf({ directory }: StratafsMount): Promise<void> {
    await until('the end of the server', () => serversOf(directory).length === 0);
  }

  /** Servers of mounts below the test's folder, and their watchers. */
  function ours(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^[0-9]+$/.test(name))
      .map(Number)
      .filter((pid) => {
        const words = argumentsOf(pid);
        return words.some((word) => word.startsWith(temporary.path('cycle-')));
      })
      .concat(watchers());
  }
});

function watchers(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => isRunning(pid) && argumentsOf(pid).includes('stratafs-watcher') && isOurs(pid));
}

function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`STRATAFS_TEST=${MARK}\0`);
  } catch {
    return false;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
