// A pipe and the end of a child process, for code that waits without Node's event loop.
import { constants } from 'node:os';
import koffi from 'koffi';
import { declared } from '../declared.ts';
import { O } from '../libc.ts';

const makePipe = declared('int pipe2(void *pair, int flags)');
const waitForChild = declared('int waitid(int type, int id, void *information, int options)');

/** linux/wait.h */
export const WAIT = { P_PID: 1, NOHANG: 1, EXITED: 4, NOWAIT: 0x0100_0000, CLD_EXITED: 1 } as const;
/** `siginfo_t` of a child, where pointers have 64 bits. */
export const SIGINFO = { sizeof: 128, code: 8, pid: 16, status: 24 } as const;

/** A new pipe that programs which are started do not have; undefined where this process has too many descriptors. */
export function pipe(): readonly [reader: number, writer: number] | undefined {
  const pair = new Uint32Array(2);
  return makePipe(pair, O.CLOEXEC) < 0 ? undefined : [pair[0] as number, pair[1] as number];
}

/**
 * The exit code of a child, -1 where a signal ended it; undefined while it runs, or where it was waited for already. The child
 * stays to be waited for by Node.
 */
export function exitCodeOfChild(pid: number, { wait }: { readonly wait: boolean }): number | undefined {
  const information = Buffer.alloc(SIGINFO.sizeof);
  const options = WAIT.EXITED | WAIT.NOWAIT | (wait ? 0 : WAIT.NOHANG);
  while (waitForChild(WAIT.P_PID, pid, information, options) < 0)
    if (koffi.errno() !== constants.errno.EINTR) return undefined;
  if (information.readInt32LE(SIGINFO.pid) !== pid) return undefined;
  return information.readInt32LE(SIGINFO.code) === WAIT.CLD_EXITED
    ? information.readInt32LE(SIGINFO.status)
    : -1;
}
