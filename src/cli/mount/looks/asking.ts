// Asks another process about a store, so that who reads in a mount need not wait for an answer that somebody else wants. That process
// lives no longer than it works, than it is waited for, and than this one.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Answer, NoAnswer, Question } from './question.ts';

const ANSWERING = fileURLToPath(new URL('./answering.js', import.meta.url));
const REPLACED: NoAnswer = {
  kind: 'failed',
  why: 'the program was replaced since it was started, and the new one may answer otherwise',
};

/** Milliseconds in which a process that works takes processor time; one that took none is stopped, or its disk does not answer. */
const STILL = 60_000;
/** Looks at a process in that time. They are counted, not timed: where this process was stopped, too, time tells nothing. */
const LOOKS = 4;
/** So many times as long may an answer take at all. */
const MOST = 15;
/** Characters of what it said, and lines of them, that are told where it fails. */
const SAID = 4000;
const SAID_LINES = 8;

interface AskingOptions {
  /** A module that answers as `answering.ts` does. */
  readonly program?: string;
  /** As `STILL`. */
  readonly still?: number;
}

export class Asking {
  readonly #program: string;
  readonly #still: number;
  /** Which file the program was when this one started. */
  readonly #known: string | undefined;
  /** What ends each question that is not answered yet. */
  readonly #open = new Set<(why: NoAnswer) => void>();
  #isOver = false;

  constructor({ program = ANSWERING, still = STILL }: AskingOptions = {}) {
    this.#program = program;
    this.#still = still;
    this.#known = fileAt(program);
  }

  ask = async (question: Question): Promise<Answer | NoAnswer> => {
    if (this.#isOver) return OVER;
    if (fileAt(this.#program) !== this.#known) return REPLACED;
    const child = spawn(process.execPath, [this.#program, String(process.pid)], { cwd: '/', stdio: 'pipe' });
    let end: (why: NoAnswer) => void = () => {};
    const ended = new Promise<NoAnswer>((resolve) => {
      end = (why) => {
        child.kill('SIGKILL');
        resolve(why);
      };
    });
    this.#open.add(end);
    const watch = this.#watch(child, end);
    try {
      return await Promise.race([ended, answerOf(child, question)]);
    } finally {
      clearInterval(watch);
      this.#open.delete(end);
    }
  };

  /** Nobody wants an answer any more. */
  end(): void {
    this.#isOver = true;
    for (const end of this.#open) end(OVER);
  }

  #watch({ pid }: ChildProcess, end: (why: NoAnswer) => void): NodeJS.Timeout {
    let known = '';
    let still = 0;
    let looks = 0;
    const look = () => {
      const now = processorTimeOf(pid);
      still = now === known ? still + 1 : 0;
      known = now;
      looks += 1;
      if (still < LOOKS && looks < LOOKS * MOST) return;
      const seconds = (this.#still / 1000) * (still < LOOKS ? MOST : 1);
      const state = still < LOOKS ? 'not done after' : 'not answered, nor worked, for';
      const why = `the process that does it has ${state} ${seconds} s, and was ended`;
      end({ kind: 'late', why, waited: seconds * 1000 });
    };
    return setInterval(look, this.#still / LOOKS).unref();
  }
}

const OVER: NoAnswer = { kind: 'late', why: 'the mount has ended', waited: 0 };

/** What tells a file from one that was put in its place or written anew; undefined where it cannot be asked for. */
function fileAt(path: string): string | undefined {
  try {
    const { dev, ino, mtimeNs } = statSync(path, { bigint: true });
    return `${dev} ${ino} ${mtimeNs}`;
  } catch {
    return undefined;
  }
}

function answerOf(child: ChildProcess, question: Question): Promise<Answer | NoAnswer> {
  const { stdin, stdout, stderr } = child as { [Name in 'stdin' | 'stdout' | 'stderr']?: Socket | null };
  return new Promise((resolve) => {
    const failed = (why: string) => resolve({ kind: 'failed', why });
    child.on('error', ({ message }) => failed(message));
    // Where no descriptor is left there are no pipes.
    if (!stdin || !stdout || !stderr) return;
    const blocks: Buffer[] = [];
    let said = '';
    stdout.on('data', (block: Buffer) => blocks.push(block));
    stderr.on('data', (block: Buffer) => {
      said = (said + block.toString('utf8')).slice(-SAID);
    });
    child.on('close', (code, signal) => {
      // What another end left may be cut anywhere.
      if (code === 0) resolve(JSON.parse(Buffer.concat(blocks).toString('utf8')) as Answer);
      else failed(`it ended with ${signal ?? code}${lastLines(said)}`);
    });
    for (const pipe of [stdin, stdout, stderr]) {
      pipe.on('error', () => {});
      // Who asked may go: nothing of the child is waited for then.
      pipe.unref();
    }
    child.unref();
    stdin.end(JSON.stringify(question));
  });
}

function lastLines(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  const last = lines.filter((line) => line !== '').slice(-SAID_LINES);
  return last.length === 0 ? '' : `: ${last.join(' | ')}`;
}

/** Of all its threads, in the kernel's ticks (proc_pid_stat(5)); empty where it has ended. */
function processorTimeOf(pid: number | undefined): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 13).join(' ');
  } catch {
    return '';
  }
}
