// `stratafs mount` and `umount` as commands: what they print, how they end, what /proc/mounts shows, and that nothing is
// left behind however the server ends.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { type SampleRoot, writeSampleRoot } from '../support/sample-root.ts';
import { BUILT_COMMAND, isMounted, mountStratafs, serversOf, stratafs } from '../support/stratafs.ts';
import { describeSystem, itSystem } from '../support/system.ts';
import { isRunning, kill, mounts, temporaryForSuite, until } from '../support/temporary.ts';

const IMAGE = 'sample/web:1.1';
const SILENT = { code: 0, signal: null, stdout: '', stderr: '' };

describeSystem('stratafs mount', ['root', 'fuse', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  let store: SampleRoot;
  let count = 0;

  /** Mounts in the background, as a person would. */
  const mount = async (words: readonly string[] = [], reference = IMAGE) => {
    const directory = await newDirectory();
    const outcome = await stratafs(['--root', store.root, 'mount', ...words, reference, directory]);
    return { directory, outcome };
  };
  const newDirectory = async () => {
    count += 1;
    const directory = temporary.path(`mnt-${count}`);
    await mkdir(directory);
    return directory;
  };
  const gone = async (directory: string) => {
    await until(`the end of the mount on ${directory}`, () => !isMounted(directory));
    await until(`the end of the server of ${directory}`, () => serversOf(directory).length === 0);
  };

  beforeAll(async () => {
    await chmod(temporary.directory, 0o755);
    store = writeSampleRoot(temporary.path('docker'));
  });

  it('is silent, returns when the mount answers, and leaves the server in the background', async () => {
    const { directory, outcome } = await mount();
    expect(outcome).toEqual(SILENT);
    expect((await readdir(directory)).sort()).toEqual(['bin', 'etc', 'srv']);
    expect(await readFile(`${directory}/srv/server.conf`, 'utf8')).toBe('port = 8443\nworkers = 4\n');
    const shown = mounts().find((line) => line.directory === directory);
    expect({ type: shown?.type, source: shown?.source }).toEqual({ type: 'fuse.stratafs', source: IMAGE });
    expect(shown?.options.split(',').slice(0, 3)).toEqual(['ro', 'nosuid', 'nodev']);
    expect(serversOf(directory).length).toBe(1);
    expect(await stratafs(['umount', directory])).toEqual(SILENT);
    await gone(directory);
  });

  it('refuses each write with the errno of a read-only file system', async () => {
    const { directory } = await mount();
    await expect(writeFile(`${directory}/new`, '')).rejects.toMatchObject({ code: 'EROFS' });
    await expect(mkdir(`${directory}/new`)).rejects.toMatchObject({ code: 'EROFS' });
    await expect(chmod(`${directory}/etc/passwd`, 0)).rejects.toMatchObject({ code: 'EROFS' });
    await expect(mkdir(`${directory}/etc`)).rejects.toMatchObject({ code: 'EEXIST' });
    await run('umount', [directory]);
  });

  it.each([
    ['-o dev,suid,exec', ['-o', 'dev,suid,exec'], 'ro', 'nosuid,nodev,noexec'],
    ['-o noexec', ['-o', 'noexec'], 'ro,nosuid,nodev,noexec', ''],
    ['-o suid -o nodev,ro', ['-o', 'suid', '-o', 'nodev,ro'], 'ro,nodev', 'nosuid'],
  ])('takes %s', async (_name, words, present, absent) => {
    const { directory, outcome } = await mount(words);
    expect(outcome).toEqual(SILENT);
    const options =
      mounts()
        .find((line) => line.directory === directory)
        ?.options.split(',') ?? [];
    expect(options).toEqual(expect.arrayContaining(present.split(',')));
    for (const word of absent.split(',')) expect(options).not.toContain(word);
    await run('umount', [directory]);
  });

  it.each([
    ['--allow-other', ['--allow-other'], SILENT.code],
    ['-o allow_other', ['-o', 'allow_other'], SILENT.code],
    ['nothing', [], 1],
  ])('lets another user look in with %s, or not', async (_name, words, code) => {
    const { directory } = await mount(words);
    expect((await run('cat', [`${directory}/etc/passwd`], { uid: 1000 })).code).toBe(code);
    await run('umount', [directory]);
  });

  it('mounts directories named by lowerdir=, which need no store', async () => {
    const [top, lowest] = [temporary.path('to:p'), temporary.path('lowest')];
    await oracle.write([
      { directory: top, steps: [layer.file('a', 'top'), layer.whiteout('gone')] },
      { directory: lowest, steps: [layer.file('a', 'low'), layer.file('gone')] },
    ]);
    const directory = await newDirectory();
    const reference = `lowerdir=${top.replace(':', '\\:')}:${lowest}`;
    expect(await stratafs(['--root', '/nowhere', 'mount', reference, directory])).toEqual(SILENT);
    expect(await readdir(directory)).toEqual(['a']);
    expect(await readFile(`${directory}/a`, 'utf8')).toBe('top');
    await run('umount', [directory]);
  });

  it('mounts some layers of an image', async () => {
    const { directory, outcome } = await mount([], `${IMAGE}^`);
    expect(outcome).toEqual(SILENT);
    expect(mounts().find((line) => line.directory === directory)?.source).toBe(`${IMAGE}^`);
    expect((await readdir(`${directory}/srv/plugins`)).sort()).toEqual(['auth', 'cache']);
    await run('umount', [directory]);
    const { stdout } = await stratafs(['--root', store.root, 'ls', `${IMAGE}#3`, '/srv/plugins']);
    expect(stdout).toBe('auth-2\n');
    const { stderr, code } = await stratafs(['--root', store.root, 'history', `${IMAGE}#2`]);
    expect([stderr, code]).toEqual(['', 0]);
  });

  it('prints each request as a line with --debug', async () => {
    const mounted = await mountStratafs(temporary, IMAGE, { root: store.root, args: ['--debug'] });
    await readdir(mounted.directory);
    await mounted.umount();
    expect(mounted.log()).toMatch(/^.*\bINIT\b.*$/m);
    expect(mounted.log()).toMatch(/^.*\bREADDIR(PLUS)?\b.*$/m);
  });

  describe('refuses', () => {
    const refused = (directory: string, words: readonly string[] = [], reference = IMAGE) =>
      stratafs(['--root', store.root, 'mount', ...words, reference, directory]);
    const failure = (code: number, message: string) => ({
      code,
      signal: null,
      stdout: '',
      stderr: `stratafs: ${message}\n`,
    });

    it('a mount point that does not exist', async () => {
      const directory = temporary.path('nowhere');
      expect(await refused(directory)).toEqual(
        failure(6, `Cannot mount on "${directory}": no such directory`),
      );
    });

    it('a mount point that is a file', async () => {
      const path = temporary.path('file');
      await writeFile(path, '');
      expect(await refused(path)).toEqual(failure(6, `Cannot mount on "${path}": not a directory`));
    });

    it('a mount point that has a mount of ours already, but no other', async () => {
      const { directory, outcome } = await mount();
      expect(outcome).toEqual(SILENT);
      const state = `"${IMAGE}" is mounted there already; "stratafs umount" it first`;
      for (const reference of [IMAGE, `lowerdir=${temporary.directory}`]) {
        expect(await refused(directory, [], reference)).toEqual(
          failure(6, `Cannot mount on "${directory}": ${state}`),
        );
      }
      expect(mounts().filter((line) => line.directory === directory).length).toBe(1);
      expect(await stratafs(['umount', directory])).toEqual(SILENT);
      await run('mount', ['-t', 'tmpfs', 'tmpfs', directory]);
      expect(await refused(directory)).toEqual(SILENT);
      expect(await stratafs(['umount', directory])).toEqual(SILENT);
    });

    it('a mount point inside the store, under whatever name', async () => {
      const message = (shown: string) =>
        `Cannot mount on "${shown}": it lies inside the store "${store.root}"`;
      const inside = `${store.root}/overlay2`;
      expect(await refused(inside)).toEqual(failure(6, message(inside)));
      const link = temporary.path('link');
      await symlink(inside, link);
      expect(await refused(link)).toEqual(failure(6, message(link)));
    });

    it('a mount point that holds the store', async () => {
      const message = `Cannot mount on "${temporary.directory}": the store "${store.root}" lies in it and would be hidden`;
      expect(await refused(temporary.directory)).toEqual(failure(6, message));
    });

    it('a mount point inside a layer', async () => {
      const directory = temporary.path('as-layer/sub');
      await mkdir(directory, { recursive: true });
      const kept = temporary.path('as-layer');
      const message = `Cannot mount on "${directory}": it lies inside the layer "${kept}"`;
      expect(await refused(directory, [], `lowerdir=${kept}`)).toEqual(failure(6, message));
    });

    it('a log inside the store or a layer, by a link that leads to nothing either', async () => {
      const layer = temporary.path('layer-of-log');
      await mkdir(layer);
      const link = temporary.path('link-to-log');
      await symlink(`${layer}/log`, link);
      const inLayer = `Cannot write to "${link}": it lies inside the layer "${layer}"`;
      const words = ['--log', link];
      expect(await refused(await newDirectory(), words, `lowerdir=${layer}`)).toEqual(failure(2, inLayer));
      const log = `${store.root}/log`;
      const inStore = `Cannot write to "${log}": it lies inside the store "${store.root}"`;
      expect(await refused(await newDirectory(), ['--log', log])).toEqual(failure(2, inStore));
    });

    it('-o rw', async () => {
      const message =
        'Cannot use mount option "rw": an image is served read-only; for a writable tree, stack an overlay on it';
      expect(await refused(await newDirectory(), ['-o', 'rw'])).toEqual(failure(2, message));
    });

    it('an option it does not know', async () => {
      const { code, stderr } = await refused(await newDirectory(), ['-o', 'ro,magic']);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /^stratafs: Cannot use mount option "magic": not known; known are ro, .*, allow_other\n$/,
      );
    });

    it('an image that is not there, before it touches the mount point', async () => {
      const directory = await newDirectory();
      const message = 'Cannot find "nginx": no such image or container';
      expect(await refused(directory, [], 'nginx')).toEqual(failure(3, message));
      expect(isMounted(directory)).toBe(false);
    });
  });

  describe('ends', () => {
    it.each(['SIGINT', 'SIGTERM'] as const)(
      'on %s, in the foreground, with the mount undone',
      async (signal) => {
        const mounted = await mountStratafs(temporary, IMAGE, { root: store.root });
        kill(mounted.pid, signal);
        await gone(mounted.directory);
        expect(mounted.log()).toBe('');
      },
    );

    it('on a second SIGINT where it is in use, with one message', async () => {
      const directory = await newDirectory();
      const words = ['--root', store.root, 'mount', '-f', IMAGE, directory];
      const server = spawn(process.execPath, [BUILT_COMMAND, ...words], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      temporary.owns(server.pid);
      const ended = new Promise((resolve) => server.on('close', (code, signal) => resolve(code ?? signal)));
      let printed = '';
      server.stderr.on('data', (block: Buffer) => {
        printed += block.toString();
      });
      await until('the mount', () => isMounted(directory));
      const holder = spawn('sleep', ['600'], { cwd: `${directory}/etc`, stdio: 'ignore' });
      temporary.owns(holder.pid);
      await until('the process', () => isRunning(holder.pid ?? 0));
      server.kill('SIGINT');
      await until('the message', () => printed.endsWith('\n'));
      await until('the mount to be detached', () => !isMounted(directory));
      expect(server.exitCode).toBe(null);
      server.kill('SIGINT');
      expect(await ended).toBe(130);
      expect(printed).toBe(
        `stratafs: The mount is in use by sleep (pid ${holder.pid}): detached, and served until they let go; ` +
          'once more to end at once\n',
      );
      await gone(directory);
    });

    it('on SIGTERM in the very moment it is mounted', async () => {
      for (let round = 0; round < 3; round += 1) {
        const directory = await newDirectory();
        const words = ['--root', store.root, 'mount', '-f', IMAGE, directory];
        const server = spawn(process.execPath, [BUILT_COMMAND, ...words], { stdio: 'ignore' });
        temporary.owns(server.pid);
        // Without a pause: a server that mounts first and then learns of signals dies in between.
        const end = Date.now() + 300_000;
        while (!isMounted(directory) && Date.now() < end);
        server.kill('SIGTERM');
        await gone(directory);
      }
    });

    it('on SIGTERM in the background', async () => {
      const { directory } = await mount();
      for (const pid of serversOf(directory)) kill(pid, 'SIGTERM');
      await gone(directory);
    });

    const undoneBy = async (command: string, ...words: readonly string[]) => {
      const { directory } = await mount();
      expect((await run(command, [...words, directory])).code).toBe(0);
      await gone(directory);
    };
    it('after umount of the system', () => undoneBy('umount'));
    itSystem('after fusermount3 of the system', ['fusermount3'], () => undoneBy('fusermount3', '-u'));

    it('on SIGKILL without a dead mount', async () => {
      const { directory } = await mount();
      for (const pid of serversOf(directory)) kill(pid, 'SIGKILL');
      await gone(directory);
      expect(await readdir(directory)).toEqual([]);
    });
  });

  describe('umount', () => {
    it('undoes several', async () => {
      const [one, two] = [await mount(), await mount()];
      expect(await stratafs(['umount', one.directory, two.directory])).toEqual(SILENT);
      await gone(one.directory);
      await gone(two.directory);
    });

    it('says who holds a busy mount, and leaves it as it was', async () => {
      const { directory } = await mount();
      const holder = spawn('sleep', ['600'], { cwd: `${directory}/etc`, stdio: 'ignore' });
      temporary.owns(holder.pid);
      await until('the process', () => isRunning(holder.pid ?? 0));
      const file = await open(`${directory}/etc/passwd`);
      const { code, stdout, stderr } = await stratafs(['umount', directory]);
      expect({ code, stdout }).toEqual({ code: 7, stdout: '' });
      expect(stderr).toContain(`Cannot unmount "${directory}": `);
      expect(stderr).toContain(`${holder.pid}`);
      expect(stderr).toContain('sleep');
      expect(stderr).toContain(`${process.pid}`);
      expect(readFileSync(`${directory}/etc/os-release`, 'utf8')).toContain('Sample Linux');
      await file.close();
      holder.kill('SIGKILL');
      await until('the end of the process', () => !isRunning(holder.pid ?? 0));
      expect(await stratafs(['umount', directory])).toEqual(SILENT);
    });

    it('names what is mounted below it', async () => {
      const { directory } = await mount();
      await run('mount', ['-t', 'tmpfs', 'tmpfs', `${directory}/etc`]);
      const words = `in use by the mount "${directory}/etc" (tmpfs); "-l" frees the mount point all the same`;
      expect(await stratafs(['umount', directory])).toEqual({
        ...SILENT,
        code: 7,
        stderr: `stratafs: Cannot unmount "${directory}": ${words}\n`,
      });
      await run('umount', [`${directory}/etc`]);
      expect(await stratafs(['umount', directory])).toEqual(SILENT);
    });

    it('refuses what is not mounted, and what is not ours', async () => {
      const directory = await newDirectory();
      const plain = await stratafs(['umount', directory]);
      expect(plain).toEqual({
        code: 7,
        signal: null,
        stdout: '',
        stderr: `stratafs: Cannot unmount "${directory}": nothing is mounted there\n`,
      });
      await run('mount', ['-t', 'tmpfs', 'tmpfs', directory]);
      const foreign = await stratafs(['umount', directory]);
      expect(foreign.code).toBe(7);
      const state = 'what is mounted there is of type "tmpfs", not ours';
      expect(foreign.stderr).toBe(`stratafs: Cannot unmount "${directory}": ${state}\n`);
      expect(mounts().some((line) => line.directory === directory && line.type === 'tmpfs')).toBe(true);
    });
  });
});

describeSystem('stratafs mount without privilege', ['root', 'fuse', 'fusermount3', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const uid = 1000;

  const [top, lowest] = [temporary.path('top'), temporary.path('lowest')];
  const reference = `lowerdir=${top}:${lowest}`;
  const directory = temporary.path('mnt');
  const warning =
    `stratafs: Warning: the view of "${reference}" may show what is hidden in it: ` +
    'only root can read the marks (trusted.overlay.*) of opaque and renamed directories\n';
  const owner = layer.change('.', { owner: [uid, uid] });

  beforeAll(async () => {
    await chmod(temporary.directory, 0o755);
    await oracle.write([
      { directory: top, steps: [layer.file('a', 'top'), layer.whiteout('gone'), owner] },
      { directory: lowest, steps: [layer.file('b', 'low'), layer.file('gone')] },
      { directory, steps: [owner] },
    ]);
    const { mode } = await stat('/dev/fuse');
    temporary.undo(() => chmod('/dev/fuse', mode & 0o777));
  });

  it('mounts through fusermount3, and unmounts', async () => {
    // As udev has it; a machine without udev keeps it to root.
    await chmod('/dev/fuse', 0o666);
    expect(await stratafs(['mount', reference, directory], { uid })).toEqual({ ...SILENT, stderr: warning });
    const listed = await run('sh', ['-c', `cd ${directory} && ls && cat a b`], { uid });
    expect(listed).toEqual({ ...SILENT, stdout: 'a\nb\ntoplow' });
    expect(await stratafs(['umount', directory], { uid })).toEqual(SILENT);
    await until('the end of the server', () => serversOf(directory).length === 0);
  });

  // Node hands text to other programs, and this is none.
  it.each(['m\\377', 'a\\303 \\134\\012%%x'])(
    'mounts on a directory whose name is the bytes %s, and frees it',
    async (name) => {
      await chmod('/dev/fuse', 0o666);
      const script = `
      d=$(printf '${name}.'); d=$2/\${d%.}; mkdir -m 755 "$d" && chown ${uid} "$d" || exit 99
      as() { setpriv --reuid=${uid} --regid=${uid} --clear-groups "$@"; }
      as "$0" "$1" mount "$3" "$d" 2>/dev/null || exit 98
      as cat "$d/a" && as "$0" "$1" umount "$d" && [ -z "$(ls -A "$d")" ] || exit 97
      as "$0" "$1" mount "$3" "$d" 2>/dev/null || exit 96
      for p in /proc/[0-9]*; do grep -qzF "$2" "$p/cmdline" 2>/dev/null && grep -qzx mount "$p/cmdline" && kill -9 "\${p#/proc/}"; done
      i=0; while ! ls "$d" >/dev/null 2>&1 || [ -n "$(ls -A "$d")" ]; do [ $((i += 1)) -lt 600 ] || exit 95; sleep 0.1; done
      echo freed`;
      const outcome = await run('sh', [
        '-c',
        script,
        process.execPath,
        BUILT_COMMAND,
        temporary.directory,
        reference,
      ]);
      expect(outcome).toEqual({ ...SILENT, stdout: 'topfreed\n' });
    },
  );

  it('says what it may not use', async () => {
    await chmod('/dev/fuse', 0o600);
    const { code, stderr } = await stratafs(['mount', reference, directory], { uid });
    expect(code).toBe(6);
    const advice = 'run as root, or let root "chmod 0666 /dev/fuse"';
    expect(stderr).toBe(
      `${warning}stratafs: Cannot mount on "${directory}": permission denied on /dev/fuse; ${advice}\n`,
    );
  });
});
