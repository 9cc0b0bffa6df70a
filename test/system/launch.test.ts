// The two doors of the command, the shell and Node: a mount in the background is one server, whoever starts it, and both
// hand its words over byte for byte; and how commands end whose reader goes away.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, run, succeed } from '../support/command.ts';
import { BUILT_COMMAND, isMounted, serversOf } from '../support/stratafs.ts';
import { describeSystem, itSystem } from '../support/system.ts';
import { argumentsOf, isRunning, kill, temporaryForSuite, until } from '../support/temporary.ts';

const SHELL = `${dirname(BUILT_COMMAND)}/stratafs.sh`;
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number);
}

const SILENT: Outcome = { code: 0, signal: null, stdout: '', stderr: '' };

const DOORS: readonly (readonly [name: string, command: readonly string[]])[] = [
  ['the shell', [SHELL]],
  ['Node', [process.execPath, BUILT_COMMAND]],
];

describeSystem('stratafs in the background', ['root', 'fuse', 'build'], () => {
  const temporary = temporaryForSuite();
  const layer = temporary.path('layer');
  const reference = `lowerdir=${layer}`;
  let count = 0;

  const newDirectory = async () => {
    count += 1;
    const directory = temporary.path(`mnt-${count}`);
    await mkdir(directory);
    return directory;
  };
  const gone = (directory: string) =>
    until('the end of the server', () => !isMounted(directory) && serversOf(directory).length === 0);

  beforeAll(async () => {
    await mkdir(layer);
    await mkdir(temporary.path('empty'));
    await writeFile(`${layer}/file`, 'here');
    await writeFile(`${layer}/big`, 'a line\n'.repeat(100_000));
    await mkdir(`${layer}/many`);
    for (let i = 0; i < 3000; i += 1) await writeFile(`${layer}/many/${'long'.repeat(20)}-${i}`, '');
  });

  describe.each(DOORS)('by %s', (_name, [program = '', ...before]) => {
    const door = (...words: string[]) => run(program, [...before, ...words]);

    it('is one process, in a session of its own, and a watcher', async () => {
      const directory = await newDirectory();
      expect(await door('--root', '/nowhere', 'mount', '-o', 'suid', reference, directory)).toEqual(SILENT);
      expect(readFileSync(`${directory}/file`, 'utf8')).toBe('here');
      const [server = 0, ...others] = serversOf(directory);
      expect(others).toEqual([]);
      // pid (command) state ppid pgrp session tty
      const [, , pgrp, session, tty] =
        readFileSync(`/proc/${server}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
      expect([pgrp, session, tty]).toEqual([String(server), String(server), '0']);
      const [watcher = 0] = childrenOf(server);
      const variables = readFileSync(`/proc/${watcher}/environ`, 'latin1').split('\0');
      expect(variables.filter((variable) => variable.startsWith('STRATAFS_MOUNT='))).toEqual([]);
      expect(variables.length).toBeGreaterThan(1);
      kill(server, 'SIGKILL');
      await gone(directory);
    });

    it.each([
      ['2', ['mount', reference], /^stratafs: missing required argument 'dir'\n$/],
      ['2', ['mount', '--bad', reference, '/mnt'], /^stratafs: unknown option '--bad'/],
      [
        '4',
        ['--root=/nowhere', 'mount', 'nginx', '/mnt'],
        /^stratafs: Cannot open "\/nowhere": no such directory\n$/,
      ],
      ['6', ['mount', reference, '/nowhere'], /^stratafs: Cannot mount on "\/nowhere": /],
    ])('answers %s to %j', async (code, words, message) => {
      const outcome = await door(...words);
      expect(outcome).toEqual({
        code: Number(code),
        signal: null,
        stdout: '',
        stderr: expect.stringMatching(message),
      });
    });

    it('prints its help, and lists what is asked for', async () => {
      expect(await door('mount', '--help')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^Usage: stratafs mount/),
      });
      expect(await door('ls', reference, '/')).toEqual({ ...SILENT, stdout: 'big\nfile\nmany\n' });
    });

    it('takes names that are not UTF-8', async () => {
      const script = `
        set -e
        cd "$(mktemp -d -p "$0")"
        layer=$(printf 'l\\377\\303'); point=$(printf 'm\\377\\303')
        mkdir "$layer" "$point"; echo bytes >"$layer/file"
        "$@" mount "lowerdir=$PWD/$layer" "$point"
        cat "$point/file"
        "$@" umount "$point"`;
      const outcome = await run('sh', ['-c', script, temporary.directory, program, ...before]);
      expect(outcome).toEqual({ ...SILENT, stdout: 'bytes\n' });
    });
  });

  it.each(['ls -R', 'ls -lR --json', 'cat /big', 'export', 'timeline', 'manifest', 'diff -p'])(
    'ends %s with 141 and no word when the reader goes away',
    async (words) => {
      const [command = '', ...rest] = words.split(' ');
      const operands = [reference, ...(command === 'diff' ? [`lowerdir=${temporary.path('empty')}`] : [])];
      const paths = rest.filter((word) => word.startsWith('/'));
      const options = rest.filter((word) => word.startsWith('-'));
      const text = 'exec 3>&1; { "$@"; echo $? >&3; } | head -c 1 >/dev/null';
      const { stdout, stderr } = await run('sh', [
        '-c',
        text,
        'sh',
        SHELL,
        command,
        ...options,
        ...operands,
        ...paths,
      ]);
      expect({ stdout, stderr }).toEqual({ stdout: '141\n', stderr: '' });
    },
  );

  it.each([
    ['full', '>/dev/full', 'no space left on device'],
    ['closed', '>&-', 'bad file descriptor'],
  ])('ends with 2 where the output is %s, whatever the verdict', async (_name, redirection, words) => {
    const commands = [
      ['ls', reference],
      ['cat', reference, '/file'],
      ['export', reference],
      ['diff', reference, `lowerdir=${temporary.path('empty')}`],
      ['diff', '--json', reference, reference],
      ['--help'],
    ];
    for (const command of commands) {
      const text = `"$@" ${redirection}`;
      const stderr = `stratafs: Cannot write the output: ${words}\n`;
      const outcome = await run('sh', ['-c', text, 'sh', SHELL, ...command]);
      expect([command, outcome]).toEqual([command, { ...SILENT, code: 2, stderr }]);
    }
  });

  it.each(['>&-', '2>&-', '<&- >&- 2>&-'])('mounts and unmounts with %s', async (redirection) => {
    const directory = await newDirectory();
    const byShell = (...words: string[]) => run('sh', ['-c', `"$@" ${redirection}`, 'sh', SHELL, ...words]);
    expect(await byShell('mount', reference, directory)).toEqual(SILENT);
    expect(readFileSync(`${directory}/file`, 'utf8')).toBe('here');
    expect(await byShell('umount', directory)).toEqual(SILENT);
  });

  it('works by a link to the command, from anywhere', async () => {
    const [link, directory] = [temporary.path('stratafs'), await newDirectory()];
    await symlink(SHELL, temporary.path('inner'));
    await symlink('inner', link);
    const env = { PATH: `${temporary.directory}:${process.env.PATH}` };
    expect(await run('stratafs', ['mount', reference, directory], { env, cwd: '/' })).toEqual(SILENT);
    expect(await run('stratafs', ['umount', directory], { env, cwd: '/' })).toEqual(SILENT);
  });

  it('works where it is found in the working directory, without a slash', async () => {
    const outcome = await run('sh', ['stratafs.sh', 'ls', reference, '/many/..'], { cwd: dirname(SHELL) });
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
  });

  for (const [name, needs, shell] of [
    ["dash, Debian's sh", [], ['sh']],
    ["busybox, Alpine's sh", ['busybox'], ['busybox', 'sh']],
  ] as const) {
    itSystem(`is a script of ${name}, too`, needs, async () => {
      const [first, ...rest] = shell;
      const byShell = (...more: string[]) => run(first, [...rest, SHELL, ...more]);
      const directory = await newDirectory();
      expect(await byShell('mount', reference, directory)).toEqual(SILENT);
      expect(readFileSync(`${directory}/file`, 'utf8')).toBe('here');
      expect(await byShell('umount', directory)).toEqual(SILENT);
      await gone(directory);
      for (const words of [['mount', reference, `${directory}/none`], ['--none'], ['ls', reference]])
        expect(await byShell(...words)).toEqual(await run(process.execPath, [BUILT_COMMAND, ...words]));
      // Others' mounts come and go.
      expect(await byShell('mount')).toMatchObject({ code: 0, stderr: '' });
    });
  }

  it('mounts where the output is closed', async () => {
    const directory = await newDirectory();
    const words = ['-c', '"$@" >&-', 'sh', SHELL, 'mount', reference, directory];
    expect(await run('sh', words)).toEqual(SILENT);
    expect(await run(SHELL, ['umount', directory])).toEqual(SILENT);
  });

  describe('where it is ended before it has mounted', () => {
    /** A server that waits for a reader of its log. */
    const begin = async () => {
      const [directory, log] = [await newDirectory(), temporary.path(`log-${count}`)];
      await succeed('mkfifo', [log]);
      const shell = spawn(SHELL, ['mount', '--log', log, reference, directory]);
      temporary.owns(shell.pid);
      const ended = new Promise((resolve) => shell.on('exit', (code, signal) => resolve(code ?? signal)));
      let stderr = '';
      shell.stderr.on('data', (block: Buffer) => {
        stderr += block.toString();
      });
      const server = await until('the server', () =>
        serversOf(directory).find((pid) => argumentsOf(pid)[0] === 'node' && isWaiting(pid)),
      );
      return { directory, log, shell, server, ended, stderr: () => stderr };
    };
    /** Waits in open(2) of a pipe that nobody reads. */
    const isWaiting = (pid: number) => readFileSync(`/proc/${pid}/wchan`, 'latin1') === 'wait_for_partner';

    it('says so when the server is killed', async () => {
      const { directory, server, ended, stderr } = await begin();
      kill(server, 'SIGKILL');
      expect(await ended).toBe(6);
      await until('the message', () => stderr() === 'stratafs: Cannot mount: the server was killed\n');
      await gone(directory);
    });

    it('mounts nothing when the shell is killed', async () => {
      const { directory, log, shell, server, ended } = await begin();
      shell.kill('SIGTERM');
      expect(await ended).toBe('SIGTERM');
      expect(isRunning(server)).toBe(true);
      const reader = await open(log, 'r');
      await until('the end of the server', () => !isRunning(server));
      expect(await reader.readFile('utf8')).toBe('');
      await reader.close();
      await gone(directory);
    });
  });
});
