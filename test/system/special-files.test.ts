// A FIFO, a device, a directory, a link or something unreadable in the place of each file that is looked for in a store, whether it is
// there or not: none is opened or followed, and what that takes away is told by name. Which files these are, strace(1) tells.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { asBytes } from '../../src/sys/bytes.ts';
import { run } from '../support/command.ts';
import { ASKED_STORES, type AskedStore, askStore, isTree, onePerShape } from '../support/hostile-store.ts';
import { unpackStore } from '../support/real-stores.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const { 'podman-5.8-rootless-vfs': _, ...STORES } = ASKED_STORES;
/** What is only shown, a layer's size; and where the short link of an entry of BuildKit's cache leads, which is told of the link. */
const ONLY_SHOWN = /\/layerdb\/sha256\/[0-9a-f]{64}\/size$|\/overlay2\/[a-z0-9]{25}\/diff$/;
const USUAL = ['docker-28-containerd', 'podman-5.8-root-overlay'];

describeSystem('special files in the place of', ['root', 'stores', 'strace', 'build'], () => {
  const temporary = temporaryForSuite();
  const chosen = Object.entries<AskedStore>(STORES).filter(
    ([name]) => process.env.FUZZ !== undefined || USUAL.includes(name),
  );

  describe.each(chosen)('what is looked for in %s', (name, { root: inner, references, namespace }) => {
    const [image, container] = references;
    let root = '';
    let paths: readonly string[] = [];
    let whole: readonly string[] = [];
    const ask = () =>
      askStore(root, references, namespace === undefined ? {} : { namespace: asBytes(namespace) });

    beforeAll(async () => {
      root = join(unpackStore(temporary, name), inner);
      const words = ['--root', root, ...(namespace === undefined ? [] : ['--namespace', namespace])];
      const looked = new Set<string>();
      for (const command of [
        ['images'],
        ['containers', '-a'],
        ['inspect', image],
        ['inspect', container],
        ['ls', container, '/'],
        ['verify', '--all'],
        ['df'],
        ['doctor'],
      ])
        for (const path of await lookedFor(root, [...words, ...command])) looked.add(path);
      paths = onePerShape([...looked].sort()).filter(
        (path) => path !== '' && !isTree(path) && !ONLY_SHOWN.test(`/${path}`),
      );
      whole = await ask();
    });

    async function lookedFor(below: string, words: readonly string[]): Promise<string[]> {
      const log = temporary.path('strace');
      const calls = 'trace=open,openat,openat2,statx,newfstatat,readlink,readlinkat';
      const traced = [
        '-f',
        '--seccomp-bpf',
        '-y',
        '-qq',
        '-s',
        '4096',
        '-e',
        calls,
        '-o',
        log,
        process.execPath,
        BUILT_COMMAND,
      ];
      const { code } = await run('strace', [...traced, ...words]);
      expect(code).not.toBe(70);
      return pathsIn(log, below);
    }

    it('opens and follows none, and tells of each that takes something away', async () => {
      const wrong: string[] = [];
      for (const [index, path] of paths.entries())
        for (const [way, [what, place]] of WAYS.entries()) {
          // A third of the paths, one way for the first, the next for the next; all of them with FUZZ.
          const isUsual = index % 3 === 0 && way === (index / 3) % WAYS.length;
          if (process.env.FUZZ === undefined && !isUsual) continue;
          if (what === 'a directory' && !isFileAt(join(root, path))) continue;
          const said = await away(path, (without) => saidOf(path, place, without));
          if (said !== undefined) wrong.push(`${what} at "${path}": ${said}`);
        }
      expect(wrong).toEqual([]);
    });

    it('tells by name what an ordinary user may not read', async () => {
      spawnSync('chmod', ['-R', 'a+rX', temporary.directory]);
      const usual = await asNobody(ask);
      const wrong: string[] = [];
      let needed = 0;
      for (const [index, path] of paths.entries()) {
        const at = join(root, path);
        if (lstatSync(at, { throwIfNoEntry: false }) === undefined) continue;
        if (process.env.FUZZ === undefined && index % 3 !== 0) continue;
        const { mode } = lstatSync(at);
        chmodSync(at, 0);
        try {
          const answer = await asNobody(ask);
          if (answer.join('\n') !== usual.join('\n')) needed++;
          const said = judged(path, answer, usual);
          if (said !== undefined) wrong.push(`"${path}": ${said}`);
        } finally {
          chmodSync(at, mode & 0o7777);
        }
      }
      expect(wrong).toEqual([]);
      expect(needed).toBeGreaterThan(5);
    });

    /** `act` where nothing lies at a path, with a way to ask what is answered then; all is put back. */
    async function away<T>(
      path: string,
      act: (without: () => Promise<readonly string[]>) => Promise<T>,
    ): Promise<T> {
      const [at, moved] = [join(root, path), temporary.path('moved')];
      const above = mkdirSync(dirname(at), { recursive: true });
      const isThere = lstatSync(at, { throwIfNoEntry: false }) !== undefined;
      if (isThere) renameSync(at, moved);
      try {
        return await act(async () => (isThere ? ask() : whole));
      } finally {
        rmSync(at, { recursive: true, force: true });
        if (isThere) renameSync(moved, at);
        if (above !== undefined) rmSync(above, { recursive: true, force: true });
      }
    }

    /** What is wrong with the answer where something was put at a path; undefined where nothing is. */
    async function saidOf(
      path: string,
      place: (at: string) => () => Promise<boolean>,
      without: () => Promise<readonly string[]>,
    ): Promise<string | undefined> {
      const at = join(root, path);
      const end = place(at);
      const answer = await ask();
      if (await end()) return 'it was opened';
      if (answer.some((line) => /root:x:0:0|no such device/.test(line))) return 'it was read';
      if (answer.join('\n') === whole.join('\n')) return undefined;
      rmSync(at, { recursive: true });
      return judged(path, answer, whole, await without());
    }
  });
});

/** Whether what is looked for there is a file: a directory in the place of one, or where there is none, is nothing special. */
function isFileAt(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? /\.(?:json|db|sql|gz)(?:-\w+)?$/.test(path);
}

/** What an answer differs in from the usual one must be told with the path, and not by the words for what is not there. */
function judged(
  path: string,
  answer: readonly string[],
  usual: readonly string[],
  without: readonly string[] = [],
): string | undefined {
  if (answer.join('\n') === usual.join('\n')) return undefined;
  const told = answer.filter((line) => !usual.includes(line));
  if (told.some((line) => line.includes(path) && !without.includes(line))) return undefined;
  const how = answer.join('\n') === without.join('\n') ? 'as if nothing were there' : 'nothing names it';
  return `${how}: ${told[0]?.slice(0, 300) ?? 'lines are lost'}`;
}

/** As a user who owns nothing here. */
async function asNobody<T>(act: () => Promise<T>): Promise<T> {
  process.seteuid?.(65534);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}

/** What calls have asked for below a directory, relative to it. */
function pathsIn(log: string, below: string): string[] {
  const calls = readFileSync(log, 'latin1').matchAll(/\((?:\d+|AT_FDCWD)<([^>]*)>, "((?:[^"\\]|\\.)*)"/g);
  return [...calls].flatMap(([, directory = '', path = '']) => {
    const whole = resolve(directory, path);
    return whole.startsWith(`${below}/`) ? [whole.slice(below.length + 1)] : [];
  });
}

/** Puts something at a path; what it answers ends it, and tells whether that was opened. */
type Place = (path: string) => () => Promise<boolean>;

const WAYS: readonly (readonly [what: string, place: Place])[] = [
  ['a FIFO', fifo],
  ['a device', (path) => made(path, 'c', '240', '240')],
  ['a directory', (path) => done(() => mkdirSync(path))],
  ['a link', (path) => done(() => symlinkSync('/etc/passwd', path))],
];

function done(act: () => void): () => Promise<boolean> {
  act();
  return async () => false;
}

function made(path: string, ...words: readonly string[]): () => Promise<boolean> {
  return done(() => expect(spawnSync('mknod', [path, ...words]).status).toBe(0));
}

/** Whoever opens it to read is met by a writer, so that nothing hangs, and the writer has ended then. */
function fifo(path: string): () => Promise<boolean> {
  made(path, 'p');
  const writer = spawn('sh', ['-c', 'echo opened > "$1"', 'sh', path], { stdio: 'ignore' });
  const ended = new Promise<boolean>((resolve) => writer.on('exit', (code) => resolve(code === 0)));
  return () => {
    writer.kill('SIGKILL');
    return ended;
  };
}
