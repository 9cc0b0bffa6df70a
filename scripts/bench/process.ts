// Other processes: placed on processors, run to their end, counted with their children.
import { spawn } from 'node:child_process';
import { allProcesses, procFile } from './proc.ts';
import type { Session } from './session.ts';

/** pinned: server, client and the client's peers all on processor 0. */
export type Placement = 'free' | 'pinned';

export const PLACEMENTS: readonly Placement[] = ['free', 'pinned'];

export interface RunOptions {
  readonly placement?: Placement;
  /** Killed after this time; 900 unless told. */
  readonly seconds?: number;
  readonly stdin?: string;
}

/** The words to run `words` where the placement says. */
export function placed(words: readonly string[], placement: Placement = 'free'): string[] {
  return placement === 'pinned' ? ['taskset', '-c', '0', ...words] : [...words];
}

/** Runs to the end and answers stdout; anything but exit code 0 is an error that shows what was printed. */
export function run(session: Session, words: readonly string[], options: RunOptions = {}): Promise<string> {
  const [command = '', ...args] = placed(words, options.placement);
  const child = spawn(command, args, {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: (options.seconds ?? 900) * 1000,
    killSignal: 'SIGKILL',
  });
  session.owns(child);
  const printed: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on('data', (block: Buffer) => printed.push(block));
  child.stderr.on('data', (block: Buffer) => complaints.push(block));
  // A command that ends before it has read its input says so by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(printed).toString());
      const said = Buffer.concat(complaints).toString().trim();
      reject(new Error(`${shown(words)}: ${signal ?? `exit code ${code}`}${said ? `: ${said}` : ''}`));
    });
  });
}

/** Those whose programs are here, and the ids of the others. */
export async function findPresent<C extends { readonly id: string; readonly programs: readonly string[] }>(
  session: Session,
  contenders: readonly C[],
): Promise<{ present: C[]; absent: string[] }> {
  const present: C[] = [];
  const absent: string[] = [];
  for (const contender of contenders) {
    if (await areHere(session, contender.programs)) present.push(contender);
    else absent.push(contender.id);
  }
  return { present, absent };
}

export function areHere(session: Session, programs: readonly string[]): Promise<boolean> {
  const tests = programs.map((program) => `command -v ${program}`).join(' && ') || 'true';
  return run(session, ['sh', '-c', tests]).then(
    () => true,
    () => false,
  );
}

/** Of the children, in the last line of bash's `times`: `0m0.012s 0m0.034s`. */
export function secondsOfTimes(text: string): number {
  const children = text.trim().split('\n').at(-1) ?? '';
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** A command line for an error message; the many paths of a stack say nothing there. */
export function shown(words: readonly string[]): string {
  return words.join(' ').replace(/lowerdir=\S+/, 'lowerdir=…');
}

/** The process and all that descend from it: a server may keep a child. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of allProcesses()) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree: number[] = [];
  for (let level = [root]; level.length > 0; level = level.flatMap((pid) => children.get(pid) ?? [])) {
    tree.push(...level);
  }
  return tree;
}

/** Bytes that the processes have read from disk since they began. */
export function diskBytes(pids: readonly number[]): number {
  return sum(pids, (pid) => /^read_bytes: (\d+)$/m.exec(procFile(pid, 'io'))?.[1]);
}

/** Bytes that the processes have got from read(2) and its like, whatever they read, since they began. */
export function readBytes(pids: readonly number[]): number {
  return sum(pids, (pid) => /^rchar: (\d+)$/m.exec(procFile(pid, 'io'))?.[1]);
}

/** Bytes that are resident. */
export function residentBytes(pids: readonly number[]): number {
  return 1024 * sum(pids, (pid) => /^VmRSS:\s+(\d+) kB$/m.exec(procFile(pid, 'status'))?.[1]);
}

/** Processor time that processes have taken, with the children that they waited for. */
export function secondsOf(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = procFile(pid, 'stat');
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [11, 12, 13, 14].reduce((sum, index) => sum + Number(words[index] ?? 0), 0);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / 100;
}

/** The most memory that processes had, bytes. */
export function peakOf(pids: readonly number[]): number {
  return Math.max(
    0,
    ...pids.map((pid) => 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(procFile(pid, 'status'))?.[1] ?? 0)),
  );
}

function sum(pids: readonly number[], figure: (pid: number) => string | undefined): number {
  return pids.reduce((total, pid) => total + Number(figure(pid) ?? 0), 0);
}

function parentOf(pid: number): number | undefined {
  const stat = procFile(pid, 'stat');
  const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  return parent === undefined ? undefined : Number(parent);
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
