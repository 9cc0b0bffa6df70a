// Where a mount is: the directory that was checked, whatever its path leads to by then, and afterwards wherever it is moved.
// It is undone there, and nothing else is, whatever lies at the place where it was.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { mount, mountOn } from '../../src/fuse/mount.ts';
import { openMountPoint } from '../../src/fuse/mountpoint.ts';
import { parseMountOptions } from '../../src/fuse/options.ts';
import { unmount } from '../../src/fuse/unmount.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { close } from '../../src/sys/libc.ts';
import { run, succeed } from '../support/command.ts';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { BUILT_COMMAND, isMounted, serversOf, stratafs } from '../support/stratafs.ts';
import { describeSystem, itSystem } from '../support/system.ts';
import { argumentsOf, isRunning, kill, mounts, temporaryForSuite, until } from '../support/temporary.ts';

const SILENT = { code: 0, signal: null, stdout: '', stderr: '' };

describeSystem('a mount', ['root', 'fuse', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const reference = `lowerdir=${temporary.path('layer')}`;
  /** A mount of its own, which shares nothing with other namespaces: only there mounts can be moved. */
  const base = temporary.path('base');
  let count = 0;

  beforeAll(async () => {
    mkdirSync(base);
    await oracle.write([{ directory: temporary.path('layer'), steps: [layer.file('f', 'here')] }]);
    await succeed('mount', ['-t', 'tmpfs', 'tmpfs', base]);
    await succeed('mount', ['--make-private', base]);
  });

  function newDirectory(...names: readonly string[]): string {
    count += 1;
    const path = [base, String(count), ...names].join('/');
    mkdirSync(path, { recursive: true });
    return path;
  }

  const typesAt = (directory: string) =>
    mounts()
      .filter((line) => line.directory === directory)
      .map(({ type }) => type);

  /** Mounts on `D/mnt`, and then renames `D`; answers the mount point's path after that, and the server. */
  async function mountAndRename(): Promise<{ before: string; after: string; server: number }> {
    const above = newDirectory();
    const before = `${above}/mnt`;
    mkdirSync(before);
    expect(await stratafs(['mount', reference, before])).toEqual(SILENT);
    const [server = 0] = serversOf(before);
    renameSync(above, `${above}-renamed`);
    const after = `${above}-renamed/mnt`;
    expect(isMounted(after)).toBe(true);
    return { before, after, server };
  }

  const freed = async (place: string, server: number) => {
    await until('the mount point', () => !isMounted(place));
    await until('the end of the server', () => !isRunning(server));
    expect(readdirSync(place)).toEqual([]);
  };

  it('that was made by path on another directory than the one that was checked is undone', async () => {
    const directory = newDirectory();
    const checked = await openMountPoint(asBytes(directory), [], () => {});
    renameSync(directory, `${directory}-renamed`);
    mkdirSync(directory);
    const there = await openMountPoint(asBytes(directory), [], () => {});
    const options = { flags: 0, allowOther: false };
    const mounted = await mount({ point: there, label: 'swapped', options });
    expect(isMounted(directory)).toBe(true);
    await expect(mountOn({ ...checked, path: there.path }, mounted.fd)).rejects.toThrow(
      /^Cannot find the mount at .* just made/,
    );
    expect(isMounted(directory)).toBe(false);
    for (const fd of [mounted.fd, checked.descriptor, there.descriptor]) close(fd);
  });

  describe('with a directory above it renamed', () => {
    it.each(['SIGKILL', 'SIGTERM'] as const)('is undone on %s', async (signal) => {
      const { after, server } = await mountAndRename();
      kill(server, signal);
      await freed(after, server);
    });

    it('is undone when its connection is ended', async () => {
      const { after, server } = await mountAndRename();
      const file = await run('sh', ['-c', 'exec 3<"$1/f"; umount -f "$1" 2>/dev/null; :', 'sh', after]);
      expect(file.code).toBe(0);
      await freed(after, server);
    });

    it('is undone by umount, at its present place only', async () => {
      const { before, after, server } = await mountAndRename();
      expect((await stratafs(['umount', before])).code).toBe(7);
      expect(await stratafs(['umount', after])).toEqual(SILENT);
      await freed(after, server);
    });

    it('leaves alone what a link at its old place leads to', async () => {
      const { before, after, server } = await mountAndRename();
      const victim = newDirectory('mnt');
      await succeed('mount', ['-t', 'tmpfs', 'victim', victim]);
      symlinkSync(victim.slice(0, -'/mnt'.length), before.slice(0, -'/mnt'.length));
      kill(server, 'SIGKILL');
      await freed(after, server);
      expect(typesAt(victim)).toEqual(['tmpfs']);
      await succeed('umount', [victim]);
    });
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'that was moved is undone where it is on %s, and another at its old place is not',
    async (signal) => {
      const [from, to] = [newDirectory(), newDirectory()];
      expect(await stratafs(['mount', reference, from])).toEqual(SILENT);
      const [server = 0] = serversOf(from);
      await succeed('mount', ['--move', from, to]);
      await succeed('mount', ['-t', 'tmpfs', 'other', from]);
      kill(server, signal);
      await freed(to, server);
      expect(typesAt(from)).toEqual(['tmpfs']);
      await succeed('umount', [from]);
    },
  );

  it.each(['a link', 'another directory'])(
    'is not made where %s has taken the place of what was checked',
    async (what) => {
      const [checked, victim] = [newDirectory(), newDirectory()];
      const point = await openMountPoint(asBytes(checked), [], () => {});
      renameSync(checked, `${checked}-renamed`);
      if (what === 'a link') symlinkSync(victim, checked);
      else mkdirSync(checked);
      const request = { point, label: 'test', options: parseMountOptions([], false) };
      await expect(mount(request)).rejects.toThrow('was its directory moved');
      close(point.descriptor);
      for (const place of [checked, victim, `${checked}-renamed`]) expect(isMounted(place)).toBe(false);
    },
  );

  it('that has ended is told from another that has got its numbers', async () => {
    const options = parseMountOptions([], false);
    const make = async () => {
      const point = await openMountPoint(asBytes(directory), [], () => {});
      const made = await mount({ point, label: 'test', options });
      closeSync(point.descriptor);
      return made;
    };
    const directory = newDirectory();
    const first = await make();
    expect(await unmount(first, { detach: true })).toBe(0);
    close(first.fd);
    const second = await make();
    const unique = first.unique !== undefined;
    if (unique)
      expect(await unmount({ ...first, id: second.id, device: second.device }, { detach: true })).toBe(
        'gone',
      );
    expect(isMounted(directory)).toBe(true);
    expect(await unmount(second, { detach: true })).toBe(0);
    close(second.fd);
  });

  it('resolves ".." as the disk has it, when it is undone', async () => {
    const [one, other] = [newDirectory('mnt'), newDirectory('mnt')];
    mkdirSync(`${other}/../below`);
    symlinkSync(`${other}/../below`, `${one}/../link`);
    for (const directory of [one, other]) await stratafs(['mount', reference, directory]);
    // In words, this is the first one.
    const named = `${one.slice(0, -'/mnt'.length)}/link/../mnt`;
    expect(await stratafs(['umount', named])).toEqual(SILENT);
    expect([isMounted(one), isMounted(other)]).toEqual([true, false]);
    expect(await stratafs(['umount', '../mnt/.'], { cwd: `${one}/../link` })).toMatchObject({ code: 7 });
    expect(await stratafs(['umount', 'mnt/'], { cwd: `${one}/..` })).toEqual(SILENT);
  });

  describe('whose server does not end', () => {
    const ended = (child: ChildProcess) => until('the end of umount', () => child.exitCode ?? undefined);

    it('because it has no processor, is waited for', async () => {
      const directory = newDirectory();
      await stratafs(['mount', reference, directory]);
      const [server = 0] = serversOf(directory);
      temporary.owns(server);
      kill(server, 'SIGSTOP');
      const umount = spawn(process.execPath, [BUILT_COMMAND, 'umount', directory], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      temporary.owns(umount.pid);
      let printed = '';
      umount.stderr.on('data', (block: Buffer) => {
        printed += block.toString();
      });
      await until('the mount point', () => !isMounted(directory));
      // Past the time after which it asks for another namespace.
      await new Promise((resolve) => setTimeout(resolve, 3000));
      expect([umount.exitCode, printed]).toEqual([null, '']);
      kill(server, 'SIGCONT');
      expect([await ended(umount), printed]).toEqual([0, '']);
      expect(isRunning(server)).toBe(false);
    });

    it('is not waited for by who unmounts another that has its number by now', async () => {
      const [stopped, directory] = [newDirectory(), newDirectory()];
      const deviceOf = (point: string) => mounts().find((mount) => mount.directory === point)?.device;
      await stratafs(['mount', reference, stopped]);
      const device = deviceOf(stopped);
      const [server = 0] = serversOf(stopped);
      temporary.owns(server);
      kill(server, 'SIGSTOP');
      // umount(8) asks the server.
      expect(await stratafs(['umount', '-l', stopped])).toEqual(SILENT);
      await stratafs(['mount', reference, directory]);
      // The kernel gives the lowest number that is free.
      expect(deviceOf(directory)).toBe(device);
      expect(await stratafs(['umount', directory])).toEqual(SILENT);
      kill(server, 'SIGKILL');
    });

    itSystem(
      'because another mount namespace has it, is told of with a process there',
      ['unshare'],
      async () => {
        const directory = newDirectory();
        const other = newDirectory();
        for (const place of [directory, other]) await stratafs(['mount', reference, place]);
        // It lets go of the mounts of other tests, whose servers would go on as well, and ends with this process.
        const hold = `grep -F ' - fuse.stratafs ' /proc/self/mountinfo | while read -r _ _ _ _ point _; do
          [ "$point" = "$0" ] || umount -c -i -l "$point"
        done; exec cat`;
        const holder = spawn('unshare', ['-m', '--propagation', 'private', 'sh', '-c', hold, directory], {
          stdio: ['pipe', 'ignore', 'ignore'],
        });
        temporary.owns(holder.pid);
        await until('the namespace', () => argumentsOf(holder.pid ?? 0)[0] === 'cat');
        expect(await stratafs(['umount', other])).toEqual(SILENT);
        const [server = 0] = serversOf(directory);
        const state = `another mount namespace holds it, that of process ${holder.pid}`;
        const stderr = `stratafs: "${directory}" is unmounted here, but its server goes on: ${state}\n`;
        expect(await stratafs(['umount', directory])).toEqual({ ...SILENT, stderr });
        expect(isMounted(directory)).toBe(false);
        holder.kill('SIGKILL');
        await until('the end of the server', () => !isRunning(server));
      },
    );
  });

  describe('whose server and watcher were killed together', () => {
    async function deadMount(): Promise<string> {
      const directory = newDirectory();
      expect(await stratafs(['mount', reference, directory])).toEqual(SILENT);
      const [server = 0] = serversOf(directory);
      const watchers = readdirSync('/proc')
        .map(Number)
        .filter(
          (pid) => pid > 0 && argumentsOf(pid).includes('stratafs-watcher') && parentOf(pid) === server,
        );
      expect(watchers.length).toBe(1);
      // Stopped first, so that neither sees the other end.
      for (const pid of [server, ...watchers]) kill(pid, 'SIGSTOP');
      for (const pid of [...watchers, server]) kill(pid, 'SIGKILL');
      await until('the end of both', () => ![server, ...watchers].some(isRunning));
      await until('the end of the connection', () => errorOf(() => readdirSync(directory)) === 'ENOTCONN');
      return directory;
    }

    it('gives way to the next mount there, which says so', async () => {
      const directory = await deadMount();
      const { code, stderr } = await stratafs(['mount', reference, directory]);
      const said = `stratafs: "${directory}" was the mount of a server that has died; it is freed\n`;
      expect({ code, stderr }).toEqual({ code: 0, stderr: said });
      expect(readdirSync(directory)).toEqual(['f']);
      expect(await stratafs(['umount', directory])).toEqual(SILENT);
      expect(typesAt(directory)).toEqual([]);
    });

    it('is undone by umount', async () => {
      const directory = await deadMount();
      expect(await stratafs(['umount', directory])).toEqual(SILENT);
      expect(readdirSync(directory)).toEqual([]);
    });
  });
});

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}

function errorOf(use: () => unknown): string | undefined {
  try {
    use();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}
