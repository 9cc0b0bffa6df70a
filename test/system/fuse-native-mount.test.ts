// `mount --driver fuse-native` as a command: how it mounts, ends, and fails where the package cannot be had.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import {
  chmod,
  cp,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import {
  BUILT_COMMAND,
  isMounted,
  lowerdirReference,
  mountStratafs,
  serversOf,
  stratafs,
} from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { kill, mounts, temporaryForSuite, until } from '../support/temporary.ts';

const DRIVER = ['--driver', 'fuse-native'];
const SILENT = { code: 0, signal: null, stdout: '', stderr: '' };

describeSystem('stratafs mount --driver fuse-native', ['root', 'fuse', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const source = temporary.path('layer,one');
  const reference = lowerdirReference([source]);
  let count = 0;

  const newDirectory = async () => {
    count += 1;
    const directory = temporary.path(`mnt-${count}`);
    await mkdir(directory);
    return directory;
  };
  const mount = async (words: readonly string[] = []) => {
    const directory = await newDirectory();
    return { directory, outcome: await stratafs(['mount', ...DRIVER, ...words, reference, directory]) };
  };
  const gone = async (directory: string) => {
    await until(`the end of the mount on ${directory}`, () => !isMounted(directory));
    await until(`the end of the server of ${directory}`, () => serversOf(directory).length === 0);
  };
  const mapped = (directory: string) =>
    serversOf(directory).map((pid) => /libfuse\.so/.test(readFileSync(`/proc/${pid}/maps`, 'latin1')));

  beforeAll(async () => {
    await chmod(temporary.directory, 0o755);
    await oracle.write([{ directory: source, steps: [layer.file('etc/a', 'text'), layer.file('b')] }]);
  });

  it('is silent, covers what lies in the directory, returns when the mount answers, and looks like the other driver', async () => {
    const directory = await newDirectory();
    await writeFile(`${directory}/hidden`, '');
    expect(await stratafs(['mount', ...DRIVER, reference, directory])).toEqual(SILENT);
    expect((await readdir(directory)).sort()).toEqual(['b', 'etc']);
    expect(readFileSync(`${directory}/etc/a`, 'latin1')).toBe('text');
    const shown = mounts().find((line) => line.directory === directory);
    expect({ type: shown?.type, source: shown?.source }).toEqual({
      type: 'fuse.stratafs',
      source: reference,
    });
    expect(shown?.options.split(',').slice(0, 3)).toEqual(['ro', 'nosuid', 'nodev']);
    expect(shown?.superOptions).toContain('default_permissions');
    expect(mapped(directory)).toEqual([true]);
    expect(await stratafs(['umount', directory])).toEqual(SILENT);
    await gone(directory);
  });

  it('alone loads the package', async () => {
    const other = await newDirectory();
    expect(await stratafs(['mount', reference, other])).toEqual(SILENT);
    expect(mapped(other)).toEqual([false]);
    await succeed('umount', [other]);
  });

  it('lets another user in only where asked to', async () => {
    for (const [words, code] of [
      [['--allow-other'], 0],
      [[], 1],
    ] as const) {
      const { directory } = await mount(words);
      expect((await run('cat', [`${directory}/etc/a`], { uid: 1000 })).code).toBe(code);
      await succeed('umount', [directory]);
    }
  });

  it('tells of damage in the log, once', async () => {
    const damaged = temporary.path('damaged');
    await oracle.write([{ directory: damaged, steps: [layer.file('a', 'old'), layer.file('b', 'b')] }]);
    const mounted = await mountStratafs(temporary, lowerdirReference([damaged]), { args: DRIVER });
    await stat(`${mounted.directory}/a`);
    await writeFile(`${damaged}/next`, 'new');
    await rename(`${damaged}/next`, `${damaged}/a`);
    for (let i = 0; i < 3; i += 1)
      await expect(readFile(`${mounted.directory}/a`)).rejects.toMatchObject({ code: 'EIO' });
    expect(await readFile(`${mounted.directory}/b`, 'latin1')).toBe('b');
    expect(await mounted.umount()).toBe(0);
    expect(mounted.log()).toBe(
      `stratafs: READ failed: open "a" in layer "${damaged}", which was replaced: input/output error\n`,
    );
  });

  it('prints each request as a line with --debug', async () => {
    const mounted = await mountStratafs(temporary, reference, { args: [...DRIVER, '--debug'] });
    await readFile(`${mounted.directory}/etc/a`);
    await expect(stat(`${mounted.directory}/none`)).rejects.toThrow();
    expect(await mounted.umount()).toBe(0);
    const lines = mounted.log().split('\n');
    expect(lines).toEqual(
      expect.arrayContaining(['GETATTR /etc/a: ok', 'READ /etc/a: ok', 'GETATTR /none: ENOENT']),
    );
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s, with the mount undone', async (signal) => {
    const mounted = await mountStratafs(temporary, reference, { args: DRIVER });
    kill(mounted.pid, signal);
    await gone(mounted.directory);
    expect(mounted.log()).toBe('');
  });

  it('ends on SIGTERM in the very moment it is mounted', async () => {
    for (let round = 0; round < 3; round += 1) {
      const directory = await newDirectory();
      const words = ['mount', '-f', ...DRIVER, reference, directory];
      const server = spawn(process.execPath, [BUILT_COMMAND, ...words], { stdio: 'ignore' });
      temporary.owns(server.pid);
      // Without a pause: a server that mounts first and then learns of signals dies in between.
      const end = Date.now() + 300_000;
      while (!isMounted(directory) && Date.now() < end);
      server.kill('SIGTERM');
      await gone(directory);
    }
  });

  it('serves on who uses the mount when it ends, and frees the mount point', async () => {
    const mounted = await mountStratafs(temporary, reference, { args: DRIVER });
    const file = await open(`${mounted.directory}/etc/a`);
    kill(mounted.pid, 'SIGTERM');
    await until('the mount point to be free', () => !isMounted(mounted.directory));
    expect(await file.readFile('utf8')).toBe('text');
    expect(serversOf(mounted.directory)).toEqual([mounted.pid]);
    await file.close();
    await gone(mounted.directory);
    expect(mounted.log()).toContain('The mount is in use by ');
  });

  it('leaves no dead mount behind on SIGKILL', async () => {
    const { directory } = await mount();
    for (const pid of serversOf(directory)) kill(pid, 'SIGKILL');
    await gone(directory);
    expect(await readdir(directory)).toEqual([]);
  });

  it('serves many readers at once', async () => {
    const big = temporary.path('big');
    await mkdir(big);
    await succeed('sh', ['-c', 'for i in $(seq 40); do seq $i 200000 >f$i; done'], { cwd: big });
    const { directory } = await mountStratafs(temporary, lowerdirReference([big]), { args: DRIVER });
    const sums = (cwd: string) => succeed('sh', ['-c', 'ls | xargs -P 16 -n 1 cksum | sort -k 3'], { cwd });
    const expected = await sums(big);
    expect(expected.split('\n').length).toBe(41);
    expect(await sums(directory)).toBe(expected);
  });

  describe('where the package cannot be had', () => {
    const [home, modules] = [temporary.path('home'), temporary.path('home', 'node_modules')];
    const command = `${home}/dist/cli/main.js`;

    /** The built command, beside the packages this one has but fuse-native. */
    beforeAll(async () => {
      await mkdir(modules, { recursive: true });
      const built = new URL('..', `file://${BUILT_COMMAND}`).pathname;
      await cp(built, `${home}/dist`, { recursive: true });
      await cp(new URL('../../package.json', import.meta.url).pathname, `${home}/package.json`);
      const ours = new URL('../../node_modules/', import.meta.url).pathname;
      for (const entry of readdirSync(ours)) {
        if (entry !== 'fuse-native') await symlink(`${ours}${entry}`, `${modules}/${entry}`);
      }
    });

    it('says how to get it, and the default driver works', async () => {
      const directory = await newDirectory();
      const state = `its package is not installed; "npm install --ignore-scripts" in "${home}/" gets it`;
      expect(await run(process.execPath, [command, 'mount', ...DRIVER, reference, directory])).toEqual({
        ...SILENT,
        code: 6,
        stderr: `stratafs: Cannot load the driver "fuse-native": ${state}\n`,
      });
      expect(isMounted(directory)).toBe(false);
      expect(await run(process.execPath, [command, 'mount', reference, directory])).toEqual(SILENT);
      await succeed('umount', [directory]);
    });

    it('says that it does not load', async () => {
      await mkdir(`${modules}/fuse-native`);
      await writeFile(`${modules}/fuse-native/package.json`, '{ "name": "fuse-native", "main": "index.js" }');
      await writeFile(
        `${modules}/fuse-native/index.js`,
        "throw new Error('No native build was found\\nin detail')",
      );
      const words = ['mount', ...DRIVER, reference, await newDirectory()];
      const { code, stderr } = await run(process.execPath, [command, ...words]);
      expect(code).toBe(6);
      expect(stderr).toBe(
        `stratafs: Cannot load the driver "fuse-native": its package does not load on ${process.platform} on ` +
          `${process.arch} (No native build was found); the default driver needs no package\n`,
      );
    });
  });
});

describeSystem('fuse-native without privilege', ['root', 'fuse', 'fusermount3', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const uid = 1000;

  it('mounts through fusermount, and unmounts', async () => {
    await chmod(temporary.directory, 0o755);
    const [source, directory] = [temporary.path('layer'), temporary.path('mnt')];
    const owner = layer.change('.', { owner: [uid, uid] });
    await oracle.write([
      { directory: source, steps: [layer.file('a', 'text'), owner] },
      { directory, steps: [owner] },
    ]);
    const { mode } = await stat('/dev/fuse');
    temporary.undo(() => chmod('/dev/fuse', mode & 0o777));
    await chmod('/dev/fuse', 0o666);
    expect(await stratafs(['mount', ...DRIVER, lowerdirReference([source]), directory], { uid })).toEqual(
      SILENT,
    );
    expect(await run('cat', [`${directory}/a`], { uid })).toEqual({ ...SILENT, stdout: 'text' });
    expect(await stratafs(['umount', directory], { uid })).toEqual(SILENT);
    await until('the end of the server', () => serversOf(directory).length === 0);
  });
});
