// A pager as a process: what is written to it comes to its input, and this process does not end before it.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { exitCodeOfChild, pipe } from '../../../sys/process/child.ts';
import { DescriptorOutput } from '../output.ts';
import { programOfPager } from './choose-pager.ts';

/** What less(1) does unless the environment says otherwise: end where one screen is enough, show colours, leave the text. */
const DEFAULTS = { LESS: 'FRX', LV: '-c' };
/** How a shell ends that could not run a program. */
const NOT_RUN = [126, 127];

export function isInPath(program: string): boolean {
  const places = program.includes('/')
    ? [program]
    : (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory || '.', program));
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK);
      return statSync(place).isFile();
    } catch {
      return false;
    }
  });
}

export class PagerProcess {
  /** Throws OutputClosed where the pager has ended. */
  readonly input: DescriptorOutput;
  readonly #descriptor: number;
  readonly #child: ChildProcess;
  #isOpen = true;
  /** Whoever interrupts a pager wants something of it, not the end of the command while the pager has the terminal. */
  readonly #interrupted = () => {
    this.end();
    process.kill(process.pid, 'SIGINT');
  };

  private constructor(child: ChildProcess, descriptor: number) {
    this.#child = child;
    this.#descriptor = descriptor;
    this.input = new DescriptorOutput(descriptor);
    process.on('SIGINT', this.#interrupted);
  }

  /** Undefined where it cannot be started; whether the shell can run what it is told shows in the end alone. */
  static start(commandLine: string): PagerProcess | undefined {
    const program = programOfPager(commandLine);
    if (program !== undefined && !isInPath(program)) return undefined;
    const ends = pipe();
    if (ends === undefined) return undefined;
    const [reader, writer] = ends;
    const child = spawn('/bin/sh', ['-c', program === undefined ? commandLine : `exec ${commandLine}`], {
      stdio: [reader, 'inherit', 'inherit'],
      env: { ...DEFAULTS, ...process.env },
    });
    // What went wrong shows in the missing number of the process.
    child.on('error', () => {});
    closeSync(reader);
    if (child.pid !== undefined) return new PagerProcess(child, writer);
    closeSync(writer);
    return undefined;
  }

  get hasEnded(): boolean {
    return this.#ending({ wait: false }) !== undefined;
  }

  /** Waits for the end; answers whether the pager ran at all. */
  end(): { readonly ran: boolean } {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
    const code = this.#ending({ wait: true });
    process.off('SIGINT', this.#interrupted);
    return { ran: !NOT_RUN.includes(code ?? 0) };
  }

  /** Its exit code, 0 where a signal ended it; undefined while it runs. Node, which waits for it too, may know it already. */
  #ending({ wait }: { readonly wait: boolean }): number | undefined {
    const { exitCode, signalCode, pid = 0 } = this.#child;
    if (exitCode !== null || signalCode !== null) return exitCode ?? 0;
    const answer = exitCodeOfChild(pid, { wait });
    return answer === undefined || answer >= 0 ? answer : 0;
  }
}
