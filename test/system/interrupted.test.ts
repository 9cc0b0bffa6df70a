// What a signal makes of a command that walks a whole tree: it ends by the signal (a shell says 130) with nothing printed, and
// leaves nothing behind.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { writeSampleRoot } from '../support/sample-root.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite, until } from '../support/temporary.ts';

const DIRECTORIES = 300;
const FILES = 100;
const NAME = 'walked-';

describeSystem('a command that is interrupted while it walks', ['root', 'build'], () => {
  const temporary = temporaryForSuite();
  const [root, top] = ['root', 'top'].map((name) => temporary.path(name)) as [string, string];
  /** A volume of the store, and a layer. */
  const low = join(root, 'volumes/many/_data');
  const reference = `lowerdir=${top}:${low}`;

  /** So many names that a walk of them takes long enough to be met. */
  function fill(directory: string): void {
    for (let i = 0; i < DIRECTORIES; i++) {
      const at = join(directory, `${NAME}${i}`);
      mkdirSync(at, { recursive: true });
      for (let j = 0; j < FILES; j++) writeFileSync(join(at, String(j)), '');
    }
  }

  beforeAll(() => {
    writeSampleRoot(root);
    fill(low);
    mkdirSync(top);
  });

  /** Whether a process has one of the directories open. */
  function isWalking(pid: number): boolean {
    const opened = (fd: string): string => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    };
    return readdirSync(`/proc/${pid}/fd`).some((fd) => opened(fd).includes(NAME));
  }

  it.each([
    ['SIGINT', ['du', '--json', '-a', reference]],
    ['SIGINT', ['du']],
    ['SIGINT', ['df', '--json']],
    ['SIGTERM', ['df']],
    ['SIGINT', ['history', '--json', reference]],
    ['SIGHUP', ['history', '--waste', reference]],
    ['SIGINT', ['timeline', '--format', 'jsonl', reference]],
  ] as const)('ends by %s: %j', async (signal, words) => {
    const folder = temporary.path(`tmp-${signal}-${words[0]}-${words.length}`);
    mkdirSync(folder);
    const env = { ...process.env, TMPDIR: folder };
    const child = spawn(process.execPath, [BUILT_COMMAND, '--root', root, ...words], { env });
    temporary.owns(child.pid);
    const told: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => told.push(piece));
    const ended = new Promise((resolve) => child.on('close', (code, by) => resolve([code, by])));
    await until('a directory that is open', () => isWalking(child.pid ?? 0));
    child.kill(signal);
    expect([await ended, Buffer.concat(told).toString(), readdirSync(folder)]).toEqual([
      [null, signal],
      '',
      [],
    ]);
  });
});
